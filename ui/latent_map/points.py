"""The points of a map: checked, and laid out as the browser fetches them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ui.routes import POINTS, Blob, content_key
from vae_core.errors import ShapeError


@dataclass(frozen=True)
class MapPoints:
    """The points of a map; make it with `register`, and keep it in a cache: hashing 60,000 points takes a millisecond.

    Attributes
    ----------
    key : str
        Hash of the content, the name under which the browser fetches it.
    n : int
        How many points.
    class_names : tuple of str
        Names of the classes, by label; empty when the points have no labels.
    xy : ndarray of float32, shape (N, 2)
        Where they lie, in units of z.
    labels : ndarray of int, shape (N,), or None
        Class of each point.
    indices : ndarray of int, shape (N,)
        What a hover shows and a click reports for each point.
    """

    key: str
    n: int
    class_names: tuple[str, ...]
    xy: npt.NDArray[np.float32] = field(repr=False, compare=False)
    labels: npt.NDArray[np.int64] | None = field(repr=False, compare=False)
    indices: npt.NDArray[np.int64] = field(repr=False, compare=False)
    _blob: Blob = field(repr=False, compare=False)

    @classmethod
    def register(
        cls,
        xy: npt.ArrayLike,
        labels: npt.ArrayLike | None,
        class_names: Sequence[str],
        indices: npt.ArrayLike | None = None,
    ) -> MapPoints:
        """Check the points and make them ready to be fetched.

        Parameters
        ----------
        xy : array_like (N, 2)
            Where the points lie, in units of z; N may be 0.
        labels : array_like of int (N,), or None
            Class of each point; None draws all in one colour.
        class_names : sequence of str
            Names of the classes, at most 256.
        indices : array_like of int (N,), or None
            What a hover shows and a click reports for each point, such as its place in the data set; None: 0 to N-1.

        Raises
        ------
        ShapeError
            When the shapes do not fit, a point is not finite, or a label has no name.
        """
        points = np.asarray(xy, dtype="<f4")
        if points.ndim != 2 or points.shape[1] != 2:
            raise ShapeError(f"latent map: the points must have shape (N, 2), but have {points.shape}.")
        if n_bad := int((~np.isfinite(points).all(axis=1)).sum()):
            raise ShapeError(f"latent map: {n_bad} of {len(points)} points are not finite; check the encoder.")
        classes = None if labels is None else _whole_numbers(labels, len(points), min(len(class_names), 256), "labels")
        numbers = np.arange(len(points)) if indices is None else _whole_numbers(indices, len(points), 2**32, "indices")
        parts = [np.array([len(points), indices is not None, classes is not None], "<u4"), points[:, 0], points[:, 1]]
        if indices is not None:
            parts.append(numbers.astype("<u4"))
        if classes is not None:
            parts.append(classes.astype("u1"))
        content = b"".join(part.tobytes() for part in parts)
        names = () if classes is None else tuple(class_names)
        blob = Blob(content, "application/octet-stream")
        return cls(content_key(content), len(points), names, points, classes, numbers, blob)

    def offer(self) -> None:
        """Hold the points ready for browsers, or keep them from being dropped."""
        POINTS.put(self.key, self._blob)


def _whole_numbers(values: npt.ArrayLike, n: int, below: int, what: str) -> npt.NDArray[np.int64]:
    numbers = np.asarray(values)
    if numbers.shape != (n,) or (n and not np.issubdtype(numbers.dtype, np.integer)):
        raise ShapeError(f"latent map: the {what} must be {n} whole numbers, but are {numbers.dtype} {numbers.shape}.")
    if n and (numbers.min() < 0 or numbers.max() >= below):
        span = f"from {numbers.min()} to {numbers.max()}"
        raise ShapeError(f"latent map: the {what} must lie in [0, {below}), but go {span}.")
    return numbers.astype(np.int64)
