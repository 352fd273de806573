"""What a run says of itself: a line of the history, its status, and its record in the card."""

from __future__ import annotations

import math
import platform
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

from vae_core.card import RunRecord, SplitFigures
from vae_core.training.pace import Pace
from vae_core.training.resident import ResidentImages
from vae_core.training.run_folder import RunRequest, Status
from vae_core.training.schedule import kl_weight_at, learning_rate_at
from vae_core.training.state import Position
from vae_core.training.steering import Course

Means = tuple[float, float | None, float | None]
"""Loss, log-likelihood and KL over the epoch's images so far; None for what the family has not."""


def epoch_line(
    position: Position, means: Means, figures: SplitFigures, course: Course, steps_per_epoch: int, *, best: bool
) -> dict[str, Any]:
    """The line of history.jsonl of the epoch that has just ended, but for its time (see `records.EpochLine`)."""
    loss, log_likelihood, kl = means
    last = position.epoch * steps_per_epoch - 1
    steps = range(last + 1 - steps_per_epoch, last + 1)
    n_steps = steps_per_epoch * course.now.epochs
    return {
        "epoch": position.epoch,
        "train": {
            "loss": loss,
            "log_likelihood": log_likelihood,
            "kl": kl,
            "elbo": None if log_likelihood is None or kl is None else log_likelihood - kl,
        },
        "validation": {
            name: found.value if (found := getattr(figures, name)) else None
            for name in ("elbo", "log_likelihood", "kl")
        },
        "kl_per_dimension": list(figures.kl_per_dimension),
        "kl_weight": float(np.mean([kl_weight_at(step, steps_per_epoch, course.at(step)) for step in steps])),
        "learning_rate": learning_rate_at(last, n_steps, course.at(last)),
        "best": best,
    }


def time_of(pace: Pace) -> dict[str, Any]:
    """The rest of that line."""
    return {"seconds": round(pace.seconds, 3), "images_per_second": round(pace.images_per_second or 0.0, 1)}


def status_now(
    state: str, position: Position, pace: Pace, means: Means | None, images: ResidentImages, *, epochs: int
) -> Status:
    """Where a run of `epochs` epochs is."""
    seconds_left = None
    if pace.images_per_second:
        n_left = (epochs - position.epoch) * len(images) - position.n_seen
        seconds_left = max(0.0, n_left / pace.images_per_second)
    status = Status(
        state=state,  # type: ignore[arg-type]
        epoch=position.epoch,
        epochs=epochs,
        step=position.step,
        steps_per_epoch=images.steps_per_epoch,
        images_per_second=pace.images_per_second,
        seconds_left=seconds_left,
        updated=time.time(),
    )
    if means and math.isfinite(means[0]):
        status = replace(status, loss=means[0], log_likelihood=means[1], kl=means[2])
    return status


def run_record(request: RunRequest, result: str, position: Position, pace: Pace, images: ResidentImages) -> RunRecord:
    """What the card says of the run."""
    epochs_done, seconds = position.epoch + position.step / images.steps_per_epoch, pace.seconds
    return RunRecord(
        started=request.created,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        epochs_done=round(epochs_done, 4),
        best_epoch=position.best_epoch,
        outcome=result,  # type: ignore[arg-type]
        seconds=round(seconds, 2),
        images_per_second=round(epochs_done * len(images) / max(seconds, 1e-9), 1),
        device=request.device,
        threads=request.config.training.threads,
        command=request.command,
        versions={"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
    )
