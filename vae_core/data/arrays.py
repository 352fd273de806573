"""Images in `.npy` and `.npz` files -> arrays; nothing is unpickled, and sizes are checked before anything is read."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from vae_core.config import DataConfig
from vae_core.data.decode import quietly
from vae_core.data.fit import DEFAULT_SIDE, coloured, is_trainable, squares
from vae_core.data.gathered import MOST_BYTES, Gathered, check_bytes, class_indices
from vae_core.data.image_set import LeftOut
from vae_core.data.labels import read_labels
from vae_core.data.listing import opened_zip
from vae_core.data.own_name import printable
from vae_core.errors import DataError
from vae_core.images import to_uint8
from vae_core.unzip import BOUNDED

SPLITS = {"train": ("train",), "validation": ("validation", "valid", "val"), "test": ("test",)}
IMAGES = ("images", "x")
LABELS = ("labels", "label", "y")

MOST_IMAGES = 1_000_000
LARGEST_LABELS = 1 << 26
"""Bytes of an array of labels."""

CHUNK = 4096
"""Images that are converted at once."""


def read_arrays(kind: str, path: Path, options: DataConfig) -> Gathered:
    """Read the images, and the classes where there are some, of an array file.

    An `.npy` file is the images. In an `.npz` file they are `images` or `x`, or its only array, with `labels`,
    `label` or `y`; or in splits, such as `train_images`, `x_train`, `test_labels`, `val_images`. Upper and lower case
    are the same.

    Parameters
    ----------
    kind : str
        "npz" or "npy".
    path : Path
        Images are (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 or 3, uint8, bool, or floating point in [0, 1];
        where both channel places fit, the last is taken. Labels are (N,) or (N, 1), whole numbers or texts.
    options : DataConfig

    Raises
    ------
    DataError
        When the file is missing, damaged or too large, or its arrays do not fit.
    """
    what = f"{kind}:{printable(str(path))}"
    try:
        if not path.is_file():
            raise DataError(f"There is no file {printable(str(path))}: put it back, or name other data with --dataset.")
        with quietly():
            arrays = _read_npy(path, what) if kind == "npy" else _read_npz(path, what)
    except OSError as problem:
        raise DataError(f"{what} cannot be read ({problem.strerror or problem}): check its permissions.") from None
    n_images = sum(len(images) for images, _ in arrays.values() if images.ndim)
    if n_images > MOST_IMAGES:
        raise DataError(f"{what}: there are {n_images:,} images, expected at most {MOST_IMAGES:,}; take fewer.")
    parts = {split: _channels_first(images, what) for split, (images, _) in arrays.items()}
    shapes = {images.shape[1:] for images in parts.values()}
    if len(shapes) > 1:
        raise DataError(f"{what}: all splits must have images of one shape, but they have {sorted(shapes)}.")
    _, height, width = shapes.pop()
    found = [_label_texts(labels, len(parts[split]), what) for split, (_, labels) in arrays.items()]
    texts: list[str] | None = None
    if all(labels is not None for labels in found):
        texts = [text for labels in found if labels is not None for text in labels]
    elif any(labels is not None for labels in found):
        raise DataError(f"{what}: either all splits have labels or none, but only some have.")
    side = options.side or (None if is_trainable(height, width) else DEFAULT_SIDE)
    pixels = [_fitted(images, side, what) for images in parts.values()]
    images = coloured(pixels[0] if len(pixels) == 1 else np.concatenate(pixels), options.colour)
    counts = [len(parts[split]) if split in parts else 0 for split in SPLITS]
    left_out: tuple[LeftOut, ...] = ()
    if options.labels:
        texts, keep, left_out = _by_table(len(images), options.labels)
        ends = np.cumsum(counts)
        counts = [int(keep[end - count : end].sum()) for end, count in zip(ends, counts, strict=True)]
        images = images[keep]
    names, labels = class_indices(texts, what) if texts is not None else ((), None)
    train, validation, test = counts
    return Gathered(images, labels, names, {(width, height): len(images)}, left_out, (train, validation, test))


# -- files -----------------------------------------------------------------------------------------------------------

Arrays = dict[str, tuple[NDArray[Any], NDArray[Any] | None]]
"""Images and labels by split, in the order of `SPLITS`."""


def _read_npy(path: Path, what: str) -> Arrays:
    with open(path, "rb") as file:
        return {"train": (_array(file, path.stat().st_size, what, MOST_BYTES), None)}


def _read_npz(path: Path, what: str) -> Arrays:
    with open(path, "rb") as file, opened_zip(file, what, "save it anew with numpy.savez") as archive:
        members = {info.filename.removesuffix(".npy").lower(): info for info in archive.infolist()}
        chosen = _choose(members, what)
        check_bytes(sum(images.file_size for images, _ in chosen.values()), what)  # of all splits, before one is read
        return {
            split: (
                _member(archive, images, what, MOST_BYTES),
                None if labels is None else _member(archive, labels, what, LARGEST_LABELS),
            )
            for split, (images, labels) in chosen.items()
        }


Members = Mapping[str, zipfile.ZipInfo]


def _choose(members: Members, what: str) -> dict[str, tuple[zipfile.ZipInfo, zipfile.ZipInfo | None]]:
    def find(kinds: tuple[str, ...], words: tuple[str, ...]) -> zipfile.ZipInfo | None:
        names = [name for kind in kinds for word in words for name in (f"{word}_{kind}", f"{kind}_{word}")]
        return next((members[name] for name in names if name in members), None)

    chosen = {}
    for split, words in SPLITS.items():
        images = find(IMAGES, words)
        if images is not None:
            chosen[split] = images, find(LABELS, words)
    if "train" not in chosen:
        plain = [members[name] for name in IMAGES if name in members] or (
            list(members.values()) if len(members) == 1 else []
        )
        if not plain:
            shown = printable(", ".join(members)[:200]) or "nothing"
            raise DataError(
                f"{what} holds {shown}: an array named images or x was expected, or train_images and test_images, or "
                "one array alone."
            )
        labels = next((members[name] for name in LABELS if name in members), None)
        chosen = {"train": (plain[0], labels if labels is not plain[0] else None)} | chosen
    return chosen


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, what: str, most: int) -> NDArray[Any]:
    inside = f"{what}, {printable(info.filename)[:80]}"
    if info.compress_type not in BOUNDED or info.flag_bits & 1:
        raise DataError(f"{inside}: it is packed in a way that is not read here: save it anew with numpy.savez.")
    with _member_file(archive, info, inside) as file:
        return _array(file, info.file_size, inside, most)


@contextmanager
def _member_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, inside: str) -> Iterator[IO[bytes]]:
    try:
        with archive.open(info) as file:
            yield file
    except DataError:
        raise
    except Exception:  # damaged members end in errors of a dozen kinds
        raise DataError(f"{inside} is damaged: save it anew with numpy.savez.") from None


def _array(file: IO[bytes], n_bytes: int, what: str, most: int) -> NDArray[Any]:
    """The array in a file of so many bytes; its header is judged before the array is read."""
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(file)
        shape, _, dtype = read_header[version](file)
        expected = math.prod(shape) * dtype.itemsize
    except OSError:
        raise
    except Exception:  # a header is an expression in Python, and a bad one ends in errors of a dozen kinds
        raise DataError(f"{what} is no array as numpy.save writes it, or a damaged one: save it anew.") from None
    if dtype.hasobject:
        raise DataError(f"{what} holds Python objects, which are not read: save an array of numbers.")
    if min(shape, default=0) < 0 or expected > most:
        raise DataError(f"{what} has the shape {shape!s:.80} of {dtype!s:.40}, expected at most {most:,} bytes.")
    if n_bytes - file.tell() < expected:
        raise DataError(f"{what} is cut short: {expected:,} bytes of numbers were expected; save it anew.")
    file.seek(0)
    try:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, TypeError, OverflowError):  # a shape that is none: (True, 8, 8), 65 axes, 0 times too many
        raise DataError(f"{what} has the shape {shape!s:.80}, which no array can have: save it anew.") from None
    return array


# -- arrays ----------------------------------------------------------------------------------------------------------


def _channels_first(images: NDArray[Any], what: str) -> NDArray[Any]:
    """Any of the three shapes as a view (N, C, H, W)."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape[1:]:
        raise DataError(
            f"{what}: images must have the shape (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 or 3, but they "
            f"have {images.shape}."
        )
    return images


def _fitted(images: NDArray[Any], side: int | None, what: str) -> NDArray[np.uint8]:
    n, channels, height, width = images.shape
    shape = (n, channels, side or height, side or width)
    check_bytes(math.prod(shape), what)
    fitted = np.empty(shape, np.uint8)
    for start in range(0, n, CHUNK):
        chunk = _bytes(images[start : start + CHUNK], what)
        fitted[start : start + CHUNK] = chunk if side is None else squares(chunk, side)
    if images.dtype == np.uint8 and n and images.max() == 1:
        raise DataError(f"{what}: uint8 images go from 0 to 255, but these hold only 0 and 1; save them as bool.")
    return fitted


def _bytes(images: NDArray[Any], what: str) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.bool_:
        return images.astype(np.uint8) * np.uint8(255)
    if images.dtype.kind != "f" or not (images.min() >= 0 and images.max() <= 1):  # false for NaN too
        came = (
            f"{images.dtype!s:.40}"
            if images.dtype.kind not in "iuf"
            else (f"{images.dtype} from {images.min()} to {images.max()}")
        )
        raise DataError(f"{what}: images must be uint8, or floating point in [0, 1], but they are {came}.")
    return to_uint8(images)


def _label_texts(labels: NDArray[Any] | None, n_images: int, what: str) -> list[str] | None:
    if labels is None:
        return None
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.shape != (n_images,) or flat.dtype.kind not in "biuU":
        raise DataError(
            f"{what}: labels must be whole numbers or texts of the shape ({n_images},), but they are "
            f"{labels.dtype!s:.40} of {labels.shape}."
        )
    texts = [printable(str(label)) for label in flat.tolist()]
    if not all(text.strip() for text in texts):
        raise DataError(f"{what}: a label is an empty text; give every image a class, or leave the labels out.")
    return texts


def _by_table(n_images: int, labels: str) -> tuple[list[str], NDArray[np.bool_], tuple[LeftOut, ...]]:
    """Labels from a table with the columns index and label: texts, which images have one, rows and images without."""
    title = Path(labels).name
    table = {int(index): label for index, label in read_labels(labels, "index").items()}
    keep = np.array([i in table for i in range(n_images)])
    left_out = [LeftOut(f"image {i}", f"{title} has no row for it") for i in np.flatnonzero(~keep)]
    left_out += [
        LeftOut(f"image {i}", f"{title} names it, but there are only {n_images:,} images")
        for i in sorted(table)
        if i >= n_images
    ]
    return [table[int(i)] for i in np.flatnonzero(keep)], keep, tuple(left_out)
