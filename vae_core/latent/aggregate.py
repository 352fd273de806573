"""The aggregate posterior: the density of all codes, q(z) = 1/M sum_m q(z|x_m) (Hoffman and Johnson 2016)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from vae_core.checks import finite_rows
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.kernels import KernelDensity

PAIRS_AT_ONCE = 1 << 19
"""Of a place and a code; 4 MB, which stay in a core's cache."""

KERNEL_SEED = 0
"""Of the codes that a kernel estimate holds out to choose its width."""

Doubles = npt.NDArray[np.float64]


class Encoded(Protocol):
    """Codes: mu (M, D), and logvar (M, D) or None."""

    @property
    def mu(self) -> npt.NDArray[np.float32]:
        """Posterior means."""
        ...

    @property
    def logvar(self) -> npt.NDArray[np.float32] | None:
        """Log variances; None where the encoder gives points."""
        ...


@dataclass(frozen=True, eq=False)
class AggregatePosterior:
    """q(z) of encoded images, a mixture of M Gaussians of equal weight; make it with `of`.

    Attributes
    ----------
    means, variances : ndarray of float64, shape (M, D)
        Of the Gaussians, in coordinates u = L^-1 z.
    factor : ndarray of float64, shape (D, D), or None
        L, lower triangular; None: u is z.
    """

    means: Doubles
    variances: Doubles
    factor: Doubles | None

    @classmethod
    def of(cls, codes: Encoded) -> AggregatePosterior:
        """The density of codes: q(z|x) of each where there is a logvar, else a kernel estimate.

        The kernels of codes without a distribution are Gaussians of one covariance, L L^T, chosen as
        `vae_core.latent.samplers.kernels.KernelDensity` chooses it: Scott's rule, halved while that makes codes that
        were held out likelier.

        Raises
        ------
        ShapeError
            When there are fewer than two codes, or they are not finite.
        """
        checked = Codes(codes.mu, codes.logvar)
        if checked.logvar is not None:
            return cls(checked.mu.astype(np.float64), np.exp(checked.logvar.astype(np.float64)), None)
        generator = np.random.default_rng(KERNEL_SEED)
        factor = KernelDensity.fitted(checked, generator=generator, on_progress=lambda share: None).factor
        return cls(_white(factor, checked.mu.astype(np.float64)), np.ones(checked.mu.shape), factor)

    def __len__(self) -> int:
        return len(self.means)

    def log_prob(self, z: npt.ArrayLike, *, without: npt.NDArray[np.intp] | None = None) -> Doubles:
        """log q(z) in nats, (N, D) to (N,); `without` (N,) names a Gaussian for each z that is left out of its sum.

        Raises
        ------
        ShapeError
            When z has another shape or is not finite.
        """
        u = finite_rows(z, "z", self.means.shape[1]).astype(np.float64)
        if self.factor is not None:
            u = _white(self.factor, u)
        middle, weights, constants = self._polynomial
        rows = u - middle
        found = np.empty(len(rows))
        step = max(1, PAIRS_AT_ONCE // len(self))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            exponents = np.concatenate([some**2, some], 1) @ weights
            exponents += constants
            if without is not None:
                exponents[np.arange(len(some)), without[start : start + step]] = -np.inf
            highest = exponents.max(1, keepdims=True)
            exponents -= highest
            found[start : start + step] = highest[:, 0] + np.log(np.exp(exponents, out=exponents).sum(1))
        n = len(self) - (without is not None)
        stretch = 0.0 if self.factor is None else float(np.log(np.diagonal(self.factor)).sum())
        return found - math.log(n) - stretch

    @cached_property  # a map asks for a few places at a time, again and again
    def _polynomial(self) -> tuple[Doubles, Doubles, Doubles]:
        # The exponents are a quadratic polynomial of u: one matrix product. Shifted, so that no digits are lost.
        middle = self.means.mean(0)
        centred = self.means - middle
        weights = np.concatenate([-0.5 / self.variances, centred / self.variances], 1).T  # (2D, M)
        return middle, weights, -0.5 * (centred**2 / self.variances + np.log(2 * math.pi * self.variances)).sum(1)

    def draw(self, chosen: npt.NDArray[np.intp], *, generator: np.random.Generator) -> Doubles:
        """A z of each of the chosen Gaussians; where codes are points, the code itself."""
        if self.factor is not None:
            return np.asarray(self.means[chosen] @ self.factor.T)
        noise = generator.standard_normal((len(chosen), self.means.shape[1]))
        return np.asarray(self.means[chosen] + np.sqrt(self.variances[chosen]) * noise)


def _white(factor: Doubles, z: Doubles) -> Doubles:
    return np.asarray(solve_triangular(factor, z.T, lower=True).T)
