"""What a checkpoint's files may have suffered; each function does it to a folder of checkpoints or to a file."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from vae_core.card import Card
from vae_core.checkpoints import CARD, LATENTS, WEIGHTS
from vae_core.config import parse
from vae_core.models import build_model
from vae_core.training.run_folder import RESUME

Damage = Callable[[Path], object]


def edit_card(folder: Path, *path: str | int, value: Any) -> None:
    """Set one field of a card.json."""
    card = json.loads((folder / CARD).read_text("utf-8"))
    place = card
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (folder / CARD).write_text(json.dumps(card), "utf-8")


def seal(folder: Path, name: str, content: bytes) -> None:
    """Replace a checkpoint's file and give the card its checksum: made so, not damaged on the way."""
    (folder / name).write_bytes(content)
    which = {WEIGHTS: "weights", LATENTS: "latents"}[name]
    edit_card(folder, "files", which, value=hashlib.sha256(content).hexdigest())


def flip(path: Path, at: float = 0.7) -> None:
    """Flip one bit of the byte at this fraction of a file."""
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 1
    path.write_bytes(content)


def cut(path: Path, to: float = 0.5) -> None:
    """Keep this fraction of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(to * len(content))])


def folder_instead(path: Path) -> None:
    """Put a folder where a file was."""
    path.unlink()
    path.mkdir()


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    """Change the tensors of `tiny`, checksum and all."""

    def damage(home: Path) -> None:
        tensors = safetensors.torch.load((home / "tiny" / WEIGHTS).read_bytes())
        change(tensors)
        seal(home / "tiny", WEIGHTS, safetensors.torch.save(tensors))

    return damage


def latents(**changes: Any) -> Damage:
    """Change the arrays of `tiny`'s latents, checksum and all; None leaves one out."""

    def damage(home: Path) -> None:
        with np.load(home / "tiny" / LATENTS) as npz:
            arrays = dict(npz) | changes
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{name: array for name, array in arrays.items() if array is not None})
        seal(home / "tiny", LATENTS, buffer.getvalue())

    return damage


def in_tiny(name: str, damage: Callable[[Path], object]) -> Damage:
    """Do something to one file of `tiny`."""
    return lambda home: damage(home / "tiny" / name)


def in_stopped(name: str, damage: Callable[[Path], object]) -> Damage:
    """Do something to one file of the run that may be resumed."""
    return lambda home: damage(home / "stopped" / name)


def swapped_resume(home: Path) -> None:
    """Give the stopped run the state of another network."""
    tensors = {"model.other": torch.zeros(3), "generator": torch.Generator().get_state(), "sums": torch.zeros(3)}
    (home / "stopped" / RESUME).write_bytes(safetensors.torch.save(tensors, metadata={"position": "{}"}))


def edit_position(**changes: Any) -> Damage:
    """Change the position in the saved state of the stopped run."""

    def damage(home: Path) -> None:
        path = home / "stopped" / RESUME
        content = path.read_bytes()
        (size,) = struct.unpack("<Q", content[:8])
        metadata = json.loads(content[8 : 8 + size])["__metadata__"]
        metadata["position"] = json.dumps(json.loads(metadata["position"]) | changes)
        path.write_bytes(safetensors.torch.save(safetensors.torch.load(content), metadata=metadata))

    return damage


def nine_by_nine(home: Path) -> None:
    """Make `tiny` a sound checkpoint for images of 9×9 pixels."""
    folder = home / "tiny"
    edit_card(folder, "data", "image_shape", value=[1, 9, 9])
    card = parse(Card, (folder / CARD).read_bytes(), where="test")
    model = build_model(card.model, card.data.image_shape)
    seal(folder, WEIGHTS, safetensors.torch.save(model.state_dict()))


def claiming_zip(home: Path) -> None:
    """Make latents.npz a small archive of a large array."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mu.npy", bytes(8 << 20))
    seal(home / "tiny", LATENTS, buffer.getvalue())


def pickle_of(value: object) -> bytes:
    """What numpy makes of an array of objects: a pickle."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([value], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def damaged_mnist(home: Path) -> None:
    """Put files of nonsense where MNIST's are looked for."""
    raw = home / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images", "t10k-images"):
        (raw / f"{name}-idx3-ubyte.gz").write_bytes(b"nonsense")
    for name in ("train-labels", "t10k-labels"):
        (raw / f"{name}-idx1-ubyte.gz").write_bytes(b"nonsense")


def strangers_card(home: Path) -> None:
    """Make `tiny` a model whose card says that it was trained on files that are nobody's business."""
    edit_card(home / "tiny", "data", "name", value="folder:/etc")
    edit_card(home / "tiny", "data", "options", "labels", value="/etc/passwd")
