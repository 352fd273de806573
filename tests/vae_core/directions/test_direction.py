"""What is done with directions: moving, planes, cosines, analogies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from vae_core.errors import ShapeError
from vae_core.latent.directions import Direction, Effect, Interval, analogy, cosines, plane_of, usual_cosine


def direction(vector: list[float], name: str = "one", **change: Any) -> Direction:
    """A direction along a vector, at length 1."""
    effect = Effect(d=Interval(value=1.0, low=0.5, high=1.5), pearson=None, spearman=None, n_fit=10, n_held_out=10,
                    p_value=0.01, n_permutations=99)  # fmt: skip
    fields: dict[str, Any] = {
        "name": name, "question": "class a against b", "method": "centroids", "without": (),
        "vector": tuple(value / math.hypot(*vector) for value in vector), "middle": 0.5, "spread": 2.0,
        "ends": (-1.0, 1.0), "ends_named": ("b", "a"), "effect": effect,
    }  # fmt: skip
    return Direction(**{**fields, **change})


def test_a_move_adds_so_much_of_the_unit_vector() -> None:
    """z + t v, for each t; another space is refused."""
    moved = direction([3, 4]).move([1, 1], [0, 5])
    assert np.allclose([[1, 1], [4, 5]], moved)
    with pytest.raises(ShapeError, match="2 dimensions"):
        direction([3, 4]).move([1, 1, 1], [0])


def test_on_the_plane_of_two_directions_the_first_lies_across() -> None:
    """A step along the first moves x by its length and nothing else, one along the second goes into the upper half."""
    across, up = direction([1, 1, 0]), direction([1, 0, 0.5], "other")
    centre = np.array([0.3, -0.2, 0.9])
    plane = plane_of(across, up, centre)
    assert np.allclose([[0, 0], [1.5, 0]], plane.project(across.move(centre, [0, 1.5])), atol=1e-6)
    (x, y), cosine = plane.project(up.move(centre, [1.0]))[0], float(across.unit @ up.unit)
    assert np.allclose([cosine, math.sqrt(1 - cosine**2)], [x, y], atol=1e-6)
    with pytest.raises(ShapeError, match="no plane"):
        plane_of(across, direction([-1, -1, 0], "same line"), centre)


def test_cosines_are_those_of_the_angles() -> None:
    """1 on the diagonal, 0 at right angles, -1 for the opposite, 0.6 where it is."""
    found = cosines([direction([1, 0]), direction([0, 2]), direction([-3, 0]), direction([3, 4])])
    assert np.allclose([[1, 0, -1, 0.6], [0, 1, 0, 0.8], [-1, 0, 1, -0.6], [0.6, 0.8, -0.6, 1]], found)


@pytest.mark.parametrize(("latent_dim", "expected"), [(1, 1.0), (2, 2 / math.pi), (3, 0.5)])
def test_the_usual_cosine_is_the_mean_over_the_sphere(latent_dim: int, expected: float) -> None:
    """Known for a point pair, the circle and the sphere."""
    assert pytest.approx(expected) == usual_cosine(latent_dim)


def test_an_analogy_undoes_itself() -> None:
    """A - B + B is A, and A - A + C is C; points of other spaces are refused."""
    a, b = np.array([1.5, -2.0], np.float32), np.array([0.25, 7.0], np.float32)
    assert np.array_equal(a, analogy(a, b, b))
    assert np.array_equal(b, analogy(a, a, b))
    with pytest.raises(ShapeError, match="one space"):
        analogy(a, b, [1, 2, 3])
