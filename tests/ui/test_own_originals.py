"""Originals of a model of data of one's own: read only where a run of this machine was started with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from tests.vae_core.runs import train_here
from ui import originals as module
from ui.originals import originals
from vae_core import LatentExplorer
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A run on forty images in an npz file, and that file."""
    home = tmp_path_factory.mktemp("own")
    file = home / "mine.npz"
    np.savez(file, images=np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8))
    config = RunConfig(
        dataset=f"npz:{file}", model=ModelConfig(hidden=(4,)), training=TrainConfig(epochs=1, threads=1, batch_size=8)
    )
    folder = RunFolder.create("own", new_request(config, "cpu"), home)
    train_here(folder, load_dataset(config.dataset))
    return folder.path, file


@pytest.fixture
def own(made: tuple[Path, Path], tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A copy of the run, which may be changed; the file is put back as it was."""
    folder, file = made
    content = file.read_bytes()
    yield Path(shutil.copytree(folder, tmp_path / "own")), file
    file.write_bytes(content)
    st.cache_resource.clear()


def test_a_run_of_this_machine_shows_its_images(own: tuple[Path, Path]) -> None:
    """Training, validation and test images in this order, as the data set has them."""
    folder, file = own
    found = originals(LatentExplorer.load(folder))
    data = load_dataset(f"npz:{file}")
    assert found is not None
    assert np.array_equal(np.concatenate([data.train.images, data.validation.images, data.test.images]), found.images)


def without_request(folder: Path) -> None:
    """As a checkpoint that was brought: there is no run.json."""
    (folder / "run.json").unlink()


def of_another_path(folder: Path) -> None:
    """The run was started with other data than the card names."""
    rewrite(folder / "run.json", lambda request: request["config"].update(dataset="digits"))


def of_other_options(folder: Path) -> None:
    """The run was started with other options, which may name a file too."""
    rewrite(folder / "run.json", lambda request: request["config"]["data"].update(labels="/etc/hostname"))


def rewrite(path: Path, change: Any) -> None:
    """Change a JSON file."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("strange", [without_request, of_another_path, of_other_options])
def test_a_card_alone_makes_nobody_read_a_path(
    strange: Any, own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what this machine's own run was started with is looked at: not even whether a path is there."""
    folder, _ = own
    strange(folder)
    explorer = LatentExplorer.load(folder)
    for name in ("load_dataset", "_changed"):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("the path was touched"))
    assert originals(explorer) is None


def test_images_that_have_changed_are_not_shown(own: tuple[Path, Path]) -> None:
    """Other images under the name, too few of them, and none: the map is complete without them."""
    folder, file = own
    explorer = LatentExplorer.load(folder)
    for n, seed in ((40, 1), (2, 0)):
        np.savez(file, images=np.random.default_rng(seed).integers(0, 256, (n, 8, 8), dtype=np.uint8))
        assert originals(explorer) is None
    file.unlink()
    assert originals(explorer) is None
