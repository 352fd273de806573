"""A folder or a zip file of pictures -> arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_core.config import DataConfig
from vae_core.data.decode import Picture, UnusableError, decode, quietly
from vae_core.data.fit import DEFAULT_SIDE, squares
from vae_core.data.gathered import LEAST_IMAGES, Gathered, Progress, check_bytes, check_enough, class_indices
from vae_core.data.image_set import LeftOut
from vae_core.data.labels import read_labels
from vae_core.data.listing import Listing, PictureFile, listed
from vae_core.device import default_threads
from vae_core.errors import DataError

CHUNK = 256
"""Pictures that are given to the threads at once; between two chunks progress is told."""


@dataclass(frozen=True)
class _Chosen:
    """The files to read with the class of each, None where there are no classes; and those that belong nowhere."""

    files: Sequence[PictureFile]
    classes: Sequence[str] | None
    left_out: Sequence[LeftOut]


def read_pictures(kind: str, path: Path, options: DataConfig, on_progress: Progress | None = None) -> Gathered:
    """Read all pictures of a folder or a zip file.

    Pictures may lie side by side, without classes, or in one folder a class; whichever holds for more files, and the
    others are left out. A folder around everything is passed over. With a table of labels it does not matter where
    they lie. What cannot be read is left out with the reason.

    Parameters
    ----------
    kind : str
        "folder" or "zip".
    path : Path
    options : DataConfig
    on_progress : callable, optional
        Called as `on_progress(done, total)`.

    Returns
    -------
    Gathered
        Perhaps without any image.

    Raises
    ------
    DataError
        When there is nothing there, it holds too much, or the labels do not fit.
    """
    with listed(kind, path, options.labels) as listing:
        chosen = _choose(listing, options.labels)
        left_out = [*listing.left_out, *chosen.left_out]
        kept: list[NDArray[np.uint8]] = []
        classes: list[str] = []
        files: list[str] = []
        sizes: Counter[tuple[int, int]] = Counter()
        n_bytes = 0
        for i, picture in enumerate(_decoded(chosen.files, options, on_progress)):
            if isinstance(picture, LeftOut):
                left_out.append(picture)
                continue
            n_bytes += picture.pixels.nbytes
            check_bytes(n_bytes, listing.what)
            kept.append(picture.pixels)
            files.append(chosen.files[i].name)
            sizes[picture.size] += 1
            if chosen.classes is not None:
                classes.append(chosen.classes[i])
    names, labels = class_indices(classes, listing.what) if chosen.classes is not None else ((), None)
    images = _laid_together(kept, options, listing.what)
    return Gathered(
        images=images,
        labels=labels,
        class_names=names,
        sizes=sizes,
        left_out=tuple(sorted(left_out, key=lambda item: item.name)),
        given=(len(images), 0, 0),
        names=tuple(files),
    )


def pictures_shape(kind: str, path: Path, options: DataConfig) -> tuple[int, int, int]:
    """(C, H, W) of what `read_pictures` would return, from as few pictures as it takes; there must be enough.

    Raises
    ------
    DataError
        As `read_pictures`, as far as it looks, and when there are fewer than `LEAST_IMAGES`.
    """
    channels = {"auto": 0, "grey": 1, "rgb": 3}[options.colour]
    found: set[tuple[int, int]] = set()
    size = (options.side, options.side) if options.side is not None else None
    with listed(kind, path, options.labels) as listing:
        chosen, n = _choose(listing, options.labels), 0
        left_out = [*listing.left_out, *chosen.left_out]
        for picture in _decoded(chosen.files, options, None):
            if isinstance(picture, LeftOut):
                left_out.append(picture)
                continue
            n += 1
            found.add(picture.pixels.shape[1:])
            if size is None and len(found) > 1:
                size = (DEFAULT_SIDE, DEFAULT_SIDE)
            if channels == 0 and len(picture.pixels) == 3:
                channels = 3
            if size is not None and channels and n >= LEAST_IMAGES:
                break
    if not n:
        raise DataError(f"{listing.what} holds no picture that can be read.")
    check_enough(n, sorted(left_out, key=lambda item: item.name), listing.what)
    return (channels or 1, *(size or found.pop()))


def _decoded(
    files: Sequence[PictureFile], options: DataConfig, on_progress: Progress | None
) -> Iterator[Picture | LeftOut]:
    """Each file's picture, or why there is none, in their order."""
    read = partial(_one, options=options)
    with quietly(), ThreadPoolExecutor(default_threads()) as pool:
        for start in range(0, len(files), CHUNK):
            if on_progress is not None:
                on_progress(start, len(files))
            yield from list(pool.map(read, files[start : start + CHUNK]))
    if on_progress is not None:
        on_progress(len(files), len(files))


def _one(file: PictureFile, options: DataConfig) -> Picture | LeftOut:
    try:
        return decode(file.read(), options)
    except UnusableError as problem:
        return LeftOut(file.name, str(problem))
    except OSError as problem:
        return LeftOut(file.name, f"it cannot be read ({problem.strerror or problem})")
    except Exception as problem:  # a damaged member of a zip file ends in errors of a dozen kinds
        return LeftOut(file.name, f"it is damaged in the zip file ({problem})")


def _laid_together(kept: list[NDArray[np.uint8]], options: DataConfig, what: str) -> NDArray[np.uint8]:
    """Pictures (C, H, W) -> one array (N, C, H, W); the list is emptied on the way."""
    if not kept:
        return np.empty((0, 1, DEFAULT_SIDE, DEFAULT_SIDE), np.uint8)
    sizes = {pixels.shape[1:] for pixels in kept}
    height, width = sizes.pop() if len(sizes) == 1 else (DEFAULT_SIDE, DEFAULT_SIDE)
    channels = 3 if options.colour == "rgb" else max(len(pixels) for pixels in kept)
    check_bytes(len(kept) * channels * height * width, what)
    images = np.empty((len(kept), channels, height, width), np.uint8)
    kept.reverse()
    for target in images:
        pixels = kept.pop()
        target[:] = pixels if pixels.shape[1:] == (height, width) else squares(pixels[None], DEFAULT_SIDE)[0]
    return images


# -- which class -----------------------------------------------------------------------------------------------------


def _choose(listing: Listing, labels: str) -> _Chosen:
    return _by_table(listing, read_labels(labels, "file"), labels) if labels else _by_folder(listing.files)


def _by_folder(files: Sequence[PictureFile]) -> _Chosen:
    parts = [file.name.split("/") for file in files]
    while parts and all(len(p) > 1 and p[0] == parts[0][0] for p in parts):  # a folder around everything
        parts = [p[1:] for p in parts]
    n_flat = sum(len(p) == 1 for p in parts)
    is_flat = 2 * n_flat >= len(parts)
    reasons: dict[int, str] = (
        {2: "it lies in a folder, though most files do not"}
        if is_flat
        else {1: "it lies beside the folders of the classes", 3: "it lies deeper than one folder a class"}
    )
    depths = [min(len(p), 2 if is_flat else 3) for p in parts]
    left_out = [LeftOut(f.name, reasons[d]) for f, d in zip(files, depths, strict=True) if d in reasons]
    at = [i for i, depth in enumerate(depths) if depth not in reasons]
    return _Chosen([files[i] for i in at], None if is_flat else [parts[i][0] for i in at], left_out)


def _by_table(listing: Listing, table: Mapping[str, str], labels: str) -> _Chosen:
    """The class of each file by its name below the folder, or by its bare name where only one file has it."""
    title = Path(labels).name
    bare = Counter(file.name.rpartition("/")[2] for file in listing.files)
    files, classes, left_out, used = [], [], [], {item.name for item in listing.left_out}
    for file in listing.files:
        last = file.name.rpartition("/")[2]
        row = file.name if file.name in table or bare[last] > 1 else last
        if row in table:
            files.append(file)
            classes.append(table[row])
            used.add(row)
        else:
            left_out.append(LeftOut(file.name, f"{title} has no row for it"))
    if not files:
        raise DataError(
            f"{labels} names none of the files in {listing.what}: its column file must hold their names below it, "
            "such as cats/1.png."
        )
    for row in table.keys() - used:
        several = "several files have this name, write their folders before it" if row in bare else "there is no such"
        left_out.append(LeftOut(row, f"{title} names it, but {several}{'' if row in bare else ' file'}"))
    return _Chosen(files, classes, left_out)
