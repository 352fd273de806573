"""The ELBO's terms of each encoded image, as an evaluation has them: kept by the card's key, shared by all sessions."""

from __future__ import annotations

from concurrent.futures import Future

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.encoded import encoded, frozen, images_of, part_of, told
from ui.jobs import Job
from ui.ledger.kept import sound_ledger
from vae_core import LatentExplorer
from vae_core.explorer import Posterior
from vae_core.metrics.elbo import ImageScores


def scores(explorer: LatentExplorer, split: str) -> ImageScores | None:
    """The ELBO's terms of each image; None while the data is not on this machine. The first call computes them.

    Raises
    ------
    CheckpointError
        When the model yields figures that are not finite.
    DataError
        When the model has no encoder.
    ShapeError
        When there is no such split, or the encoder gives a point and so no ELBO.
    """
    if images_of(explorer, split) is None:
        return None
    parts = ("train", "test") if split == "all" else (split,)
    found = [_begun(explorer, part).result() for part in parts]
    return found[0] if len(found) == 1 else _joined(found)


def terms_of(explorer: LatentExplorer, split: str, index: int, *, begin: bool) -> tuple[float, float] | None:
    """Log-likelihood and ELBO of one image, if they are known by now, in nats; does not wait.

    Parameters
    ----------
    explorer : LatentExplorer
        One whose encoder gives a distribution, and whose images are on this machine.
    split : str
    index : int
        Of an image that is there.
    begin : bool
        Have them computed, for all images of the split, if they were not.
    """
    n = part_of(explorer, "train").stop
    part = "test" if split == "test" or (split == "all" and index >= n) else "train"
    if begin:
        _begun(explorer, part)
    found = _scoring(explorer.card.key, part).result
    if found is None:
        return None
    place = index - n if split == "all" and part == "test" else index
    assert found.elbo is not None  # asked only where there is a posterior
    return float(found.log_likelihood[place]), float(found.elbo[place])


def _begun(explorer: LatentExplorer, part: str) -> Future[ImageScores]:
    """The scores of `train` or `test`, which are computed from now on at the latest."""
    return _scoring(explorer.card.key, part).begin(lambda: _score(explorer, part))


@st.cache_resource(max_entries=24, show_spinner=False)
def _scoring(card: str, part: str) -> Job[ImageScores]:
    # No spinner: outside of a page there is none to show it on.
    return Job()


def _score(explorer: LatentExplorer, part: str) -> ImageScores:
    images, codes = images_of(explorer, part), encoded(explorer, part)
    if (ledger := sound_ledger(explorer)) is not None:
        assert ledger.log_likelihood is not None  # it is the whole
        rows = part_of(explorer, part)
        kl = codes.kl
        assert kl is not None  # asked only where there is a posterior
        return _terms(ledger.log_likelihood[rows].astype(np.float64), kl)
    assert images is not None  # `scores` and `terms_of` are asked only where they are
    # Training and validation split apart, as `evaluate` takes them: its draws begin anew with each split.
    n = explorer.card.data.n_train if part == "train" else len(images)
    draws = [explorer.evaluation_draws(Posterior(some.mu, some.logvar)) for some in (codes[:n], codes[n:])]
    z, labels = np.concatenate(draws), told(explorer, codes.labels)

    def ask(some: slice) -> npt.NDArray[np.float64]:
        return explorer.log_likelihood(images[some], z[some], None if labels is None else labels[some])

    log_likelihood = np.concatenate(decoder.in_background(explorer, len(images), ask).result())
    kl = codes.kl
    assert kl is not None  # else there were no draws
    return _terms(log_likelihood, kl)


def _joined(parts: list[ImageScores]) -> ImageScores:
    kl = [part.kl for part in parts if part.kl is not None]
    return _terms(np.concatenate([part.log_likelihood for part in parts]), np.concatenate(kl))


def _terms(log_likelihood: npt.NDArray[np.float64], kl: npt.NDArray[np.float64]) -> ImageScores:
    return ImageScores(frozen(log_likelihood), frozen(kl), frozen(log_likelihood - kl))
