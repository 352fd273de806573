"""batch.npz: what the last single batch of a held run did to the model. No torch in here: the app reads it."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vae_core.training.records import load_npz, save_npz

FILE = "batch.npz"


@dataclass(frozen=True)
class Terms:
    """Means over the batch, in nats per image; None for what the family has not."""

    loss: float
    log_likelihood: float | None
    kl: float | None


@dataclass(frozen=True)
class BatchRecord:
    """One step of training, seen from both sides.

    Attributes
    ----------
    step : int
        How many steps the run had done after it, over all epochs.
    n_images : int
        Of the batch.
    gradient_norm : float
        Of the gradient of the loss, before it was clipped.
    before, after : Terms
        Of the same batch with the same noise, by the weights before and after the step.
    images, was, now : ndarray of uint8, shape (m, C, H, W)
        A few images of the batch, and their reconstructions before and after the step; of a model without an encoder
        no images, and what it made of the same draws from the prior.
    """

    step: int
    n_images: int
    learning_rate: float
    kl_weight: float
    gradient_norm: float
    before: Terms
    after: Terms
    images: npt.NDArray[np.uint8]
    was: npt.NDArray[np.uint8]
    now: npt.NDArray[np.uint8]


def write_batch(folder: Path, record: BatchRecord) -> None:
    """Put it into a run's folder, in the place of the one before."""
    numbers = (record.n_images, record.learning_rate, record.kl_weight, record.gradient_norm)
    figures = [*numbers, *astuple(record.before), *astuple(record.after)]
    save_npz(
        folder / FILE,
        {
            "step": np.array([record.step], np.int64),
            "figures": np.array([np.nan if figure is None else figure for figure in figures]),
            "images": record.images,
            "was": record.was,
            "now": record.now,
        },
    )


def read_batch(folder: Path) -> BatchRecord | None:
    """The record in a run's folder; None where there is none, or it is damaged."""
    arrays = load_npz(folder / FILE)
    if arrays is None or not {"step", "figures", "images", "was", "now"} <= arrays.keys():
        return None
    step, figures, was, now, images = (arrays[name] for name in ("step", "figures", "was", "now", "images"))
    fits = step.shape == (1,) and step.dtype == np.int64 and figures.shape == (10,) and figures.dtype == np.float64
    pictures = was.ndim == 4 and was.shape == now.shape and images.shape in (was.shape, (0, *was.shape[1:]))
    if not (fits and pictures and {np.dtype(np.uint8)} == {was.dtype, now.dtype, images.dtype}):
        return None
    always, may_lack = figures[[0, 1, 2, 3, 4, 7]], [None if np.isnan(f) else float(f) for f in figures[[5, 6, 8, 9]]]
    if not np.isfinite(always).all():
        return None
    n_images, rate, kl_weight, norm, before, after = always.tolist()
    terms = Terms(before, *may_lack[:2]), Terms(after, *may_lack[2:])
    return BatchRecord(int(step[0]), int(n_images), rate, kl_weight, norm, *terms, images, was, now)
