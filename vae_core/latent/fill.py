"""z from a part of an image: what was masked is filled in, and a model without an encoder finds its z by gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError
from vae_core.latent.evidence import Floats, elbo_terms, even_draws, fixed_draws
from vae_core.latent.optimise import optimise_point, optimise_posterior
from vae_core.latent.pieces import OnProgress

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

N_CANDIDATES = 256
"""Places that are tried before the gradient begins: a masked image has several answers, and a gradient finds one."""

N_STARTS = 4
START_LOGVAR = -2.0
"""Of a search that begins at a place of which no spread is known: a standard deviation of 0.37."""

N_WEIGHING = 128
"""Draws of z that the ELBO of each answer is estimated with."""


@dataclass(frozen=True, eq=False)
class Fills:
    """What a part of an image leaves open.

    Attributes
    ----------
    mu : float32 array of shape (M, D)
        The answers found, the best one first.
    logvar : float32 array of shape (M, D), or None
        None: the model has no q(z|x), and each answer is a point.
    weight : float64 array of shape (M,)
        Share of each in the fills; they sum to 1.
    score : float64 array of shape (M,)
        The ELBO of the visible pixels, or their log-likelihood, in nats; of a model that makes images minus their
        squared error.
    z : float32 array of shape (n, D)
        Of the fills.
    images : float32 array of shape (n, C, H, W)
        What was visible as it was, the rest as it is decoded.
    """

    mu: Floats
    logvar: Floats | None
    weight: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    z: Floats
    images: Floats


def fill_in(
    explorer: LatentExplorer,
    image: npt.NDArray[np.uint8],
    visible: npt.NDArray[np.bool_],
    label: int | None = None,
    *,
    n_fills: int = 6,
    generator: np.random.Generator,
    on_progress: OnProgress = lambda share: None,
) -> Fills:
    """Fill in what is hidden of an image, several times.

    p(z | x visible) is approximated by a mixture of Gaussians, each the best near one of the most promising places, and
    weighted by exp(ELBO): the weights that maximise the mixture's ELBO where its parts do not overlap. A point is
    sought where the model has no q(z|x); there the fills are the different answers, not draws.

    Parameters
    ----------
    explorer : LatentExplorer
    image : uint8 array of shape (C, H, W)
        What its hidden pixels are plays no part.
    visible : bool array of shape (H, W)
    label : int, optional
        For a model that takes a class.
    n_fills : int
        How many, where they are draws; a point gives as many as there are answers.
    generator : numpy Generator
    on_progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    ShapeError
        When an argument has another shape or type, or nothing is visible.
    """
    if image.dtype != np.uint8 or image.shape != explorer.image_shape:
        raise ShapeError(
            f"{explorer.name}: the image must be uint8 of the shape {explorer.image_shape}, but it is {image.dtype} "
            f"{image.shape}."
        )
    if not np.asarray(visible).any():
        raise ShapeError("Nothing of the image is visible: leave a part of it for z to be told by.")
    starts = _starts(explorer, image, visible, label, generator)
    images = np.repeat(image[None], len(starts), axis=0)
    masks = np.repeat(np.asarray(visible)[None], len(starts), axis=0)
    if not explorer.can.posterior:
        points = optimise_point(explorer, images, label, z=starts, visible=masks, on_progress=on_progress)
        mu, logvar, score = points.mu, None, points.objective[:, 1]
    else:
        found = optimise_posterior(
            explorer, images, label, mu=starts, logvar=np.full_like(starts, START_LOGVAR), visible=masks, n_draws=32,
            generator=generator, on_progress=on_progress,
        )  # fmt: skip
        draws = np.repeat(fixed_draws(1, N_WEIGHING, explorer.latent_dim, generator=generator), len(starts), axis=0)
        terms = elbo_terms(explorer, images, found.mu, found.logvar, label, draws=draws, visible=masks).elbo
        assert terms is not None  # it can posterior
        mu, logvar, score = found.mu, found.logvar, terms
    order = _apart(mu, logvar, np.argsort(-score, kind="stable"))
    mu, logvar, score = mu[order], None if logvar is None else logvar[order], score[order]
    weight = np.exp(score - score[0]) if logvar is not None else np.ones(len(score))
    weight /= weight.sum()
    if logvar is None:
        z = mu
    else:
        part = np.sort(generator.choice(len(mu), n_fills, p=weight))
        z = mu[part] + np.exp(0.5 * logvar[part]) * generator.standard_normal((n_fills, mu.shape[1]), np.float32)
    decoded = explorer.decode(z, label)
    filled = np.where(np.asarray(visible), image[None].astype(np.float32) / 255, decoded)
    return Fills(mu, logvar, weight, score, z, filled)


def _starts(
    explorer: LatentExplorer,
    image: npt.NDArray[np.uint8],
    visible: npt.NDArray[np.bool_],
    label: int | None,
    generator: np.random.Generator,
) -> Floats:
    """The most promising places (N_STARTS, D) by the visible pixels: of the prior, or of codes that no prior holds."""
    codes = explorer.latents.mu
    if explorer.can.encode and not explorer.can.posterior and len(codes):
        places = codes[generator.choice(len(codes), min(N_CANDIDATES, len(codes)), replace=False)]
    else:
        places = even_draws(N_CANDIDATES, explorer.latent_dim, generator=generator)
    images = np.repeat(image[None], len(places), axis=0)
    masks = np.repeat(np.asarray(visible)[None], len(places), axis=0)
    found = optimise_point(explorer, images, label, z=places, visible=masks, n_steps=0).objective[:, 0]
    if explorer.can.posterior:
        found -= 0.5 * np.square(places, dtype=np.float64).sum(1)
    return np.asarray(places[np.argsort(-found, kind="stable")[:N_STARTS]])


def _apart(mu: Floats, logvar: Floats | None, order: npt.NDArray[np.int64]) -> list[int]:
    """Of answers that lie within half a standard deviation of a better one that one alone."""
    kept: list[int] = []
    for i in order:
        scale = 0.1 if logvar is None else np.exp(0.5 * logvar[i])
        if all(np.sqrt(np.mean(((mu[i] - mu[j]) / scale) ** 2)) > 0.5 for j in kept):
            kept.append(int(i))
    return kept
