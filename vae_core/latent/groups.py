"""Groups of images: which codes lie within an outline that was drawn around them, and what the group is like."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, eq=False)
class GroupFigures:
    """What a group of codes is like beside the others.

    Attributes
    ----------
    n, n_rest : int
    mean : float64 array of shape (D,)
        The centroid of the group's codes.
    spread, spread_rest : float64 arrays of shape (D,)
        Standard deviation of the codes in each dimension, in units of z; of none NaN.
    distance, distance_rest : float
        Mean Euclidean distance of the group's codes, and of the others, from the group's centroid.
    share, share_rest : float64 arrays of shape (n_classes,)
        What part of the group, and of the others, each class is; empty without labels.
    """

    n: int
    n_rest: int
    mean: npt.NDArray[np.float64]
    spread: npt.NDArray[np.float64]
    spread_rest: npt.NDArray[np.float64]
    distance: float
    distance_rest: float
    share: npt.NDArray[np.float64]
    share_rest: npt.NDArray[np.float64]


def group_figures(
    codes: npt.ArrayLike, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64] | None = None, n_classes: int = 0
) -> GroupFigures:
    """Describe the group of these rows beside all others.

    Parameters
    ----------
    codes : array_like, shape (N, D)
    rows : int64 array of shape (n,)
        Those of the group, each once; at least one.
    labels : int64 array of shape (N,), optional
        From 0 to n_classes - 1.

    Raises
    ------
    ShapeError
        When there is no row, or one that is not there.
    """
    points = finite_rows(codes, "The codes").astype(np.float64)
    if not len(rows) or rows.min() < 0 or rows.max() >= len(points):
        raise ShapeError(f"A group needs at least one row, each from 0 to {len(points) - 1}.")
    chosen = np.zeros(len(points), np.bool_)
    chosen[rows] = True
    group, rest = points[chosen], points[~chosen]
    mean = group.mean(axis=0)

    def shares(some: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        if labels is None or not n_classes:
            return np.zeros(0)
        return np.bincount(labels[some], minlength=n_classes) / max(1, int(some.sum()))

    def away(some: npt.NDArray[np.float64]) -> float:
        return float(np.linalg.norm(some - mean, axis=1).mean()) if len(some) else float("nan")

    nothing = np.full(points.shape[1], np.nan)
    return GroupFigures(
        n=len(group),
        n_rest=len(rest),
        mean=mean,
        spread=group.std(axis=0),
        spread_rest=rest.std(axis=0) if len(rest) else nothing,
        distance=away(group),
        distance_rest=away(rest),
        share=shares(chosen),
        share_rest=shares(~chosen),
    )


def typical_row(codes: npt.ArrayLike, rows: npt.NDArray[np.bool_]) -> int:
    """The row of a group whose code lies nearest to the medians of the group's coordinates: a typical member.

    A mean may lie in a gap between the group's parts; a member does not.

    Parameters
    ----------
    codes : array_like, shape (N, D)
    rows : bool array of shape (N,)
        Which belong to the group; at least one.

    Raises
    ------
    ShapeError
        When none does, or a shape is another.
    """
    points = finite_rows(codes, "The codes").astype(np.float64)
    if rows.shape != (len(points),) or not rows.any():
        raise ShapeError(f"A group among {len(points)} codes needs a mark for each, and one that is set.")
    chosen = np.flatnonzero(rows)
    away = np.linalg.norm(points[chosen] - np.median(points[chosen], axis=0), axis=1)
    return int(chosen[away.argmin()])
