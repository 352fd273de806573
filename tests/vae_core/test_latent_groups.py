"""Which points an outline holds: against the winding of angles, on the edges, and where it crosses itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.errors import ShapeError
from vae_core.latent.groups import inside, typical_row

Doubles = np.ndarray[Any, np.dtype[np.float64]]
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2]]
SEEDS = st.integers(0, 2**32 - 1)


def turns(polygon: Doubles, xy: Doubles) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How often an outline goes around each point, from the angles under which its corners are seen."""
    seen = polygon[None] - xy[:, None]  # (N, K, 2)
    angles = np.arctan2(seen[..., 1], seen[..., 0])
    steps = np.diff(np.concatenate([angles, angles[:, :1]], axis=1), axis=1)
    return np.rint(((steps + np.pi) % (2 * np.pi) - np.pi).sum(1) / (2 * np.pi)).astype(np.int64)


@given(SEEDS, st.integers(3, 40))
def test_inside_is_an_odd_number_of_turns(seed: int, n_corners: int) -> None:
    """Of any outline, crossing itself or not: the even-odd rule is the parity of how often it goes around."""
    rng = np.random.default_rng(seed)
    polygon, xy = rng.normal(size=(n_corners, 2)), rng.normal(size=(200, 2))
    np.testing.assert_array_equal(turns(polygon, xy) % 2 == 1, inside(polygon, xy))


@given(SEEDS)
def test_direction_and_first_corner_do_not_matter(seed: int) -> None:
    """Nor does the order of the points, or that the outline is closed with its first corner once more."""
    rng = np.random.default_rng(seed)
    polygon, xy = rng.integers(-4, 5, (9, 2)), rng.integers(-4, 5, (60, 2))  # many on edges and corners
    expected = inside(polygon, xy)
    for same in (polygon[::-1], np.roll(polygon, 4, axis=0), np.concatenate([polygon, polygon[:1]])):
        np.testing.assert_array_equal(expected, inside(same, xy))
    np.testing.assert_array_equal(expected[::-1], inside(polygon, xy[::-1]))


def test_left_and_lower_edges_belong_to_it() -> None:
    """A point on the outline is inside on its left and lower edges alone."""
    points = {(0, 1): True, (1, 0): True, (0, 0): True, (2, 1): False, (1, 2): False, (2, 2): False, (0, 2): False}
    assert list(points.values()) == inside(SQUARE, list(points)).tolist()


@given(SEEDS)
def test_neighbours_share_no_point_and_lose_none(seed: int) -> None:
    """Cut along a line through two corners, an outline's points are in exactly one of the parts, also on the cut."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.choice(360, 8, replace=False)) * np.pi / 180
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    on_cut = ring[0] + np.linspace(0, 1, 50)[:, None] * (ring[4] - ring[0])
    points = np.concatenate([on_cut, rng.uniform(-1, 1, (50, 2))])
    parts = [inside(part, points).astype(int) for part in (ring[:5], np.concatenate([ring[4:], ring[:1]]))]
    np.testing.assert_array_equal(inside(ring, points).astype(int), sum(parts))


def test_what_it_goes_around_twice_is_outside() -> None:
    """The middle of a five-pointed star drawn in one stroke, but not its points."""
    angles = np.pi / 2 + np.arange(5) * 4 * np.pi / 5
    star = np.column_stack([np.cos(angles), np.sin(angles)])
    assert [False, True, False] == inside(star, [[0, 0], [0, 0.8], [0, -0.8]]).tolist()


def test_none_and_many() -> None:
    """No points are an empty answer; the area of a circle is what a fine grid of points says."""
    assert (0,) == inside(SQUARE, np.zeros((0, 2))).shape
    angles = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 301)] * 2), axis=-1).reshape(-1, 2)
    share = inside(np.column_stack([np.cos(angles), np.sin(angles)]), grid).mean()
    assert np.pi / 4 == pytest.approx(share, abs=0.01)


BAD: list[Any] = [
    ([[0, 0], [1, 1]], [[0, 0]]), ([], [[0, 0]]), ([[0, 0, 0]] * 3, [[0, 0]]), (SQUARE, [[0, 0, 0]]), (SQUARE, [0, 0]),
    ([*SQUARE, [np.nan, 0]], [[0, 0]]), (SQUARE, [[np.inf, 0]]), ([["a", "b"]] * 3, [[0, 0]]), (None, [[0, 0]]),
]  # fmt: skip


@pytest.mark.parametrize(("polygon", "xy"), BAD)
def test_what_is_no_outline_is_refused(polygon: Any, xy: Any) -> None:
    """Too few corners, wrong shapes, and what is no finite number, are one sentence."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        inside(polygon, xy)


def test_a_typical_row_is_a_member_near_the_medians() -> None:
    """Of a group in two parts the typical row is a member, where the mean lies in the gap; others do not count."""
    codes = [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [100.0, 0.0], [1.1, 0.0]]
    assert 1 == typical_row(codes, np.array([True, True, True, True, False]))  # medians (1.5, 0): rows 1 and 2 tie


def test_a_group_of_none_has_no_typical_row() -> None:
    """A group without a member, or with marks for other rows, is refused in a sentence."""
    with pytest.raises(ShapeError, match="one that is set"):
        typical_row([[0.0, 0.0]], np.array([False]))
    with pytest.raises(ShapeError, match="a mark for each"):
        typical_row([[0.0, 0.0]], np.array([True, True]))
