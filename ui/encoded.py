"""The encoded images of a split, their pixels and their figures: kept by the card's key, shared by all sessions.

May be asked anywhere: in a page's script and in the live channel's threads.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from vae_core import LatentExplorer
from vae_core.data import DATASETS, is_available, load_dataset
from vae_core.errors import DataError, ShapeError
from vae_core.latent.neighbours import nearest
from vae_core.metrics import ImageScores, posterior_kl

Pixels = npt.NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)

SPLITS = ("test", "train", "all")
"""`train` is what the training saw or chose by: training and validation split. `all` is these, then `test`."""

_one_at_a_time = Lock()
"""Held by whoever scores: several at once would only take the processor from the decoder."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """q(z|x) of N images: mu and logvar (N, D), labels (N,); all read-only."""

    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32] | None
    labels: npt.NDArray[np.int64] | None

    @property
    def kl(self) -> npt.NDArray[np.float64] | None:
        """KL(q(z|x) || p(z)) of each image, (N,), in nats; needs no images."""
        return None if self.logvar is None else posterior_kl(self.mu, self.logvar)

    def __getitem__(self, part: slice) -> Encoded:
        logvar = None if self.logvar is None else self.logvar[part]
        return Encoded(self.mu[part], logvar, None if self.labels is None else self.labels[part])


@dataclass(frozen=True, eq=False)
class PointRecord:
    """What the page shows of one encoded image.

    Attributes
    ----------
    images : list of ndarray of uint8, shape (H, W, C)
        The reconstruction decode(mu), and the original where the data is on this machine.
    facts : dict
        `index` and `split`; `label` or None; `distance` from the z asked for, or None; `mu` and `sigma` (or None), D
        numbers each; `log_likelihood`, `kl` and `elbo` in nats, None where they are not known or not computed yet.
    """

    images: list[Pixels]
    facts: dict[str, Any]


def encoded(explorer: LatentExplorer, split: str) -> Encoded:
    """The encoded images of a split; `test` came with the checkpoint, the others are computed at the first call.

    Raises
    ------
    DataError
        When the images are needed and not on this machine.
    ShapeError
        When there is no such split.
    """
    _check_split(split)
    if split == "test":
        latents = explorer.latents
        return Encoded(latents.mu, latents.logvar, latents.labels)
    return _encoded(explorer.card.key, explorer)[split]


def images_of(explorer: LatentExplorer, split: str) -> Pixels | None:
    """The images that were encoded, (N, C, H, W), read-only; None while the data is not on this machine.

    Raises
    ------
    DataError
        When the data is damaged.
    ShapeError
        When there is no such split.
    """
    _check_split(split)
    found = _found(explorer)
    return None if found is None else found.images[_part(explorer, split)]


def scores(explorer: LatentExplorer, split: str) -> ImageScores | None:
    """The ELBO's terms of each image; None while the data is not on this machine. The first call computes them.

    Raises
    ------
    CheckpointError
        When the model yields figures that are not finite.
    ShapeError
        When there is no such split.
    """
    if images_of(explorer, split) is None:
        return None
    parts = ("train", "test") if split == "all" else (split,)
    found = [_scoring(explorer.card.key, part, explorer).result() for part in parts]
    return found[0] if len(found) == 1 else _joined(found)


def point_record(explorer: LatentExplorer, split: str, index: int) -> PointRecord:
    """What is known of the image of a split with that index.

    The log-likelihood takes a pass over the whole split. It is begun here, and not waited for.

    Raises
    ------
    DataError
        When the split needs images that are not on this machine.
    ShapeError
        When there is no such split or image.
    """
    return _record(explorer, split, index, None)


def nearest_record(explorer: LatentExplorer, split: str, z: npt.ArrayLike) -> PointRecord:
    """As `point_record`, of the image whose mu lies nearest to z (D,), by Euclidean distance in all D dimensions."""
    (index,), (distance,) = nearest(encoded(explorer, split).mu, np.asarray(z)[None])
    return _record(explorer, split, int(index), float(distance))


def _record(explorer: LatentExplorer, split: str, index: int, distance: float | None) -> PointRecord:
    codes = encoded(explorer, split)
    if not 0 <= index < len(codes.mu):
        raise ShapeError(f"The split {split} of {explorer.name} has images 0 to {len(codes.mu) - 1}, no {index}.")
    one = codes[index : index + 1]
    images = [decoder.decode(explorer, one.mu)[0]]
    originals = images_of(explorer, split)
    kl, log_likelihood, elbo = one.kl, None, None
    if originals is not None:
        images.append(originals[index].transpose(1, 2, 0))
        part, place = _place(explorer, split, index)
        scoring = _scoring(explorer.card.key, part, explorer)
        if scoring.done() and scoring.exception() is None:
            found = scoring.result()
            log_likelihood, elbo = float(found.log_likelihood[place]), float(found.elbo[place])
    facts = {
        "index": index,
        "split": split,
        "label": None if one.labels is None else int(one.labels[0]),
        "distance": distance,
        "mu": one.mu[0].tolist(),
        "sigma": None if one.logvar is None else np.exp(0.5 * one.logvar[0]).tolist(),
        "log_likelihood": log_likelihood,
        "kl": None if kl is None else float(kl[0]),
        "elbo": elbo,
    }
    return PointRecord(images, facts)


@dataclass(frozen=True, eq=False)
class _ImageSet:
    """All images of a data set in one array, training, validation, test, so that every split is a view."""

    images: Pixels
    labels: npt.NDArray[np.int64] | None
    counts: tuple[int, int, int]


@st.cache_resource(max_entries=4, show_spinner=False)
def _image_set(dataset: str, checksum: str) -> _ImageSet | None:
    # No spinner here and below: outside of a page there is none to show it on.
    data = load_dataset(dataset)
    if data.checksum != checksum:
        return None
    splits = (data.train, data.validation, data.test)
    images = _frozen(np.concatenate([split.images for split in splits]))
    given = [split.labels for split in splits if split.labels is not None]
    labels = _frozen(np.concatenate(given)) if len(given) == len(splits) else None
    return _ImageSet(images, labels, (len(data.train), len(data.validation), len(data.test)))


def _found(explorer: LatentExplorer) -> _ImageSet | None:
    data = explorer.card.data
    if data.name not in DATASETS or not is_available(data.name):
        return None
    found = _image_set(data.name, data.checksum)
    claimed = ((data.n_train, data.n_validation, data.n_test), data.image_shape)  # a card may claim any checksum
    return found if found is not None and claimed == (found.counts, found.images.shape[1:]) else None


def _needed(explorer: LatentExplorer, part: str) -> Pixels:
    images = images_of(explorer, part)
    if images is None:
        raise DataError(
            f"The images that {explorer.name} was trained on ({explorer.card.data.title}) are not on this machine: "
            "fetch them with the button in the sidebar, or look at the test split, which came with the model."
        )
    return images


@st.cache_resource(max_entries=12, show_spinner=False)
def _encoded(card: str, _explorer: LatentExplorer) -> dict[str, Encoded]:
    new, test = _explorer.encode(_needed(_explorer, "train")), encoded(_explorer, "test")
    logvar = None
    if new.logvar is not None and test.logvar is not None:
        logvar = _frozen(np.concatenate([new.logvar, test.logvar]))
    found = _found(_explorer)
    every = Encoded(_frozen(np.concatenate([new.mu, test.mu])), logvar, None if found is None else found.labels)
    return {"train": every[: len(new.mu)], "all": every}


@st.cache_resource(max_entries=24, show_spinner=False)
def _scoring(card: str, part: str, _explorer: LatentExplorer) -> Future[ImageScores]:
    images, future = _needed(_explorer, part), Future[ImageScores]()
    # Training and validation split apart, as `evaluate` takes them: its draws begin anew with each split.
    n = _explorer.card.data.n_train if part == "train" else len(images)

    def score() -> None:
        try:
            with _one_at_a_time:
                future.set_result(_joined([_explorer.score(some) for some in (images[:n], images[n:]) if len(some)]))
        except Exception as problem:  # whoever waits is told
            future.set_exception(problem)

    Thread(target=score, name="scoring", daemon=True).start()
    return future


def _joined(parts: list[ImageScores]) -> ImageScores:
    log_likelihood = np.concatenate([part.log_likelihood for part in parts])
    kl = np.concatenate([part.kl for part in parts])
    return ImageScores(_frozen(log_likelihood), _frozen(kl), _frozen(log_likelihood - kl))


def _part(explorer: LatentExplorer, split: str) -> slice:
    n = explorer.card.data.n_train + explorer.card.data.n_validation
    return {"train": slice(0, n), "test": slice(n, None), "all": slice(None)}[split]


def _place(explorer: LatentExplorer, split: str, index: int) -> tuple[str, int]:
    """Where an image of a split stands among those that are scored together: in `train` or in `test`."""
    n = _part(explorer, "train").stop
    return ("test", index - n) if split == "all" and index >= n else ("test" if split == "test" else "train", index)


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ShapeError(f"There is no split {split!r} of encoded images: the splits are {', '.join(SPLITS)}.")


def _frozen(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    array.setflags(write=False)
    return array
