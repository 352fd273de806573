"""What several tests of the core share: the smallest data set, and one run that trained a small model on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.vae_core.runs import new_run, train_here
from vae_core import archive, checkpoints
from vae_core.data import ImageSet, load_dataset
from vae_core.training.run_folder import RunFolder


@pytest.fixture(scope="session")
def digits() -> ImageSet:
    """8×8 digits, which come with scikit-learn."""
    return load_dataset("digits")


@pytest.fixture(scope="session")
def finished(digits: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of three epochs, trained once; nobody may change it."""
    folder = new_run(tmp_path_factory.mktemp("finished"), "tiny", epochs=3)
    train_here(folder, digits)
    return folder.path


@pytest.fixture
def checkpoint(finished: Path, isolated: Path) -> Path:
    """A copy of the finished run, named `tiny`, in the folder where names are looked up; it may be damaged."""
    return Path(shutil.copytree(finished, isolated / "tiny"))


@pytest.fixture
def run(isolated: Path) -> RunFolder:
    """A run that has not begun."""
    return new_run(isolated, "new")


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the models that come with the project."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    for module in (checkpoints, archive):
        monkeypatch.setattr(module, "SHIPPED_DIR", folder)
    return folder
