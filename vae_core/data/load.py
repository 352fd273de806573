"""From a name to an ImageSet."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_core.data.catalogue import DatasetSpec, dataset_spec, missing_files, set_folder, two_ways_out
from vae_core.data.idx import damaged, read_idx
from vae_core.data.image_set import ImageSet, Split, checksum_of, held_out
from vae_core.data.sources import file_checksums, has_md5
from vae_core.errors import DataError

N_VALIDATION = 5_000
"""Training images that are held out for validation, in every set but digits."""


def load_dataset(name: str, data_dir: str | os.PathLike[str] | None = None) -> ImageSet:
    """Load a data set from disk; nothing is downloaded, unpacked or cached.

    The test split is the set's own, in its own order. `digits` has none: of its 1,797 images 200 are held out for
    validation and 400 for the test. Everywhere else 5,000 training images are held out for validation.
    `vae_core.data.image_set.held_out` says which.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    data_dir : path, optional
        See `vae_core.data.data_dir`.

    Returns
    -------
    ImageSet

    Raises
    ------
    DataError
        When the name is unknown, or the files are missing, unreadable or damaged.
    """
    spec = dataset_spec(name)
    folder = set_folder(spec, data_dir)
    missing = missing_files(spec, folder)
    if missing:
        raise DataError(f"{spec.title} is not in {folder} ({missing[0]} is missing): {two_ways_out(spec)}")
    if spec.name == "digits":
        train, validation, test = _digits()
    else:
        read = _read_cifar10 if spec.name == "cifar10" else _read_idx_set
        images, labels, test = read(spec, folder)
        chosen, rest = held_out(len(images), N_VALIDATION)
        train, validation = Split(images[rest], labels[rest]), Split(images[chosen], labels[chosen])
    splits = (train, validation, test)
    for split in splits:
        _check(spec, folder, split)
    return ImageSet(spec.name, spec.title, *splits, spec.class_names, checksum_of(splits))


def _digits() -> tuple[Split, Split, Split]:
    from sklearn.datasets import load_digits  # takes a second, and only this set needs it

    pixels, labels = load_digits(return_X_y=True)  # (1797, 64) in 0..16, (1797,)
    images = np.rint(pixels * (255 / 16)).astype(np.uint8).reshape(-1, 1, 8, 8)
    labels = labels.astype(np.int64)
    validation, test, train = (Split(images[i], labels[i]) for i in held_out(len(images), 200, 400))
    return train, validation, test


def _read_idx_set(spec: DatasetSpec, folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], Split]:
    md5 = file_checksums(spec)
    arrays = [read_idx(folder / name, md5[name]) for name in spec.files]
    for name, array, n_dimensions in zip(spec.files, arrays, (3, 1, 3, 1), strict=True):
        if array.ndim != n_dimensions:
            raise damaged(folder / name, f"it has {array.ndim} dimensions where {n_dimensions} were expected")
    images, labels, test_images, test_labels = arrays
    if spec.name == "emnist-letters":
        # EMNIST stores its images transposed, and counts its letters from 1 (0 becomes 255 here, and is refused).
        images, test_images = images.swapaxes(1, 2), test_images.swapaxes(1, 2)
        labels, test_labels = labels - 1, test_labels - 1
    test = Split(np.ascontiguousarray(test_images[:, None]), test_labels.astype(np.int64))
    return images[:, None], labels.astype(np.int64), test


def _read_cifar10(spec: DatasetSpec, folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64], Split]:
    for name, md5 in file_checksums(spec).items():
        if not has_md5(folder / name, md5):  # also what makes it safe to unpickle them
            raise damaged(folder / name, "its MD5 is not the publisher's")
    from torchvision.datasets import CIFAR10

    with warnings.catch_warnings():
        # The files were pickled by an old NumPy, with `align=0` where today's wants a bool.
        warnings.filterwarnings("ignore", message=".*align should be passed.*")
        parts = [CIFAR10(folder.parent, train=train, download=False) for train in (True, False)]
    images, test_images = (np.ascontiguousarray(part.data.transpose(0, 3, 1, 2)) for part in parts)
    labels, test_labels = (np.array(part.targets, dtype=np.int64) for part in parts)
    return images, labels, Split(test_images, test_labels)


def _check(spec: DatasetSpec, folder: Path, split: Split) -> None:
    shape = split.images.shape[1:]
    if shape != spec.image_shape or not len(split):
        raise DataError(
            f"{spec.title} in {folder} has {len(split)} images of shape {shape} in a split where some of shape "
            f"{spec.image_shape} were expected: these are not the set's own files, fetch it again."
        )
    if split.labels is not None and not 0 <= split.labels.min() <= split.labels.max() < len(spec.class_names):
        raise DataError(
            f"{spec.title} in {folder} has labels from {split.labels.min()} to {split.labels.max()} for "
            f"{len(spec.class_names)} classes: these are not the set's own files, fetch it again."
        )
