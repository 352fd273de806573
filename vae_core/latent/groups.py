"""Which points lie within an outline that was drawn around them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ShapeError


def inside(polygon: npt.ArrayLike, xy: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether points lie inside a polygon, by the even-odd rule.

    A point is inside when a ray from it to the right crosses the outline an odd number of times; so where an outline
    crosses itself, what it goes around twice is outside. Of the points on the outline itself those on its left and
    lower edges are inside, those on its right and upper ones are not: of two polygons that share an edge exactly one
    has a point on it.

    Parameters
    ----------
    polygon : array_like, shape (K, 2)
        Corners in order, K >= 3; the last is joined to the first.
    xy : array_like, shape (N, 2)

    Returns
    -------
    ndarray of bool, shape (N,)

    Raises
    ------
    ShapeError
        When the outline has fewer than three corners, a shape is another, or a value is not a finite number.
    """
    corners = finite_rows(polygon, "The corners of an outline", 2).astype(np.float64)
    points = finite_rows(xy, "The points", 2).astype(np.float64)
    if len(corners) < 3:
        raise ShapeError(f"An outline needs at least three corners, but it has {len(corners)}.")
    order = np.argsort(points[:, 1], kind="stable")
    x, y = points[order].T
    crossed = np.zeros(len(points), np.bool_)
    for one, other in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        # Always from the lower end, so that an edge shared by two polygons is computed alike in both.
        (x0, y0), (x1, y1) = (one, other) if one[1] <= other[1] else (other, one)
        beside = slice(*np.searchsorted(y, (y0, y1)))  # the points with y0 <= y < y1: a corner counts once
        crossed[beside] ^= x[beside] < x0 + (y[beside] - y0) * ((x1 - x0) / (y1 - y0) if y1 > y0 else 0.0)
    found = np.empty_like(crossed)
    found[order] = crossed
    return found
