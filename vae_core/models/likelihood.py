"""The likelihood p(x|z): what the decoder's output means, with all constants kept.

A likelihood turns the decoder's raw output (`params`) into the mean image x_hat, a log-probability, or a draw.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_core.config import ModelConfig

LOG_SIGMA_RANGE = (math.log(1e-3), math.log(10.0))


class Likelihood(nn.Module, ABC):
    """p(x|z), independent over the pixels given z.

    Attributes
    ----------
    params_per_pixel : int
        Numbers that the decoder puts out for each pixel and channel: `params` has this many times C channels.
    """

    params_per_pixel = 1

    @abstractmethod
    def mean(self, params: Tensor) -> Tensor:
        """x_hat, the mean of p(x|z), in [0, 1], (..., C, H, W)."""

    @abstractmethod
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) in nats per image: params and x (..., C, H, W) to (...)."""

    @abstractmethod
    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """A draw x ~ p(x|z), clipped to [0, 1], (..., C, H, W)."""


class Bernoulli(Likelihood):
    """Each pixel is 1 with the decoded probability; `params` are logits (Kingma & Welling 2014, appendix C.1).

    On grey values in [0, 1] the same formula is the usual choice, x log p + (1 - x) log(1 - p), but no longer a
    normalised density: compare such figures only with figures of the same kind.
    """

    def mean(self, params: Tensor) -> Tensor:
        return torch.sigmoid(params)

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(params, x, reduction="none").flatten(-3).sum(-1)

    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        return torch.bernoulli(torch.sigmoid(params), generator=generator)


SMALL_LOGIT = 0.5
"""Below this the closed forms of the continuous Bernoulli lose digits in float32, and their series take over."""


class ContinuousBernoulli(Likelihood):
    """A density on [0, 1] for grey values; `params` are logits eta, lambda = sigmoid(eta).

    p(x) = C(lambda) lambda^x (1 - lambda)^(1 - x), normalised, unlike the Bernoulli formula on grey values
    (Loaiza-Ganem & Cunningham 2019). Written with eta it is exp(eta x - A(eta)) with
    A(eta) = log((e^eta - 1) / eta), whose derivative is the mean. Around eta = 0 (lambda = 1/2) both are 0/0, so there
    Taylor series stand in for them.
    """

    def mean(self, params: Tensor) -> Tensor:
        """A'(eta) = 1 / (1 - e^-eta) - 1 / eta, the mean of the density: lambda itself is not."""
        size, small, large, squared = _parted(params)
        closed = 0.5 - 1 / large + torch.exp(-large) / (1 - torch.exp(-large))  # of A'(|eta|) - 1/2
        series = size * (1 / 12 - squared / 720 + squared.square() / 30_240)
        return 0.5 + torch.sign(params) * torch.where(small, series, closed)

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        return (params * x - self._log_normaliser(params)).flatten(-3).sum(-1)

    def _log_normaliser(self, params: Tensor) -> Tensor:
        """A(eta) = eta/2 + log(sinh(eta/2) / (eta/2)), whose second part is even in eta."""
        _, small, large, squared = _parted(params)
        closed = large / 2 + torch.log1p(-torch.exp(-large)) - torch.log(large)
        series = squared * (1 / 24 - squared / 2880 + squared.square() / 181_440)
        return params / 2 + torch.where(small, series, closed)

    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """By the inverse of the distribution function, log(1 + u (e^eta - 1)) / eta."""
        u = torch.rand(params.shape, generator=generator, device=params.device, dtype=params.dtype)
        size = params.abs().clamp(min=1e-6)
        falling = torch.log1p(u * torch.expm1(-size)) / -size  # of -|eta|, whose exponential cannot overflow
        return torch.where(params > 0, 1 - falling, falling).clamp(0.0, 1.0)


def _parted(params: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """|eta|; where it is small; |eta| elsewhere, and its square there, each harmless where the other form holds."""
    size = params.abs()
    small = size < SMALL_LOGIT
    edge = torch.full_like(size, SMALL_LOGIT)
    return size, small, torch.where(small, edge, size), torch.where(small, size, edge).square()


class Gaussian(Likelihood):
    """N(x_hat, sigma^2) for every pixel, one sigma for the whole image (Kingma & Welling 2014, appendix C.2).

    The mean is the sigmoid of `params`, so that it stays a displayable image. `sigma` "learned" means: one number,
    optimised with the weights, so that the data and not the user sets the weight between likelihood and KL
    (Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders").
    """

    def __init__(self, sigma: float | Literal["learned"]) -> None:
        super().__init__()
        log_sigma = torch.tensor(math.log(0.3 if sigma == "learned" else sigma))
        if sigma == "learned":
            self.log_sigma: Tensor = nn.Parameter(log_sigma)
        else:
            self.register_buffer("log_sigma", log_sigma)

    def _bounded_log_sigma(self) -> Tensor:
        return self.log_sigma.clamp(*LOG_SIGMA_RANGE)

    def mean(self, params: Tensor) -> Tensor:
        return torch.sigmoid(params)

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        log_sigma = self._bounded_log_sigma()
        squared = (x - self.mean(params)).square().flatten(-3).sum(-1) * torch.exp(-2 * log_sigma)
        return -0.5 * squared - math.prod(params.shape[-3:]) * (log_sigma + 0.5 * math.log(2 * math.pi))

    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        noise = torch.randn(params.shape, generator=generator, device=params.device, dtype=params.dtype)
        return (self.mean(params) + torch.exp(self._bounded_log_sigma()) * noise).clamp(0.0, 1.0)


class PerPixelGaussian(Likelihood):
    """N(x_hat, sigma^2) with a sigma of each pixel, which the decoder puts out (Kingma & Welling 2014, appendix C.2).

    The channels of `params` are the C means before their sigmoid, then the C log sigmas.
    """

    params_per_pixel = 2

    def _split(self, params: Tensor) -> tuple[Tensor, Tensor]:
        raw, log_sigma = params.chunk(2, -3)
        return torch.sigmoid(raw), log_sigma.clamp(*LOG_SIGMA_RANGE)

    def mean(self, params: Tensor) -> Tensor:
        return self._split(params)[0]

    def sigma(self, params: Tensor) -> Tensor:
        """The standard deviation of each pixel, in units of [0, 1], (..., C, H, W)."""
        return self._split(params)[1].exp()

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        mean, log_sigma = self._split(params)
        squared = (x - mean).square() * torch.exp(-2 * log_sigma)
        return -(0.5 * squared + log_sigma + 0.5 * math.log(2 * math.pi)).flatten(-3).sum(-1)

    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        mean, log_sigma = self._split(params)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        return (mean + torch.exp(log_sigma) * noise).clamp(0.0, 1.0)


def build_likelihood(config: ModelConfig) -> Likelihood:
    """The likelihood that a configuration names."""
    if config.likelihood == "continuous-bernoulli":
        return ContinuousBernoulli()
    if config.likelihood == "bernoulli":
        return Bernoulli()
    return PerPixelGaussian() if config.sigma == "per-pixel" else Gaussian(config.sigma)
