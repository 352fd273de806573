"""Measured figures on disk: figures.json beside a checkpoint, bound to its weights and to the data of its card.

Those of a shipped checkpoint lie elsewhere (`vae_core.made`). No torch in here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.card import Card, Measure, Sha256, Text
from vae_core.config import STRICT, parse, to_json
from vae_core.data.image_set import ImageSet
from vae_core.errors import CheckpointError, ConfigError
from vae_core.files import write_atomically
from vae_core.made import made_places, place_to_write
from vae_core.metrics.catalogue import DEFINITIONS, Figures, NotMeasured

FILE = "figures.json"
LARGEST = 1 << 20
"""Bytes that are looked at; all figures with their errors have a hundredth of it."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StoredFigures:
    """What a file holds: figures of the test split, by name, with the weights and the data that they are of."""

    format: Literal[1]
    weights: Sha256
    data: Text
    figures: Annotated[dict[str, Measure | NotMeasured], Field(max_length=256)]


def read_figures(folder: Path, card: Card, checkpoints_dir: str | Path | None = None) -> Figures:
    """The stored figures of a checkpoint, in the catalogue's order; none where nothing was measured.

    Raises
    ------
    CheckpointError
        When a file is damaged, or belongs to other weights or other data.
    """
    found: Figures = {}
    for path in reversed(made_places(folder, card, FILE, checkpoints_dir)):
        found |= _read(path, folder.name, card)
    return {name: found[name] for name in DEFINITIONS if name in found}


def save_figures(folder: Path, card: Card, figures: Figures, checkpoints_dir: str | Path | None = None) -> Path:
    """Store figures beside those that are there already, in one step; a damaged file is replaced.

    Parameters
    ----------
    folder : Path
        The checkpoint's.
    card : Card
        That of the model that was measured.
    figures : dict
        As `vae_core.metrics.report.measure_model` gives them for the whole test split: see `check_storable`.
    checkpoints_dir : path, optional
        Where new checkpoints lie, and figures of shipped ones.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    path = made_places(folder, card, FILE, checkpoints_dir)[0]
    try:
        before = _read(path, folder.name, card)
    except CheckpointError:
        before = {}
    try:
        write_atomically(place_to_write(folder, card, FILE, checkpoints_dir), figures_file(card, before | figures))
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {path} cannot be written ({problem.strerror}).") from None
    return path


def figures_file(card: Card, figures: Figures) -> bytes:
    """The content of a file with these figures of a model."""
    return to_json(StoredFigures(format=1, weights=card.files.weights, data=card.data.checksum, figures=figures))


def check_storable(card: Card, data: ImageSet, split: str, n_images: int | None) -> None:
    """Refuse what would not be comparable later: stored figures are those of the whole test split of the card's data.

    Raises
    ------
    ConfigError
        When these are other images.
    """
    if split != "test" or n_images is not None:
        raise ConfigError("Only figures of the whole test split are stored: leave --split and --n-images out.")
    if data.checksum != card.data.checksum:
        raise ConfigError(
            f"Only figures on the data that the model was trained on are stored: {data.title} here is another set of "
            f"images (checksum {data.checksum[:12]}…, expected {card.data.checksum[:12]}…)."
        )


def _read(path: Path, name: str, card: Card) -> Figures:
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST + 1)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise CheckpointError(f"{name}: {FILE} cannot be read ({problem.strerror}).") from None
    where, again = f"{name}: {FILE}", "measure it anew"
    if len(text) > LARGEST:
        raise CheckpointError(f"{where} is larger than {LARGEST:,} bytes: it holds no figures; {again}.")
    stored = parse(StoredFigures, text, where=where, error=CheckpointError)
    if (stored.weights, stored.data) != (card.files.weights, card.data.checksum):
        raise CheckpointError(f"{where} belongs to other weights or other data than its card names; {again}.")
    if unknown := stored.figures.keys() - DEFINITIONS.keys():
        raise CheckpointError(f"{where}: there is no figure called {min(unknown)[:40]!r}; {again}.")
    return stored.figures
