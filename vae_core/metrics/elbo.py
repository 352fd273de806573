"""The ELBO and its parts on a split, each in nats per image with its standard error over the images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.card import Measure, SplitFigures
from vae_core.errors import ConfigError, VaeCoreError
from vae_core.models import DiagonalGaussian, ElboTerms, Model, prior_log_prob

EVALUATION_SEED = 20_131_220
"""Seed of the one draw of z an image, fixed so that a figure measured twice is the same."""

EVALUATION_BATCH = 1000
"""Images whose z are drawn at once: a generator's numbers depend on how many it is asked for together."""


@dataclass(frozen=True)
class ElboParts:
    """What an evaluation yields of each of n_images: log_likelihood (N,), kl (N, D), and q(z|x): mu, logvar (N, D).

    None stands for what the family has not; without an encoder, mu has no rows.
    """

    n_images: int
    log_likelihood: npt.NDArray[np.float64] | None
    kl: npt.NDArray[np.float64] | None
    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class ImageScores:
    """The ELBO and its terms of N images, (N,) float64 each, in nats: elbo = log_likelihood - kl.

    The log-likelihood is that of one z drawn from q(z|x), with the fixed seed of an evaluation; where the encoder gives
    a point it is that of this point, and there is neither KL nor ELBO.
    """

    log_likelihood: npt.NDArray[np.float64]
    kl: npt.NDArray[np.float64] | None
    elbo: npt.NDArray[np.float64] | None


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
    model: Model,
    images: Tensor,
    labels: npt.NDArray[np.int64] | None = None,
    *,
    seed: int = EVALUATION_SEED,
    batch_size: int = EVALUATION_BATCH,
) -> ElboParts:
    """The ELBO's terms of each image, with one draw of z an image.

    Parameters
    ----------
    model : Model
    images : Tensor of uint8, shape (N, C, H, W)
    labels : int64 array of shape (N,), optional
        For a model that takes a class, which needs them; not looked at by the others.
    """
    if not model.can.encode:
        return ElboParts(len(images), None, None, np.zeros((0, model.latent_dim), np.float32), None)
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    classes = labels_of(model, labels)
    parts: list[ElboTerms] = []
    for i, x in enumerate(batches(images, batch_size, device)):
        label = None if classes is None else classes[i * batch_size : i * batch_size + len(x)].to(device)
        parts.append(model.elbo_terms(x, label, generator=generator))
    columns = zip(*((p.log_likelihood.double(), p.kl, p.posterior.mu, p.posterior.logvar) for p in parts), strict=True)
    found, kl, mu, logvar = (_joined(column) for column in columns)
    return ElboParts(len(images), found, None if kl is None else kl.astype(np.float64), mu, logvar)


def labels_of(model: Model, labels: npt.NDArray[np.int64] | None) -> Tensor | None:
    """The classes as the model is told them, int64 on the CPU; None when it takes none.

    Raises
    ------
    ConfigError
        When it takes a class and there are no labels.
    """
    if not model.can.label:
        return None
    if labels is None:
        raise ConfigError("This model takes a class, but the data has no labels.")
    return torch.from_numpy(np.array(labels))


def _joined(column: Sequence[Tensor | None]) -> Any:
    some = [part for part in column if part is not None]
    return torch.cat(some).cpu().numpy() if some else None


def posterior_kl(mu: npt.NDArray[np.float32], logvar: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """KL(q(z|x) || p(z)) of each image in nats, summed over the dimensions: (N, D) and (N, D) to (N,)."""
    posterior = DiagonalGaussian(torch.from_numpy(np.array(mu)), torch.from_numpy(np.array(logvar)))
    return np.asarray(posterior.kl().double().sum(1))


def split_figures(parts: ElboParts) -> SplitFigures:
    """Means and standard errors of an evaluation."""
    found = parts.log_likelihood
    if found is None or parts.kl is None:
        own = None if found is None else measure(found)
        return SplitFigures(n_images=parts.n_images, elbo=None, log_likelihood=own, kl=None, kl_per_dimension=())
    kl = parts.kl.sum(1)
    return SplitFigures(
        n_images=parts.n_images,
        elbo=measure(found - kl),
        log_likelihood=measure(found),
        kl=measure(kl),
        kl_per_dimension=tuple(float(value) for value in parts.kl.mean(0)),
    )


@torch.inference_mode()
def importance_weighted_nll(
    model: Model,
    images: Tensor,
    n_samples: int,
    labels: npt.NDArray[np.int64] | None = None,
    *,
    seed: int = EVALUATION_SEED,
) -> Measure:
    """Minus the importance-weighted bound on log p(x) (Burda, Grosse & Salakhutdinov 2016, eq. 8).

    -log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x), z_i ~ q(z|x); it falls towards -log p(x) as k grows.

    Parameters
    ----------
    model : Model
    images : Tensor of uint8, shape (N, C, H, W)
    n_samples : int
        k, draws of z an image.
    labels : int64 array of shape (N,), optional
        For a model that takes a class.

    Raises
    ------
    ConfigError
        When the model has no q(z|x) to draw from.
    """
    if not model.can.posterior:
        raise ConfigError("The importance-weighted NLL needs a distribution q(z|x), and this model has none.")
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    classes = labels_of(model, labels)
    bounds: list[float] = []
    for i, x in enumerate(batches(images, 1, device)):
        label = None if classes is None else classes[i : i + 1].to(device)
        posterior = model.encode(x, label)
        assert isinstance(posterior, DiagonalGaussian)  # it can posterior
        log_weights = []
        for start in range(0, n_samples, 500):
            k = min(500, n_samples - start)
            repeated = posterior.repeated(k)
            z = repeated.rsample(generator=generator)  # (k, D)
            given = None if label is None else label.expand(k)
            log_likelihood = model.likelihood.log_prob(model.decode(z, given), x.expand(k, -1, -1, -1))
            log_weights.append((log_likelihood + prior_log_prob(z) - repeated.log_prob(z)).double())
        bounds.append(float(torch.logsumexp(torch.cat(log_weights), 0)) - math.log(n_samples))
    return measure(-np.asarray(bounds))
