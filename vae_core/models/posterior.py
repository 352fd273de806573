"""The approximate posterior q(z|x): a Gaussian with diagonal covariance (Kingma & Welling 2014, section 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOGVAR_RANGE = (-12.0, 6.0)
"""Bounds of log sigma^2. Unbounded, a long run ends in NaN: exp overflows once a dimension is hardly used."""


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(z|x) = N(mu, diag(exp(logvar))) for a batch.

    Attributes
    ----------
    mu, logvar : Tensor of shape (B, D)
        Mean, and logarithm of the variance in nats.
    """

    mu: Tensor
    logvar: Tensor

    def rsample(self, *, generator: torch.Generator | None = None) -> Tensor:
        """Draw z = mu + sigma * epsilon, epsilon ~ N(0, I): the reparameterization trick (ibid., section 2.4).

        Returns
        -------
        Tensor of shape (B, D)
            Differentiable with respect to `mu` and `logvar`.
        """
        # torch.randn_like takes no generator, so the shape is spelled out.
        epsilon = torch.randn(self.mu.shape, generator=generator, device=self.mu.device, dtype=self.mu.dtype)
        return self.mu + torch.exp(0.5 * self.logvar) * epsilon

    def log_prob(self, z: Tensor) -> Tensor:
        """log q(z|x) in nats, summed over the dimensions.

        Parameters
        ----------
        z : Tensor of shape (..., B, D)

        Returns
        -------
        Tensor of shape (..., B)
        """
        squared = (z - self.mu).square() * torch.exp(-self.logvar)
        return -0.5 * (squared + self.logvar + math.log(2 * math.pi)).sum(-1)

    def kl(self) -> Tensor:
        """KL(q(z|x) || N(0, I)) of each dimension, in nats (ibid., appendix B).

        Returns
        -------
        Tensor of shape (B, D)
        """
        return 0.5 * (self.mu.square() + self.logvar.exp() - 1.0 - self.logvar)

    def repeated(self, k: int) -> DiagonalGaussian:
        """q(z|x) of one image (1, D) as if it stood k times in a batch, (k, D)."""
        return DiagonalGaussian(self.mu.expand(k, -1), self.logvar.expand(k, -1))


@dataclass(frozen=True)
class Point:
    """The code of an encoder that gives no distribution: z = mu, and nothing to draw.

    Attributes
    ----------
    mu : Tensor of shape (B, D)
    logvar : None
    """

    mu: Tensor
    logvar: None = None

    def rsample(self, *, generator: torch.Generator | None = None) -> Tensor:
        """The code itself, (B, D)."""
        return self.mu

    def kl(self) -> None:
        """None: a point has no density to compare with the prior's."""


def prior_log_prob(z: Tensor) -> Tensor:
    """log p(z) of the prior N(0, I), in nats: (..., D) to (...)."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(-1)
