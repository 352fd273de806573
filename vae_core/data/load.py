"""From a name to an ImageSet."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_core.config import DataConfig
from vae_core.data.binarize import binarized
from vae_core.data.catalogue import DatasetSpec, dataset_spec, missing_files, set_folder, two_ways_out
from vae_core.data.fit import coloured, fitted_shape, squares
from vae_core.data.gathered import Progress
from vae_core.data.idx import damaged, read_idx
from vae_core.data.image_set import ImageSet, Split, checksum_of, held_out, held_out_counts
from vae_core.data.own import load_own, own_shape
from vae_core.data.own_name import is_own
from vae_core.data.shapes import FACTOR_NAMES, FACTOR_SIZES, draw_shapes
from vae_core.data.sources import file_checksums, has_md5
from vae_core.errors import DataError

N_VALIDATION = 5_000
"""Training images that are held out for validation of a set that has a test split alone."""


AS_IT_IS = DataConfig()


def load_dataset(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    options: DataConfig = AS_IT_IS,
    on_progress: Progress | None = None,
) -> ImageSet:
    """Load a data set from disk, or draw it; nothing is downloaded, unpacked or cached.

    Splits that a set brings are kept, in their own order. What it lacks is held out of its training images, by the
    rule of `vae_core.data.image_set.held_out`: of the 1,797 `digits` 200 for validation and 400 for the test; 5,000
    for validation where a set has a test split alone; a tenth each of `shapes` and of data of one's own, at most
    5,000 and 10,000.

    Parameters
    ----------
    name : str
        One of `DATASETS`; or, for data of one's own, `folder:PATH` or `zip:PATH` with pictures (see
        `vae_core.data.pictures.read_pictures`), `npz:PATH` or `npy:PATH` with arrays (`arrays.read_arrays`).
    data_dir : path, optional
        See `vae_core.data.data_dir`; not used for data of one's own.
    options : DataConfig
        Size and colour of the images, whether they are made black and white, and a table of labels for data of one's
        own.
    on_progress : callable, optional
        Called as `on_progress(done, total)`, counted in files, while pictures are read.

    Returns
    -------
    ImageSet

    Raises
    ------
    DataError
        When the name is unknown, the files are missing, unreadable or damaged, or hold too few images or too much.
    """
    read = load_own(name, options, on_progress) if is_own(name) else _load_known(dataset_spec(name), data_dir, options)
    return binarized(read, options.binarize)


def _load_known(spec: DatasetSpec, data_dir: str | os.PathLike[str] | None, options: DataConfig) -> ImageSet:
    if options.labels:
        raise DataError(f"{spec.title} has its own labels or none: a table of labels goes with data of your own.")
    if spec.name == "shapes":
        return _shapes(spec, options)
    folder = set_folder(spec, data_dir)
    missing = missing_files(spec, folder)
    if missing:
        raise DataError(f"{spec.title} is not in {folder} ({missing[0]} is missing): {two_ways_out(spec)}")
    if spec.name == "digits":
        train, validation, test = _digits()
    elif spec.name == "binarized-mnist":
        train, validation, test = _read_binarized_mnist(spec, folder)
    else:
        read = _read_cifar10 if spec.name == "cifar10" else _read_idx_set
        images, labels, test = read(spec, folder)
        chosen, rest = held_out(len(images), N_VALIDATION)
        train, validation = Split(images[rest], labels[rest]), Split(images[chosen], labels[chosen])
    for split in (train, validation, test):
        _check(spec, folder, split)
    splits = (_fitted(train, options), _fitted(validation, options), _fitted(test, options))
    return ImageSet(spec.name, spec.title, *splits, spec.class_names, checksum_of(splits))


def image_shape(
    name: str, data_dir: str | os.PathLike[str] | None = None, options: DataConfig = AS_IT_IS
) -> tuple[int, int, int]:
    """(C, H, W) of a data set's images with these options, found out without loading it as far as that is possible.

    Raises
    ------
    DataError
        When the name is unknown, or data of one's own cannot be read.
    """
    return own_shape(name, options) if is_own(name) else fitted_shape(dataset_spec(name).image_shape, options)


def _fitted(split: Split, options: DataConfig) -> Split:
    images = split.images if options.side is None else squares(split.images, options.side)
    if options.colour != "auto":
        images = coloured(images, options.colour)
    return Split(images, split.labels, split.factors)


def _shapes(spec: DatasetSpec, options: DataConfig) -> ImageSet:
    images, factors = draw_shapes(options.side or spec.image_shape[1])
    whole = _fitted(Split(images, factors[:, 0], factors), options)
    validation, test, train = (whole.take(at) for at in held_out(len(images), *held_out_counts(len(images))))
    splits = (train, validation, test)
    return ImageSet(
        spec.name,
        spec.title,
        *splits,
        spec.class_names,
        checksum_of(splits),
        factor_names=FACTOR_NAMES,
        factor_sizes=FACTOR_SIZES,
    )


def _read_binarized_mnist(spec: DatasetSpec, folder: Path) -> tuple[Split, Split, Split]:
    ((name, md5),) = file_checksums(spec).items()
    if not has_md5(folder / name, md5):
        raise DataError(
            f"{folder / name} is damaged (its MD5 is not {md5}): put an intact copy in its place, for it cannot be "
            "downloaded from here."
        )
    with np.load(folder / name, allow_pickle=False) as arrays:  # rows of 784 bits, eight in a byte
        bits = (np.unpackbits(arrays[part], axis=1) for part in ("train", "valid", "test"))
        train, validation, test = (Split((b * np.uint8(255)).reshape(-1, 1, 28, 28), None) for b in bits)
    return train, validation, test


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
