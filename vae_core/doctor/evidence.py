"""What the doctor looks at: the run's record, its codes, a sample of its data, and a few measurements of the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vae_core.card import Card
from vae_core.checkpoints import CARD, Latents, find_checkpoint, read_card, read_latents
from vae_core.config import RunConfig
from vae_core.data import ImageSet, is_available, is_own, load_dataset
from vae_core.doctor.finding import NotExamined
from vae_core.errors import CheckpointError, DataError
from vae_core.families import CAPABILITIES, Capabilities
from vae_core.latent.pieces import OnProgress
from vae_core.training.run_folder import LIVE_STATES, RunFolder
from vae_core.training.steering import read_course

if TYPE_CHECKING:
    from vae_core.doctor.measures import ModelMeasures

N_SAMPLE = 2000
"""Training images that are looked at, evenly spread: the mean of a share has a standard error of 1 % or less."""

DIVERGED = "stopped being a number"
"""What a run that diverged says last: see `vae_core.training.loop`."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known of a run; what is not there is None or empty.

    Attributes
    ----------
    config : RunConfig
    history : sequence of mappings
        The lines of history.jsonl.
    diverged : bool
        The loss or its gradient stopped being a number.
    message : str
        What the run said when it ended.
    image_shape : tuple of int or None
        (C, H, W).
    n_train : int or None
    class_counts : int64 array of shape (K,), or None
        Images of each class: of the training split, else of the encoded test split.
    kl_per_dimension : tuple of float
        Nats an image: of the test split, else of the validation split after the last epoch.
    validation_error : float or None
        Standard error of the validation score over the images, nats.
    latents : Latents or None
        The encoded test split.
    images : uint8 array of shape (N, C, H, W), or None
        Of the training split, else the few validation images of the run's snapshots.
    has_data : bool
        The very data set is on this machine and may be read, so that a changed run can start.
    measures : ModelMeasures or None
    """

    name: str
    config: RunConfig
    history: Sequence[dict[str, Any]] = ()
    diverged: bool = False
    message: str = ""
    image_shape: tuple[int, int, int] | None = None
    n_train: int | None = None
    class_names: tuple[str, ...] = ()
    class_counts: npt.NDArray[np.int64] | None = None
    kl_per_dimension: tuple[float, ...] = ()
    validation_error: float | None = None
    latents: Latents | None = None
    images: Pixels | None = None
    has_data: bool = False
    measures: ModelMeasures | None = None

    @property
    def can(self) -> Capabilities:
        """What may be asked of the family."""
        return CAPABILITIES[self.config.model.family]

    @property
    def n_pixels(self) -> int | None:
        """C times H times W."""
        return None if self.image_shape is None else math.prod(self.image_shape)

    @property
    def beta(self) -> float:
        """Weight of the KL term: of the last epoch, as it may have been changed on the way, or as it was to become."""
        training = self.config.training
        if not self.history or training.kl_warmup or training.kl_cycles:
            return training.beta
        return float(self.history[-1]["kl_weight"])

    @property
    def n_steps(self) -> int | None:
        """Steps of the optimiser over all epochs that were recorded."""
        if self.n_train is None:
            return None
        return len(self.history) * math.ceil(self.n_train / self.config.training.batch_size)

    @property
    def variances(self) -> npt.NDArray[np.float64] | None:
        """Variance of mu over the encoded images, (D,); None without codes."""
        if self.latents is None or len(self.latents.mu) < 2:
            return None
        return np.asarray(self.latents.mu.astype(np.float64).var(0))

    def need_posterior(self) -> None:
        """Refuse a family without q(z|x).

        Raises
        ------
        NotExamined
            Then.
        """
        if not self.can.posterior:
            raise NotExamined(f"the family {self.config.model.family} has no q(z|x) and so no KL term")


def gather(
    name: str | Path,
    *,
    checkpoints_dir: str | Path | None = None,
    data_dir: str | None = None,
    device: str = "cpu",
    on_progress: OnProgress = lambda share: None,
) -> Evidence:
    """Everything that a checkpoint's or a run's folder and the data on this machine can tell.

    Parameters
    ----------
    name : str or path
        A model's or a run's name, or its folder.
    data_dir : str, optional
        Where data sets lie; by default where the run found them.
    device : str
        Where the model is looked at.
    on_progress : callable
        Given the share that is done, from 0 to 1.

    Raises
    ------
    CheckpointError
        When there is no such folder, it is damaged, or the run is still going on without a model to look at.
    """
    folder = RunFolder(find_checkpoint(name, checkpoints_dir))
    if not (folder.path / CARD).exists() and (folder.path / "run.json").exists():
        return _of_a_run(folder, data_dir, on_progress)
    card = read_card(folder.path)
    training = read_course(folder.path, card.model.family, card.training).now  # as it was changed by hand
    parts = {"dataset": card.data.name, "data": card.data.options, "model": card.model, "training": training}
    on_progress(0.1)
    data, latents = _data_of(folder, card, data_dir), read_latents(folder.path, card)
    on_progress(0.7)  # reading a data set takes longest
    counts = _counts(data)
    if counts is None and latents.labels is not None and card.data.class_names:
        counts = np.bincount(latents.labels, minlength=len(card.data.class_names))
    score = card.validation.elbo or card.validation.log_likelihood
    from vae_core.doctor.measures import measure

    return Evidence(
        name=folder.name,
        config=RunConfig(**parts),  # type: ignore[arg-type]
        history=folder.history(),
        diverged=card.run.outcome == "diverged",
        image_shape=card.data.image_shape,
        n_train=card.data.n_train,
        class_names=card.data.class_names,
        class_counts=counts,
        kl_per_dimension=card.test.kl_per_dimension,
        validation_error=score.standard_error if score else None,
        latents=latents,
        images=_sample(data, folder),
        has_data=data is not None,
        measures=measure(folder.path, data, device),
    )


def _of_a_run(folder: RunFolder, data_dir: str | None, on_progress: OnProgress) -> Evidence:
    """A run that left no model: one that diverged before anything was worth keeping, or was interrupted."""
    status, request = folder.status(), folder.request()
    if status.state in LIVE_STATES:
        raise CheckpointError(f"{folder.name} is still going on: the doctor looks at it when it has ended.")
    on_progress(0.1)
    data, history = None, folder.history()
    with suppress(DataError):
        data = load_dataset(request.config.dataset, data_dir or request.data_dir, request.config.data)
    images, config = _sample(data, folder), request.config
    course = read_course(folder.path, config.model.family, config.training)
    return Evidence(
        name=folder.name,
        config=replace(config, training=course.now),
        history=history,
        diverged=status.state == "failed" and DIVERGED in status.message,
        message=status.message,
        image_shape=None if images is None else images.shape[1:],
        n_train=None if data is None else len(data.train),
        class_names=() if data is None else data.class_names,
        class_counts=_counts(data),
        kl_per_dimension=tuple(history[-1]["kl_per_dimension"]) if history else (),
        images=images,
        has_data=data is not None,
    )


def _data_of(folder: RunFolder, card: Card, data_dir: str | None) -> ImageSet | None:
    """The very images that the model was trained on, where they are here and may be read unasked."""
    name = card.data.name
    if is_own(name) and not folder.asks_for(card.data):
        return None
    with suppress(DataError):
        if is_own(name) or is_available(name, data_dir):
            data = load_dataset(name, data_dir, card.data.options)
            return data if data.checksum == card.data.checksum else None
    return None


def _sample(data: ImageSet | None, folder: RunFolder) -> Pixels | None:
    if data is not None:
        return spread(data.train.images, N_SAMPLE)
    fixed = folder.fixed()
    return None if fixed is None or not len(fixed.originals) else fixed.originals


def spread(images: Pixels, most: int) -> Pixels:
    """At most so many of the images, evenly spread: data of one's own lies class after class."""
    return images[np.linspace(0, len(images) - 1, min(len(images), most)).astype(np.int64)]


def _counts(data: ImageSet | None) -> npt.NDArray[np.int64] | None:
    if data is None or data.train.labels is None or not data.class_names:
        return None
    return np.bincount(data.train.labels, minlength=len(data.class_names))
