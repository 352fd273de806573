"""A mixture of Gaussians with full covariances (Ghosh et al. 2020)."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.fit import Arrays, Doubles, Fit, Floats, Progress, member, scales

MOST_COMPONENTS = 10
"""As many as Ghosh et al. fit."""

CODES_A_PARAMETER = 10
"""Codes that a component needs for each of its 1 + D + D (D + 1) / 2 parameters: small sets get fewer components."""


@dataclass(frozen=True, eq=False)
class GaussianMixture(Fit):
    """p(z) = sum_k w_k N(z; m_k, L_k L_k^T), fitted by expectation maximisation to one z ~ q(z|x) an image.

    A temperature scales the standard deviations; at 0 the draws are the components' means.

    Attributes
    ----------
    weights : ndarray of float64, shape (K,)
        Positive; their sum is 1.
    means : ndarray of float64, shape (K, D)
    factors : ndarray of float64, shape (K, D, D)
        L_k, lower triangular with a positive diagonal.
    """

    kind = "gmm"
    members = ("weights", "means", "factors")

    weights: Doubles
    means: Doubles
    factors: Doubles

    @classmethod
    def fitted(cls, codes: Codes, *, generator: np.random.Generator, on_progress: Progress) -> Self:
        from sklearn.exceptions import ConvergenceWarning  # scikit-learn takes a second, and drawing needs none
        from sklearn.mixture import GaussianMixture as Estimator

        z = codes.draws(generator=generator)
        shift, scale = scales(z)  # so that what keeps a covariance regular means the same in every model
        estimator = Estimator(n_components(*z.shape), reg_covar=1e-6, random_state=int(generator.integers(2**32)))
        with warnings.catch_warnings():  # a mixture that could still get better is one all the same
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit((z - shift) / scale)
        on_progress(1.0)
        factors = scale[:, None] * np.linalg.cholesky(estimator.covariances_)
        return cls(estimator.weights_ / estimator.weights_.sum(), shift + scale * estimator.means_, factors)

    @classmethod
    def from_arrays(cls, arrays: Arrays, latent_dim: int) -> Self:
        weights = member(arrays, "weights", np.float64, (None,))
        k, d = len(weights), latent_dim
        means = member(arrays, "means", np.float64, (k, d))
        factors = member(arrays, "factors", np.float64, (k, d, d))
        if not (weights > 0).all() or abs(weights.sum() - 1) > 1e-6:
            raise ValueError("weights are not positive numbers whose sum is 1")
        if np.triu(factors, 1).any() or not (np.diagonal(factors, axis1=1, axis2=2) > 0).all():
            raise ValueError("factors are not lower triangular with a positive diagonal")
        return cls(weights, means, factors)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        chosen = generator.choice(len(self.weights), n, p=self.weights)
        noise = temperature * generator.standard_normal((n, self.means.shape[1]))
        z = self.means[chosen]
        for component, factor in enumerate(self.factors):
            rows = chosen == component
            z[rows] += noise[rows] @ factor.T
        return z.astype(np.float32)

    def log_prob(self, z: Doubles) -> Doubles:
        parts = [
            math.log(weight) + log_normal(solve_triangular(factor, (z - mean).T, lower=True).T, factor)
            for weight, mean, factor in zip(self.weights, self.means, self.factors, strict=True)
        ]
        return np.asarray(np.logaddexp.reduce(parts, axis=0))


def n_components(n: int, latent_dim: int) -> int:
    """Number of components for n codes: 10, or as many as they can pay for, at least 1."""
    n_parameters = 1 + latent_dim + latent_dim * (latent_dim + 1) // 2
    return min(MOST_COMPONENTS, max(1, n // (CODES_A_PARAMETER * n_parameters)))


def log_normal(white: Doubles, factor: Doubles) -> Doubles:
    """log N(z; m, L L^T) where white = L^-1 (z - m), (N, D), and factor = L: (N,)."""
    d = white.shape[1]
    constant = 0.5 * d * math.log(2 * math.pi) + np.log(np.diagonal(factor)).sum()
    return np.asarray(-0.5 * (white**2).sum(1) - constant)
