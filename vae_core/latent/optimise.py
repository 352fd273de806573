"""z by gradient: q(z|x), or a point, that explains an image as well as its decoder can, beside what the encoder says.

An encoder answers at once for any image: what is lost by that is the amortisation gap, L[q*] - L[q], where q* is the
best Gaussian of the same kind for this one image (Cremer, Li & Duvenaud 2018, table 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.latent.evidence import ROWS, Evidence, Floats, even_draws
from vae_core.latent.pieces import OnProgress
from vae_core.models import DiagonalGaussian
from vae_core.models.posterior import LOGVAR_RANGE

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Objective = Callable[[Tensor, Tensor | None], Tensor]

N_DRAWS, N_STEPS = 64, 60
RATE = 0.1
"""Adam's first step size, which falls to a hundredth of it: z has the scale of the prior, 1."""


@dataclass(frozen=True, eq=False)
class Optimised:
    """What the gradient has found for N images.

    Attributes
    ----------
    mu : float32 array of shape (N, D)
    logvar : float32 array of shape (N, D), or None
        None: a point was sought.
    objective : float64 array of shape (N, 2)
        Of each image, at the start and of the best step; never less than at the start.
    """

    mu: Floats
    logvar: Floats | None
    objective: npt.NDArray[np.float64]


def optimise_posterior(
    explorer: LatentExplorer,
    images: npt.ArrayLike,
    label: npt.ArrayLike | None = None,
    *,
    mu: npt.ArrayLike,
    logvar: npt.ArrayLike,
    visible: npt.ArrayLike | None = None,
    n_draws: int = N_DRAWS,
    n_steps: int = N_STEPS,
    generator: np.random.Generator,
    on_progress: OnProgress = lambda share: None,
) -> Optimised:
    """The mu and logvar of each image that maximise its ELBO, from those given, by Adam (Kingma & Ba 2015).

    The objective is 1/K sum_k log p(x | mu + sigma eps_k) - KL(N(mu, sigma^2) || N(0, I)) with eps fixed and the KL in
    closed form: it is deterministic, so the best step can be told, and it is kept. Of a part of the pixels alone it is
    the ELBO of that part: what is hidden has no say, as p(x|z) is independent over the pixels.

    Parameters
    ----------
    explorer, images, label, visible
        As `elbo_terms` takes them.
    mu, logvar : array of shape (N, D)
        Where to begin, such as the encoder's.
    n_draws, n_steps : int
        K; steps.
    generator : numpy Generator
        For eps.
    on_progress : callable, optional
        Called with the share that is done; what it raises ends the search.

    Raises
    ------
    ShapeError
        As `elbo_terms`.
    """
    batch = Evidence(explorer, images, label, visible)
    first, spread = batch.rows(mu), np.clip(batch.rows(logvar), *LOGVAR_RANGE)
    noise = batch.tensor(even_draws(n_draws, explorer.latent_dim, generator=generator)[None])  # (1, K, D)

    def objective_of(some: slice) -> Objective:
        def objective(mu: Tensor, logvar: Tensor | None) -> Tensor:
            assert logvar is not None
            bounded = logvar.clamp(*LOGVAR_RANGE)
            return batch.expected(some, mu, bounded, noise) - DiagonalGaussian(mu, bounded).kl().sum(1)

        return objective

    return _search(first, spread, objective_of, batch, ROWS // n_draws, n_steps, on_progress)


def optimise_point(
    explorer: LatentExplorer,
    images: npt.ArrayLike,
    label: npt.ArrayLike | None = None,
    *,
    z: npt.ArrayLike,
    visible: npt.ArrayLike | None = None,
    stay: float = 0.0,
    n_steps: int = N_STEPS,
    on_progress: OnProgress = lambda share: None,
) -> Optimised:
    """The z of each image that maximises log p(x|z) - stay/2 |z - z_0|^2, from the z_0 given.

    Where the model makes images, no distributions, minus the squared error stands for the log-likelihood. The second
    term is that of Zhu, Kraehenbuehl, Shechtman & Efros 2016 (section 3.2): the picture changes where it is told to,
    and else little.

    Parameters
    ----------
    z : array of shape (N, D)
        Where to begin.
    stay : float
        In nats a unit of z squared; 1 is a prior N(z_0, I).
    explorer, images, label, visible, n_steps, on_progress
        As in `optimise_posterior`.

    Raises
    ------
    ShapeError
        When an argument has another shape.
    """
    batch = Evidence(explorer, images, label, visible)
    first = batch.rows(z)

    def objective_of(some: slice) -> Objective:
        anchor = batch.tensor(first[some])

        def objective(z: Tensor, _: Tensor | None) -> Tensor:
            return batch.expected(some, z, None, None) - 0.5 * stay * (z - anchor).square().sum(1)

        return objective

    return _search(first, None, objective_of, batch, ROWS, n_steps, on_progress)


def _search(
    mu: Floats,
    logvar: Floats | None,
    objective_of: Callable[[slice], Objective],
    batch: Evidence,
    per_call: int,
    n_steps: int,
    on_progress: OnProgress,
) -> Optimised:
    """Adam on each image's own numbers; of each image the best step is kept."""
    found_mu, found_logvar = mu.copy(), None if logvar is None else logvar.copy()
    values = np.empty((len(mu), 2))
    starts = range(0, len(mu), max(1, per_call))
    for part, start in enumerate(starts):
        some = slice(start, start + starts.step)
        numbers = [batch.tensor(mu[some])] + ([] if logvar is None else [batch.tensor(logvar[some])])
        best, kept = None, [number.clone() for number in numbers]
        for number in numbers:
            number.requires_grad_()
        adam = torch.optim.Adam(numbers, lr=RATE, betas=(0.9, 0.99))
        rates = torch.optim.lr_scheduler.CosineAnnealingLR(adam, n_steps, eta_min=RATE / 100)
        objective = objective_of(some)
        for step in range(n_steps + 1):
            on_progress((part + step / (n_steps + 1)) / len(starts))
            value = objective(numbers[0], numbers[1] if len(numbers) > 1 else None)  # (n,)
            with torch.no_grad():
                if best is None:
                    best = value.detach().clone()
                    values[some, 0] = best.double().cpu().numpy()
                is_better = value > best  # false for NaN too
                best = torch.where(is_better, value, best)
                kept = [torch.where(is_better[:, None], now, old) for now, old in zip(numbers, kept, strict=True)]
            if step == n_steps:
                break
            # With respect to z alone: the model's own weights are shared by all sessions, and get no gradient.
            for number, gradient in zip(numbers, torch.autograd.grad(-value.sum(), numbers), strict=True):
                number.grad = gradient
            adam.step()
            rates.step()
        assert best is not None
        values[some, 1] = best.double().cpu().numpy()
        found_mu[some] = kept[0].detach().cpu().numpy()
        if found_logvar is not None:
            found_logvar[some] = kept[1].detach().clamp(*LOGVAR_RANGE).cpu().numpy()
    return Optimised(found_mu, found_logvar, values)
