"""A kernel density estimate: a small Gaussian at each code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist

from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.fit import Arrays, Doubles, Fit, Floats, Progress, held_out, kept, member

HALVINGS = 4
"""How often Scott's bandwidth may be halved."""

RIDGE = 1e-6
"""Part of its own variance that each dimension gets besides, so that dependent dimensions have an invertible kernel."""

DISTANCES_AT_ONCE = 1 << 21
"""From points to codes; 16 MB."""


@dataclass(frozen=True, eq=False)
class KernelDensity(Fit):
    """p(z) = 1/n sum_i N(z; z_i, L L^T), at one z_i ~ q(z|x_i) an image.

    L L^T = h^2 S with S the covariance of the codes. Scott's h = n^(-1/(D+4)) (Scott 1992) is right for one
    Gaussian and blurs a space of many groups; so it is halved as long as that makes codes that were held out likelier.
    A temperature scales the noise; at 0 the draws are codes.

    Attributes
    ----------
    codes : ndarray of float32, shape (n, D)
    factor : ndarray of float64, shape (D, D)
        L, lower triangular with a positive diagonal.
    """

    kind = "kde"
    members = ("codes", "factor")

    codes: Floats
    factor: Doubles

    @classmethod
    def fitted(cls, codes: Codes, *, generator: np.random.Generator, on_progress: Progress) -> Self:
        z = codes.draws(generator=generator)
        covariance = np.atleast_2d(np.cov(z.T))
        variances = np.maximum(np.diagonal(covariance), 1e-12)
        root = np.linalg.cholesky(covariance + RIDGE * np.diag(variances))
        stored = z[kept(*z.shape, generator=generator)].astype(np.float32)
        rest, judges = held_out(len(stored), generator=generator)
        scott = len(stored) ** (-1 / (codes.latent_dim + 4))
        best, highest = scott, -np.inf
        for halving in range(HALVINGS + 1):
            bandwidth = scott * 0.5**halving
            found = cls(stored[rest], bandwidth * root).log_prob(stored[judges].astype(np.float64)).mean()
            on_progress(halving / (HALVINGS + 1))
            if found <= highest:
                break
            best, highest = bandwidth, found
        on_progress(1.0)
        return cls(stored, best * root)

    @classmethod
    def from_arrays(cls, arrays: Arrays, latent_dim: int) -> Self:
        codes = member(arrays, "codes", np.float32, (None, latent_dim))
        factor = member(arrays, "factor", np.float64, (latent_dim, latent_dim))
        if np.triu(factor, 1).any() or not (np.diagonal(factor) > 0).all():
            raise ValueError("factor is not lower triangular with a positive diagonal")
        return cls(codes, factor)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"codes": self.codes, "factor": self.factor}

    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        chosen = generator.integers(len(self.codes), size=n)
        noise = temperature * generator.standard_normal((n, self.codes.shape[1]))
        return np.asarray((self.codes[chosen] + noise @ self.factor.T).astype(np.float32))

    def log_prob(self, z: Doubles) -> Doubles:
        # In coordinates where the kernel is the standard normal one. Every kernel is summed: scikit-learn's tree is
        # ten times faster, but far from the codes, below some exp(-35) of the highest density, it is wrong.
        white, centres = self._white(z), self._white(self.codes.astype(np.float64))
        rows = max(1, DISTANCES_AT_ONCE // len(centres))
        sums = [_log_sum(white[start : start + rows], centres) for start in range(0, len(white), rows)]
        constant = 0.5 * z.shape[1] * math.log(2 * math.pi) + np.log(np.diagonal(self.factor)).sum()
        return np.asarray(np.concatenate(sums) - math.log(len(centres)) - constant)

    def _white(self, z: Doubles) -> Doubles:
        return np.asarray(solve_triangular(self.factor, z.T, lower=True).T)


def _log_sum(points: Doubles, centres: Doubles) -> Doubles:
    exponents = cdist(points, centres, "sqeuclidean")
    exponents *= -0.5
    highest = exponents.max(1, keepdims=True)
    exponents -= highest
    return np.asarray(highest[:, 0] + np.log(np.exp(exponents, out=exponents).sum(1)))  # in place: memory is the limit
