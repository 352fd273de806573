"""A group of images as files to take away: CSV, NPZ, and the pictures as a ZIP of PNG."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import numpy.typing as npt

from ui.encoded import encoded, images_of, part_of
from vae_core import LatentExplorer
from vae_core.data.image_set import SPLIT_NAMES
from vae_core.images import png_bytes
from vae_core.tables import csv_text, numbered

Rows = npt.NDArray[np.int64]


def places(explorer: LatentExplorer, split: str, rows: Rows) -> list[tuple[str, int]]:
    """For rows of a split of encoded images: training, validation or test, and the index there."""
    data = explorer.card.data
    starts = np.cumsum([0, data.n_train, data.n_validation])
    numbers = rows + (part_of(explorer, split).start or 0)
    kinds = np.searchsorted(starts, numbers, side="right") - 1
    return [(SPLIT_NAMES[kind], int(number - starts[kind])) for kind, number in zip(kinds, numbers, strict=True)]


def group_csv(explorer: LatentExplorer, split: str, rows: Rows) -> str:
    """A row each: split, index, class, mu and where there is one logvar."""
    codes, names = encoded(explorer, split), explorer.card.data.class_names
    head = ["split", "index", *([] if codes.labels is None else ["label"]), *numbered("mu", explorer.latent_dim)]
    head += [] if codes.logvar is None else numbered("logvar", explorer.latent_dim)
    table = []
    for row, place in zip(rows.tolist(), places(explorer, split, rows), strict=True):
        label = [] if codes.labels is None else [names[codes.labels[row]] if names else codes.labels[row]]
        logvar = [] if codes.logvar is None else codes.logvar[row].tolist()
        table.append([*place, *label, *(f"{value:.9g}" for value in [*codes.mu[row].tolist(), *logvar])])
    return csv_text(head, table)


def group_npz(explorer: LatentExplorer, split: str, rows: Rows) -> bytes:
    """`split`, `index`, `mu`, and as far as there are such `logvar`, `labels`, and `images` uint8 (n, C, H, W)."""
    codes, images = encoded(explorer, split), images_of(explorer, split)
    found = places(explorer, split, rows)
    arrays = {
        "split": np.array([name for name, _ in found]),
        "index": np.array([index for _, index in found], np.int64),
        "mu": codes.mu[rows],
        "logvar": None if codes.logvar is None else codes.logvar[rows],
        "labels": None if codes.labels is None else codes.labels[rows],
        "images": None if images is None else images[rows],
    }
    file = io.BytesIO()
    np.savez_compressed(file, **{name: array for name, array in arrays.items() if array is not None})  # type: ignore[arg-type]
    return file.getvalue()


def group_zip(explorer: LatentExplorer, split: str, rows: Rows) -> bytes:
    """The originals as PNG, named after split and index; their data must be on this machine."""
    images = images_of(explorer, split)
    assert images is not None  # offered only where they are
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # a PNG is packed already
        for row, (name, index) in zip(rows.tolist(), places(explorer, split, rows), strict=True):
            archive.writestr(f"{name}-{index:05d}.png", png_bytes(images[row].transpose(1, 2, 0)))
    return file.getvalue()
