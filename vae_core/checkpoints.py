"""Folders of checkpoints: where they lie, how they are named, listed, found, read and checked.

No torch in here: listing models must be quick. `vae_core.weights` opens the weights.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vae_core.card import Card, SplitFigures
from vae_core.config import parse
from vae_core.errors import CheckpointError, ConfigError
from vae_core.families import CAPABILITIES
from vae_core.files import expanded
from vae_core.migration import migrated_card
from vae_core.unzip import LARGEST_ARCHIVE, unzipped

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SHIPPED_DIR = PROJECT_ROOT / "checkpoints"
CARD, WEIGHTS, LATENTS, HISTORY = "card.json", "model.safetensors", "latents.npz", "history.jsonl"
LARGEST_CARD = 1 << 20
"""Bytes of a card.json that are looked at; one with 512 dimensions and 256 classes has a twentieth of it."""
NAME_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


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
    """The encoded test split: mu (N, D), logvar (N, D) or None, labels (N,) or None.

    Of a model without an encoder N is 0, and there are no labels: nothing was encoded.
    """

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
        with open(path, "rb") as file:
            text = file.read(LARGEST_CARD + 1)
    except FileNotFoundError:
        state = "its run has not finished" if (folder / "run.json").exists() else "it is not a checkpoint"
        raise CheckpointError(f"{folder.name}: there is no {CARD} in {folder}, so {state}.") from None
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {CARD} cannot be read ({problem.strerror}).") from None
    if len(text) > LARGEST_CARD:
        raise CheckpointError(f"{folder.name}: {CARD} is larger than {LARGEST_CARD:,} bytes: it is no card.")
    card = parse(Card, text, where=f"{folder.name}: {CARD}", error=CheckpointError, migrate=migrated_card)
    for split, figures in (("test", card.test), ("validation", card.validation)):
        _check_figures(card, figures, where=f"{folder.name}: {CARD}: {split}")
    return card


def _check_figures(card: Card, figures: SplitFigures, *, where: str) -> None:
    """Refuse figures that a model of this family cannot have, or lacks."""
    can = CAPABILITIES[card.model.family]
    for name, due in (("elbo", can.posterior), ("log_likelihood", can.likelihood), ("kl", can.posterior)):
        if (getattr(figures, name) is not None) != due:
            state = "is missing" if due else "has a value"
            raise CheckpointError(f"{where}.{name} {state}, which does not fit the family {card.model.family}.")
    expected = card.model.latent_dim if can.posterior else 0
    if len(figures.kl_per_dimension) != expected:
        raise CheckpointError(
            f"{where}.kl_per_dimension has {len(figures.kl_per_dimension)} values, but the model has {expected} "
            "latent dimensions with a posterior."
        )


def is_shipped(folder: Path) -> bool:
    """Whether a checkpoint came with the project, by whatever way its folder is reached: then it is read only."""
    return folder.absolute().parent.resolve() == SHIPPED_DIR.resolve()


def list_checkpoints(checkpoints_dir: str | Path | None = None) -> list[CheckpointEntry]:
    """All checkpoints, shipped and new, by name; a new one hides a shipped one of the same name.

    Folders whose run has not finished are left out; damaged ones are listed with their `problem`.
    """
    entries: dict[str, CheckpointEntry] = {}
    for directory in (SHIPPED_DIR, local_dir(checkpoints_dir)):
        try:
            folders = sorted(path.parent for path in directory.glob(f"*/{CARD}"))
        except OSError:
            continue
        for folder in folders:
            if not NAME_PATTERN.fullmatch(folder.name) or folder.name == "local":
                continue
            shipped = is_shipped(folder)
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
    can, d = CAPABILITIES[card.model.family], card.model.latent_dim
    n = card.data.n_test if can.encode else 0  # without an encoder nothing is encoded: no rows
    shapes: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {
        "mu": ((n, d), np.float32),
        "logvar": ((n, d), np.float32),
        "labels": ((n,), np.int64),
    }
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    try:
        largest = min(16 * n * (d + 1) + 4096, LARGEST_ARCHIVE)  # n and d are what a stranger's card says
        members = unzipped(content, [f"{key}.npy" for key in shapes], largest=largest)
        due = {"mu", "logvar"} if can.posterior else {"mu"}
        for key, (shape, dtype) in shapes.items():
            if f"{key}.npy" not in members and key not in due:
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
