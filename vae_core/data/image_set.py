"""What a data set is once it is loaded: images, labels, three fixed splits."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from contextlib import suppress
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
        Index of the value that each generative factor has; None where they are not known.

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
        if self.factors is not None:
            if self.factors.dtype != np.int64 or self.factors.ndim != 2 or len(self.factors) != len(self.images):
                raise DataError(
                    f"A split's factors must be int64 of shape ({len(self.images)}, F), a row for each image, "
                    f"but they are {self.factors.dtype} of shape {self.factors.shape}."
                )
            object.__setattr__(self, "factors", _read_only(self.factors))
        if self.labels is None:
            return
        if self.labels.dtype != np.int64 or self.labels.shape != self.images.shape[:1]:
            raise DataError(
                f"A split's labels must be int64 of shape ({len(self.images)},), one for each image, "
                f"but they are {self.labels.dtype} of shape {self.labels.shape}."
            )
        object.__setattr__(self, "labels", _read_only(self.labels))

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: NDArray[np.intp]) -> Split:
        """The images at these indices, with their labels and factors."""
        labels, factors = (None if array is None else array[indices] for array in (self.labels, self.factors))
        return Split(self.images[indices], labels, factors)


@dataclass(frozen=True)
class LeftOut:
    """A file that could not be used, or a row of labels that belongs to no image, and why."""

    name: str
    reason: str


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
    left_out : tuple of LeftOut
        What of data of one's own could not be used.
    factor_names, factor_sizes : tuple
        Name of each generative factor and the number of its values; empty where they are not known.
    """

    name: str
    title: str
    train: Split
    validation: Split
    test: Split
    class_names: tuple[str, ...]
    checksum: str
    left_out: tuple[LeftOut, ...] = ()
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


def held_out_counts(n_images: int) -> tuple[int, int]:
    """How many images of a set without splits of its own are for validation and for the test.

    A tenth each, rounded down, at least 1; at most the 5,000 and 10,000 that they are for MNIST.
    """
    tenth = max(1, n_images // 10)
    return min(tenth, 5_000), min(tenth, 10_000)


LEFT_OUT = "left_out.csv"
"""The table of what was left out, in a run's folder."""


def left_out_sentence(image_set: ImageSet) -> str:
    """How many files were left out, the first three by name, for people."""
    first = "; ".join(f"{item.name} ({item.reason})" for item in image_set.left_out[:3])
    return f"{len(image_set.left_out):,} left out, all in {LEFT_OUT}: {first}{'; …' * (len(image_set.left_out) > 3)}"


def left_out_csv(image_set: ImageSet) -> bytes:
    """A table of what was left out, with the columns `file` and `reason`, in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "reason"])
    writer.writerows((item.name, item.reason) for item in image_set.left_out)
    return text.getvalue().encode()


def read_left_out(content: bytes) -> tuple[LeftOut, ...]:
    """The inverse of `left_out_csv`, as far as the table is sound: it may be torn, or a stranger's."""
    rows = csv.DictReader(io.StringIO(content.decode(errors="replace"), newline=""))
    with suppress(csv.Error):
        return tuple(LeftOut(row["file"], row["reason"]) for row in rows if row.get("file") and row.get("reason"))
    return ()


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
