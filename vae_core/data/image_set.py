"""What a data set is once it is loaded: images, labels, three fixed splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae_core.errors import DataError

SPLIT_NAMES = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Split:
    """Images of one split with their labels; both arrays are read-only.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
    labels : ndarray of int64, shape (N,), or None
        Indices into the set's `class_names`; None where the set has no classes.
    factors : ndarray of int64, shape (N, F), or None
        The generative factors that each image was drawn from, as indices of their values; None where none are known.

    Raises
    ------
    DataError
        When an array has another type or shape, or their lengths differ.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    factors: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4:
            raise DataError(
                f"A split's images must be uint8 of shape (N, C, H, W), "
                f"but they are {self.images.dtype} of shape {self.images.shape}."
            )
        object.__setattr__(self, "images", _read_only(self.images))
        if self.labels is not None:
            if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
                raise DataError(
                    f"A split's labels must be int64 of shape ({len(self.images)},), one for each image, "
                    f"but they are {self.labels.dtype} of shape {self.labels.shape}."
                )
            object.__setattr__(self, "labels", _read_only(self.labels))
        if self.factors is not None:
            if self.factors.dtype != np.int64 or self.factors.ndim != 2 or len(self.factors) != len(self.images):
                raise DataError(
                    f"A split's factors must be int64 of shape ({len(self.images)}, F), one row for each image, "
                    f"but they are {self.factors.dtype} of shape {self.factors.shape}."
                )
            object.__setattr__(self, "factors", _read_only(self.factors))

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class ImageSet:
    """A data set with its fixed splits.

    Attributes
    ----------
    name, title : str
        The name it is asked for by, and the one that people read.
    class_names : tuple of str
        `class_names[label]`; empty for a set without labels.
    checksum : str
        `checksum_of` the three splits: the same for the same pixels, however the files were packed.
    factor_names, factor_sizes : tuple of str, tuple of int
        Name and number of values of each generative factor; empty for a set without known ones.
    """

    name: str
    title: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    checksum: str
    factor_names: tuple[str, ...] = ()
    factor_sizes: tuple[int, ...] = ()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        _, channels, height, width = self.train.images.shape
        return channels, height, width

    def split(self, name: str) -> Split:
        """The split "train", "validation" or "test".

        Raises
        ------
        DataError
            For any other name.
        """
        if name not in SPLIT_NAMES:
            raise DataError(f"{self.title} has no split {name!r}: the splits are {', '.join(SPLIT_NAMES)}.")
        chosen: Split = getattr(self, name)
        return chosen


def checksum_of(splits: Iterable[Split]) -> str:
    """SHA-256, in hexadecimal, of each split's image bytes followed by its labels as little-endian int64."""
    digest = hashlib.sha256()
    for split in splits:
        digest.update(np.ascontiguousarray(split.images).data)
        if split.labels is not None:
            digest.update(np.ascontiguousarray(split.labels, dtype="<i8").data)
    return digest.hexdigest()


def held_out(n_images: int, *counts: int) -> list[NDArray[np.intp]]:
    """Choose disjoint groups of images to hold out of training, by a fixed rule.

    The rule: `numpy.random.RandomState(0).permutation(n_images)`, a stream that NumPy keeps frozen (NEP 19); the
    first group takes its first `counts[0]` indices, the next group the ones that follow, and so on. Each group,
    and what remains, is then put back into the set's own order.

    Parameters
    ----------
    n_images : int
        Number of images to choose from.
    *counts : int
        Size of each group.

    Returns
    -------
    list of ndarray of int
        The groups, then the remaining indices; each ascending.
    """
    # Not default_rng: a Generator's stream may change with NumPy, this one cannot.
    order = np.random.RandomState(0).permutation(n_images)
    return [np.sort(group) for group in np.split(order, np.cumsum(counts))]


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
