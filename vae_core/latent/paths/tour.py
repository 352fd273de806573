"""A closed way around a latent space, past the middle of each class: for whoever wants to be shown around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from vae_core.checks import finite_rows, whole_number
from vae_core.errors import ShapeError
from vae_core.latent.paths.curves import resampled

FINE = 32
"""Corners of the curve for each point that is asked for."""


def tour(codes: npt.ArrayLike, labels: npt.ArrayLike, n_points: int) -> npt.NDArray[np.float32]:
    """A smooth closed curve through the mean code of each class, at even steps of its length.

    The classes are met in the order of their means' angles around the middle of all means, in the first two
    dimensions, so that on a map the way goes round once. Between them it is the periodic cubic spline (de Boor 1978,
    "A practical guide to splines", ch. IV), with the straight distances between the means as parameter.

    Parameters
    ----------
    codes : array_like, shape (N, D)
        Posterior means; D of at least 2.
    labels : array_like of int, shape (N,)
        The class of each, at least three of them.
    n_points : int
        At least 2; the last is the first again.

    Returns
    -------
    ndarray of float32, shape (n_points, D)

    Raises
    ------
    ShapeError
        When the shapes do not fit, a code is not finite, two means are the same, or there are fewer than three classes.
    """
    points, classes = finite_rows(codes, "The codes").astype(np.float64), np.asarray(labels)
    n_points = whole_number(n_points, "n_points", least=2)
    if classes.shape != (len(points),) or points.shape[1] < 2:
        raise ShapeError(f"A tour needs codes (N, D) of 2 or more dimensions with N labels, not {points.shape}.")
    names = np.unique(classes)
    if len(names) < 3:
        raise ShapeError(f"A tour goes past at least three classes, but there are {len(names)}.")
    means = np.stack([points[classes == name].mean(axis=0) for name in names])  # (K, D)
    across, up = (means - means.mean(axis=0)).T[:2]
    means = means[np.argsort(np.arctan2(up, across), kind="stable")]
    closed = np.concatenate([means, means[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    if not steps.all():
        raise ShapeError("A tour goes from class to class, but two of the classes have the same mean code.")
    along = np.concatenate([[0.0], steps.cumsum()])
    curve = CubicSpline(along, closed, bc_type="periodic")(np.linspace(0.0, along[-1], FINE * n_points))
    return resampled(curve, n_points)
