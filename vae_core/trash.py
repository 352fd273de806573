"""The trash beside the new checkpoints: runs are thrown away by moving them, so that they can come back."""

from __future__ import annotations

import os
import time
from pathlib import Path

from vae_core.checkpoints import is_shipped, local_dir
from vae_core.errors import CheckpointError
from vae_core.training.run_folder import RunFolder


def trash_checkpoint(folder: Path, checkpoints_dir: str | Path | None = None) -> Path:
    """Move a run folder into the trash beside it, whence `restore_checkpoint` brings it back.

    Raises
    ------
    CheckpointError
        When it is not one of the new ones (shipped checkpoints are read only), or its process is still alive.
    """
    home = local_dir(checkpoints_dir)
    if is_shipped(folder) or folder.absolute().parent.resolve() != home.resolve():
        raise CheckpointError(f"{folder.name} is a shipped model and cannot be deleted.")
    if RunFolder(folder).is_alive():
        raise CheckpointError(f"{folder.name} is still being trained; stop it first, then delete it.")
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
