"""The shipped models: there, small, sound, and made by the commands of the Makefile."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR, read_card

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("digits-2d", "fashion-2d", "mnist-16d", "mnist-2d")


@pytest.mark.parametrize("name", NAMES)
def test_it_loads_and_decodes(name: str) -> None:
    """A shipped model opens whole, with the codes of its test split, and decodes them into images in [0, 1]."""
    explorer = LatentExplorer.load(SHIPPED_DIR / name, device="cpu")
    images = explorer.decode(explorer.latents.mu[:100])
    assert (len(explorer.latents.mu), explorer.latent_dim) == explorer.latents.mu.shape
    assert 0 <= images.min() < images.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small(name: str) -> None:
    """A shipped model takes at most 4 MB."""
    assert 4_000_000 >= sum(file.stat().st_size for file in (SHIPPED_DIR / name).iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_makefile_makes_it(name: str) -> None:
    """The options in the Makefile are those that the card's command records."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    options = re.search(rf"^OPTIONS_{name} *:= (.*)$", makefile, flags=re.MULTILINE)
    assert options is not None
    recorded = set(shlex.split(read_card(SHIPPED_DIR / name).run.command))
    assert set(shlex.split(options[1])) <= recorded
    assert {"--seed", "0", "--threads", "1", "--weights-dtype", "float16"} <= recorded


def test_digits_figures_are_those_of_the_stored_weights() -> None:
    """Encoding the test split anew gives the shipped codes: figures and map belong to these weights."""
    from vae_core.data import load_dataset

    explorer = LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")
    data = load_dataset("digits")
    assert explorer.card.data.checksum == data.checksum
    np.testing.assert_allclose(explorer.latents.mu, explorer.encode(data.test.images).mu, atol=1e-5)
