"""z by gradient: q(z|x), or a point, that explains an image as well as its decoder can, beside what the encoder says.

An encoder answers at once for any image: what is lost by that is the amortisation gap, L[q*] - L[q], where q* is the
best Gaussian of the same kind for this one image (Cremer, Li & Duvenaud 2018, table 1).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import ndtri
from scipy.stats import qmc
from torch import Tensor

from vae_core.errors import ShapeError
from vae_core.inputs import checked_images, checked_label, checked_z
from vae_core.models import DiagonalGaussian
from vae_core.models.posterior import LOGVAR_RANGE

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]
OnProgress = Callable[[float], None]
Objective = Callable[[Tensor, Tensor | None], Tensor]

N_DRAWS, N_STEPS = 64, 60
RATE = 0.1
"""Adam's first step size, which falls to a hundredth of it: z has the scale of the prior, 1."""

ROWS = 1024
"""Rows of z that are decoded in one call."""


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


@dataclass(frozen=True, eq=False)
class Terms:
    """The ELBO's terms of N images in nats, (N,) float64 each, the log-likelihood a mean over draws of z.

    At a point there is neither KL nor ELBO.
    """

    log_likelihood: npt.NDArray[np.float64]
    kl: npt.NDArray[np.float64] | None

    @property
    def elbo(self) -> npt.NDArray[np.float64] | None:
        """`log_likelihood` less `kl`."""
        return None if self.kl is None else self.log_likelihood - self.kl


def fixed_draws(n_images: int, n_draws: int, latent_dim: int, *, generator: np.random.Generator) -> Floats:
    """Standard normal numbers (N, K, D) in pairs of opposite sign, so that each image's draws have the mean mu.

    Raises
    ------
    ShapeError
        When K is odd or less than 2.
    """
    if n_draws < 2 or n_draws % 2:
        raise ShapeError(f"The number of draws must be even, as they come in pairs, but it is {n_draws}.")
    half = generator.standard_normal((n_images, n_draws // 2, latent_dim)).astype(np.float32)
    return np.concatenate([half, -half], axis=1)


def even_draws(n_draws: int, latent_dim: int, *, generator: np.random.Generator) -> Floats:
    """Standard normal numbers (K, D), spread more evenly than chance does: scrambled Sobol points (Owen 1998).

    An optimiser follows the chance in its draws: with 16 random ones it lost up to 0.5 nats on `mnist-2d` that it
    thought it had won. K is best a power of 2.
    """
    engine = qmc.Sobol(latent_dim, rng=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a K that is no power of 2
        points = engine.random(n_draws)
    return ndtri(np.clip(points, 1e-6, 1 - 1e-6)).astype(np.float32)


def elbo_terms(
    explorer: LatentExplorer,
    images: npt.ArrayLike,
    mu: npt.ArrayLike,
    logvar: npt.ArrayLike | None,
    label: npt.ArrayLike | None = None,
    *,
    draws: Floats,
    visible: npt.ArrayLike | None = None,
) -> Terms:
    """The ELBO's terms of images at a given q(z|x), with given draws; of two q they can so be compared like with like.

    Parameters
    ----------
    explorer : LatentExplorer
    images : array of shape (N, C, H, W)
        uint8, or floats in [0, 1].
    mu : array of shape (N, D)
    logvar : array of shape (N, D), or None
        None: at the point mu.
    label : int, or int array of shape (N,), optional
        For a model that takes a class.
    draws : float32 array of shape (N, K, D)
        From `fixed_draws`; not looked at for a point.
    visible : bool array of shape (N, H, W), optional
        The pixels that count; all by default.

    Raises
    ------
    ShapeError
        When an argument has another shape, or the model makes images, no distributions.
    """
    batch = _Batch(explorer, images, label, visible)
    mu, logvar = batch.rows(mu), None if logvar is None else batch.rows(logvar)
    found = np.empty(len(mu))
    per_call = max(1, ROWS // (1 if logvar is None else draws.shape[1]))
    with torch.no_grad():
        for start in range(0, len(mu), per_call):
            some = slice(start, start + per_call)
            spread = None if logvar is None else batch.tensor(logvar[some])
            noise = None if logvar is None else batch.tensor(draws[some])
            found[some] = batch.expected(some, batch.tensor(mu[some]), spread, noise).double().cpu().numpy()
    if logvar is None:
        return Terms(found, None)
    return Terms(found, DiagonalGaussian(torch.from_numpy(mu), torch.from_numpy(logvar)).kl().double().sum(1).numpy())


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
    on_progress: OnProgress | None = None,
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
    batch = _Batch(explorer, images, label, visible)
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
    on_progress: OnProgress | None = None,
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
    batch = _Batch(explorer, images, label, visible)
    first = batch.rows(z)

    def objective_of(some: slice) -> Objective:
        anchor = batch.tensor(first[some])

        def objective(z: Tensor, _: Tensor | None) -> Tensor:
            return batch.expected(some, z, None, None) - 0.5 * stay * (z - anchor).square().sum(1)

        return objective

    return _search(first, None, objective_of, batch, ROWS, n_steps, on_progress)


class _Batch:
    """Images on the model's device, and how well z explains them."""

    def __init__(
        self,
        explorer: LatentExplorer,
        images: npt.ArrayLike,
        label: npt.ArrayLike | None,
        visible: npt.ArrayLike | None,
    ) -> None:
        array = checked_images(images, explorer.image_shape, explorer.name)
        self.explorer, self.n = explorer, len(array)
        self.x = self.tensor(array.astype(np.float32) / 255 if array.dtype == np.uint8 else array)
        labels = checked_label(label, self.n, explorer.n_classes, explorer.name)
        self.label = None if labels is None else torch.from_numpy(np.array(labels)).to(explorer.device)
        self.visible: Tensor | None = None
        if visible is not None:
            mask = np.asarray(visible)
            if mask.dtype != np.bool_ or mask.shape != (self.n, *explorer.image_shape[1:]):
                raise ShapeError(
                    f"{explorer.name}: visible must be bool of shape {(self.n, *explorer.image_shape[1:])}, "
                    f"but is {mask.dtype} {mask.shape}."
                )
            self.visible = self.tensor(mask)

    def rows(self, values: npt.ArrayLike) -> Floats:
        """z, mu or logvar checked, one row an image."""
        rows = checked_z(values, self.explorer.latent_dim, self.explorer.name)
        if len(rows) != self.n:
            raise ShapeError(
                f"{self.explorer.name}: each image needs a z of its own, but {len(rows)} came for {self.n}."
            )
        return rows

    def tensor(self, values: npt.NDArray[np.generic]) -> Tensor:
        """float32 on the model's device."""
        return torch.from_numpy(np.array(values, np.float32)).to(self.explorer.device)

    def expected(self, some: slice, mu: Tensor, logvar: Tensor | None, noise: Tensor | None) -> Tensor:
        """log p(x|z) of some images, (n,), its mean over z = mu + sigma noise (n, K, D); at mu for a point."""
        model = self.explorer.model
        z = mu[:, None] if logvar is None or noise is None else mu[:, None] + torch.exp(0.5 * logvar)[:, None] * noise
        n, k, _ = z.shape
        label = None if self.label is None else self.label[some].repeat_interleave(k)
        params = model.decode(z.flatten(0, 1), label)
        x = self.x[some][:, None]  # (n, 1, C, H, W)
        visible = None if self.visible is None else self.visible[some][:, None]
        if not model.can.likelihood:
            squared = (x - model.likelihood.mean(params).unflatten(0, (n, k))).square().sum(2)
            found = -(squared if visible is None else squared * visible).sum((-1, -2))
        elif visible is None:
            # Expanded: a likelihood's constants count the pixels of its parameters.
            found = model.likelihood.log_prob(params.unflatten(0, (n, k)), x.expand(-1, k, -1, -1, -1))
        else:
            found = (pixel_log_prob(model.likelihood, params.unflatten(0, (n, k)), x) * visible).sum((-1, -2))
        return found.mean(1)


def pixel_log_prob(likelihood: torch.nn.Module, params: Tensor, x: Tensor) -> Tensor:
    """log p(x|z) by pixel: params (..., C', H, W) and x (..., C, H, W) to (..., H, W), summed over the channels.

    A likelihood is independent over the pixels given z: each is an image of one pixel.
    """
    single = [array.movedim(-3, -1)[..., None, None] for array in (params, x)]  # (..., H, W, C, 1, 1)
    found: Tensor = likelihood.log_prob(single[0], single[1].expand(*single[0].shape[:-3], -1, 1, 1))  # type: ignore[operator]  # every Likelihood has it
    return found


def _search(
    mu: Floats,
    logvar: Floats | None,
    objective_of: Callable[[slice], Objective],
    batch: _Batch,
    per_call: int,
    n_steps: int,
    on_progress: OnProgress | None,
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
            if on_progress is not None:
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
