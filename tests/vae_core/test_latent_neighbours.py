"""The nearest of many points: the same as by brute force, in little memory and time."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_core.errors import ShapeError
from vae_core.latent import neighbours
from vae_core.latent.neighbours import Neighbours, nearest

Floats = np.ndarray[Any, np.dtype[np.float64]]


def table(points: Floats, queries: Floats) -> Floats:
    """All distances (n, N), by brute force in float64."""
    return np.linalg.norm(queries.astype(np.float64)[:, None] - points.astype(np.float64)[None], axis=2)


def rows(values: st.SearchStrategy[float], dtype: type, least: int) -> Any:
    """Points and queries of one dimension."""
    return st.integers(1, 5).flatmap(
        lambda d: st.tuples(
            *(st.integers(n, 60).flatmap(lambda count: arrays(dtype, (count, d), elements=values)) for n in (least, 0))
        )
    )


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that the examples of hypothesis cross their borders."""
    monkeypatch.setattr(neighbours, "POINTS_AT_ONCE", 7)
    monkeypatch.setattr(neighbours, "QUERIES_AT_ONCE", 3)


@pytest.mark.usefixtures("small_blocks")
@given(sets=rows(st.floats(-100, 100, width=32), np.float32, 1))
def test_no_point_is_nearer(sets: tuple[Floats, Floats]) -> None:
    """The distance is the smallest of all, and it is that of the point named, to float64's last digits."""
    points, queries = sets
    expected = table(points, queries)
    indices, distances = nearest(points, queries)
    assert (len(queries),) == indices.shape == distances.shape
    np.testing.assert_allclose(expected.min(axis=1), distances, rtol=1e-12)
    np.testing.assert_allclose(expected[np.arange(len(queries)), indices], distances, rtol=1e-12)


@pytest.mark.usefixtures("small_blocks")
@given(sets=rows(st.integers(-2, 2).map(float), np.float64, 1))
def test_of_equally_near_points_the_first_is_named(sets: tuple[Floats, Floats]) -> None:
    """On whole numbers, whose squares are exact and tie all the time, the lowest index wins, across blocks too."""
    points, queries = sets
    expected = (queries[:, None] - points[None]) ** 2
    assert np.array_equal(expected.sum(axis=2).argmin(axis=1), nearest(points, queries)[0])


def test_a_point_is_at_no_distance_from_itself() -> None:
    """Far from the origin, where the expanded square would have lost it, a distance of 0 is 0 and a tiny one tiny."""
    points = np.array([[1000.0, 1000.0], [1000.0, 1000.001]], np.float32)
    assert [0.0, 0.0] == nearest(points, points)[1].tolist()
    gap = float(points[1, 1]) - 1000.0
    np.testing.assert_allclose(gap, nearest(points[:1], points[1:])[1][0], rtol=1e-12)


@pytest.mark.parametrize(
    ("points", "queries"),
    [
        ([], [[0.0]]), (np.zeros((0, 2)), [[0, 0]]), ([[0, 0]], [0, 0]), ([[0, 0]], [[0, 0, 0]]), ([[np.nan]], [[0]]),
        ([[0.0]], [[np.inf]]), ([["a"]], [[0]]), ([[1], [2, 3]], [[0]]), ([[None]], [[0]]),
    ],
)  # fmt: skip
def test_what_has_no_nearest_point(points: Any, queries: Any) -> None:
    """No points, other shapes and what is no finite number are one sentence."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        nearest(points, queries)


def test_a_wall_of_draws_takes_little_time_and_memory() -> None:
    """400 draws among 10,000 points of 16 dimensions: below 0.3 s, and below 64 MB beside what was given."""
    generator = np.random.default_rng(0)
    points, queries = (generator.standard_normal((n, 16), dtype=np.float32) for n in (10_000, 400))
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        nearest(points, queries)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 0.3
    tracemalloc.start()
    nearest(points, queries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 * 2**20


def assert_same(points: Floats, queries: Floats) -> None:
    """Asked one by one, the prepared points answer as `nearest` does, to the last bit."""
    prepared = Neighbours(points)
    expected = [(int(index), float(distance)) for index, distance in zip(*nearest(points, queries), strict=True)]
    assert expected == [prepared.nearest(query) for query in queries]


@given(sets=rows(st.floats(width=32, allow_nan=False, allow_infinity=False), np.float32, 1))
def test_prepared_points_answer_the_same_whatever_they_are(sets: tuple[Floats, Floats]) -> None:
    """From numbers that vanish when squared to such that overflow float32, and so for mixtures of them."""
    assert_same(*sets)


@given(
    sets=rows(st.integers(-2, 2).map(float), np.float32, 1),
    shift=st.sampled_from([0.0, 3e3, 1e6]),
    scale=st.sampled_from([1.0, 2.0**-75, 2.0**60]),
)
def test_prepared_points_tie_the_same(sets: tuple[Floats, Floats], shift: float, scale: float) -> None:
    """Of equally near points the first, far from the origin, tiny and huge."""
    points, queries = (np.asarray((values + shift) * scale, np.float32) for values in sets)
    assert_same(points, queries)


@pytest.mark.parametrize("kind", ["prior", "data", "far", "collapsed"])
def test_prepared_points_of_a_real_size_answer_the_same(kind: str) -> None:
    """Ten thousand points of 16 dimensions, some twice; asked from the prior, from among them, and from far away."""
    generator = np.random.default_rng(0)
    points = generator.standard_normal((10_000, 16), dtype=np.float32)
    points[5000:5100] = points[:100]
    queries = generator.standard_normal((30, 16), dtype=np.float32)
    if kind == "data":
        queries = points[5000:5030] + np.float32(1e-3)
    elif kind == "far":
        queries *= 1e4
    elif kind == "collapsed":
        points *= np.float32(1e-7)
    assert_same(points, queries)


def test_prepared_points_are_quicker() -> None:
    """What a hand asks for on the map of 70,000 images takes less than a millisecond, in 16 dimensions too."""
    generator = np.random.default_rng(0)
    prepared = Neighbours(generator.standard_normal((70_000, 16), dtype=np.float32))
    seconds = []
    for query in generator.standard_normal((20, 16), dtype=np.float32):
        began = time.perf_counter()
        prepared.nearest(query)
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 1e-3


@pytest.mark.parametrize("query", [[0.0], [0.0, 0.0, 0.0], [[0.0, 0.0]], [np.nan, 0.0], 0.0, ["a", "b"]])
def test_what_prepared_points_cannot_be_asked(query: Any) -> None:
    """Another shape, or what is no finite number, is one sentence; so are no points at all."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        Neighbours([[0.0, 1.0]]).nearest(query)
    with pytest.raises(ShapeError, match="no points"):
        Neighbours(np.zeros((0, 2)))
