"""Holding a run, so that it goes on by one batch or one epoch: the file `hold` in its folder.

It says at which step the run waits, counted from 0 over the whole run: from there on the process trains nothing, and
looks again several times a second. So 0 holds it now, and the number of the next step plus one gives one batch more:
whoever presses twice, or on two pages, moves the run once. Without the file it goes on.

No torch in here: the app writes the file.
"""

from __future__ import annotations

from pathlib import Path

from vae_core.files import write_atomically

FILE = "hold"


def hold(folder: Path, at: int = 0) -> None:
    """Ask a run to wait when it is at a step, or past it.

    Raises
    ------
    OSError
        When it cannot be written into the folder.
    """
    write_atomically(folder / FILE, str(at).encode())


def let_go(folder: Path) -> None:
    """Ask a held run to go on; forgets what was asked before."""
    (folder / FILE).unlink(missing_ok=True)


def held_at(folder: Path) -> int | None:
    """The step at which the run is to wait; None when it is to go on."""
    try:
        with open(folder / FILE, "rb") as file:
            text = file.read(20)
    except OSError:
        return None
    return int(text) if text.isdigit() else 0  # the file is there, so somebody wants it to wait
