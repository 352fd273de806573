"""Curves between two latent points that need no model, by what must be true of any of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_core.errors import ShapeError
from vae_core.latent.paths import linear, resampled, slerp

Vector = npt.NDArray[np.float32]
CURVES = {"linear": linear, "slerp": slerp}

coordinates = st.floats(-10, 10, width=32, allow_subnormal=False)
pairs = st.integers(1, 6).flatmap(
    lambda n: st.tuples(arrays(np.float32, n, elements=coordinates), arrays(np.float32, n, elements=coordinates))
)
every_method = pytest.mark.parametrize("method", sorted(CURVES))


def unit(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The vector of length 1 in this direction."""
    vector = np.asarray(values, dtype=np.float64)
    return vector / np.linalg.norm(vector)


@every_method
@given(pair=pairs, steps=st.integers(2, 20))
def test_ends_are_reproduced_exactly(method: str, pair: tuple[Vector, Vector], steps: int) -> None:
    """A path begins and ends at the given points to the last bit, and all of it is finite."""
    path = CURVES[method](*pair, steps)
    assert (steps, pair[0].size) == path.shape
    assert np.float32 == path.dtype
    np.testing.assert_array_equal(pair[0], path[0])
    np.testing.assert_array_equal(pair[1], path[-1])
    assert np.isfinite(path).all()


@every_method
@given(pair=pairs, steps=st.integers(2, 20))
def test_reversing_the_ends_reverses_the_path(method: str, pair: tuple[Vector, Vector], steps: int) -> None:
    """The way back is the way there."""
    there, back = CURVES[method](*pair, steps), CURVES[method](*pair[::-1], steps)
    np.testing.assert_allclose(there, back[::-1], atol=1e-4)


@given(pair=pairs)
def test_linear_passes_the_midpoint(pair: tuple[Vector, Vector]) -> None:
    """The middle one of three points is the mean of the ends."""
    np.testing.assert_allclose((pair[0] + pair[1]) / 2, linear(*pair, 3)[1], atol=1e-5)


@given(pair=pairs, steps=st.integers(3, 20))
def test_linear_steps_are_equal(pair: tuple[Vector, Vector], steps: int) -> None:
    """Each step of a straight line is the same vector."""
    step = (pair[1].astype(np.float64) - pair[0]) / (steps - 1)
    np.testing.assert_allclose(np.tile(step, (steps - 1, 1)), np.diff(linear(*pair, steps), axis=0), atol=1e-5)


@given(pair=pairs, steps=st.integers(3, 20))
def test_slerp_turns_by_equal_angles_on_the_unit_sphere(pair: tuple[Vector, Vector], steps: int) -> None:
    """On the unit sphere slerp keeps the norm 1 and divides the angle between the ends evenly."""
    assume(pair[0].size > 1 and min(np.linalg.norm(pair[0]), np.linalg.norm(pair[1])) > 0.1)
    a, b = unit(pair[0]), unit(pair[1])
    angle = 2 * np.arctan2(np.linalg.norm(b - a), np.linalg.norm(b + a))
    path = slerp(a, b, steps).astype(np.float64)
    np.testing.assert_allclose(np.ones(steps), np.linalg.norm(path, axis=1), atol=1e-6)
    turns = 2 * np.arctan2(np.linalg.norm(np.diff(path, axis=0), axis=1), np.linalg.norm(path[1:] + path[:-1], axis=1))
    np.testing.assert_allclose(np.full(steps - 1, angle / (steps - 1)), turns, atol=1e-5)


def test_slerp_agrees_with_shoemakes_formula() -> None:
    """For ends of one length: sin((1 - t) omega) / sin(omega) a + sin(t omega) / sin(omega) b."""
    a, b, t = unit([1, 2, -1, 0.5]), unit([-0.3, 1, 2, 1]), np.linspace(0, 1, 9)[:, np.newaxis]
    omega = np.arccos(a @ b)
    expected = (np.sin((1 - t) * omega) * a + np.sin(t * omega) * b) / np.sin(omega)
    np.testing.assert_allclose(3 * expected, slerp(3 * a, 3 * b, 9), atol=1e-6)


@given(pair=pairs, steps=st.integers(2, 20))
def test_slerp_radius_is_linear(pair: tuple[Vector, Vector], steps: int) -> None:
    """The norm along a slerp goes evenly from that of the one end to that of the other."""
    assume(pair[0].size > 1)
    radii = np.linspace(*np.linalg.norm(np.stack(pair).astype(np.float64), axis=1), steps)
    np.testing.assert_allclose(radii, np.linalg.norm(slerp(*pair, steps), axis=1), atol=1e-4)


def test_slerp_between_parallel_vectors_is_the_straight_line() -> None:
    """Ends in one direction leave nothing to turn."""
    np.testing.assert_array_equal(linear([1, 2, 3], [2, 4, 6], 7), slerp([1, 2, 3], [2, 4, 6], 7))


def test_slerp_from_the_origin_is_the_straight_line() -> None:
    """The origin has no direction of its own, and takes that of the other end."""
    np.testing.assert_array_equal(linear([0, 0], [3, -4], 7), slerp([0, 0], [3, -4], 7))


def test_slerp_between_antipodes_is_a_half_circle() -> None:
    """Opposite ends are joined through the coordinate axis that is least aligned with them."""
    path = slerp([2, 0, 0], [-2, 0, 0], 3)
    np.testing.assert_allclose([[2, 0, 0], [0, 2, 0], [-2, 0, 0]], path, atol=1e-6)


@pytest.mark.parametrize(
    ("z_from", "z_to", "steps"),
    [
        ([0, 1], [0, 1, 2], 5),
        ([0, float("nan")], [0, 1], 5),
        ([0, 1], [0, float("inf")], 5),
        ([0, 1], [0, 1e300], 5),
        ([], [], 5),
        ([[0, 1]], [[0, 1]], 5),
        (["a"], [1], 5),
        ([0, 1], [1, 0], 1),
        ([0, 1], [1, 0], 2.5),
        ([0, 1], [1, 0], True),
    ],
)
@every_method
def test_bad_input_is_refused(method: str, z_from: list[float], z_to: list[float], steps: int) -> None:
    """Unequal lengths, what is not finite, and fewer than two steps are one clear error."""
    with pytest.raises(ShapeError):
        CURVES[method](z_from, z_to, steps)


@given(pair=pairs, n_steps=st.integers(2, 20))
def test_a_resampled_curve_has_even_steps(pair: tuple[Vector, Vector], n_steps: int) -> None:
    """The way along a bent curve between two points is as long for each two, and both ends are exact."""
    corners = np.stack([pair[0], pair[1], pair[0] + 1])
    found = resampled(corners, n_steps)
    np.testing.assert_array_equal(corners[[0, -1]], found[[0, -1]])
    fine = resampled(corners, 20 * (n_steps - 1) + 1).astype(np.float64)
    np.testing.assert_allclose(fine[::20], found, atol=1e-4)
    lengths = np.linalg.norm(np.diff(corners.astype(np.float64), axis=0), axis=1)
    assert lengths.sum() / (n_steps - 1) + 1e-4 >= np.linalg.norm(np.diff(found, axis=0), axis=1).max()


def test_a_curve_without_length_stays_where_it_is() -> None:
    """Two equal ends give their point over and over."""
    np.testing.assert_array_equal(np.full((4, 2), 3.0), resampled([[3, 3], [3, 3]], 4))


@pytest.mark.parametrize(("curve", "n_steps"), [([[1.0, 2.0]], 3), ([[1.0], [np.nan]], 3), ([[1.0], [2.0]], 1)])
def test_no_curve_is_refused(curve: list[list[float]], n_steps: int) -> None:
    """One corner, a number that is not finite, one step."""
    with pytest.raises(ShapeError):
        resampled(curve, n_steps)
