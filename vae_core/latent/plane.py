"""A plane through a latent space, which is what a map can show of it: two axes, or two principal components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows, latent_vector, whole_number
from vae_core.errors import ShapeError

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plane:
    """The points centre + x a + y b of a latent space.

    Attributes
    ----------
    a, b : ndarray of float64, shape (D,)
        Orthonormal: the directions to the right and upwards. Where D = 1 there is no upwards, and b is all zero.
    centre : ndarray of float64, shape (D,)
        The point at x = y = 0.
    """

    a: Doubles
    b: Doubles
    centre: Doubles

    def project(self, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Where points lie on the plane: x = a . (z - centre), y = b . (z - centre).

        Parameters
        ----------
        z : array_like, shape (N, D)

        Returns
        -------
        ndarray of float32, shape (N, 2)

        Raises
        ------
        ShapeError
            When z has another shape, or is not finite.
        """
        return (self._offsets(finite_rows(z, "z", self.a.size)) @ self._axes).astype(np.float32)

    def lift(self, xy: npt.ArrayLike, z: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """z, moved in parallel to the plane until it lies at xy; what the plane does not show of z stays.

        So `project(lift(xy, z))` is xy, as far as float32 reaches (where D = 1, in x: there is no y).

        Parameters
        ----------
        xy : array_like, shape (N, 2)
        z : array_like, shape (D,)

        Returns
        -------
        ndarray of float32, shape (N, D)

        Raises
        ------
        ShapeError
            When a shape is another, or a value is not finite.
        """
        places, held = finite_rows(xy, "Places on the plane", 2), latent_vector(z, "z")
        if held.size != self.a.size:
            raise ShapeError(
                f"z must have {self.a.size} values, one for each latent dimension, but it has {held.size}."
            )
        steps = places - self._offsets(held) @ self._axes  # (N, 2), float64
        return (held + steps @ self._axes.T).astype(np.float32)

    @property
    def _axes(self) -> Doubles:
        return np.stack([self.a, self.b], axis=1)  # (D, 2)

    def _offsets(self, z: npt.NDArray[np.floating]) -> Doubles:
        return z - self.centre


def axes_plane(axes: tuple[SupportsIndex, SupportsIndex], latent_dim: int) -> Plane:
    """The plane of two latent axes through the origin.

    Parameters
    ----------
    axes : tuple of int
        The latent axis to the right, and the one upwards. A latent space of one dimension has the first alone, and
        the second is not looked at.
    latent_dim : int
        D, at least 1.

    Raises
    ------
    ShapeError
        When the axes are not two different ones of the D.
    """
    latent_dim = whole_number(latent_dim, "latent_dim", least=1)
    unit = np.eye(latent_dim)
    right, up = (whole_number(axis, "an axis of the plane", least=0) for axis in axes)
    if latent_dim == 1 and right == 0:
        return Plane(unit[0], np.zeros(1), np.zeros(1))
    if right == up or max(right, up) >= latent_dim:
        raise ShapeError(f"A plane's axes must be two different ones of 0 to {latent_dim - 1}, but they are {axes}.")
    return Plane(unit[right], unit[up], np.zeros(latent_dim))


def pca_plane(mu: npt.ArrayLike) -> tuple[Plane, float]:
    """The plane of the first two principal components of points, through their mean.

    The plane that lies nearest to the points in the sum of squares (Pearson 1901, "On lines and planes of closest fit
    to systems of points in space").

    Parameters
    ----------
    mu : array_like, shape (N, D)
        At least two points that are not all equal.

    Returns
    -------
    plane : Plane
        The component of the largest variance to the right, the next upwards. A component's sign is free; here the
        entry of the largest magnitude (the first of several) is positive.
    share : float
        The part of the total variance that the plane holds, from 0 to 1.

    Raises
    ------
    ShapeError
        When mu is no such array, or its points are all one.
    """
    points = finite_rows(mu, "mu").astype(np.float64)
    if points.size == 0 or not np.ptp(points, axis=0).any():
        raise ShapeError("Principal components need at least two different points.")
    centre = points.mean(axis=0)
    points -= centre
    variances, vectors = np.linalg.eigh(points.T @ points)  # ascending; vectors in columns
    variances = variances.clip(0.0)
    components = [_with_sign(vector) for vector in vectors.T[::-1][:2]]
    if len(components) == 1:
        components.append(np.zeros(1))
    share = float(variances[-2:].sum() / variances.sum())
    return Plane(components[0], components[1], centre), min(1.0, share)


def _with_sign(vector: Doubles) -> Doubles:
    return vector if vector[np.argmax(np.abs(vector))] > 0 else -vector
