"""Variations as files: a PNG each, and a table of how each was made, in a folder or a zip file."""

from __future__ import annotations

import csv
import io
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vae_core.errors import ConfigError
from vae_core.files import atomic_path, writable
from vae_core.images import png_bytes
from vae_core.latent.variations import Variations

TABLE = "variations.csv"
"""`train --dataset folder:OUT --labels OUT/variations.csv` takes the variations up as a data set."""

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of a zip file's members: the same seed gives the same bytes."""


def file_names(found: Variations) -> list[str]:
    """`00007-003.png`: variation 3 of source 7, both counted from 0 in the order of the table."""
    order = np.arange(len(found)) - np.searchsorted(found.source, found.source)
    return [f"{source:05d}-{number:03d}.png" for source, number in zip(found.source, order, strict=True)]


def table(found: Variations, *, model: str, seed: int, class_names: tuple[str, ...] = ()) -> str:
    """How each was made, a row each: CSV.

    `file`; `label`, the source's class; `model`; `source` and `source_index`; `class_told`; `spread`, `seed`,
    `shown` (mean of p(x|z), or a draw); `support`, `log_density` (nats), `off_data`; `distance_to_source`,
    `nearest_training`, `distance_to_nearest` (RMS over pixels, units of [0, 1]); z_1 … z_D, in full. What is not known
    is empty.
    """
    sources, outside = found.sources, found.is_outside
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["file", "label", "model", "source", "source_index", "class_told", "spread", "seed", "shown"]
    head += ["support", "log_density", "off_data", "distance_to_source", "nearest_training", "distance_to_nearest"]
    writer.writerow([*head, *(f"z_{i + 1}" for i in range(found.z.shape[1]))])
    for row, name in enumerate(file_names(found)):
        at = int(found.source[row])
        told = "" if sources.told is None else int(sources.told[at])
        writer.writerow(
            [
                name,
                sources.labels[at] if sources.labels else "",
                model,
                sources.names[at],
                int(sources.indices[at]),
                class_names[told] if isinstance(told, int) and told < len(class_names) else told,
                f"{found.spread:g}",
                seed,
                "draw" if found.is_draw else "mean",
                "" if found.support is None else f"{found.support[row]:.6g}",
                "" if found.log_density is None else f"{found.log_density[row]:.6g}",
                "" if outside is None else int(outside[row]),
                "" if found.to_source is None else f"{found.to_source[row]:.6g}",
                "" if found.nearest is None else int(found.nearest[row]),
                "" if found.to_nearest is None else f"{found.to_nearest[row]:.6g}",
                *(f"{value:.9g}" for value in found.z[row].tolist()),
            ]
        )
    return text.getvalue()


def members(found: Variations, text: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file, the table first."""
    yield TABLE, text.encode()
    for name, image in zip(file_names(found), found.images, strict=True):
        yield name, png_bytes(image.transpose(1, 2, 0))


def zipped(found: Variations, text: str) -> bytes:
    """All files as one zip file."""
    buffer = io.BytesIO()
    _write_zip(buffer, found, text)
    return buffer.getvalue()


def free_place(out: Path) -> Path:
    """`out`, when a folder, or a zip file if it ends in .zip, can be made there.

    Raises
    ------
    ConfigError
        When something is there already, or nothing can be written there.
    """
    if os.path.lexists(out) and not (out.suffix.lower() != ".zip" and out.is_dir() and not any(out.iterdir())):
        raise ConfigError(
            f"--out {out} exists already and is not overwritten: choose another name, or remove it first."
        )
    return out if out.is_dir() else writable(out)


def write_variations(out: Path, found: Variations, text: str) -> None:
    """Write them to a folder or a zip file, all of them or, when it fails, nothing.

    Raises
    ------
    ConfigError
        When something is there by now.
    """
    if out.suffix.lower() == ".zip":
        with atomic_path(out) as temporary, open(temporary, "wb") as file:
            _write_zip(file, found, text)
        return
    staging = out.with_name(f".{out.name}.{secrets.token_hex(4)}.tmp")
    try:
        staging.mkdir()
        for name, content in members(found, text):
            (staging / name).write_bytes(content)
        free_place(out)
        os.replace(staging, out)  # an empty folder gives way
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_zip(file: io.BufferedWriter | io.BytesIO, found: Variations, text: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members(found, text):
            kind = zipfile.ZIP_DEFLATED if name == TABLE else zipfile.ZIP_STORED  # a PNG is packed already
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content, compress_type=kind)
