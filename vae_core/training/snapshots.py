"""What a run shows of itself after each epoch: codes of the same images each time, and pictures.

The decoder makes them of some of these codes, of the same draws from the prior, and of a grid in the map's plane.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from vae_core.data import ImageSet
from vae_core.latent.plane import axes_plane
from vae_core.metrics.elbo import batches, labels_of
from vae_core.models import Model
from vae_core.training.records import DecodedGrid, FixedSubset, Snapshot

N_POINTS, N_IMAGES = 1000, 12
"""Images of the validation split that are encoded, and those of them that are decoded again; also the draws."""

LARGEST_SIDE, GRID_BYTES, LARGEST_TILE = 11, 96 * 1024, 32
"""Pictures a side of the grid, their bytes together, and pixels a side of each at most, whatever the images are."""

USUAL_REACH = 3.0
"""The grid covers as much of the prior at least, in its standard deviations."""


def fixed_subset(model: Model, data: ImageSet) -> FixedSubset:
    """What all snapshots of a run have in common: classes of the points, and originals; none without an encoder."""
    split, encodes = data.validation, model.can.encode
    points, few = _shown(len(split))
    labels = None if split.labels is None or not encodes else split.labels[points]
    images = split.images[points[few]] if encodes else split.images[:0]
    return FixedSubset(labels, images, () if labels is None else data.class_names)


@torch.inference_mode()
def snapshot(
    model: Model,
    images: Tensor,
    labels: npt.NDArray[np.int64] | None,
    *,
    epoch: int,
    axes: tuple[int, int],
    seed: int,
) -> Snapshot:
    """The model after an epoch.

    A model that takes a class makes the draws of its classes in turn, and the grid of the first.

    Parameters
    ----------
    model : Model
    images : Tensor of uint8, shape (N, C, H, W)
        The validation split, on the model's device.
    labels : int64 array of shape (N,), optional
        For a model that takes a class.
    epoch : int
    axes : tuple of int
        The dimensions of the grid.
    seed : int
        Of the z that are drawn from the prior: the same for all snapshots of a run.
    """
    told: list[Tensor] = []
    if model.can.encode:
        points, few = _shown(len(images))
        (x,) = batches(images[points], N_POINTS, images.device)
        label = labels_of(model, labels)
        label = None if label is None else label[points].to(images.device)
        mu = model.encode(x, label).mu
        shown = mu[few]
        if label is not None:
            told = [label[few], torch.arange(N_IMAGES, device=images.device) % model.n_classes]
    else:
        mu = shown = torch.zeros((0, model.latent_dim), device=images.device)
    draws = torch.randn((N_IMAGES, model.latent_dim), generator=torch.Generator().manual_seed(seed))
    codes = mu.cpu().numpy()
    reach = _reach(codes, axes)
    grid = torch.from_numpy(_grid_places(axes, reach, _side(images.shape[1:]), model.latent_dim))
    z = torch.cat([shown, draws.to(images.device), grid.to(images.device)])
    if told:
        told.append(torch.zeros(len(grid), dtype=torch.int64, device=images.device))
    pictures = model.mean(z, torch.cat(told) if told else None)
    n = len(shown)
    reconstructions, drawn, decoded = pictures[:n], pictures[n : n + N_IMAGES], pictures[n + N_IMAGES :]
    if (factor := _shrinking(images.shape[1:])) > 1:
        decoded = avg_pool2d(decoded, factor)
    cells = DecodedGrid(axes, reach, _bytes(decoded))
    return Snapshot(epoch, codes, _bytes(reconstructions), _bytes(drawn), cells)


def _bytes(images: Tensor) -> npt.NDArray[np.uint8]:
    return np.asarray(images.mul(255).round().to(torch.uint8).cpu().numpy())


def _reach(mu: npt.NDArray[np.float32], axes: tuple[int, int]) -> float:
    """How far the grid goes: over nearly all codes, and over the prior."""
    shown = np.abs(mu[:, [axis for axis in axes if axis < mu.shape[1]]])
    return max(USUAL_REACH, round(float(np.quantile(shown, 0.99)), 2) if shown.size else 0.0)


def _shrinking(shape: torch.Size) -> int:
    _, height, width = shape
    return min(math.ceil(max(height, width) / LARGEST_TILE), height, width)


def _side(shape: torch.Size) -> int:
    """Pictures a side: as many as there may be of images (C, H, W)."""
    factor = _shrinking(shape)
    tile = shape[0] * (shape[1] // factor) * (shape[2] // factor)
    return min(LARGEST_SIDE, max(2, math.isqrt(GRID_BYTES // tile)))


def _grid_places(axes: tuple[int, int], reach: float, side: int, latent_dim: int) -> npt.NDArray[np.float32]:
    """z (side * side, D), row by row from the top left."""
    steps = np.linspace(-reach, reach, side)
    x, y = np.meshgrid(steps, steps[::-1])
    return axes_plane(axes, latent_dim).lift(np.stack([x.ravel(), y.ravel()], axis=1), np.zeros(latent_dim))


def _shown(n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of n validation images those whose codes a snapshot has, and the positions among them of the reconstructed ones.

    Evenly spread: the images of one's own folders lie class after class.
    """
    points = _spread(n, N_POINTS)
    return points, _spread(len(points), N_IMAGES)


def _spread(n: int, most: int) -> npt.NDArray[np.int64]:
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
