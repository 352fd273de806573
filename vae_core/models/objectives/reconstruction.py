"""Autoencoders without a distribution over codes: ae, and dae, which repairs images."""

from __future__ import annotations

import torch
from torch import Tensor

from vae_core.models.objectives.base import Losses, Objective, Weights


class Reconstruction(Objective):
    """-log p(x | z = f(x)) (Hinton & Salakhutdinov 2006, whose cross-entropy is the Bernoulli one)."""

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        z = self.model.encode(self.corrupted(x, generator=generator), label).mu
        log_likelihood = self.model.likelihood.log_prob(self.model.decode(z, label), x)
        return Losses(-log_likelihood.mean(), log_likelihood)

    def corrupted(self, x: Tensor, *, generator: torch.Generator) -> Tensor:
        """The images that the encoder is shown: here x itself."""
        return x


class Denoising(Reconstruction):
    """-log p(x | z = f(x')), x' ~ C(x'|x) a corrupted x (Vincent et al. 2008).

    `masking` sets each pixel, all its channels together, to 0 with the probability `noise_level`; `gaussian` adds
    N(0, noise_level^2). The figures that are reported are of clean images.
    """

    def corrupted(self, x: Tensor, *, generator: torch.Generator) -> Tensor:
        level = self.config.noise_level
        if self.config.noise == "masking":
            kept = torch.rand((len(x), 1, *x.shape[2:]), generator=generator, device=x.device) >= level
            return x * kept
        return x + level * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
