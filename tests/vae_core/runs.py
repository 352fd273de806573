"""Small runs for tests: made, trained in this process or another, and read back."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from vae_core.cli import main
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, Split
from vae_core.training.loop import Outcome, train
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder

TIMES = ("seconds", "images_per_second")
"""What differs between two runs of the same bits."""


def small_config(model: dict[str, Any] | None = None, **training: Any) -> RunConfig:
    """A network of 16 units on digits for two epochs, with what is given instead."""
    return RunConfig(
        dataset="digits",
        model=ModelConfig(**{"hidden": (16,), **(model or {})}),
        training=TrainConfig(**{"epochs": 2, "threads": 1, "learning_rate": 3e-3, **training}),
    )


def new_run(home: Path, name: str, model: dict[str, Any] | None = None, **training: Any) -> RunFolder:
    """Make the folder of a small run on the CPU."""
    return RunFolder.create(name, new_request(small_config(model, **training), "cpu"), home)


def train_here(folder: RunFolder, data: ImageSet, **hooks: Any) -> Outcome:
    """Train a run in this process, to its end or to wherever it is made to fail."""
    return train(folder, data, **{"on_status": lambda status: None, **hooks})


def run_command(arguments: list[str], log: Path) -> None:
    """Be the process of one command, with everything it prints in a file."""
    with log.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.exit(main(arguments))


def first_of(data: ImageSet, n_train: int, n_other: int) -> ImageSet:
    """The same data set with fewer images."""

    def cut(split: Split, n: int) -> Split:
        return Split(split.images[:n], None if split.labels is None else split.labels[:n])

    return replace(
        data,
        train=cut(data.train, n_train),
        validation=cut(data.validation, n_other),
        test=cut(data.test, n_other),
    )


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A history without what the clock put into it."""
    return [{key: value for key, value in line.items() if key not in TIMES} for line in history]
