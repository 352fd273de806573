"""How likely a place of the latent space is: under the encoded data, and under the prior.

The decoder was trained on z ~ q(z|x) of its images and on nothing else, so the aggregate posterior
q(z) = 1/M sum_m q(z|x_m) (Hoffman and Johnson 2016, "ELBO surgery") says where it was trained.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ConfigError
from vae_core.inputs import checked_label, checked_z
from vae_core.latent.aggregate import AggregatePosterior, Encoded
from vae_core.latent.samplers.codes import Codes

if TYPE_CHECKING:
    from vae_core.checkpoints import Latents
    from vae_core.explorer import LatentExplorer

OUTSIDE = 0.01
"""A place is off the supported region when less than this share of held-out codes lies at a lower density."""

MOST_NUMBERS = 1 << 18
"""Means that a density is made of, M times D: all 10,000 test codes of a model of up to 26 dimensions."""

N_JUDGES = 1000
SEED = 0

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Support:
    """How places compare with held-out codes.

    Attributes
    ----------
    log_density : ndarray of float64, shape (N,)
        log q(z), nats.
    share : ndarray of float64, shape (N,)
        Share of held-out codes that lie at a lower density, from 0 to 1: a codes' own share is uniform.
    """

    log_density: Doubles
    share: Doubles

    @property
    def is_outside(self) -> npt.NDArray[np.bool_]:
        """Where less than 1 % of held-out codes lie at a lower density: the decoder was hardly ever trained there."""
        return self.share < OUTSIDE


@dataclass(frozen=True, eq=False)
class Region:
    """The density of a model's encoded test images, with what it is at codes that were held out.

    Attributes
    ----------
    density : AggregatePosterior
    judged : ndarray of float64, shape (K,)
        log q(z), ascending, at a z ~ q(z|x) of up to 1,000 images, each without its own Gaussian.
    """

    density: AggregatePosterior
    judged: Doubles

    @property
    def threshold(self) -> float:
        """The log density, in nats, below which a place is off the supported region."""
        return float(self.judged[math.ceil(OUTSIDE * len(self.judged)) - 1])

    def support(self, z: npt.ArrayLike) -> Support:
        """Compare places (N, D) with the held-out codes."""
        found = self.density.log_prob(z)
        return Support(found, np.searchsorted(self.judged, found) / len(self.judged))


_regions: WeakKeyDictionary[LatentExplorer, dict[int | None, Region]] = WeakKeyDictionary()
"""What was computed for the models that are open, by the class told."""


def log_aggregate_posterior(codes: Encoded, z: npt.ArrayLike) -> Doubles:
    """log q(z) = log 1/M sum_m q(z|x_m) of places, in nats.

    Parameters
    ----------
    codes : anything with mu (M, D) and logvar (M, D) or None
        Without logvar a kernel estimate stands in, see `AggregatePosterior.of`; it is fitted anew in each call: keep
        an `AggregatePosterior` where many are made.
    z : array_like, shape (N, D)

    Returns
    -------
    ndarray of float64, shape (N,)

    Raises
    ------
    ShapeError
        When there are fewer than two codes, or a shape is another, or a value is not finite.
    """
    return AggregatePosterior.of(codes).log_prob(z)


def log_prior(z: npt.ArrayLike) -> Doubles:
    """log p(z) of the prior N(0, I), in nats, (N, D) to (N,).

    Raises
    ------
    ShapeError
        When z has another shape or is not finite.
    """
    rows = finite_rows(z, "z").astype(np.float64)
    return np.asarray(-0.5 * (rows**2 + math.log(2 * math.pi)).sum(1))


def region_of(explorer: LatentExplorer, label: int | None = None) -> Region:
    """Where a model's decoder was trained, by the encoded test images that came with it; kept once computed.

    Parameters
    ----------
    explorer : LatentExplorer
    label : int, optional
        The class, for a model that takes one: its decoder was told it, so the codes of that class alone count.

    Raises
    ------
    ConfigError
        When the model has no encoder, or too few images of the class were encoded.
    ShapeError
        When the label does not fit.
    """
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so nothing says where its decoder was trained.")
    checked_label(label, 1, explorer.n_classes, explorer.name)
    labels = explorer.latents.labels
    n = len(explorer.latents.mu) if label is None or labels is None else int((labels == label).sum())
    if n < 2:
        raise ConfigError(f"{explorer.name}: a density needs at least two encoded images, but there are {n}.")
    known = _regions.setdefault(explorer, {})
    if label not in known:
        known[label] = _region(explorer.latents, label)
    return known[label]


def _region(latents: Latents, label: int | None) -> Region:
    mu, logvar = latents.mu, latents.logvar
    generator = np.random.default_rng(SEED)
    chosen = np.arange(len(mu)) if label is None or latents.labels is None else np.flatnonzero(latents.labels == label)
    most = max(2, MOST_NUMBERS // mu.shape[1])
    if len(chosen) > most:
        chosen = np.sort(generator.choice(chosen, most, replace=False))
    density = AggregatePosterior.of(Codes(mu[chosen], None if logvar is None else logvar[chosen]))
    judges = np.sort(generator.permutation(len(density))[:N_JUDGES])
    judged = density.log_prob(density.draw(judges, generator=generator), without=judges)
    return Region(density, np.sort(judged))


def support(explorer: LatentExplorer, z: npt.ArrayLike, label: int | None = None) -> Support:
    """How z compares with where the decoder was trained.

    Parameters
    ----------
    explorer : LatentExplorer
    z : array_like, shape (N, D)
    label : int, optional
        As `region_of`.

    Raises
    ------
    ConfigError, ShapeError
        As `region_of`; also when z has another shape or is not finite.
    """
    return region_of(explorer, label).support(checked_z(z, explorer.latent_dim, explorer.name))
