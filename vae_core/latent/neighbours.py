"""Which of many points of a latent space lies nearest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

POINTS_AT_ONCE, QUERIES_AT_ONCE = 4096, 16
"""Their float64 table of squared distances, half a megabyte, stays in a core's cache."""


def nearest(points: npt.ArrayLike, queries: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """For each query the nearest of the points, by Euclidean distance.

    Every difference is squared and summed in float64, axis by axis: the expanded square |p|² - 2pq + |q|² would lose
    the digits of small distances, and equal points would no longer tie.

    Parameters
    ----------
    points : array_like, shape (N, D)
        At least one.
    queries : array_like, shape (n, D)
        May be none.

    Returns
    -------
    indices : ndarray of int64, shape (n,)
        Into `points`; of equally near ones the lowest.
    distances : ndarray of float64, shape (n,)
        In the units of the points.

    Raises
    ------
    ShapeError
        When there are no points, the shapes do not fit, or a value is not a finite number.
    """
    many, asked = finite_rows(points, "The points"), finite_rows(queries, "The queries")
    if many.shape[1] != asked.shape[1]:
        raise ShapeError(f"The points have {many.shape[1]} dimensions, but the queries have {asked.shape[1]}.")
    if len(many) == 0:
        raise ShapeError("There are no points, so none is nearest.")
    indices = np.zeros(len(asked), np.int64)
    squares = np.full(len(asked), np.inf)
    for first in range(0, len(many), POINTS_AT_ONCE):
        block = np.ascontiguousarray(many[first : first + POINTS_AT_ONCE].T, np.float64)  # (D, b)
        for begin in range(0, len(asked), QUERIES_AT_ONCE):
            some = slice(begin, begin + QUERIES_AT_ONCE)
            table = _squares(block, asked[some].astype(np.float64))
            best = table.argmin(axis=1)
            found = table[np.arange(len(table)), best]
            nearer = found < squares[some]  # not where it is as near: the earlier block has the lower index
            indices[some][nearer] = first + best[nearer]
            squares[some][nearer] = found[nearer]
    return indices, np.sqrt(squares)


def _squares(block: npt.NDArray[np.float64], some: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    table = np.zeros((len(some), block.shape[1]))  # (queries, points)
    step = np.empty_like(table)
    for values, place in zip(block, some.T, strict=True):
        np.subtract(place[:, np.newaxis], values, out=step)
        table += np.square(step, out=step)
    return table
