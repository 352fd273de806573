"""What is varied: places in the latent space, and how far around each its own variation reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ConfigError, ShapeError
from vae_core.inputs import checked_label
from vae_core.latent.neighbours import nearest_k
from vae_core.latent.prior import sample_prior

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

N_SPACING = 10
"""Neighbours whose distance is the spacing of the codes of a model without q(z|x)."""

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sources:
    """What is varied: N places and the standard deviation around each that a factor of 1 stands for.

    Attributes
    ----------
    names : tuple of str
        Where each came from: a file, or the name of a split, or `prior`.
    indices : ndarray of int64, shape (N,)
        Which one it is there.
    mu, sigma : ndarray of float32, shape (N, D)
        The mean and the standard deviations of q(z|x). Where the encoder gives a point, sigma is the codes' local
        spacing, see `local_spacing`; without an encoder mu is a draw of the prior and sigma 1, the prior's.
    told : ndarray of int64, shape (N,), or None
        The class that each is decoded as, by a model that takes one.
    images : ndarray of uint8, shape (N, C, H, W), or None
        Where they are known.
    labels : tuple of str
        The name of each one's class; empty where there are no classes.
    """

    names: tuple[str, ...]
    indices: Integers
    mu: Floats
    sigma: Floats
    told: Integers | None
    images: npt.NDArray[np.uint8] | None
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.mu)


def sources_of_images(
    explorer: LatentExplorer,
    images: npt.NDArray[np.uint8],
    label: npt.ArrayLike | None = None,
    *,
    names: Sequence[str],
    told: int | None = None,
    labels: Sequence[str] = (),
) -> Sources:
    """Encode images to be varied.

    Parameters
    ----------
    explorer : LatentExplorer
    images : uint8 array of shape (N, C, H, W)
    label : int, or int array of shape (N,), optional
        The class that the encoder is told, by a model that takes one.
    names : sequence of str
        Where each came from.
    told : int, optional
        The class that the decoder is told, when it is to be another one.
    labels : sequence of str
        The name of each one's class, as far as it is known.

    Raises
    ------
    ConfigError
        When the model has no encoder.
    ShapeError
        When images or label do not fit.
    """
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so it cannot vary an image: vary draws of its prior.")
    found = explorer.encode(images, label)
    classes = checked_label(label if told is None else told, len(images), explorer.n_classes, explorer.name)
    sigma = local_spacing(explorer, found.mu) if found.logvar is None else np.exp(0.5 * found.logvar)
    return Sources(tuple(names), np.arange(len(images)), found.mu, sigma, classes, images, tuple(labels))


def sources_of_codes(
    explorer: LatentExplorer,
    indices: Sequence[int],
    told: int | None = None,
    images: npt.NDArray[np.uint8] | None = None,
) -> Sources:
    """Images of the test split to be varied, by the codes that came with the model; `images` (N, C, H, W) where known.

    A model without an encoder has none: there these are draws of the prior, by number.

    Raises
    ------
    ShapeError
        When there is no such image, or the class does not fit.
    """
    rows = np.asarray(indices, np.int64)
    if not explorer.can.encode:
        if len(rows) and rows.min() < 0:
            raise ShapeError(f"Draws of the prior are numbered from 0, so there is no {rows.min()}.")
        mu = np.concatenate([sample_prior(1, explorer.latent_dim, generator=np.random.default_rng(i)) for i in rows])
        classes = checked_label(told, len(rows), explorer.n_classes, explorer.name)
        return Sources(("prior",) * len(rows), rows, mu, np.ones_like(mu), classes, None)
    latents, names = explorer.latents, explorer.card.data.class_names
    n = len(latents.mu)
    if len(rows) and not 0 <= rows.min() <= rows.max() < n:
        raise ShapeError(f"The test split of {explorer.name} has images 0 to {n - 1}, so there is no {indices}.")
    own = None if latents.labels is None else latents.labels[rows]
    label = (own if told is None else told) if explorer.can.label else None
    mu = np.array(latents.mu[rows])
    sigma = local_spacing(explorer, mu) if latents.logvar is None else np.exp(0.5 * latents.logvar[rows])
    classes = checked_label(label, len(rows), explorer.n_classes, explorer.name)
    of_class = () if own is None or not names else tuple(names[i] for i in own)
    return Sources(("test",) * len(rows), rows, mu, sigma, classes, images, of_class)


def local_spacing(explorer: LatentExplorer, mu: Floats) -> Floats:
    """How far apart the codes are around places (N, D), as a standard deviation for each of the D dimensions.

    Root of the mean squared distance to the ten nearest test codes (a code at the place itself is not counted), over
    the root of D: a Gaussian of that standard deviation strays from the place as far as these codes do.

    Returns
    -------
    ndarray of float32, shape (N, D)
    """
    found = np.empty((len(mu), 1))
    for row, place in enumerate(mu):
        _, distances = nearest_k(explorer.latents.mu, place, N_SPACING + 1)
        others = distances[1:] if len(distances) and distances[0] == 0 else distances[:N_SPACING]
        found[row] = math.sqrt(float(np.square(others).mean()) / mu.shape[1]) if len(others) else 1.0
    return np.repeat(found, mu.shape[1], axis=1).astype(np.float32)
