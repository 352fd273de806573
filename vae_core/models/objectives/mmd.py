"""The ELBO with a divergence between the codes of all images and the prior: info-vae."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.card import SplitFigures
from vae_core.models.objectives.base import Losses, Objective, Weights
from vae_core.models.posterior import DiagonalGaussian


class InfoVae(Objective):
    """-E_q log p(x|z) + beta KL(q(z|x) || p(z)) + mmd_weight MMD^2(q(z), p(z)) (Zhao, Song & Ermon 2019).

    Their alpha is 1 - beta, their lambda beta + mmd_weight, and their divergence D the squared maximum mean
    discrepancy. beta = 0 presses on the aggregate posterior alone (their MMD-VAE), beta = 1 adds to the VAE's loss.
    """

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        terms = self.model.elbo_terms(x, label, generator=generator)
        assert isinstance(terms.posterior, DiagonalGaussian)  # its family has one
        kl = terms.posterior.kl().sum(1)  # (B,)
        loss = (weights.kl * kl - terms.log_likelihood).mean() + self.config.mmd_weight * squared_mmd(terms.posterior)
        return Losses(loss, terms.log_likelihood, kl)

    def score(self, figures: SplitFigures) -> float | None:
        """The log-likelihood less beta KL: by the ELBO, beta = 0 would keep weights that say nothing of an image."""
        if figures.log_likelihood is None or figures.kl is None:
            return None
        return figures.log_likelihood.value - self.config.beta * figures.kl.value


def squared_mmd(posterior: DiagonalGaussian) -> Tensor:
    """Unbiased estimate of the squared maximum mean discrepancy between the aggregate posterior q(z) and N(0, I).

    E k(z, z') - 2 E k(z, y) + E k(y, y') over independent z, z' ~ q(z) and y, y' ~ N(0, I), with the kernel
    k(a, b) = exp(-|a - b|^2 / (2 D)) (Gretton et al. 2012, lemma 6). Under it the expectation over two Gaussians is in
    closed form, so nothing is drawn but the images: with draws of z, their noise drowns what little an encoder that
    has just begun says of an image, and it never begins.

    Parameters
    ----------
    posterior : DiagonalGaussian
        q(z|x) of the B images of a batch.

    Returns
    -------
    Tensor of shape ()
        May be a little below 0, as unbiased estimates of 0 are; 0 for a single image, which cannot tell.
    """
    mu, variance = posterior.mu, posterior.logvar.exp()
    n, d = mu.shape
    if n < 2:
        return mu.sum() * 0
    pairs = _kernel(mu[:, None] - mu, variance[:, None] + variance)  # (B, B)
    among = (pairs.sum() - pairs.diagonal().sum()) / (n * (n - 1))
    own = float((d / (d + 2)) ** (d / 2))
    return among - 2 * _kernel(mu, variance + 1).mean() + own


def _kernel(difference: Tensor, variance: Tensor) -> Tensor:
    """E k(a, b) where a - b ~ N(difference, variance), both (..., D): to (...)."""
    d = difference.shape[-1]
    whole = variance + d
    return torch.exp(-0.5 * (difference.square() / whole + torch.log(whole / d)).sum(-1))
