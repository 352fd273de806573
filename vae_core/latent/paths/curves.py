"""Curves from one point of a latent space to another that need no model, and points at even steps of any curve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows, latent_vector, whole_number
from vae_core.errors import ShapeError

DEGENERATE_ANGLE = 1e-6
"""Radians. Nearer than this to 0 or pi, float32 end points no longer say in which plane to turn."""


def linear(z_from: npt.ArrayLike, z_to: npt.ArrayLike, steps: int) -> npt.NDArray[np.float32]:
    """Straight line, evenly spaced: z(t) = (1 - t) z_from + t z_to.

    Parameters
    ----------
    z_from, z_to : array_like, shape (D,)
        The end points; the result holds them exactly (as float32).
    steps : int
        Number of points, the two ends included; at least 2.

    Returns
    -------
    ndarray of float32, shape (steps, D)

    Raises
    ------
    ShapeError
        When the ends differ in length or are not finite, or `steps` is smaller than 2.
    """
    start, end, t = _checked(z_from, z_to, steps)
    return _with_ends(start, end, (1 - t) * start.astype(np.float64) + t * end.astype(np.float64))


def slerp(z_from: npt.ArrayLike, z_to: npt.ArrayLike, steps: int) -> npt.NDArray[np.float32]:
    """Arc about the origin: the direction turns at a constant rate, the radius grows linearly.

    With unit vectors u0, u1 of the ends, omega the angle between them, and v the unit vector orthogonal to u0 in
    their plane, towards u1::

        z(t) = ((1 - t) |z_from| + t |z_to|) (cos(t omega) u0 + sin(t omega) v)

    For ends of one length this is Shoemake's formula (1985, "Animating rotation with quaternion curves").
    Where no plane is given:

    - the ends point the same way, or one of them is the origin: the straight line, which is the formula's limit;
    - the ends point in opposite ways: v is the coordinate axis least aligned with u0 (the first of several), made
      orthogonal to u0, so that the path is a half circle and the same one in both directions;
      in one dimension there is no circle, and the path is the straight line.

    Parameters, result and errors are those of `linear`.
    """
    start, end, t = _checked(z_from, z_to, steps)
    a, b = start.astype(np.float64), end.astype(np.float64)  # a float32's square neither over- nor underflows here
    radius_a, radius_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if radius_a == 0 or radius_b == 0 or a.size == 1:
        return linear(start, end, steps)
    u0, u1 = a / radius_a, b / radius_b
    # The half-angle form keeps its digits near 0 and pi, where arccos loses half of them.
    omega = 2 * float(np.arctan2(np.linalg.norm(u1 - u0), np.linalg.norm(u1 + u0)))
    if omega < DEGENERATE_ANGLE:
        return linear(start, end, steps)
    towards = np.eye(a.size)[np.argmin(np.abs(u0))] if np.pi - omega < DEGENERATE_ANGLE else u1
    v = towards - (towards @ u0) * u0
    v /= np.linalg.norm(v)
    radius = (1 - t) * radius_a + t * radius_b
    return _with_ends(start, end, radius * (np.cos(t * omega) * u0 + np.sin(t * omega) * v))


def resampled(curve: npt.ArrayLike, n_steps: int) -> npt.NDArray[np.float32]:
    """Points of a curve at even steps of its own length in z.

    Parameters
    ----------
    curve : array_like, shape (M, D)
        Corners of a polyline, M of at least 2; between two the way is straight.
    n_steps : int
        Number of points, the two ends included; at least 2.

    Returns
    -------
    ndarray of float32, shape (n_steps, D)
        The ends exactly; of a curve without length the one point over and over.

    Raises
    ------
    ShapeError
        When the curve is not finite or has fewer than two corners, or `n_steps` is smaller than 2.
    """
    corners = finite_rows(curve, "The curve").astype(np.float64)
    n_steps = whole_number(n_steps, "n_steps", least=2)
    if len(corners) < 2:
        raise ShapeError(f"A curve needs at least 2 corners, but this one has {len(corners)}.")
    points = at_shares(corners, np.linspace(0.0, 1.0, n_steps))
    return _with_ends(corners[0].astype(np.float32), corners[-1].astype(np.float32), points)


def at_shares(corners: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The points (n, D) of a polyline (M, D) at these shares of its length, from 0 to 1."""
    along = shares_of(corners)
    return np.stack([np.interp(shares, along, values) for values in corners.T], axis=1)


def shares_of(corners: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """At which share of a polyline's length each of its corners lies, (M,), from 0 to 1."""
    walked = np.concatenate([[0.0], np.linalg.norm(np.diff(corners.astype(np.float64), axis=0), axis=1).cumsum()])
    return walked / walked[-1] if walked[-1] > 0 else np.linspace(0.0, 1.0, len(corners))


def _checked(
    z_from: npt.ArrayLike, z_to: npt.ArrayLike, steps: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    start, end = latent_vector(z_from, "the path's start"), latent_vector(z_to, "the path's end")
    if start.shape != end.shape:
        raise ShapeError(f"A path's ends must have equal lengths, but they have {start.size} and {end.size} values.")
    return start, end, np.linspace(0.0, 1.0, whole_number(steps, "steps", least=2))[:, np.newaxis]  # t: (steps, 1)


def _with_ends(
    start: npt.NDArray[np.float32], end: npt.NDArray[np.float32], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.float32]:
    path = points.astype(np.float32)
    path[0], path[-1] = start, end
    return path
