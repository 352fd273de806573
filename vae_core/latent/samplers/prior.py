"""The prior as a sampler."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vae_core.latent.prior import sample_prior
from vae_core.latent.samplers.fit import Density, Doubles, Floats


@dataclass(frozen=True, eq=False)
class Prior(Density):
    """N(0, I) in D dimensions; a temperature is its standard deviation."""

    latent_dim: int

    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        return sample_prior(n, self.latent_dim, temperature=temperature, generator=generator)

    def log_prob(self, z: Doubles) -> Doubles:
        return np.asarray(-0.5 * ((z**2).sum(1) + self.latent_dim * math.log(2 * math.pi)))
