"""The ELBO with a weight on the total correlation of the codes: beta-tcvae."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.models.objectives.base import Losses, Objective, Weights
from vae_core.models.posterior import DiagonalGaussian, prior_log_prob


class TotalCorrelation(Objective):
    """-E_q log p(x|z) + I(z; x) + beta TC(z) + sum_d KL(q(z_d) || p(z_d)) (Chen et al. 2018, eq. 4, alpha = gamma = 1).

    The mean KL of the ELBO is the sum of the three terms at beta = 1 (ibid., eq. 2), so what is computed is the ELBO's
    loss, its KL in closed form, plus (beta - 1) TC: at beta = 1 it is the VAE's loss.
    """

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        posterior = self.model.encode(x, label)
        assert isinstance(posterior, DiagonalGaussian)  # its family has one
        z = posterior.rsample(generator=generator)  # (B, D)
        log_likelihood = self.model.likelihood.log_prob(self.model.decode(z, label), x)
        kl = posterior.kl().sum(1)
        _, total_correlation, _ = decomposed_kl(posterior, z, self.n_train)
        loss = (kl - log_likelihood + (weights.kl - 1) * total_correlation).mean()
        return Losses(loss, log_likelihood, kl)


def decomposed_kl(posterior: DiagonalGaussian, z: Tensor, n_train: int) -> tuple[Tensor, Tensor, Tensor]:
    """Mutual information, total correlation and dimension-wise KL, each (B,), estimated at z ~ q(z|x).

    The aggregate posterior q(z) = 1/N sum_n q(z|x_n) over the N training images is estimated from the batch by
    stratified sampling (Chen et al. 2018, appendix C.2): the image that z was drawn for weighs 1/N, and the B - 1
    others, which stand for the N - 1 others of the data, share the rest alike. There the remainder goes to one of them;
    this is the mean over which one. With the whole data as the batch it is exact.

    Parameters
    ----------
    posterior : DiagonalGaussian
        Of B images.
    z : Tensor of shape (B, D)
    n_train : int
        N.
    """
    n = len(z)
    squared = (z[:, None] - posterior.mu).square() * torch.exp(-posterior.logvar)
    each = -0.5 * (squared + posterior.logvar + math.log(2 * math.pi))  # log q(z_d|x), (B of z, B of x, D)
    share = math.log((n_train - 1) / (n_train * (n - 1))) if n > 1 and n_train > 1 else -math.inf
    log_weights = torch.full((n, n), share, device=z.device, dtype=z.dtype).fill_diagonal_(-math.log(n_train))
    log_joint = torch.logsumexp(log_weights + each.sum(2), 1)  # log q(z), (B,)
    log_product = torch.logsumexp(log_weights[:, :, None] + each, 1).sum(1)  # sum_d log q(z_d), (B,)
    return posterior.log_prob(z) - log_joint, log_joint - log_product, log_product - prior_log_prob(z)
