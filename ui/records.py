"""What the page shows of one encoded image: its reconstruction, the original, and the facts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.encoded import Pixels, encoded_by_now, images_of, told
from ui.scores import terms_of
from vae_core import LatentExplorer
from vae_core.errors import ShapeError
from vae_core.latent.neighbours import Neighbours


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


def point_record(explorer: LatentExplorer, split: str, index: int) -> PointRecord:
    """What is known of the image of a split with that index.

    The log-likelihood takes a pass over the whole split. It is begun here, and not waited for.

    Raises
    ------
    DataError
        When the split needs images that are not on this machine, or not encoded yet, which is begun here too; when the
        model has no encoder.
    ShapeError
        When there is no such split or image.
    """
    return _record(explorer, split, index, None, begin=True)


def nearest_record(explorer: LatentExplorer, split: str, z: npt.ArrayLike, *, rests: bool = False) -> PointRecord:
    """As `point_record`, of the image whose mu lies nearest to z (D,), by Euclidean distance in all D dimensions.

    It passes by with every move, so it has the log-likelihoods computed only where a hand `rests`.
    """
    codes = encoded_by_now(explorer, split)
    index, distance = _neighbours(explorer.card.key, split, codes.mu).nearest(z)
    return _record(explorer, split, index, distance, begin=rests)


def _record(explorer: LatentExplorer, split: str, index: int, distance: float | None, *, begin: bool) -> PointRecord:
    codes = encoded_by_now(explorer, split)
    if not 0 <= index < len(codes.mu):
        raise ShapeError(f"The split {split} of {explorer.name} has images 0 to {len(codes.mu) - 1}, no {index}.")
    one = codes[index : index + 1]
    images = [decoder.decode(explorer, one.mu, told(explorer, one.labels))[0]]
    originals, terms = images_of(explorer, split), None
    if originals is not None:
        images.append(originals[index].transpose(1, 2, 0))
        if explorer.can.posterior:
            terms = terms_of(explorer, split, index, begin=begin)
    log_likelihood, elbo = terms or (None, None)
    kl = one.kl
    facts = {
        "index": index,
        "split": split,
        "label": None if one.labels is None else int(one.labels[0]),
        "distance": distance,
        "mu": one.mu[0].tolist(),
        "sigma": None if one.logvar is None else _sigma(one.logvar[0]),
        "log_likelihood": log_likelihood,
        "kl": None if kl is None else _finite(float(kl[0])),
        "elbo": None if elbo is None else _finite(elbo),
    }
    return PointRecord(images, facts)


def _sigma(logvar: npt.NDArray[np.float32]) -> list[float] | None:
    with np.errstate(over="ignore"):
        sigma: list[float] = np.exp(0.5 * logvar).tolist()
    return sigma if all(map(math.isfinite, sigma)) else None


def _finite(value: float) -> float | None:
    # A brought model's codes are finite, but what follows from them need not be; JSON has no word for infinity.
    return value if math.isfinite(value) else None


@st.cache_resource(max_entries=24, show_spinner=False)
def _neighbours(card: str, split: str, _mu: npt.NDArray[np.float32]) -> Neighbours:
    # No spinner: outside of a page there is none to show it on.
    return Neighbours(_mu)
