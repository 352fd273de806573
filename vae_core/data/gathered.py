"""Data of one's own as it was read, before it is split; and the limits that hold for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae_core.data.image_set import LeftOut
from vae_core.errors import DataError

LEAST_IMAGES = 10
"""With fewer there is nothing to hold out, and nothing to learn."""

MOST_CLASSES = 256
LONGEST_CLASS_NAME = 255

MOST_BYTES = 1 << 30
"""Bytes of all images in memory, and of the arrays of images in a file."""

Progress = Callable[[int, int], None]
"""`on_progress(done, total)`, counted in files."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """All usable images in one array.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
    labels : ndarray of int64, shape (N,), or None
    class_names : tuple of str
    sizes : mapping
        How many images were found of each (width, height), before anything was done to them.
    left_out : tuple of LeftOut
        By name.
    given : tuple of int
        How many of the images, in their order, are for training, validation and test; a 0 for a split that is not
        given and has to be held out of the training images.
    names : tuple of str
        The file of each image; empty where they came from one array.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...]
    sizes: Mapping[tuple[int, int], int]
    left_out: tuple[LeftOut, ...]
    given: tuple[int, int, int]
    names: tuple[str, ...] = ()


def check_bytes(n_bytes: int, what: str) -> None:
    """Refuse what would fill the memory.

    Raises
    ------
    DataError
        When it has more than `MOST_BYTES`.
    """
    if n_bytes > MOST_BYTES:
        raise DataError(
            f"{what}: the images have {n_bytes:,} bytes in memory, expected at most {MOST_BYTES:,}; take fewer, or a "
            "smaller --image-size."
        )


def check_enough(n_images: int, left_out: Sequence[LeftOut], what: str) -> None:
    """Refuse what nothing can be learned from.

    Raises
    ------
    DataError
        When there are fewer than `LEAST_IMAGES` to train with.
    """
    if n_images < LEAST_IMAGES:
        first = f", the first of them {left_out[0].name} ({left_out[0].reason})" if left_out else ""
        raise DataError(
            f"{what} has {n_images} usable images to train with, expected at least {LEAST_IMAGES}; "
            f"{len(left_out):,} left out{first}."
        )


def class_indices(names: Sequence[str], what: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The different class names, sorted (whole numbers by their value), and the index of each image's among them.

    Raises
    ------
    DataError
        When there are more than `MOST_CLASSES`, or one is too long for a name.
    """
    different = set(names)
    if len(different) > MOST_CLASSES:
        raise DataError(
            f"{what}: there are {len(different):,} classes, expected at most {MOST_CLASSES}; take fewer, or none."
        )
    longest = max(different, key=len, default="")
    if len(longest) > LONGEST_CLASS_NAME:
        raise DataError(
            f"{what}: the name of the class {longest[:40]!r}... has {len(longest):,} characters, expected at most "
            f"{LONGEST_CLASS_NAME}."
        )
    if all(name.removeprefix("-").isdecimal() for name in different):
        ordered = sorted(different, key=lambda name: (int(name), name))
    else:
        ordered = sorted(different)
    index = {name: i for i, name in enumerate(ordered)}
    return tuple(ordered), np.array([index[name] for name in names], np.int64)
