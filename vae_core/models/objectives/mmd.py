"""The ELBO with a divergence between the codes of all images and the prior: info-vae."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.models.objectives.base import Losses, Objective, Weights
from vae_core.models.posterior import DiagonalGaussian


class InfoVae(Objective):
    """-E_q log p(x|z) + beta KL(q(z|x) || p(z)) + mmd_weight MMD^2(q(z), p(z)) (Zhao, Song & Ermon 2019, eq. 6).

    Their alpha is 1 - beta, their lambda beta + mmd_weight, and their divergence D the squared maximum mean
    discrepancy. beta = 0 presses on the aggregate posterior alone (their MMD-VAE), beta = 1 adds to the VAE's loss.
    """

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        posterior = self.model.encode(x, label)
        assert isinstance(posterior, DiagonalGaussian)  # its family has one
        z = posterior.rsample(generator=generator)  # (B, D)
        log_likelihood = self.model.likelihood.log_prob(self.model.decode(z, label), x)
        kl = posterior.kl().sum(1)
        loss = (weights.kl * kl - log_likelihood).mean() + self.config.mmd_weight * squared_mmd(z)
        return Losses(loss, log_likelihood, kl)


def squared_mmd(z: Tensor) -> Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy between the source of z and N(0, I).

    E k(z, z') - 2 E k(z, y) + E k(y, y') with k(a, b) = exp(-|a - b|^2 / (2 D)) and y ~ N(0, I) (Gretton et al. 2012,
    lemma 6): under this kernel the expectations over y are in closed form, so no y is drawn.

    Parameters
    ----------
    z : Tensor of shape (B, D)

    Returns
    -------
    Tensor of shape ()
        May be a little below 0, as unbiased estimates of 0 are; 0 for a single z, which cannot tell.
    """
    n, d = z.shape
    if n < 2:
        return z.sum() * 0
    norms = z.square().sum(1)
    squared = (norms[:, None] + norms - 2 * z @ z.T).clamp(min=0)  # (B, B)
    kernel = torch.exp(-squared / (2 * d))
    among = (kernel.sum() - kernel.diagonal().sum()) / (n * (n - 1))
    across = (d / (d + 1)) ** (d / 2) * torch.exp(-norms / (2 * (d + 1))).mean()
    nearby: Tensor = among - 2 * across + (d / (d + 2)) ** (d / 2)
    return nearby
