"""The aggregate posterior itself: q(z|x) of a training image picked at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.fit import Arrays, Doubles, Fit, Floats, Progress, kept, member


@dataclass(frozen=True, eq=False)
class AggregatePosterior(Fit):
    """q(z) = 1/N sum_n q(z|x_n) (Hoffman & Johnson 2016; Makhzani et al. 2016).

    The best that any sampler can do for a decoder, and none that generalises: each draw belongs to one training image.
    Where the encoder gives a point, a draw is that image's code itself, without noise: the decoded sample is then the
    reconstruction of a training image. A temperature scales the noise around mu.

    No `log_prob`: of codes without noise there is no density, and elsewhere it would need all N images.

    Attributes
    ----------
    mu : ndarray of float32, shape (n, D)
    logvar : ndarray of float16, shape (n, D), or None
        Half precision changes a standard deviation by a fifth of a percent at most.
    """

    kind = "posterior"
    members = ("mu", "logvar")
    has_density = False

    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float16] | None

    @classmethod
    def fitted(cls, codes: Codes, *, generator: np.random.Generator, on_progress: Progress) -> Self:
        chosen = codes.rows(kept(len(codes), codes.latent_dim, generator=generator))
        on_progress(1.0)
        return cls(chosen.mu, None if chosen.logvar is None else chosen.logvar.astype(np.float16))

    @classmethod
    def from_arrays(cls, arrays: Arrays, latent_dim: int) -> Self:
        mu = member(arrays, "mu", np.float32, (None, latent_dim))
        return cls(mu, member(arrays, "logvar", np.float16, mu.shape) if "logvar" in arrays else None)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"mu": self.mu} if self.logvar is None else {"mu": self.mu, "logvar": self.logvar}

    @property
    def takes_temperature(self) -> bool:
        return self.logvar is not None

    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        chosen = generator.integers(len(self.mu), size=n)
        if self.logvar is None:
            return np.asarray(self.mu[chosen])
        std = np.exp(0.5 * self.logvar[chosen].astype(np.float32))
        noise = generator.standard_normal((n, self.mu.shape[1]), dtype=np.float32)
        return np.asarray(self.mu[chosen] + np.float32(temperature) * std * noise)

    def log_prob(self, z: Doubles) -> Doubles:
        raise NotImplementedError  # `has_density` is False, and Sampler asks that first
