"""Folders of checkpoints: where they lie, how they are named, listed, found, checked, packed and thrown away.

No torch in here: listing models must be quick. `vae_core.weights` opens the weights.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vae_core.card import Card
from vae_core.config import parse
from vae_core.errors import CheckpointError, ConfigError
from vae_core.files import expanded, write_atomically

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SHIPPED_DIR = PROJECT_ROOT / "checkpoints"
CARD, WEIGHTS, LATENTS, HISTORY = "card.json", "model.safetensors", "latents.npz", "history.jsonl"
NAME_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
LARGEST_ARCHIVE = 1 << 28
"""Bytes that a checkpoint may unpack to: a small archive from elsewhere must fill neither the memory nor the disk."""


@dataclass(frozen=True)
class CheckpointEntry:
    """A line of the list of checkpoints.

    Attributes
    ----------
    problem : str or None
        Why this folder cannot be used, in one sentence; then `card` is None.
    """

    name: str
    path: Path
    shipped: bool
    card: Card | None
    problem: str | None = None


@dataclass(frozen=True)
class Latents:
    """The encoded test split: mu (N, D), logvar (N, D) or None, labels (N,) or None."""

    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32] | None
    labels: npt.NDArray[np.int64] | None


def local_dir(explicit: str | Path | None = None) -> Path:
    """Where new runs go: `explicit`, else VAE_CHECKPOINTS_DIR, else `checkpoints/local` of the project."""
    chosen = explicit or os.environ.get("VAE_CHECKPOINTS_DIR") or SHIPPED_DIR / "local"
    return expanded(chosen).absolute()


def check_name(name: str) -> str:
    """`name`, when it can name a run.

    Raises
    ------
    ConfigError
        When it is empty, too long, or has characters that a folder name had better not have.
    """
    if not NAME_PATTERN.fullmatch(name) or name == "local":
        raise ConfigError(
            f"The name {name[:80]!r} cannot be used: a name has 1 to 64 letters, digits, dots, dashes or underscores, "
            "begins with a letter or a digit, and is not 'local'."
        )
    return name


def find_checkpoint(name: str | Path, checkpoints_dir: str | Path | None = None) -> Path:
    """The folder of a checkpoint, by name (new ones before shipped ones) or by path.

    Raises
    ------
    CheckpointError
        When there is none; the message lists the names that there are.
    """
    text = str(name)
    candidates = []
    if NAME_PATTERN.fullmatch(text):
        candidates = [local_dir(checkpoints_dir) / text, SHIPPED_DIR / text]
    if os.sep in text or text.startswith("~") or (os.altsep and os.altsep in text):
        candidates = [expanded(text)]
    for candidate in candidates:
        try:
            if candidate.is_dir():
                return candidate
        except (OSError, ValueError):
            break
    known = ", ".join(entry.name for entry in list_checkpoints(checkpoints_dir)) or "none yet"
    raise CheckpointError(
        f"There is no checkpoint {text[:200]!r}; known: {known}. Give one of these or a folder's path."
    )


def read_card(folder: Path) -> Card:
    """The card of a checkpoint, every field checked.

    Raises
    ------
    CheckpointError
        When the folder has no card (a run that has not finished), or one that does not fit.
    """
    path = folder / CARD
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        state = "its run has not finished" if (folder / "run.json").exists() else "it is not a checkpoint"
        raise CheckpointError(f"{folder.name}: there is no {CARD} in {folder}, so {state}.") from None
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {CARD} cannot be read ({problem.strerror}).") from None
    card = parse(Card, text, where=f"{folder.name}: {CARD}", error=CheckpointError)
    for split, figures in (("test", card.test), ("validation", card.validation)):
        if len(figures.kl_per_dimension) != card.model.latent_dim:
            raise CheckpointError(
                f"{folder.name}: {CARD}: {split}.kl_per_dimension has {len(figures.kl_per_dimension)} values, "
                f"but the model has {card.model.latent_dim} latent dimensions."
            )
    return card


def list_checkpoints(checkpoints_dir: str | Path | None = None) -> list[CheckpointEntry]:
    """All checkpoints, shipped and new, by name; a new one hides a shipped one of the same name.

    Folders whose run has not finished are left out; damaged ones are listed with their `problem`.
    """
    entries: dict[str, CheckpointEntry] = {}
    for directory, shipped in ((SHIPPED_DIR, True), (local_dir(checkpoints_dir), False)):
        try:
            folders = sorted(path.parent for path in directory.glob(f"*/{CARD}"))
        except OSError:
            continue
        for folder in folders:
            if not NAME_PATTERN.fullmatch(folder.name) or folder.name == "local":
                continue
            try:
                entry = CheckpointEntry(folder.name, folder, shipped, read_card(folder))
            except CheckpointError as problem:
                entry = CheckpointEntry(folder.name, folder, shipped, None, str(problem))
            entries[folder.name] = entry
    return [entries[name] for name in sorted(entries)]


def checked_bytes(folder: Path, file_name: str, expected_sha256: str) -> bytes:
    """The content of a checkpoint's file, when it is the one that the card was written for.

    Raises
    ------
    CheckpointError
        When it is missing, unreadable, or its sha256 is another.
    """
    try:
        content = (folder / file_name).read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"{folder.name}: {file_name} is missing from {folder}.") from None
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {file_name} cannot be read ({problem.strerror}).") from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected_sha256:
        raise CheckpointError(
            f"{folder.name}: {file_name} is damaged or not the file that {CARD} was written for "
            f"(sha256 {found[:12]}…, expected {expected_sha256[:12]}…); copy the checkpoint again."
        )
    return content


def read_latents(folder: Path, card: Card) -> Latents:
    """The encoded test split that lies beside the weights; nothing is ever unpickled.

    Raises
    ------
    CheckpointError
        When it is missing, damaged, or its arrays do not have the shapes that the card implies.
    """
    content = checked_bytes(folder, LATENTS, card.files.latents)
    n, d = card.data.n_test, card.model.latent_dim
    shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
        "mu": ((n, d), np.float32),
        "logvar": ((n, d), np.float32),
        "labels": ((n,), np.int64),
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    try:
        members = _unzipped(content, [f"{key}.npy" for key in shapes], largest=16 * n * (d + 1) + 4096)
        for key, (shape, dtype) in shapes.items():
            if f"{key}.npy" not in members and key != "mu":
                continue
            array = np.lib.format.read_array(io.BytesIO(members[f"{key}.npy"]), allow_pickle=False)
            if array.shape != shape or array.dtype != dtype or not np.isfinite(array).all():
                raise ValueError(f"{key} is {array.dtype} {array.shape}, expected finite {dtype.__name__} {shape}")
            arrays[key] = array
        labels, n_classes = arrays.get("labels"), len(card.data.class_names)
        if labels is not None and n_classes and not np.isin(labels, np.arange(n_classes)).all():
            raise ValueError(f"labels go beyond the {n_classes} classes")
    except Exception as problem:  # zipfile, zlib and numpy raise a dozen kinds
        raise CheckpointError(f"{folder.name}: {LATENTS} does not fit its card ({problem}).") from None
    return Latents(arrays["mu"], arrays.get("logvar"), arrays.get("labels"))  # type: ignore[arg-type]


def _unzipped(content: bytes, names: Collection[str], *, largest: int) -> dict[str, bytes]:
    """Those members of a zip file whose names end in one of `names`; it may have been made to do harm."""
    members: dict[str, bytes] = {}
    n_bytes = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            name = info.filename.rpartition("/")[2]
            if name not in names:
                continue
            if name in members:
                raise ValueError(f"it holds {name} more than once")
            n_bytes += info.file_size
            if n_bytes > largest:
                raise ValueError(f"it would unpack to {n_bytes:,} bytes or more, expected at most {largest:,}")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is packed in a way that is not used here")  # and whose unpacking has no bound
            with archive.open(info) as member:
                members[name] = member.read(info.file_size)  # so many and no more, whatever it holds
    return members


def pack_checkpoint(folder: Path) -> bytes:
    """A checkpoint as one zip file: card, weights, latents and the run's history.

    Raises
    ------
    CheckpointError
        When the checkpoint is damaged: a broken file is not handed on.
    """
    card = read_card(folder)
    members = {
        CARD: (folder / CARD).read_bytes(),
        WEIGHTS: checked_bytes(folder, WEIGHTS, card.files.weights),
        LATENTS: checked_bytes(folder, LATENTS, card.files.latents),
    }
    if (folder / HISTORY).exists():
        members[HISTORY] = (folder / HISTORY).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(f"{folder.name}/{member}", content)
    return buffer.getvalue()


def unpack_checkpoint(content: bytes, name: str, checkpoints_dir: str | Path | None = None) -> Path:
    """Add a checkpoint from a zip file of unknown origin; it is checked whole before it gets its name.

    Only the four known files are read, whatever else the archive holds, and each is rebuilt from its bytes: no path
    of the archive reaches the disk.

    Raises
    ------
    CheckpointError, ConfigError
        When the archive or what is in it does not fit, or the name is taken.
    """
    from vae_core.weights import load_model  # torch only where weights are opened

    target = local_dir(checkpoints_dir) / check_name(name)
    if target.exists() or (SHIPPED_DIR / name).exists():
        raise CheckpointError(f"There is already a model named {name!r}; choose another name.")
    try:
        members = _unzipped(content, (CARD, WEIGHTS, LATENTS, HISTORY), largest=LARGEST_ARCHIVE)
    except Exception as problem:  # zipfile and the packers below it raise a dozen kinds
        raise CheckpointError(
            f"This is no checkpoint file as the page Model offers it for download: {problem}."
        ) from None
    missing = [file_name for file_name in (CARD, WEIGHTS, LATENTS) if file_name not in members]
    if missing:
        raise CheckpointError(f"The file is no checkpoint: {', '.join(missing)} not in it.")
    staging = target.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        staging.mkdir(parents=True)
        for file_name in list(members):
            write_atomically(staging / file_name, members.pop(file_name))  # gone from memory before it is read back
        card = read_card(staging)
        load_model(staging, card)
        read_latents(staging, card)
        os.rename(staging, target)
    except OSError as problem:
        raise CheckpointError(f"The checkpoint could not be stored in {target.parent}: {problem.strerror}.") from None
    except CheckpointError as problem:
        raise CheckpointError(str(problem).replace(staging.name, name)) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def trash_checkpoint(folder: Path, checkpoints_dir: str | Path | None = None) -> Path:
    """Move a run folder into the trash beside it, whence `restore_checkpoint` brings it back.

    Raises
    ------
    CheckpointError
        When it is not one of the new ones: shipped checkpoints are read only.
    """
    home = local_dir(checkpoints_dir)
    if folder.absolute().parent != home:
        raise CheckpointError(f"{folder.name} is a shipped model and cannot be deleted.")
    bin_ = home / ".trash"
    target = bin_ / f"{folder.name}@{time.time_ns()}"
    try:
        bin_.mkdir(exist_ok=True)
        os.rename(folder, target)
    except OSError as problem:
        raise CheckpointError(f"{folder.name} could not be moved to the trash: {problem.strerror}.") from None
    return target


def restore_checkpoint(trashed: Path) -> Path:
    """Undo `trash_checkpoint`.

    Raises
    ------
    CheckpointError
        When it is gone from the trash, or its name has been taken since.
    """
    target = trashed.parent.parent / trashed.name.rpartition("@")[0]
    if target.exists():
        raise CheckpointError(f"The name {target.name!r} has been taken since; rename or delete that one first.")
    try:
        os.rename(trashed, target)
    except OSError as problem:
        raise CheckpointError(f"{target.name} could not be restored: {problem.strerror}.") from None
    return target
