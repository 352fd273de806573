"""One picture x and one x_hat under several likelihoods: what each makes of the same two arrays of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from vae_core.errors import ShapeError
from vae_core.models.likelihood import Bernoulli, ContinuousBernoulli, Gaussian, Likelihood

Kind = Literal["bernoulli", "continuous-bernoulli", "gaussian"]
Doubles = npt.NDArray[np.float64]

EDGE = 1e-6
"""How near to 0 and 1 a mean may come: at these ends logits are infinite."""


@dataclass(frozen=True)
class Scores:
    """log p(x|z) of one picture in nats, by likelihood.

    Attributes
    ----------
    bernoulli, continuous_bernoulli : float
    gaussian : float
        With the sigma that was given.
    squared_error : float
        |x - x_hat|², from which the Gaussian's follows.
    """

    bernoulli: float
    continuous_bernoulli: float
    gaussian: float
    squared_error: float

    @property
    def log_normaliser(self) -> float:
        """The continuous Bernoulli's less the Bernoulli's: the sum of log C(lambda) over the pixels."""
        return self.continuous_bernoulli - self.bernoulli


def scores(x: npt.ArrayLike, logits: npt.ArrayLike, *, sigma: float) -> Scores:
    """What each likelihood calls log p(x|z) where a decoder puts out the same numbers.

    x_hat = sigmoid(logits) is the rate of the Bernoulli, the lambda of the continuous Bernoulli, and the mean of the
    Gaussian.

    Parameters
    ----------
    x : array of shape (C, H, W)
        In [0, 1].
    logits : array of shape (C, H, W)
    sigma : float
        Standard deviation of the Gaussian, 0.001 to 10.

    Raises
    ------
    ShapeError
        When the shapes differ, or a value of x lies outside.
    """
    params = torch.from_numpy(np.array(logits, np.float64))
    image, mean = _pair(x, torch.sigmoid(params).numpy())

    def score(likelihood: Likelihood) -> float:
        with torch.inference_mode():
            return float(likelihood.double().log_prob(params, torch.from_numpy(image)))

    squared = float(np.square(image - mean).sum())
    return Scores(score(Bernoulli()), score(ContinuousBernoulli()), score(Gaussian(sigma)), squared)


def best_sigma(x: npt.ArrayLike, x_hat: npt.ArrayLike) -> float:
    """The sigma under which a Gaussian finds x likeliest at x_hat: the root of the mean squared error.

    The derivative of -|x - x_hat|² / 2 sigma² - n log sigma is 0 there (Rybkin et al. 2021, eq. 5).
    """
    image, mean = _pair(x, x_hat)
    return float(np.sqrt(np.square(image - mean).mean()))


def root_mean_square(log_likelihood: float, sigma: float, n_pixels: int) -> float:
    """The error that a Gaussian log-likelihood in nats per image was measured at, by solving it for the error."""
    squared = -2 * (log_likelihood / n_pixels + math.log(sigma) + 0.5 * math.log(2 * math.pi))
    return sigma * math.sqrt(squared)


def pixel_curve(kind: Kind, mean: float, x: npt.ArrayLike, *, sigma: float = 0.2) -> Doubles:
    """p(x) of one pixel at grey values x (N,), where a decoder says `mean`: lambda, or the Gaussian's mean.

    The Bernoulli's is the formula lambda^x (1 - lambda)^(1 - x), which between 0 and 1 is no density.
    """
    values = np.asarray(x, np.float64)
    at = np.full_like(values, mean)
    if kind == "gaussian":
        return np.exp(-0.5 * np.square((values - mean) / sigma)) / (sigma * math.sqrt(2 * math.pi))
    params = _logit(at)
    likelihood = Bernoulli() if kind == "bernoulli" else ContinuousBernoulli()
    pixels = (torch.from_numpy(np.array(array))[:, None, None, None] for array in (params, values))
    with torch.inference_mode():
        return np.asarray(likelihood.log_prob(*pixels).exp().numpy())


def bernoulli_area(rate: float) -> float:
    """The area under lambda^x (1 - lambda)^(1 - x) for x from 0 to 1: 1 / C(lambda) of the continuous Bernoulli.

    (2 lambda - 1) / log(lambda / (1 - lambda)), and 1/2 at lambda = 1/2 (Loaiza-Ganem & Cunningham 2019, eq. 8).
    """
    if abs(rate - 0.5) < 1e-6:
        return 0.5
    return (2 * rate - 1) / math.log(rate / (1 - rate))


def continuous_mean(rate: float) -> float:
    """The mean of the continuous Bernoulli of parameter lambda: nearer to 1/2 than lambda itself."""
    return float(ContinuousBernoulli().mean(torch.from_numpy(_logit(np.array([rate])))))


def _logit(mean: Doubles) -> Doubles:
    safe = np.clip(mean, EDGE, 1 - EDGE)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def _pair(x: npt.ArrayLike, x_hat: npt.ArrayLike) -> tuple[Doubles, Doubles]:
    image, mean = np.asarray(x, np.float64), np.asarray(x_hat, np.float64)
    if image.ndim != 3 or image.shape != mean.shape or not all(0 <= a.min() <= a.max() <= 1 for a in (image, mean)):
        raise ShapeError(f"x and x_hat must be two images (C, H, W) in [0, 1], but are {image.shape}, {mean.shape}.")
    return image, mean
