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
from vae_core.errors import ConfigError

LOG_SIGMA_RANGE = (math.log(1e-3), math.log(10.0))


class Likelihood(nn.Module, ABC):
    """p(x|z), independent over the pixels given z."""

    @abstractmethod
    def mean(self, params: Tensor) -> Tensor:
        """x_hat, the mean of p(x|z), in [0, 1]; same shape as `params`, (..., C, H, W)."""

    @abstractmethod
    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """log p(x|z) in nats per image: (..., C, H, W) and (..., C, H, W) to (...)."""

    @abstractmethod
    def sample(self, params: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """A draw x ~ p(x|z), clipped to [0, 1], of the shape of `params`."""


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


class Gaussian(Likelihood):
    """N(x_hat, sigma^2) for every pixel, one sigma for the whole image (Kingma & Welling 2014, appendix C.2).

    The mean is the sigmoid of `params`, so that it stays a displayable image. `sigma` "learned" means: one number,
    optimised with the weights, so that the data and not the user sets the weight between likelihood and KL
    (Rybkin et al. 2021, "Simple and effective VAE training with calibrated decoders", section 3.2).
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


def build_likelihood(config: ModelConfig) -> Likelihood:
    """The likelihood that a configuration names."""
    if config.likelihood == "gaussian":
        if config.sigma == "per-pixel":
            raise ConfigError("sigma per pixel is not there yet.")
        return Gaussian(config.sigma)
    return Bernoulli()
