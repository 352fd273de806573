"""A checkpoint as one file: packed to be given away, unpacked from whoever gave it."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import zipfile
from pathlib import Path

from vae_core.checkpoints import (
    CARD,
    HISTORY,
    LATENTS,
    SHIPPED_DIR,
    WEIGHTS,
    check_name,
    checked_bytes,
    local_dir,
    read_card,
    read_latents,
)
from vae_core.errors import CheckpointError
from vae_core.files import write_atomically
from vae_core.unzip import LARGEST_ARCHIVE, unzipped


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
        members = unzipped(content, (CARD, WEIGHTS, LATENTS, HISTORY), largest=LARGEST_ARCHIVE)
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
