"""Which of many points of a latent space lies nearest."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows, whole_number
from vae_core.errors import ShapeError

POINTS_AT_ONCE, QUERIES_AT_ONCE = 4096, 16
"""Their float64 table of squared distances, half a megabyte, stays in a core's cache."""

LARGEST_SQUARE = 1e30
"""Beyond, float32 could overflow."""

EPS32, TINY32 = float(np.finfo(np.float32).eps), float(np.finfo(np.float32).tiny)
EPS64 = float(np.finfo(np.float64).eps)


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


def nearest_k(
    points: npt.ArrayLike, query: npt.ArrayLike, k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The k of the points that lie nearest to one query, (D,), nearest first; all where there are fewer.

    Returns
    -------
    indices : ndarray of int64, shape (k,)
        Into `points`; of equally near ones the lower first.
    distances : ndarray of float64, shape (k,)
        In the units of the points.

    Raises
    ------
    ShapeError
        When k is no whole number of at least 1, the shapes do not fit, or a value is not a finite number.
    """
    many = finite_rows(points, "The points")
    row = finite_rows(np.asarray(query)[np.newaxis], "The queries", many.shape[1]).astype(np.float64)
    found = min(whole_number(k, "k", least=1), len(many))
    squares = _squares(np.ascontiguousarray(many.T, np.float64), row)[0]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0)
    farthest = np.partition(squares, found - 1)[found - 1]
    near = np.flatnonzero(squares <= farthest)
    order = near[np.argsort(squares[near], kind="stable")][:found]
    return order, np.sqrt(squares[order])


class Neighbours:
    """Many points that are asked often which of them is nearest: `nearest`, without looking closely at all of them.

    The expanded square |p|² - 2pq in float32 is one product of a matrix and a vector. Its rounding error has a bound;
    what lies within twice this bound of the smallest may be the nearest, and `nearest` decides among these few, so
    the answer is the same. Among 70,000 points it takes 0.1 ms in 2 dimensions and 0.2 in 16 where `nearest` takes 0.4
    and 2.2; a k-d tree takes 0.02 ms in 2, but in 16 dimensions 3 ms for draws from the prior.

    Parameters
    ----------
    points : array_like, shape (N, D)
        At least one.

    Raises
    ------
    ShapeError
        When there are no points, or a value is not a finite number.
    """

    def __init__(self, points: npt.ArrayLike) -> None:
        self._points = finite_rows(points, "The points")
        if len(self._points) == 0:
            raise ShapeError("There are no points, so none is nearest.")
        self._centre = self._points.mean(axis=0, dtype=np.float64)
        self._offsets = np.empty(self._points.shape[::-1], np.float32)  # (D, N)
        squares = np.zeros(len(self._points))
        with np.errstate(over="ignore"):  # infinite, and then `_radius` says that nothing here can be trusted
            for offset, values, centre in zip(self._offsets, self._points.T, self._centre, strict=True):
                offset[:] = values - centre
                squares += np.square(values - centre)
            self._squares = squares.astype(np.float32)
        self._radius = float(np.sqrt(squares.max()))

    def nearest(self, query: npt.ArrayLike) -> tuple[int, float]:
        """The index of the point nearest to `query`, (D,), and its distance, both as from the function `nearest`.

        Raises
        ------
        ShapeError
            When the query has another shape or is not finite.
        """
        row = finite_rows(np.asarray(query)[np.newaxis], "The queries", self._points.shape[1])
        offset = row[0] - self._centre
        away = float(np.linalg.norm(offset))
        most = (self._radius + away) ** 2
        candidates = np.arange(len(self._points))
        if most < LARGEST_SQUARE:
            found = self._squares - 2 * (offset.astype(np.float32) @ self._offsets)
            error = EPS32 * self._radius * (self._radius + 2 * away) + 4 * TINY32
            error = (len(offset) + 6) * (error + EPS64 * most)  # `nearest` rounds too, and so finds ties
            candidates = np.flatnonzero(found <= float(found.min()) + 2 * error)
        (index,), (distance,) = nearest(self._points[candidates], row)
        return int(candidates[index]), float(distance)


def _squares(block: npt.NDArray[np.float64], some: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    table = np.zeros((len(some), block.shape[1]))  # (queries, points)
    step = np.empty_like(table)
    for values, place in zip(block, some.T, strict=True):
        np.subtract(place[:, np.newaxis], values, out=step)
        table += np.square(step, out=step)
    return table
