"""Data of one's own as an `ImageSet`."""

from __future__ import annotations

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.arrays import read_arrays
from vae_core.data.gathered import Gathered, Progress, check_enough
from vae_core.data.image_set import ImageSet, Split, checksum_of, held_out, held_out_counts
from vae_core.data.own_name import parse_own, title_of
from vae_core.data.pictures import pictures_shape, read_pictures


def gather(name: str, options: DataConfig, on_progress: Progress | None = None) -> Gathered:
    """Read data of one's own; see `read_pictures` and `read_arrays`.

    Raises
    ------
    DataError
        When the name is none, nothing is there, or fewer than `LEAST_IMAGES` images can be used.
    """
    kind, path = parse_own(name)
    if kind in ("folder", "zip"):
        gathered = read_pictures(kind, path, options, on_progress)
    else:
        gathered = read_arrays(kind, path, options)
    check_enough(gathered.given[0], gathered.left_out, name)
    return gathered


def own_shape(name: str, options: DataConfig) -> tuple[int, int, int]:
    """(C, H, W) of the images that `gather` would return; of pictures no more are read than it takes to know it.

    Raises
    ------
    DataError
        As `gather`, as far as it looks.
    """
    kind, path = parse_own(name)
    if kind in ("folder", "zip"):
        return pictures_shape(kind, path, options)
    _, channels, height, width = gather(name, options).images.shape
    return channels, height, width


def load_own(name: str, options: DataConfig, on_progress: Progress | None = None) -> ImageSet:
    """Read data of one's own and split it.

    Splits that the data brings are kept; others are held out of the training images, `held_out_counts` of them, by
    the rule of `held_out`.

    Raises
    ------
    DataError
        As `gather`.
    """
    gathered = gather(name, options, on_progress)
    n_train, n_validation, n_test = gathered.given
    tenths = held_out_counts(n_train)
    held = held_out(n_train, 0 if n_validation else tenths[0], 0 if n_test else tenths[1])
    given = np.split(np.arange(n_train, n_train + n_validation + n_test), [n_validation])
    validation, test = (np.concatenate(both) for both in zip(held[:2], given, strict=True))  # one of both is empty
    whole = Split(gathered.images, gathered.labels)
    splits = (whole.take(held[2]), whole.take(validation), whole.take(test))
    names, left_out = gathered.class_names, gathered.left_out
    return ImageSet(name, title_of(name), *splits, names, checksum_of(splits), left_out)
