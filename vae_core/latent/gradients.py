"""Two estimators of one gradient: by the reparameterization trick, and by the score function.

Both estimate d/dmu E[f(z)], z ~ N(mu, diag(sigma^2)), from draws z = mu + sigma epsilon, without bias, and differ in
their variance (Mohamed, Rosca, Figurnov & Mnih 2020, sections 4 and 5).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.checks import whole_number
from vae_core.errors import ShapeError
from vae_core.latent.evidence import ROWS, Evidence
from vae_core.models import DiagonalGaussian

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GradientDraws:
    """K estimates of a gradient with respect to mu, of one draw each, by three estimators.

    Attributes
    ----------
    reparameterized : ndarray of float64, shape (K, D)
        df/dz at z = mu + sigma epsilon (Kingma & Welling 2014, section 2.4).
    score : ndarray of float64, shape (K, D)
        f(z) d/dmu log q(z) = f(z) epsilon / sigma (Williams 1992).
    baseline : ndarray of float64, shape (K, D)
        The same with f(z) less its mean over the other draws, which changes no expectation (Kool, van Hoof & Welling
        2019, eq. 8).
    """

    reparameterized: Doubles
    score: Doubles
    baseline: Doubles

    @property
    def variance(self) -> dict[str, float]:
        """By the estimator's name the variance of one estimate, summed over the D parts of the gradient."""
        parts = {"reparameterized": self.reparameterized, "score": self.score, "baseline": self.baseline}
        return {name: float(np.var(draws, axis=0, ddof=1).sum()) for name, draws in parts.items()}


def gradient_draws(
    f: Callable[[Tensor], Tensor], mu: Tensor, logvar: Tensor, n_draws: int, *, generator: torch.Generator
) -> GradientDraws:
    """Estimates of d/dmu E[f(z)], z ~ N(mu, diag(exp(logvar))).

    Parameters
    ----------
    f : callable
        From z (K, D) to a number a row, (K,); differentiable.
    mu, logvar : Tensor of shape (1, D)
    n_draws : int
        K, at least 2.
    generator : torch Generator

    Raises
    ------
    ShapeError
        When there are fewer than two draws.
    """
    k = whole_number(n_draws, "n_draws", least=2)
    q = DiagonalGaussian(mu, logvar).repeated(k)
    z = q.rsample(generator=generator).detach().requires_grad_()  # (K, D)
    value = f(z)  # (K,)
    (slope,) = torch.autograd.grad(value.sum(), z)  # dz/dmu = 1
    with torch.no_grad():
        score = (z - mu) * torch.exp(-logvar)  # d/dmu log q(z) = epsilon / sigma
        others = (value.sum() - value) / (k - 1)
        plain, less = value[:, None] * score, (value - others)[:, None] * score
    return GradientDraws(*(part.double().cpu().numpy() for part in (slope, plain, less)))


def likelihood_gradients(
    explorer: LatentExplorer,
    image: npt.ArrayLike,
    label: int | None = None,
    *,
    mu: npt.ArrayLike,
    logvar: npt.ArrayLike,
    n_draws: int,
    generator: np.random.Generator,
) -> GradientDraws:
    """Estimates of d/dmu E_q[log p(x|z)]: the ELBO's term that has no closed form, and so needs an estimator.

    Parameters
    ----------
    explorer : LatentExplorer
        With a likelihood; else minus the squared error stands for it.
    image : array of shape (1, C, H, W)
        uint8, or floats in [0, 1].
    label : int, optional
        For a model that takes a class.
    mu, logvar : array of shape (1, D)
        q(z|x).
    n_draws : int
        From 2 to 1,024.
    generator : numpy Generator

    Raises
    ------
    ShapeError
        When an argument has another shape, or there are too few draws, or too many.
    """
    if n_draws > ROWS:
        raise ShapeError(f"{explorer.name}: at most {ROWS} draws of a gradient are made at once, not {n_draws}.")
    whole_number(n_draws, "n_draws", least=2)
    one = Evidence(explorer, image, label, None)
    middle, spread = one.tensor(one.rows(mu)), one.tensor(one.rows(logvar))
    batch = Evidence(explorer, np.repeat(np.asarray(image), n_draws, axis=0), label, None)
    inner = torch.Generator(explorer.device).manual_seed(int(generator.integers(2**62)))
    return gradient_draws(
        lambda z: batch.expected(slice(None), z, None, None), middle, spread, n_draws, generator=inner
    )
