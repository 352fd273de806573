"""How well z, or q(z|x), explains an image or a part of it: the ELBO's terms, with draws that are given."""

from __future__ import annotations

import warnings
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
from vae_core.models.likelihood import Likelihood

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]

ROWS = 1024
"""Rows of z that are decoded in one call."""


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
    normal: Floats = ndtri(np.clip(points, 1e-6, 1 - 1e-6)).astype(np.float32)
    return normal


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
    batch = Evidence(explorer, images, label, visible)
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


class Evidence:
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
        params = params.view(n, k, *params.shape[1:])
        x = self.x[some][:, None]  # (n, 1, C, H, W)
        visible = None if self.visible is None else self.visible[some][:, None]
        if not model.can.likelihood:
            squared = (x - model.likelihood.mean(params)).square().sum(2)
            found = -(squared if visible is None else squared * visible).sum((-1, -2))
        elif visible is None:
            # Expanded: a likelihood's constants count the pixels of its parameters.
            found = model.likelihood.log_prob(params, x.expand(-1, k, -1, -1, -1))
        else:
            found = (pixel_log_prob(model.likelihood, params, x) * visible).sum((-1, -2))
        mean: Tensor = found.mean(1)
        return mean


def pixel_log_prob(likelihood: Likelihood, params: Tensor, x: Tensor) -> Tensor:
    """log p(x|z) by pixel: params (..., C', H, W) and x (..., C, H, W) to (..., H, W), summed over the channels.

    A likelihood is independent over the pixels given z: each is an image of one pixel.
    """
    single = [array.movedim(-3, -1)[..., None, None] for array in (params, x)]  # (..., H, W, C, 1, 1)
    return likelihood.log_prob(single[0], single[1].expand(*single[0].shape[:-3], -1, 1, 1))
