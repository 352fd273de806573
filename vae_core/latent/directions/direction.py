"""A direction of a latent space, and what is done with directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from vae_core.checks import finite_rows, latent_vector
from vae_core.config import STRICT
from vae_core.errors import ShapeError
from vae_core.latent.plane import Plane

Doubles = npt.NDArray[np.float64]
Method = Literal["centroids", "regression"]

PARALLEL = 1e-6
"""The part of a unit vector that is left beside another one, below which they are taken for the same direction."""


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be printable letters")
    return text


def _unit(vector: tuple[float, ...]) -> tuple[float, ...]:
    if not abs(math.hypot(*vector) - 1.0) < 1e-6:
        raise ValueError("must have length 1")
    return vector


Name = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Interval:
    """A figure with its 95 % confidence interval."""

    value: Coordinate
    low: Coordinate
    high: Coordinate


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Effect:
    """How much a direction says about codes that it was not found from.

    Attributes
    ----------
    d : Interval or None
        Cohen's d of two groups along the direction, in their common standard deviation.
    pearson, spearman : Interval or None
        Correlation of a number with the coordinate along the direction.
    n_fit, n_held_out : int
        Codes that the direction was found from, and codes that this was measured on.
    p_value : float or None
        Of the permutation test; None: not tested.
    n_permutations : int
        How often the labels were shuffled for it; 0: not tested.
    """

    d: Interval | None
    pearson: Interval | None
    spearman: Interval | None
    n_fit: Annotated[int, Field(ge=1, le=100_000_000)]
    n_held_out: Annotated[int, Field(ge=1, le=100_000_000)]
    p_value: Annotated[float, Field(gt=0.0, le=1.0)] | None
    n_permutations: Annotated[int, Field(ge=0, le=10_000_000)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Direction:
    """A unit vector of a latent space, what it was found from and how far to trust it.

    Attributes
    ----------
    name : str
    question : str
        What was looked for, in words.
    method : str
        `centroids`: from the mean of one group to that of the other. `regression`: the normal of the plane that tells
        them apart best (logistic), or the gradient of the number (ridge).
    without : tuple of str
        Names of the directions whose component was removed.
    vector : tuple of float
        (D,), of length 1.
    middle, spread : float
        Mean and standard deviation of the codes' coordinate along it, vector . z.
    ends : tuple of float
        Coordinates of the two groups' centroids (of a number: of those below and above its median).
    ends_named : tuple of str
        What these two groups are called.
    effect : Effect
    """

    name: Name
    question: Line
    method: Method
    without: Annotated[tuple[Name, ...], Field(max_length=16)]
    vector: Annotated[tuple[float, ...], Field(min_length=1, max_length=512), AfterValidator(_unit)]
    middle: Coordinate
    spread: Annotated[float, Field(ge=1e-6, le=1e6)]
    ends: tuple[Coordinate, Coordinate]
    ends_named: tuple[Name, Name]
    effect: Effect

    @property
    def unit(self) -> Doubles:
        """The vector as an array, (D,) float64."""
        return np.array(self.vector)

    def move(self, z: npt.ArrayLike, t: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """z + t v.

        Parameters
        ----------
        z : array_like, shape (D,)
        t : array_like, shape (n,)
            How far, in units of z; `t * direction.spread` counts in standard deviations of the codes.

        Returns
        -------
        ndarray of float32, shape (n, D)

        Raises
        ------
        ShapeError
            When z is no point of this space, or t are no finite numbers.
        """
        start = latent_vector(z, "z").astype(np.float64)
        if start.size != len(self.vector):
            raise ShapeError(f"{self.name} is a direction of {len(self.vector)} dimensions, but z has {start.size}.")
        steps = finite_rows(np.reshape(np.asarray(t), (-1, 1)), "The steps t")
        return (start + steps * self.unit).astype(np.float32)

    def with_p(self, p_value: float, n_permutations: int) -> Direction:
        """The same direction, its permutation test known."""
        return replace(self, effect=replace(self.effect, p_value=p_value, n_permutations=n_permutations))


def without(vector: npt.ArrayLike, others: Sequence[npt.ArrayLike]) -> Doubles | None:
    """The unit vector of what is left of `vector` (D,) when its component in the span of others is removed.

    None when nothing is left.
    """
    rest: Doubles = np.array(vector, np.float64)
    rest /= np.linalg.norm(rest)
    if len(others):
        basis = np.stack([np.asarray(other, np.float64) for other in others], axis=1)  # (D, k)
        left, sizes, _ = np.linalg.svd(basis, full_matrices=False)
        span = left[:, sizes > PARALLEL * sizes.max(initial=0.0)]
        for _ in range(2):  # once more for what rounding has left
            rest -= span @ (span.T @ rest)
    length = np.linalg.norm(rest)
    return None if length < PARALLEL else np.array(rest / length, np.float64)


def analogy(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """a - b + c of three points, (D,) float32: c, moved as b would have to be moved to become a.

    Radford, Metz and Chintala (2016, "Unsupervised representation learning with deep convolutional generative
    adversarial networks", section 6.3.2) show it for images.

    Raises
    ------
    ShapeError
        When they are not points of one space.
    """
    points = [latent_vector(z, name).astype(np.float64) for z, name in ((a, "A"), (b, "B"), (c, "C"))]
    if len({z.size for z in points}) > 1:
        raise ShapeError(f"A, B and C must be points of one space, but have {[z.size for z in points]} values.")
    return (points[0] - points[1] + points[2]).astype(np.float32)


def cosines(directions: Sequence[Direction]) -> Doubles:
    """The cosine of the angle between any two, (n, n): 1 the same, 0 at right angles, -1 the opposite."""
    vectors = np.array([direction.vector for direction in directions])
    return np.array(np.clip(vectors @ vectors.T, -1.0, 1.0), np.float64)


def usual_cosine(latent_dim: int) -> float:
    """The mean |cosine| of two directions drawn at random: Gamma(D / 2) / (sqrt(pi) Gamma((D + 1) / 2)).

    The mean of |u_1| over the unit sphere, whose square is Beta(1/2, (D - 1)/2). 1 in one dimension, 0.64 in two, 0.2
    in sixteen.
    """
    return math.exp(math.lgamma(latent_dim / 2) - math.lgamma((latent_dim + 1) / 2)) / math.sqrt(math.pi)


def plane_of(across: Direction, up: Direction, centre: npt.ArrayLike) -> Plane:
    """The plane through `centre` that two directions span; `across` lies to the right, `up` in its upper half.

    Upwards is what is left of `up` beside `across`: the coordinate across is that of `across`, the one upwards is not
    that of `up` unless they are at right angles.

    Raises
    ------
    ShapeError
        When they are one direction, or of another space than the centre.
    """
    middle = latent_vector(centre, "The centre of the plane").astype(np.float64)
    if not middle.size == len(across.vector) == len(up.vector):
        raise ShapeError(
            f"The directions and the centre must be of one space, but the centre has {middle.size} values."
        )
    rest = without(up.vector, [across.vector])
    if rest is None:
        raise ShapeError(f"{across.name} and {up.name} lie on one line, which spans no plane: choose another pair.")
    return Plane(across.unit, rest, middle)
