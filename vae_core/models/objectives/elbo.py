"""The ELBO with a weight on its KL term, free bits and a capacity: vae and cvae."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.models.objectives.base import Losses, Objective, Weights


class Elbo(Objective):
    """-E_q log p(x|z) + beta KL(q(z|x) || p(z)) (Kingma & Welling 2014, eq. 3; Higgins et al. 2017, eq. 4).

    With free bits lambda, the KL is sum_d max(lambda, mean over the batch of KL_d) (Kingma et al. 2016, eq. 15, a
    group of its own for each dimension). With a capacity C, the second term is beta |KL - C|, KL the mean over the
    batch (Burgess et al. 2018, eq. 8, whose expectation is taken before the absolute value).
    """

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        terms = self.model.elbo_terms(x, label, generator=generator)
        assert terms.kl is not None  # its families have a posterior
        kl = terms.kl.sum(1)  # (B,)
        if not (self.config.free_bits or self.config.capacity):
            loss = (weights.kl * kl - terms.log_likelihood).mean()
        else:
            penalty = terms.kl.mean(0).clamp(min=self.config.free_bits).sum()
            loss = weights.kl * (penalty - weights.capacity).abs() - terms.log_likelihood.mean()
        return Losses(loss, terms.log_likelihood, kl)
