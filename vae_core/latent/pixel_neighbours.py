"""Which of many images look most like one: nearest in pixels, without a tree and without an approximation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vae_core.checks import whole_number
from vae_core.errors import ShapeError

IMAGES_AT_ONCE = 5000
QUERIES_AT_ONCE = 64
EPS32 = float(np.finfo(np.float32).eps)


class PixelNeighbours:
    """Training images that are asked often which of them are nearest to an image.

    The expanded square |a|² - 2ab + |b|² in float32 is a product of two matrices; its rounding error has a bound
    (n products summed: n · eps · |a||b|, Higham 2002, section 3.1). Whatever lies within twice that of the k-th
    smallest is looked at again in float64, so the answer is exact: a copy has the distance 0.

    Parameters
    ----------
    images : uint8 array of shape (M, C, H, W)
        At least one; kept as they are, not copied.

    Raises
    ------
    ShapeError
        When they are no images, or none.
    """

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        if images.ndim != 4 or images.dtype != np.uint8 or not images.size:
            raise ShapeError(f"Images must be uint8 of shape (M, C, H, W), but they are {images.dtype} {images.shape}.")
        self._images = images
        self._squares = np.concatenate([np.square(block).sum(axis=1) for _, block in self._blocks()])  # (M,)

    def nearest(
        self, images: npt.ArrayLike, k: int = 1, *, without: int | None = None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The k images nearest to each of some, nearest first.

        Parameters
        ----------
        images : array of shape (n, C, H, W)
            uint8 in 0..255, or floats in [0, 1].
        k : int
            At most M.
        without : int, optional
            Leave out the image of this index: it is the one that is asked about.

        Returns
        -------
        indices : int64 array of shape (n, k)
            Of equally near ones the lower first.
        distances : float64 array of shape (n, k)
            Root of the squared difference averaged over pixels and channels, in units of [0, 1]: as
            `vae_core.metrics.samples.nearest_training_distance`.

        Raises
        ------
        ShapeError
            When the shapes differ, or there are not k images.
        """
        asked = np.asarray(images)
        n_left = len(self._images) - (without is not None)
        if asked.ndim != 4 or asked.shape[1:] != self._images.shape[1:]:
            raise ShapeError(
                f"Images to look for must have the shape (n, {', '.join(map(str, self._images.shape[1:]))}), but they "
                f"have {asked.shape}."
            )
        if whole_number(k, "k", least=1) > n_left:
            raise ShapeError(f"There are {n_left} images to choose from, so not the {k} nearest.")
        queries = asked.reshape(len(asked), -1).astype(np.float64) * (1 if asked.dtype == np.uint8 else 255)
        indices, distances = np.empty((len(queries), k), np.int64), np.empty((len(queries), k))
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            rows = slice(start, start + QUERIES_AT_ONCE)
            indices[rows], distances[rows] = self._nearest(queries[rows], k, without)
        return indices, distances / (255 * np.sqrt(queries.shape[1]))

    def _nearest(
        self, queries: npt.NDArray[np.float64], k: int, without: int | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        table, small = np.empty((len(queries), len(self._images)), np.float32), queries.astype(np.float32)
        for start, block in self._blocks():
            table[:, start : start + len(block)] = self._squares[start : start + len(block)] - 2 * (small @ block.T)
        if without is not None:
            table[:, without] = np.inf
        indices, distances = np.empty((len(queries), k), np.int64), np.empty((len(queries), k))
        # What stands in the table is rounded too, and so is the query.
        largest = float(np.sqrt(self._squares.max()))
        for i, (row, query) in enumerate(zip(table, queries, strict=True)):
            size = max(largest, float(np.linalg.norm(query)))
            error = 2 * (queries.shape[1] + 4) * EPS32 * size * size
            near = np.flatnonzero(row <= np.partition(row, k - 1)[k - 1] + 2 * error)
            some = self._images[near].reshape(len(near), -1).astype(np.float64)
            exact = np.square(some - query).sum(axis=1)
            order = np.argsort(exact, kind="stable")[:k]
            indices[i], distances[i] = near[order], np.sqrt(exact[order])
        return indices, distances

    def _blocks(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        for start in range(0, len(self._images), IMAGES_AT_ONCE):
            block = self._images[start : start + IMAGES_AT_ONCE]
            yield start, block.reshape(len(block), -1).astype(np.float32)
