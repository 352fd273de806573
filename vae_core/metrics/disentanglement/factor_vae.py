"""The FactorVAE score."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.errors import ShapeError
from vae_core.metrics.disentanglement.table import Doubles, Whole, checked
from vae_core.metrics.elbo import measure
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE


def factor_vae_score(
    codes: npt.ArrayLike,
    factors: npt.ArrayLike,
    *,
    n_votes: int = 800,
    group_size: int = 64,
    generator: np.random.Generator,
) -> Measure:
    """Share of votes that name the factor held fixed (Kim & Mnih 2018, section 4), 1 / F by chance.

    A vote: a factor, each as likely; a value of it, that of an image drawn from the table; `group_size` images with
    this value, drawn from the table with replacement. Each dimension's variance over the group is divided by that over
    the whole table, and the dimension where this is least votes for the factor. Dimensions with a variance of at most
    0.01 are inactive and do not vote. `n_votes` votes teach which factor each dimension stands for (that of most of its
    votes); as many new ones are asked, and the share that is right is the score, with its binomial standard error.

    Parameters
    ----------
    codes : array of shape (N, D), D at least 2
    factors : int array of shape (N, F)
    n_votes : int
        Votes to learn from, and as many to ask.
    group_size : int
        Images a vote.
    generator : numpy.random.Generator

    Raises
    ------
    ShapeError
        As the protocol says (`vae_core.metrics.disentanglement`), and when no dimension is active.
    """
    z, table = checked(codes, factors)
    spread = z.var(axis=0)
    active = spread > ACTIVE_VARIANCE
    if not active.any():
        raise ShapeError(f"No latent dimension has a variance above {ACTIVE_VARIANCE}: there is none that could vote.")
    scaled = z[:, active] / np.sqrt(spread[active])
    taught, asked = (_votes(scaled, table, n_votes, group_size, generator) for _ in range(2))
    counts = np.zeros((scaled.shape[1], table.shape[1]), np.int64)
    np.add.at(counts, (taught[:, 0], taught[:, 1]), 1)
    return measure((counts.argmax(axis=1)[asked[:, 0]] == asked[:, 1]).astype(np.float64))


def _votes(z: Doubles, table: Whole, n_votes: int, group_size: int, generator: np.random.Generator) -> Whole:
    """Pairs (n_votes, 2): the dimension that varied least, and the factor that was held fixed."""
    # Sorted by a factor, the images with one of its values stand together, from the value's first place to the next's.
    orders = np.argsort(table, axis=0, kind="stable")
    ends = [np.cumsum(np.bincount(column)) for column in table.T]
    votes = np.empty((n_votes, 2), np.int64)
    for vote in votes:
        factor = int(generator.integers(table.shape[1]))
        value = int(table[generator.integers(len(table)), factor])
        first = ends[factor][value - 1] if value else 0
        group = orders[generator.integers(first, ends[factor][value], group_size), factor]
        vote[:] = z[group].var(axis=0).argmin(), factor
    return votes
