"""A tiny model of each family on digits, made once a session, for the tests of the pages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from tests.vae_core.runs import new_run, train_here
from vae_core.config import Family
from vae_core.data import load_dataset

FAMILIES = get_args(Family)


def train_family(home: Path, family: str, latent_dim: int = 2) -> Path:
    """The folder of a model of an epoch, named by its family and dimensions; trained when it is first asked for."""
    name = f"{family}-{latent_dim}d"
    folder = home / name
    if not (folder / "card.json").exists():
        train_here(new_run(home, name, {"family": family, "latent_dim": latent_dim}, epochs=1), load_dataset("digits"))
    return folder


def bring_family(home: Path, to: Path, family: str, latent_dim: int = 2) -> str:
    """Copy it to where the app looks; gives its name."""
    folder = train_family(home, family, latent_dim)
    shutil.copytree(folder, to / folder.name)
    return folder.name
