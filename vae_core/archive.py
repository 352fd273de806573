"""A checkpoint as one file: packed to be given away, unpacked from whoever gave it."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import zipfile
from contextlib import suppress
from pathlib import Path

from vae_core.card import Card
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
from vae_core.latent.samplers import FITTED_SAMPLERS, sampler_path
from vae_core.metrics.store import FILE as FIGURES
from vae_core.metrics.store import figures_file, read_figures
from vae_core.training.steering import RECORD as STEERING
from vae_core.training.steering import read_course
from vae_core.unzip import LARGEST_ARCHIVE, unzipped

NEEDED = (CARD, WEIGHTS, LATENTS)
MEMBERS = (*NEEDED, HISTORY, STEERING, FIGURES, *map(sampler_path, FITTED_SAMPLERS))
"""What an archive may hold, as paths in the checkpoint's folder; no two have one file name."""


def pack_checkpoint(folder: Path, checkpoints_dir: str | Path | None = None) -> bytes:
    """A checkpoint as one zip file: card, weights, latents, the run's history and changes, figures and samplers.

    Figures and samplers that are damaged are left out: they can be made anew wherever the model is.

    Parameters
    ----------
    folder : Path
    checkpoints_dir : path, optional
        Where new checkpoints lie, and what was measured of and fitted to shipped ones.

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
    for record in (HISTORY, STEERING):
        if (folder / record).exists():
            members[record] = (folder / record).read_bytes()
    with suppress(CheckpointError):
        if figures := read_figures(folder, card, checkpoints_dir):
            members[FIGURES] = figures_file(card, figures)
    members |= _samplers(folder, card, checkpoints_dir)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(f"{folder.name}/{member}", content)
    return buffer.getvalue()


def _samplers(folder: Path, card: Card, checkpoints_dir: str | Path | None = None) -> dict[str, bytes]:
    """The content of the fitted samplers that can be used, by their paths in a checkpoint's folder."""
    from vae_core.latent.samplers.storage import load_sampler, sampler_file  # torch

    members: dict[str, bytes] = {}
    for name in FITTED_SAMPLERS:
        with suppress(CheckpointError, OSError):
            if path := sampler_file(folder, name, card, checkpoints_dir):
                load_sampler(folder, name, card, checkpoints_dir)
                members[sampler_path(name)] = path.read_bytes()
    return members


def unpack_checkpoint(content: bytes, name: str, checkpoints_dir: str | Path | None = None) -> Path:
    """Add a checkpoint from a zip file of unknown origin; it is checked whole before it gets its name.

    Only the known files are read, whatever else the archive holds, and each is rebuilt from its bytes: no path
    of the archive reaches the disk.

    Raises
    ------
    CheckpointError, ConfigError
        When the archive or what is in it does not fit, or the name is taken.
    """
    from vae_core.latent.samplers.storage import load_sampler  # torch only where weights are opened
    from vae_core.weights import load_model

    target = local_dir(checkpoints_dir) / check_name(name)
    if target.exists() or (SHIPPED_DIR / name).exists():
        raise CheckpointError(f"There is already a model named {name!r}; choose another name.")
    try:
        members = unzipped(content, [Path(member).name for member in MEMBERS], largest=LARGEST_ARCHIVE)
    except Exception as problem:  # zipfile and the packers below it raise a dozen kinds
        raise CheckpointError(
            f"This is no checkpoint file as the page Model offers it for download: {problem}."
        ) from None
    missing = [file_name for file_name in NEEDED if file_name not in members]
    if missing:
        raise CheckpointError(f"The file is no checkpoint: {', '.join(missing)} not in it.")
    staging = target.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        staging.mkdir(parents=True)
        for member in MEMBERS:
            if Path(member).name in members:
                (staging / member).parent.mkdir(exist_ok=True)
                write_atomically(staging / member, members.pop(Path(member).name))  # gone before it is read back
        card = read_card(staging)
        load_model(staging, card)
        read_latents(staging, card)
        read_course(staging, card.model.family, card.training)
        read_figures(staging, card, checkpoints_dir)
        for sampler in FITTED_SAMPLERS:
            if (staging / sampler_path(sampler)).exists():
                load_sampler(staging, sampler, card, checkpoints_dir)
        os.rename(staging, target)
    except OSError as problem:
        raise CheckpointError(f"The checkpoint could not be stored in {target.parent}: {problem.strerror}.") from None
    except CheckpointError as problem:
        raise CheckpointError(str(problem).replace(staging.name, name)) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target
