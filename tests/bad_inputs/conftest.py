"""A folder of checkpoints to damage, and one to write into."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.vae_core.runs import new_run, train_here
from vae_core.data import load_dataset


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny`, a finished run, and `stopped`, one that was interrupted; nobody may change it."""
    home = tmp_path_factory.mktemp("pristine")
    digits = load_dataset("digits")
    train_here(new_run(home, "tiny", epochs=1), digits)
    epochs: list[object] = []
    train_here(
        new_run(home, "stopped", epochs=100_000), digits, on_epoch=epochs.append, stop_asked=lambda: len(epochs) > 1
    )
    return home


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the pristine folder that may be damaged."""
    return Path(shutil.copytree(pristine, tmp_path / "home"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for what a command makes."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder
