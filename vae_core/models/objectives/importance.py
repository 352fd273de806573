"""The importance-weighted bound with k samples: iwae."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from vae_core.models.objectives.base import Losses, Objective, Weights
from vae_core.models.posterior import DiagonalGaussian, prior_log_prob


class ImportanceWeighted(Objective):
    """-E log 1/k sum_i w_i, w_i = p(x|z_i) p(z_i) / q(z_i|x), z_i ~ q(z|x) (Burda et al. 2016, eq. 8).

    With k = 1 it is the ELBO, whose KL is then estimated by the one sample.
    """

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        k = self.config.importance_samples
        posterior = self.model.encode(x, label)
        assert isinstance(posterior, DiagonalGaussian)  # its family has one
        kl = posterior.kl().sum(1)  # (B,)
        noise = torch.randn((k, *posterior.mu.shape), generator=generator, device=x.device, dtype=x.dtype)
        z = posterior.mu + torch.exp(0.5 * posterior.logvar) * noise  # (k, B, D)
        params = self.model.decode(z.flatten(0, 1), None if label is None else label.repeat(k))
        log_likelihood = self.model.likelihood.log_prob(params, x.repeat(k, 1, 1, 1)).view(k, len(x))
        log_weights = log_likelihood + prior_log_prob(z) - posterior.log_prob(z)  # (k, B)
        bound = torch.logsumexp(log_weights, 0) - math.log(k)
        return Losses(-bound.mean(), log_likelihood.detach()[0], kl.detach())
