"""A path of one latent space carried over to another through the data that both have encoded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ShapeError
from vae_core.latent.neighbours import nearest


@dataclass(frozen=True, eq=False)
class Carried:
    """What stands for a path in another space: the codes there of the images that lie nearest to it here.

    Two models' spaces have no coordinates in common, but the images: so this says where the other model keeps what
    the path passes, and not what a path of the same shape would show there.

    Attributes
    ----------
    indices : ndarray of int64, shape (n,)
        The image nearest to each point of the path; one image may stand for several points in a row.
    distances : ndarray of float64, shape (n,)
        How far it is from the point, in units of the first space.
    z : ndarray of float32, shape (n, D')
        Its code in the other space.
    """

    indices: npt.NDArray[np.int64]
    distances: npt.NDArray[np.float64]
    z: npt.NDArray[np.float32]

    @property
    def corners(self) -> npt.NDArray[np.float32]:
        """The codes (m, D') without immediate repeats: the corners of the way that joins them."""
        changed = np.concatenate([[True], np.diff(self.indices) != 0]) if len(self.indices) else np.zeros(0, bool)
        corners: npt.NDArray[np.float32] = self.z[changed]
        return corners


def carried(path: npt.ArrayLike, codes: npt.ArrayLike, others: npt.ArrayLike) -> Carried:
    """Carry a path over to another space: for each of its points the nearest image, and that image's code there.

    Parameters
    ----------
    path : array_like, shape (n, D)
        Points of the path, at least one.
    codes : array_like, shape (N, D)
        Posterior means of N images in the path's space.
    others : array_like, shape (N, D')
        Of the same images, in the same order, in the other space.

    Returns
    -------
    Carried
        With the same codes twice each point lies `distances` from where it was, and a path through codes is itself.

    Raises
    ------
    ShapeError
        When the path is empty, a value is not finite, the shapes do not fit, or the images are not as many.
    """
    there = finite_rows(others, "The other space's codes")
    indices, distances = nearest(codes, points := finite_rows(path, "The path"))
    if len(points) == 0:
        raise ShapeError("A path to be carried over needs at least one point, but this one has none.")
    if len(there) != len(np.asarray(codes)):
        raise ShapeError(
            f"A path is carried over through images that both spaces have, but the one has {len(np.asarray(codes))} "
            f"and the other {len(there)}; encode the same images with both models."
        )
    return Carried(indices, distances, there[indices].astype(np.float32))


def detour(corners: npt.ArrayLike) -> float:
    """Length of a polyline (m, D) in lengths of the straight line between its ends, 1 or more; NaN when these meet.

    Raises
    ------
    ShapeError
        When it has another shape, or a value is not finite.
    """
    points = finite_rows(corners, "The way").astype(np.float64)
    if len(points) < 2:
        return float("nan")
    length = np.linalg.norm(np.diff(points, axis=0), axis=1).sum()
    straight = float(np.linalg.norm(points[-1] - points[0]))
    return float(length) / straight if straight > 0 else float("nan")
