"""The encoded images of a split, and their pixels: kept by the card's key, shared by all sessions.

May be asked anywhere: in a page's script and in the live channel's threads.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.jobs import Job
from ui.ledger.kept import sound_ledger
from ui.originals import originals
from vae_core import LatentExplorer
from vae_core.data.own_name import is_own
from vae_core.errors import DataError, ShapeError
from vae_core.explorer import Posterior
from vae_core.metrics.elbo import posterior_kl

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Number = TypeVar("Number", bound=np.generic)

SPLITS = ("test", "train", "all")
"""`train` is what the training saw or chose by: training and validation split. `all` is these, then `test`."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """q(z|x) of N images: mu and logvar (N, D), labels (N,); all read-only."""

    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32] | None
    labels: Labels | None

    @property
    def kl(self) -> npt.NDArray[np.float64] | None:
        """KL(q(z|x) || p(z)) of each image, (N,), in nats; needs no images."""
        return None if self.logvar is None else posterior_kl(self.mu, self.logvar)

    def __getitem__(self, part: slice) -> Encoded:
        logvar = None if self.logvar is None else self.logvar[part]
        return Encoded(self.mu[part], logvar, None if self.labels is None else self.labels[part])


def encoded(explorer: LatentExplorer, split: str) -> Encoded:
    """The encoded images of a split; `test` came with the checkpoint, the others are computed at the first call.

    Raises
    ------
    DataError
        When the images are needed and not on this machine, or the model has no encoder.
    ShapeError
        When there is no such split.
    """
    _check(explorer, split)
    if split == "test":
        return _test(explorer)
    job = _encoding(explorer.card.key)
    return (job.result or _begin(explorer, job).result())[split]


def encoded_by_now(explorer: LatentExplorer, split: str) -> Encoded:
    """As `encoded`, but who comes before the images are encoded is told so (DataError) and does not wait."""
    _check(explorer, split)
    if split == "test":
        return _test(explorer)
    job = _encoding(explorer.card.key)
    if job.result is None:
        _begin(explorer, job)
        raise DataError(f"The training images of {explorer.name} are being encoded: this takes a moment.")
    return job.result[split]


def images_of(explorer: LatentExplorer, split: str) -> Pixels | None:
    """The images that were encoded, (N, C, H, W), read-only; None while the data is not on this machine.

    Raises
    ------
    DataError
        When the data is damaged.
    ShapeError
        When there is no such split.
    """
    part = part_of(explorer, split)
    found = originals(explorer)
    return None if found is None else found.images[part]


def part_of(explorer: LatentExplorer, split: str) -> slice:
    """Where the images of a split stand among all of the data set's.

    Raises
    ------
    ShapeError
        When there is no such split.
    """
    if split not in SPLITS:
        raise ShapeError(f"There is no split {split!r} of encoded images: the splits are {', '.join(SPLITS)}.")
    n = explorer.card.data.n_train + explorer.card.data.n_validation
    return {"train": slice(0, n), "test": slice(n, None), "all": slice(None)}[split]


def told(explorer: LatentExplorer, labels: Labels | None) -> Labels | None:
    """The classes as the model is told them: not at all when it takes none."""
    return labels if explorer.can.label else None


def frozen(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The array, read-only from now on, since sessions share it."""
    array.setflags(write=False)
    return array


def _check(explorer: LatentExplorer, split: str) -> None:
    part_of(explorer, split)
    if not explorer.can.encode:
        raise DataError(f"{explorer.name} has no encoder, so its images have no places in its latent space.")


def _test(explorer: LatentExplorer) -> Encoded:
    latents = explorer.latents
    return Encoded(latents.mu, latents.logvar, latents.labels)


@st.cache_resource(max_entries=12, show_spinner=False)
def _encoding(card: str) -> Job[dict[str, Encoded]]:
    # No spinner: outside of a page there is none to show it on.
    return Job()


def _begin(explorer: LatentExplorer, job: Job[dict[str, Encoded]]) -> Future[dict[str, Encoded]]:
    images = images_of(explorer, "train")
    if images is None:
        data = explorer.card.data
        how = "put them back as they were" if is_own(data.name) else "fetch them with the button in the sidebar"
        raise DataError(
            f"The images that {explorer.name} was trained on ({data.title}) are not on this machine: {how}, or look at "
            "the test split, which came with the model."
        )
    return job.begin(lambda: _encode(explorer, images))


def _encode(explorer: LatentExplorer, images: Pixels) -> dict[str, Encoded]:
    found = originals(explorer)
    labels = None if found is None else found.labels
    if (ledger := sound_ledger(explorer)) is not None:  # it holds the same codes
        every = Encoded(frozen(ledger.mu), None if ledger.logvar is None else frozen(ledger.logvar), labels)
        return {"train": every[: len(images)], "all": every}
    told_labels = told(explorer, labels)

    def ask(some: slice) -> Posterior:
        return explorer.encode(images[some], None if told_labels is None else told_labels[some])

    parts, test = decoder.in_background(explorer, len(images), ask).result(), _test(explorer)
    mu = frozen(np.concatenate([*(part.mu for part in parts), test.mu]))
    logvars = [*(part.logvar for part in parts), test.logvar]
    known = [logvar for logvar in logvars if logvar is not None]
    logvar = frozen(np.concatenate(known)) if len(known) == len(logvars) else None
    every = Encoded(mu, logvar, labels)
    return {"train": every[: len(images)], "all": every}
