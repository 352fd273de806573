"""Draws from q(z|x) of one image: the KL by Monte Carlo, and the bounds on log p(x) that importance weights give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from vae_core.card import Measure
from vae_core.checks import whole_number
from vae_core.errors import ShapeError
from vae_core.latent.density import log_prior
from vae_core.metrics.elbo import measure

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """K draws z ~ q(z|x) of one image, and what the model says of each.

    Attributes
    ----------
    z : float32 array of shape (K, D)
    log_likelihood, log_prior, log_posterior : float64 array of shape (K,)
        log p(x|z), log p(z) and log q(z|x), nats.
    """

    z: npt.NDArray[np.float32]
    log_likelihood: Doubles
    log_prior: Doubles
    log_posterior: Doubles

    @property
    def kl_terms(self) -> Doubles:
        """log q(z|x) - log p(z), (K,): their mean estimates the KL without bias; single ones may be negative."""
        return self.log_posterior - self.log_prior

    @property
    def log_weights(self) -> Doubles:
        """log p(x|z) p(z) / q(z|x), (K,): the mean of the weights estimates p(x) without bias."""
        return self.log_likelihood - self.kl_terms

    def bound(self, k: int) -> Measure:
        """The importance-weighted bound with k draws, the mean over K // k groups (Burda et al. 2016, eq. 8).

        With k = 1 it is the ELBO; its expectation never falls as k grows (ibid., theorem 1).

        Raises
        ------
        ShapeError
            When k is less than 1 or more than K.
        """
        k = whole_number(k, "k", least=1)
        if k > len(self.z):
            raise ShapeError(f"A bound with {k} draws needs as many, but there are {len(self.z)}.")
        groups = self.log_weights[: len(self.z) // k * k].reshape(-1, k)
        return measure(logsumexp(groups, axis=1) - math.log(k))


def posterior_draws(
    explorer: LatentExplorer, image: npt.NDArray[np.uint8], n_draws: int, *, generator: np.random.Generator
) -> Draws:
    """Draw from q(z|x) of one image.

    Parameters
    ----------
    explorer : LatentExplorer
        Its encoder gives a distribution, and it takes no class.
    image : uint8 array of shape (C, H, W)
    n_draws : int
        K.
    generator : numpy Generator

    Raises
    ------
    ShapeError
        When the model has no q(z|x) or takes a class, or the image has another shape.
    """
    n_draws = whole_number(n_draws, "n_draws", least=1)
    posterior = explorer.encode(image[None])
    if posterior.logvar is None:
        raise ShapeError(f"{explorer.name}: this encoder gives a point, no distribution to draw from.")
    noise = generator.standard_normal((n_draws, explorer.latent_dim))
    logvar = posterior.logvar.astype(np.float64)
    z = (posterior.mu + np.exp(0.5 * logvar) * noise).astype(np.float32)
    log_posterior = -0.5 * (noise**2 + logvar + math.log(2 * math.pi)).sum(1)
    images = np.broadcast_to(image, (n_draws, *image.shape))
    return Draws(z, explorer.log_likelihood(images, z), log_prior(z), log_posterior)


def kl_spread(mu: npt.ArrayLike, sigma: npt.ArrayLike) -> float:
    """Standard deviation of log q(z) - log p(z), z ~ q = N(mu, diag(sigma²)), in closed form, nats.

    With z = mu + sigma e, each dimension's term is (sigma² - 1)/2 e² + mu sigma e and a constant, whose variance is
    (sigma² - 1)²/2 + mu² sigma². A Monte Carlo KL of n draws has this, divided by sqrt(n), as its standard error.

    Parameters
    ----------
    mu, sigma : array of shape (D,)
        Of one q(z|x).
    """
    mean, width = np.asarray(mu, np.float64), np.asarray(sigma, np.float64)
    return float(np.sqrt(((width**2 - 1) ** 2 / 2 + (mean * width) ** 2).sum()))


def gaussian_kl_terms(mu: float, sigma: float, n_draws: int, *, generator: np.random.Generator) -> Doubles:
    """log q(z) - log p(z) at draws z ~ q = N(mu, sigma²) in one dimension, (n_draws,), p = N(0, 1); nats."""
    noise = generator.standard_normal(n_draws)
    return np.asarray(0.5 * ((mu + sigma * noise) ** 2 - noise**2) - math.log(sigma))


def running_means(values: Doubles) -> Doubles:
    """The mean of the first n values, for n from 1 to N, (N,)."""
    return np.asarray(np.cumsum(values) / np.arange(1, len(values) + 1))


def gaussian_kl(mu: float, sigma: float) -> float:
    """KL(N(mu, sigma²) || N(0, 1)) in nats, in closed form (Kingma & Welling 2014, appendix B)."""
    return 0.5 * (mu**2 + sigma**2 - 1) - math.log(sigma)
