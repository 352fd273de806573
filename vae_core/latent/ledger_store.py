"""A ledger on disk: ledger.npz beside what else was made for a checkpoint, bound to its weights and its data."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.card import Card, Sha256, Text
from vae_core.config import STRICT, parse, to_json
from vae_core.errors import CheckpointError
from vae_core.families import CAPABILITIES
from vae_core.latent.ledger import N_DRAWS, Ledger
from vae_core.latent.ledger_pass import LEDGER_SEED
from vae_core.made import made_places, place_to_write
from vae_core.training.records import save_npz
from vae_core.unzip import unzipped

FILE, HEADER = "ledger.npz", "header"
LARGEST_HEADER = 1 << 16
LARGEST = 1 << 30
"""Bytes that a ledger may unpack to: 70,000 images in 512 dimensions have a third of it."""

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Header:
    """What a file says of itself: JSON, as bytes, in its first array."""

    format: Literal[1]
    weights: Sha256
    data: Text
    n_draws: int
    seed: int


def ledger_file(folder: Path, card: Card, checkpoints_dir: str | Path | None = None) -> Path:
    """Where the ledger of a checkpoint is kept: in its folder, or for a shipped one beside the new ones."""
    return made_places(folder, card, FILE, checkpoints_dir)[0]


def save_ledger(folder: Path, ledger: Ledger, card: Card, checkpoints_dir: str | Path | None = None) -> Path:
    """Keep a ledger in one step, in place of an earlier one.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    header = _header(card)
    arrays: dict[str, npt.NDArray[Any]] = {HEADER: np.frombuffer(to_json(header), np.uint8)}
    for name in _shapes(card):
        values = getattr(ledger, name)
        if values is not None:
            arrays[name] = values.astype(np.float32)
    path = ledger_file(folder, card, checkpoints_dir)
    try:
        save_npz(place_to_write(folder, card, FILE, checkpoints_dir), arrays)
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {path} cannot be written ({problem.strerror}).") from None
    return path


def load_ledger(folder: Path, card: Card, checkpoints_dir: str | Path | None = None) -> Ledger | None:
    """The ledger that was kept; None where there is none. Nothing is ever unpickled.

    Raises
    ------
    CheckpointError
        When it is damaged, or of other weights, other data, or other settings.
    """
    path = ledger_file(folder, card, checkpoints_dir)
    try:
        size = path.stat().st_size
        if not path.is_file():  # a pipe would be read for ever
            raise ValueError("it is no ordinary file")
        if size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        return _read(path.read_bytes(), card)
    except FileNotFoundError:
        return None
    except Exception as problem:  # zipfile, zlib and numpy raise a dozen kinds
        what = f"{problem.strerror}" if isinstance(problem, OSError) else str(problem).rstrip(".")
        raise CheckpointError(f"{folder.name}: {FILE} cannot be used ({what}); make the ledger anew.") from None


def _header(card: Card) -> Header:
    return Header(format=1, weights=card.files.weights, data=card.data.checksum, n_draws=N_DRAWS, seed=LEDGER_SEED)


def _shapes(card: Card) -> dict[str, tuple[tuple[int, ...], bool]]:
    """Shape of each array of a ledger of this card, and whether it must be there."""
    data, can = card.data, CAPABILITIES[card.model.family]
    n = data.n_train + data.n_validation + data.n_test
    shapes = {"mu": ((n, card.model.latent_dim), True), "log_likelihood": ((n,), True)}
    if can.posterior:
        shapes |= {"logvar": ((n, card.model.latent_dim), True), "bound": ((n,), True)}
    return shapes | {"labels": ((n,), False), "agreement": ((n,), False), "near_class": ((n,), False)}


def _read(content: bytes, card: Card) -> Ledger:
    text = _array(unzipped(content, [f"{HEADER}.npy"], largest=LARGEST_HEADER), HEADER)
    if parse(Header, text.tobytes(), where=HEADER, error=CheckpointError) != _header(card):
        raise ValueError("it belongs to other weights, other data or other settings")
    shapes, arrays = _shapes(card), dict[str, Any]()
    members = unzipped(content, [f"{name}.npy" for name in shapes], largest=LARGEST)
    for name, (shape, due) in shapes.items():
        if f"{name}.npy" not in members and not due:
            continue
        array = _array(members, name)
        if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected finite float32 {shape}")
        arrays[name] = array
    for name in ("labels", "near_class"):
        if name in arrays:
            arrays[name] = _classes(arrays[name], name, len(card.data.class_names))
    data = card.data
    counts = (data.n_train, data.n_validation, data.n_test)
    return Ledger(counts, **{"logvar": None, "labels": None} | arrays)


def _classes(values: npt.NDArray[np.float32], name: str, n_classes: int) -> npt.NDArray[np.int64]:
    labels = values.astype(np.int64)
    if (labels != values).any() or (labels < 0).any() or (n_classes and (labels >= n_classes).any()):
        raise ValueError(f"{name} are not all classes of the card")
    return labels


def _array(members: dict[str, bytes], name: str) -> npt.NDArray[Any]:
    if f"{name}.npy" not in members:
        raise ValueError(f"{name} is missing")
    array: npt.NDArray[Any] = np.lib.format.read_array(io.BytesIO(members[f"{name}.npy"]), allow_pickle=False)
    return array
