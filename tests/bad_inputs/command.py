"""The command line as a test asks it, and what it may answer."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vae_core.checkpoints import WEIGHTS
from vae_core.cli import main

ROOT = Path(__file__).resolve().parents[2]


def contents(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(argv: list[str]) -> int:
    """The command line's exit status, argparse's included."""
    try:
        return main(argv)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1


def the_error(stderr: str, code: int) -> str:
    """The one line in which a command says what was wrong."""
    assert "Traceback" not in stderr
    assert "Unexpected" not in stderr
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ") or (code == 2 and ": error: " in line)]
    assert errors == lines[-1:]
    return errors[0]


def weights_of(folder: Path) -> str:
    """The sha256 of a checkpoint's weights."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
