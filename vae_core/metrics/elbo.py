"""The ELBO and its parts on a split, each in nats per image with its standard error over the images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.card import Measure, SplitFigures
from vae_core.errors import VaeCoreError
from vae_core.models import VAE, DiagonalGaussian, prior_log_prob

EVALUATION_SEED = 20_131_220
"""Seed of the one draw of z an image, fixed so that a figure measured twice is the same."""

EVALUATION_BATCH = 1000
"""Images whose z are drawn at once: a generator's numbers depend on how many it is asked for together."""


@dataclass(frozen=True)
class ElboParts:
    """What an evaluation yields of each image: log_likelihood (N,), kl (N, D), and q(z|x): mu, logvar (N, D)."""

    log_likelihood: npt.NDArray[np.float64]
    kl: npt.NDArray[np.float64]
    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ImageScores:
    """The ELBO and its terms of N images, (N,) float64 each, in nats: elbo = log_likelihood - kl.

    The log-likelihood is that of one z drawn from q(z|x), with the fixed seed of an evaluation.
    """

    log_likelihood: npt.NDArray[np.float64]
    kl: npt.NDArray[np.float64]
    elbo: npt.NDArray[np.float64]


def measure(values: npt.NDArray[np.float64]) -> Measure:
    """Mean and standard error, std / sqrt(n) with n - 1 in the variance; no error for a single value.

    Raises
    ------
    VaeCoreError
        When a value is not a finite number: finite weights may be so large that what they yield is none.
    """
    if not np.isfinite(values).all():
        raise VaeCoreError(
            "On some images this model's log-likelihood or KL is not a finite number: its weights are unusable."
        )
    error = float(np.std(values, ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
    return Measure(value=float(np.mean(values)), standard_error=error)


def batches(images: Tensor, size: int, device: torch.device | str) -> Iterator[Tensor]:
    """uint8 (N, C, H, W) as float32 batches in [0, 1] on a device."""
    for start in range(0, len(images), size):
        yield images[start : start + size].to(device).to(torch.float32).div_(255)


@torch.inference_mode()
def elbo_parts(
    model: VAE, images: Tensor, *, seed: int = EVALUATION_SEED, batch_size: int = EVALUATION_BATCH
) -> ElboParts:
    """The ELBO's terms of each image, with one draw of z an image.

    Parameters
    ----------
    model : VAE
    images : Tensor of uint8, shape (N, C, H, W)
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for x in batches(images, batch_size, device):
        terms = model.elbo_terms(x, generator=generator)
        parts.append((terms.log_likelihood.double(), terms.kl.double(), terms.posterior.mu, terms.posterior.logvar))
    log_likelihoods, kls, mus, logvars = (torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True))
    return ElboParts(log_likelihoods, kls, mus, logvars)


def posterior_kl(mu: npt.NDArray[np.float32], logvar: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """KL(q(z|x) || p(z)) of each image in nats, summed over the dimensions: (N, D) and (N, D) to (N,)."""
    posterior = DiagonalGaussian(torch.from_numpy(np.array(mu)), torch.from_numpy(np.array(logvar)))
    return np.asarray(posterior.kl().double().sum(1))


def split_figures(parts: ElboParts) -> SplitFigures:
    """Means and standard errors of an evaluation."""
    kl = parts.kl.sum(1)
    return SplitFigures(
        n_images=len(kl),
        elbo=measure(parts.log_likelihood - kl),
        log_likelihood=measure(parts.log_likelihood),
        kl=measure(kl),
        kl_per_dimension=tuple(float(value) for value in parts.kl.mean(0)),
    )


@torch.inference_mode()
def importance_weighted_nll(model: VAE, images: Tensor, n_samples: int, *, seed: int = EVALUATION_SEED) -> Measure:
    """Minus the importance-weighted bound on log p(x) (Burda, Grosse & Salakhutdinov 2016, eq. 8).

    -log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x), z_i ~ q(z|x); it falls towards -log p(x) as k grows.

    Parameters
    ----------
    model : VAE
    images : Tensor of uint8, shape (N, C, H, W)
    n_samples : int
        k, draws of z an image.
    """
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    bounds: list[float] = []
    for x in batches(images, 1, device):
        posterior = model.encode(x)
        log_weights = []
        for start in range(0, n_samples, 500):
            k = min(500, n_samples - start)
            repeated = posterior.repeated(k)
            z = repeated.rsample(generator=generator)  # (k, D)
            log_likelihood = model.likelihood.log_prob(model.decode(z), x.expand(k, -1, -1, -1))
            log_weights.append((log_likelihood + prior_log_prob(z) - repeated.log_prob(z)).double())
        bounds.append(float(torch.logsumexp(torch.cat(log_weights), 0)) - math.log(n_samples))
    return measure(-np.asarray(bounds))
