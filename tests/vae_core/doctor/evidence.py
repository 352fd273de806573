"""Evidence made up for tests: a run with nothing wrong, and whatever is to be wrong with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.vae_core.test_run_folder import epoch_line
from vae_core.checkpoints import Latents
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.doctor.evidence import Evidence
from vae_core.doctor.measures import ModelMeasures
from vae_core.doctor.prior import Doubles

D, SHAPE = 2, (1, 10, 10)


def history(
    train: npt.ArrayLike, validation: npt.ArrayLike, *, kl: float = 6.0, kl_weight: float = 1.0
) -> list[dict[str, Any]]:
    """A history with these ELBOs, and the loss of the training one."""
    lines = []
    for i, (seen, unseen) in enumerate(zip(np.asarray(train).tolist(), np.asarray(validation).tolist(), strict=True)):
        terms = {"elbo": seen, "log_likelihood": seen + kl, "kl": kl}
        of_validation = {"elbo": unseen, "log_likelihood": unseen + kl, "kl": kl}
        lines.append(
            epoch_line(
                i + 1,
                train=terms | {"loss": -seen},
                validation=of_validation,
                kl_per_dimension=[kl / D] * D,
                kl_weight=kl_weight,
            )
        )
    return lines


def rising(n: int = 20) -> Doubles:
    """ELBOs of a training that goes well, from -200 towards -100."""
    return np.asarray(-100 - 100 * np.exp(-np.arange(n) / 3))


def codes(mean: npt.ArrayLike = 0.0, variance: npt.ArrayLike = 0.9, sigma2: float = 0.1) -> Latents:
    """4,000 codes with this mean and variance of mu in each of D dimensions, exactly."""
    mu = np.random.default_rng(0).standard_normal((4000, D))
    mu = (mu - mu.mean(0)) / mu.std(0) * np.sqrt(variance) + mean
    logvar = np.full((4000, D), np.log(sigma2), np.float32)
    return Latents(mu.astype(np.float32), logvar, None)


def black_and_white() -> npt.NDArray[np.uint8]:
    """200 images of noise, 0 or 255."""
    return np.where(np.random.default_rng(0).random((200, *SHAPE)) < 0.5, 0, 255).astype(np.uint8)


def config(model: dict[str, Any] | None = None, **training: Any) -> RunConfig:
    """A run's configuration, of the defaults where nothing is given."""
    return RunConfig(dataset="digits", model=ModelConfig(**(model or {})), training=TrainConfig(**training))


def evidence(**changes: Any) -> Evidence:
    """A healthy run of a 2-D VAE, with these fields instead."""
    fields: dict[str, Any] = {
        "name": "patient",
        "config": config(),
        "history": history(rising(), rising() - 1),
        "image_shape": SHAPE,
        "n_train": 10_000,
        "class_names": ("a", "b"),
        "class_counts": np.array([5000, 5000]),
        "kl_per_dimension": (3.0, 3.0),
        "validation_error": 0.5,
        "latents": codes(),
        "images": black_and_white(),
        "has_data": True,
        "measures": ModelMeasures(explained=0.6),
    }
    return Evidence(**(fields | changes))
