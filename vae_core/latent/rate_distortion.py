"""Rate against distortion: what a code costs in nats, and how badly the image is known from it.

Rate R = KL(q(z|x) || p(z)), distortion D = -E_q log p(x|z), both means over images (Alemi et al. 2018, "Fixing a broken
ELBO", section 2): the ELBO is -(R + D), and a beta-VAE minimises D + beta R.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.errors import ShapeError
from vae_core.latent.aggregate import AggregatePosterior
from vae_core.latent.density import log_prior
from vae_core.latent.evidence import elbo_terms, fixed_draws
from vae_core.metrics.elbo import measure, posterior_kl

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]

N_DRAWS = 8
"""z an image at each width, the same for all widths, so that the curve is smooth."""


@dataclass(frozen=True, eq=False)
class RateDistortion:
    """Points of the plane of rate and distortion.

    Attributes
    ----------
    rate, distortion : float64 array of shape (S,)
        Means over images, nats.
    """

    rate: Doubles
    distortion: Doubles

    def loss(self, beta: float) -> Doubles:
        """D + beta R, (S,), nats."""
        return self.distortion + beta * self.rate

    def best(self, beta: float) -> int:
        """The index of the point whose loss is the smallest."""
        return int(self.loss(beta).argmin())

    def even_beta(self, i: int, j: int) -> float:
        """The beta at which two points cost the same: (D_j - D_i) / (R_i - R_j)."""
        return float((self.distortion[j] - self.distortion[i]) / (self.rate[i] - self.rate[j]))


def width_curve(
    explorer: LatentExplorer,
    images: npt.NDArray[np.uint8],
    scales: npt.ArrayLike,
    *,
    generator: np.random.Generator,
) -> RateDistortion:
    """Measure one decoder's rate and distortion while every q(z|x) is N(mu, (s sigma)²): a point for each scale s.

    Parameters
    ----------
    explorer : LatentExplorer
        Its encoder gives a distribution, and it takes no class.
    images : uint8 array of shape (N, C, H, W)
    scales : array of shape (S,)
        Positive.
    generator : numpy Generator

    Raises
    ------
    ShapeError
        When the model has no q(z|x), an image does not fit, or a scale is not a positive number.
    """
    factors = np.asarray(scales, np.float64)
    if factors.ndim != 1 or not (np.isfinite(factors).all() and (factors > 0).all()):
        raise ShapeError("The scales of sigma must be a list of positive numbers.")
    posterior = explorer.encode(images)
    if posterior.logvar is None:
        raise ShapeError(f"{explorer.name}: this encoder gives a point, whose width cannot be changed.")
    draws = fixed_draws(len(images), N_DRAWS, explorer.latent_dim, generator=generator)
    rate, distortion = np.empty(len(factors)), np.empty(len(factors))
    for i, factor in enumerate(factors):
        logvar = posterior.logvar + np.float32(2 * np.log(factor))
        terms = elbo_terms(explorer, images, posterior.mu, logvar, draws=draws)
        assert terms.kl is not None  # it has a logvar
        rate[i], distortion[i] = terms.kl.mean(), -terms.log_likelihood.mean()
    return RateDistortion(rate, distortion)


class Coded(Protocol):
    """Codes: mu (N, D), and logvar (N, D) or None."""

    @property
    def mu(self) -> npt.NDArray[np.float32]:
        """Posterior means."""
        ...

    @property
    def logvar(self) -> npt.NDArray[np.float32] | None:
        """Log variances; None where the encoder gives points."""
        ...


@dataclass(frozen=True)
class RateParts:
    """What a rate is made of: R = I + M (Hoffman & Johnson 2016, "ELBO surgery").

    Attributes
    ----------
    rate : Measure
        The mean of KL(q(z|x) || p(z)), in closed form.
    information : Measure
        I, what z tells of which of the N images it was drawn for: between 0 and log N.
    mismatch : Measure
        M = KL(q(z) || p(z)), how far the codes of all images together are from the prior: it tells nothing of an image.
    """

    rate: Measure
    information: Measure
    mismatch: Measure


def rate_parts(codes: Coded, *, n_draws: int = 2000, generator: np.random.Generator) -> RateParts:
    """Split the rate of N images; I and M are means over draws z ~ q(z|x) of images picked at random.

    Raises
    ------
    ShapeError
        When the codes are points, or fewer than two.
    """
    if codes.logvar is None:
        raise ShapeError("Codes without a variance have no rate.")
    aggregate = AggregatePosterior.of(codes)
    rows = generator.integers(len(aggregate), size=n_draws)
    z = aggregate.draw(rows, generator=generator)
    logvar = codes.logvar[rows].astype(np.float64)
    squares = (z - codes.mu[rows]) ** 2 / np.exp(logvar)
    log_own = -0.5 * (squares + logvar + np.log(2 * np.pi)).sum(1)
    log_all = aggregate.log_prob(z)
    return RateParts(
        rate=measure(posterior_kl(codes.mu, codes.logvar)),
        information=measure(log_own - log_all),
        mismatch=measure(log_all - log_prior(z)),
    )
