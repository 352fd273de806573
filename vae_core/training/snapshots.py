"""What a run shows of itself after each epoch: codes of the same images each time, and some of them reconstructed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.data import ImageSet
from vae_core.metrics.elbo import batches, labels_of
from vae_core.models import Model
from vae_core.training.records import FixedSubset, Snapshot

N_POINTS, N_IMAGES = 1000, 12
"""Images of the validation split that are encoded, and those of them that are decoded again."""


def fixed_subset(model: Model, data: ImageSet) -> FixedSubset:
    """What all snapshots of a run have in common: classes of the points, and originals; none without an encoder."""
    split, encodes = data.validation, model.can.encode
    points, few = _shown(len(split))
    labels = None if split.labels is None or not encodes else split.labels[points]
    images = split.images[points[few]] if encodes else split.images[:0]
    return FixedSubset(labels, images, () if labels is None else data.class_names)


@torch.inference_mode()
def snapshot(model: Model, images: Tensor, labels: npt.NDArray[np.int64] | None, *, epoch: int, seed: int) -> Snapshot:
    """The model after an epoch.

    Parameters
    ----------
    model : Model
    images : Tensor of uint8, shape (N, C, H, W)
        The validation split, on the model's device.
    labels : int64 array of shape (N,), optional
        For a model that takes a class.
    epoch : int
    seed : int
        Of the z that are decoded where there is no encoder: the same for all snapshots of a run.
    """
    if model.can.encode:
        points, few = _shown(len(images))
        (x,) = batches(images[points], N_POINTS, images.device)
        label = labels_of(model, labels)
        label = None if label is None else label[points].to(images.device)
        z = mu = model.encode(x, label).mu
    else:
        few = np.arange(N_IMAGES)
        label, mu = None, torch.zeros((0, model.latent_dim))
        fixed = torch.Generator().manual_seed(seed)
        z = torch.randn((N_IMAGES, model.latent_dim), generator=fixed).to(images.device)
    x_hat = model.mean(z[few], None if label is None else label[few])
    return Snapshot(epoch, mu.cpu().numpy(), x_hat.mul(255).round().to(torch.uint8).cpu().numpy())


def _shown(n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of n validation images those whose codes a snapshot has, and the positions among them of the reconstructed ones.

    Evenly spread: the images of one's own folders lie class after class.
    """
    points = _spread(n, N_POINTS)
    return points, _spread(len(points), N_IMAGES)


def _spread(n: int, most: int) -> npt.NDArray[np.int64]:
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
