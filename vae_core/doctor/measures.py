"""What the doctor measures of a model itself: its σ, what its reconstructions explain, units that never fire."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vae_core.data import ImageSet
from vae_core.explorer import LatentExplorer
from vae_core.models.likelihood import PerPixelGaussian

N_IMAGES = 500
"""Validation images that are encoded and decoded: less than a second for the models of this project."""


@dataclass(frozen=True, eq=False)
class ModelMeasures:
    """Measurements of a trained model.

    Attributes
    ----------
    sigma : ndarray of float64, shape (1,) or (C * H * W,), or None
        Standard deviation of a Gaussian likelihood: the one, or the median of each pixel's over the images.
    explained : float or None
        Share of the pixels' variance over validation images that decode(mu) explains, at most 1; 0 is what the mean
        image reaches. None without the images or an encoder.
    silent : float or None
        Share of the units with a ReLU that are 0 for every image; None for other activations.
    """

    sigma: npt.NDArray[np.float64] | None = None
    explained: float | None = None
    silent: float | None = None


def measure(folder: Path, data: ImageSet | None, device: str) -> ModelMeasures:
    """Look at a checkpoint's model; without its data only at what the codes that came with it tell.

    Raises
    ------
    CheckpointError
        When the checkpoint is damaged.
    """
    explorer = LatentExplorer.load(folder, device)  # a copy of its own: hooks are put on it
    sigma = _sigma(explorer)
    if data is None or not explorer.can.encode:
        return ModelMeasures(sigma)
    split = data.validation
    chosen = np.linspace(0, len(split) - 1, min(len(split), N_IMAGES)).astype(np.int64)
    images = split.images[chosen]
    label = split.labels[chosen] if explorer.can.label and split.labels is not None else None
    fired: dict[nn.Module, Tensor] = {}
    for module in explorer.model.modules():
        if isinstance(module, nn.ReLU):
            module.register_forward_hook(partial(_note_fired, fired))
    x_hat = explorer.decode(explorer.encode(images, label).mu, label)
    x = images.astype(np.float64) / 255
    spread = float(((x - x.mean(0)) ** 2).mean())
    explained = None if spread == 0 else 1 - float(((x - x_hat) ** 2).mean()) / spread
    silent = 1 - float(torch.cat(list(fired.values())).float().mean()) if fired else None
    return ModelMeasures(sigma, explained, silent)


def _note_fired(fired: dict[nn.Module, Tensor], module: nn.Module, _given: object, out: Tensor) -> None:
    """Whether each unit, or channel, has been above 0 anywhere in the batches so far."""
    now = out.transpose(0, 1).flatten(1).amax(1) > 0
    fired[module] = fired[module] | now if module in fired else now


def _sigma(explorer: LatentExplorer) -> npt.NDArray[np.float64] | None:
    if explorer.sigma is not None:
        return np.array([explorer.sigma])
    likelihood = explorer.model.likelihood
    if not isinstance(likelihood, PerPixelGaussian) or not len(explorer.latents.mu):
        return None
    chosen = np.linspace(0, len(explorer.latents.mu) - 1, min(len(explorer.latents.mu), N_IMAGES)).astype(np.int64)
    labels = explorer.latents.labels
    label = labels[chosen] if explorer.can.label and labels is not None else None

    def ask(z: Tensor, told: Tensor | None) -> Tensor:
        return likelihood.sigma(explorer.model.decode(z, told))

    found = explorer.batches.ask(ask, explorer.latents.mu[chosen], label=label)  # (N, C, H, W)
    return np.median(found.astype(np.float64), 0).ravel()
