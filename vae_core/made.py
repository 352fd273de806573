"""Where what is made for a checkpoint after its training lies: measured figures, fitted samplers, layers, ledgers.

For a model of one's own that is its folder. A shipped checkpoint is read only: what is made for one goes into
`.made/<sha256 of its weights>` of the folder of new checkpoints. There a user may write, it belongs to no other
weights, no list of models shows it, and it stands before what the model came with.
"""

from __future__ import annotations

from pathlib import Path

from vae_core.card import Card
from vae_core.checkpoints import is_shipped, local_dir

MADE = ".made"


def made_places(folder: Path, card: Card, file: str, checkpoints_dir: str | Path | None = None) -> tuple[Path, ...]:
    """The paths that a file made for a checkpoint may have; the first is the one to write, and to be believed.

    Parameters
    ----------
    folder : Path
        The checkpoint's.
    card : Card
        That of the model that the file was made for.
    file : str
        Its path in a checkpoint's folder.
    checkpoints_dir : path, optional
        Where new checkpoints lie.
    """
    own = folder / file
    return (local_dir(checkpoints_dir) / MADE / card.files.weights[:16] / file, own) if is_shipped(folder) else (own,)


def place_to_write(folder: Path, card: Card, file: str, checkpoints_dir: str | Path | None = None) -> Path:
    """The path to write a file to; the folders above it are made. For the parameters see `made_places`.

    Raises
    ------
    OSError
        When they cannot be made.
    """
    path = made_places(folder, card, file, checkpoints_dir)[0]
    if not path.is_relative_to(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
    elif path.parent != folder:  # a checkpoint that was deleted meanwhile is not to come back as an empty folder
        path.parent.mkdir(exist_ok=True)
    return path
