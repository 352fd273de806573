"""The ELBO's terms of single images, as an evaluation has them: `LatentExplorer` when it is asked for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.errors import ShapeError
from vae_core.inputs import checked_images, checked_z
from vae_core.metrics.elbo import EVALUATION_BATCH, EVALUATION_SEED, ImageScores, posterior_kl
from vae_core.models import DiagonalGaussian

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer, Posterior


@torch.inference_mode()
def evaluation_draws(explorer: LatentExplorer, posterior: Posterior) -> npt.NDArray[np.float32]:
    """The z ~ q(z|x) that an evaluation draws for the images of a split, one each, by its fixed seed.

    Parameters
    ----------
    posterior : Posterior
        Of all images of the split, in its order; with a logvar.

    Returns
    -------
    float32 array of shape (N, D)

    Raises
    ------
    ShapeError
        When there is no logvar.
    """
    if posterior.logvar is None:
        raise ShapeError(f"{explorer.name}: this encoder gives a point, no distribution to draw from.")
    generator = torch.Generator(explorer.device).manual_seed(EVALUATION_SEED)
    draws, to_device = np.empty_like(posterior.mu), explorer.batches.to_device
    for start in range(0, len(draws), EVALUATION_BATCH):
        rows = slice(start, start + EVALUATION_BATCH)
        some = DiagonalGaussian(to_device(posterior.mu[rows]), to_device(posterior.logvar[rows]))
        draws[rows] = some.rsample(generator=generator).cpu().numpy()
    return draws


def log_likelihood(
    explorer: LatentExplorer, images: npt.NDArray[np.uint8], z: npt.ArrayLike, label: npt.ArrayLike | None = None
) -> npt.NDArray[np.float64]:
    """log p(x|z) of each image at its z, in nats.

    Parameters
    ----------
    images : uint8 array of shape (N, C, H, W)
        At least one.
    z : array of shape (N, D)
    label : int, or int array of shape (N,)
        The class, for a model that takes one, and only for such.

    Returns
    -------
    float64 array of shape (N,)

    Raises
    ------
    ShapeError
        When they are none, of another shape, not as many as the z, or not uint8: figures are of the stored pixels, not
        of rounded ones. Or when the label does not fit, or the model makes images, no distributions.
    CheckpointError
        When a figure is not a finite number.
    """
    name, model = explorer.name, explorer.model
    need_likelihood(explorer)
    array, rows = checked_images(images, explorer.image_shape, name), checked_z(z, explorer.latent_dim, name)
    if array.dtype != np.uint8 or len(array) == 0:
        raise ShapeError(f"{name}: figures need at least one image of uint8, not {len(array)} {array.dtype}.")
    if len(array) != len(rows):
        raise ShapeError(f"{name}: each image needs a z of its own, but {len(rows)} came for {len(array)}.")

    def ask(some: Tensor, x: Tensor, told: Tensor | None) -> Tensor:
        return model.likelihood.log_prob(model.decode(some, told), x).double()

    return explorer.batches.ask(ask, rows, array, label=label)


def score(explorer: LatentExplorer, images: npt.NDArray[np.uint8], label: npt.ArrayLike | None = None) -> ImageScores:
    """The ELBO's terms of each image of a split, as `evaluate` and the card have them.

    Parameters
    ----------
    images : uint8 array of shape (N, C, H, W)
        At least one.
    label : int, or int array of shape (N,)
        The class, for a model that takes one, and only for such.

    Raises
    ------
    ShapeError, CheckpointError
        As `log_likelihood` and `LatentExplorer.encode`.
    """
    posterior = explorer.encode(images, label)
    if posterior.logvar is None:
        return ImageScores(explorer.log_likelihood(images, posterior.mu, label), None, None)
    found = explorer.log_likelihood(images, explorer.evaluation_draws(posterior), label)
    kl = posterior_kl(posterior.mu, posterior.logvar)
    return ImageScores(found, kl, found - kl)


def need_likelihood(explorer: LatentExplorer) -> None:
    """Refuse a model that makes images, no distributions.

    Raises
    ------
    ShapeError
        Then.
    """
    if not explorer.can.likelihood:
        raise ShapeError(f"{explorer.name} has no p(x|z): a {explorer.card.model.family} makes one image of each z.")
