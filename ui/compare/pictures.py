"""What several models make of the same images, of the same z, and of the same seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.compare.choice import Compared
from ui.compare.strips import Strip
from ui.encoded import Labels, Pixels, images_of, part_of
from ui.originals import originals
from vae_core import LatentExplorer
from vae_core.latent.prior import sample_prior

AT_ONCE = 10
"""Test images that are reconstructed; the strip is as wide."""

AMONG = 2000
"""Test images among which the worst are looked for."""

STEPS = 11
N_SAMPLES = 20


def takes_images_of(one: Compared, first: Compared) -> bool:
    """Whether a model can encode the test images of another: it has an encoder, and they have its shape and classes."""
    mine, its = one.card.data, first.card.data
    known = not one.explorer.can.label or mine.class_names == its.class_names
    return one.explorer.can.encode and mine.image_shape == its.image_shape and known


def test_images(first: Compared) -> tuple[Pixels, Labels | None] | None:
    """Images (N, C, H, W) and classes of a model's test split; None while they are not on this machine."""
    images, found = images_of(first.explorer, "test"), originals(first.explorer)
    if images is None or found is None:
        return None
    return images, None if found.labels is None else found.labels[part_of(first.explorer, "test")]


def first_of_each_class(labels: Labels | None, n: int) -> list[int]:
    """The first image of each class, at most ten; without classes the first ten of all n."""
    if labels is None:
        return list(range(min(AT_ONCE, n)))
    return sorted(np.unique(labels, return_index=True)[1][:AT_ONCE].tolist(), key=lambda i: int(labels[i]))


def at_random(n: int, seed: int) -> list[int]:
    """Ten of n images."""
    return [int(i) for i in np.random.default_rng(seed).choice(n, min(AT_ONCE, n), replace=False)]


def worst(models: Sequence[Compared], first: Compared, images: Pixels, labels: Labels | None) -> list[int]:
    """The ten, of the first 2,000, whose squared error is largest in the mean over the models."""
    some, told = images[:AMONG], None if labels is None else labels[:AMONG]
    errors = [_errors(one.card.key, first.card.key, one.explorer, some, told) for one in models]
    order: list[int] = np.argsort(-np.mean(errors, axis=0), kind="stable")[:AT_ONCE].tolist()
    return order


def reconstructions(
    models: Sequence[Compared], first: Compared, images: Pixels, labels: Labels | None, rows: Sequence[int]
) -> list[Strip]:
    """The originals, and what each model makes of them."""
    chosen = images[list(rows)]
    told = None if labels is None else labels[list(rows)]
    found = [Strip(np.moveaxis(chosen, 1, -1))]
    return found + [Strip(_reconstructed(one.explorer, chosen, told), one) for one in models]


def along_axis(models: Sequence[Compared], axis: int, reach: float, label: int) -> list[Strip]:
    """The same z for each: along an axis from -reach to reach, 0 in all others."""
    z = np.zeros((STEPS, models[0].explorer.latent_dim), np.float32)
    z[:, axis] = np.linspace(-reach, reach, STEPS)
    return [Strip(decoder.decode(one.explorer, z, _labels(one, np.full(STEPS, label))), one) for one in models]


def samples(models: Sequence[Compared], seed: int) -> list[Strip]:
    """Draws from the prior of each, from the same seed: the same z where the dimensions are as many."""
    strips = []
    for one in models:
        generator = np.random.default_rng(seed)
        z = sample_prior(N_SAMPLES, one.explorer.latent_dim, generator=generator)
        label = generator.integers(one.explorer.n_classes, size=N_SAMPLES) if one.explorer.can.label else None
        strips.append(Strip(decoder.decode(one.explorer, z, label), one))
    return strips


def _labels(one: Compared, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    return np.minimum(labels, one.explorer.n_classes - 1) if one.explorer.can.label else None


def _reconstructed(explorer: LatentExplorer, images: Pixels, labels: Labels | None) -> Pixels:
    told = labels if explorer.can.label else None

    def encode(some: slice) -> npt.NDArray[np.float32]:
        return explorer.encode(images[some], None if told is None else told[some]).mu

    mu = np.concatenate(decoder.in_background(explorer, len(images), encode).result())
    return decoder.decode(explorer, mu, told)


@st.cache_data(max_entries=24, show_spinner="Looking for the worst reconstructions …")
def _errors(
    card: str, data: str, _explorer: LatentExplorer, _images: Pixels, _labels: Labels | None
) -> npt.NDArray[np.float64]:
    found = np.moveaxis(_reconstructed(_explorer, _images, _labels), -1, 1)
    errors: npt.NDArray[np.float64] = np.square(found.astype(np.float64) - _images).mean(axis=(1, 2, 3))
    return errors
