"""Making a ledger: one pass over the images of a data set, or of the codes alone that came with a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError
from vae_core.latent.agreement import N_NEIGHBOURS, neighbour_classes
from vae_core.latent.ledger import N_DRAWS, Floats, Labels, Ledger
from vae_core.latent.pieces import InPieces, OnProgress, here

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer, Posterior

LEDGER_SEED = 20_150_901
"""Of the k draws; each image has a stream of its own, so that a row depends neither on batches nor on other images."""

BATCH = 256


def code_ledger(explorer: LatentExplorer) -> Ledger:
    """What can be said without the images: the codes of the test split that came with the model, their KL and classes.

    Raises
    ------
    ShapeError
        When the model has no encoder.
    """
    _need_encoder(explorer)
    latents = explorer.latents
    plain = Ledger((0, 0, len(latents.mu)), latents.mu, latents.logvar, latents.labels)
    return _with_neighbours(plain, lambda share: None)


def make_ledger(
    explorer: LatentExplorer,
    images: npt.NDArray[np.uint8],
    labels: Labels | None,
    counts: tuple[int, int, int],
    *,
    in_pieces: InPieces | None = None,
    on_progress: OnProgress = lambda share: None,
) -> Ledger:
    """Go through a data set once.

    Parameters
    ----------
    explorer : LatentExplorer
    images : uint8 array of shape (N, C, H, W)
        All images of the model's data set: training, validation, test.
    labels : int64 array of shape (N,), or None
    counts : tuple of int
        How many images each split has; the test split's codes are those that came with the model.
    in_pieces : callable, optional
        A worker that does pieces when it has time, see `vae_core.latent.pieces.InPieces`. By default it is done here.
    on_progress : callable
        Told the share that is done, 0 to 1; an error that it raises ends the pass.

    Raises
    ------
    ShapeError
        When the model has no encoder, or the images are not those that the counts say.
    CheckpointError
        When a figure is not a finite number.
    """
    _need_encoder(explorer)
    n_test = len(explorer.latents.mu)
    if len(images) != sum(counts) or counts[2] != n_test:
        raise ShapeError(
            f"The ledger of {explorer.name} needs {sum(counts):,} images, the last {n_test:,} of the test split, but "
            f"{len(images):,} came with {counts[2]:,} of the test split."
        )
    told = labels if explorer.can.label else None
    do = in_pieces or here(BATCH)

    def encode(some: slice) -> Posterior:
        on_progress(0.05 * some.start / len(images))
        return explorer.encode(images[some], None if told is None else told[some])

    parts, latents = do(len(images) - n_test, encode), explorer.latents
    mu = np.concatenate([*(part.mu for part in parts), latents.mu])
    logvar = None
    if latents.logvar is not None:
        logvar = np.concatenate([*(part.logvar for part in parts), latents.logvar])
    z = _evaluation_draws(explorer, mu, logvar, counts)

    def score(some: slice) -> npt.NDArray[np.float64]:
        on_progress(0.05 + 0.8 * some.start / len(images))
        given = None if logvar is None else logvar[some]
        return _scored(
            explorer, images[some], mu[some], given, z[some], None if told is None else told[some], some.start
        )

    found = np.concatenate(do(len(images), score)).astype(np.float32)  # (N, 1 or 2)
    ledger = Ledger(counts, mu, logvar, labels, found[:, 0], found[:, 1] if found.shape[1] > 1 else None)
    return _with_neighbours(ledger, lambda share: on_progress(0.85 + 0.15 * share))


def _scored(
    explorer: LatentExplorer,
    images: npt.NDArray[np.uint8],
    mu: Floats,
    logvar: Floats | None,
    z: Floats,
    labels: Labels | None,
    first: int,
) -> npt.NDArray[np.float64]:
    """log p(x|z) at the z of the evaluation, and where there is a q(z|x) the bound, (n, 1 or 2)."""
    n, d = mu.shape
    if logvar is None:
        return explorer.log_likelihood(images, z, labels)[:, None]
    streams = (np.random.Generator(np.random.Philox(key=[LEDGER_SEED, first + i])) for i in range(n))
    noise = np.stack([stream.standard_normal((N_DRAWS, d), np.float32) for stream in streams])  # (n, k, D)
    draws = mu[:, None] + np.exp(0.5 * logvar[:, None]) * noise
    every = np.concatenate([z[:, None], draws], axis=1).reshape(-1, d)  # the evaluation's z, then the k, image by image
    many = images.repeat(N_DRAWS + 1, axis=0)
    told = None if labels is None else labels.repeat(N_DRAWS + 1)
    found = explorer.log_likelihood(many, every, told).reshape(n, N_DRAWS + 1)
    # log p(z) - log q(z|x): their constants cancel.
    apart = 0.5 * (np.square(noise) + logvar[:, None] - np.square(draws)).sum(axis=2, dtype=np.float64)
    weights = found[:, 1:] + apart
    highest = weights.max(axis=1)
    bound = highest + np.log(np.exp(weights - highest[:, None]).mean(axis=1))
    return np.stack([found[:, 0], bound], axis=1)


def _evaluation_draws(
    explorer: LatentExplorer, mu: Floats, logvar: Floats | None, counts: tuple[int, int, int]
) -> Floats:
    """The z that an evaluation of each split draws: its draws begin anew with each."""
    from vae_core.explorer import Posterior

    if logvar is None:
        return mu
    ends = np.cumsum(counts)
    parts = [slice(end - n, end) for end, n in zip(ends, counts, strict=True)]
    return np.concatenate([explorer.evaluation_draws(Posterior(mu[part], logvar[part])) for part in parts])


def _with_neighbours(ledger: Ledger, on_progress: OnProgress) -> Ledger:
    if ledger.labels is None or len(ledger) <= N_NEIGHBOURS:
        return ledger
    agreement, near_class = neighbour_classes(ledger.mu, ledger.labels, on_progress=on_progress)
    return replace(ledger, agreement=agreement, near_class=near_class)


def _need_encoder(explorer: LatentExplorer) -> None:
    if not explorer.can.encode:
        raise ShapeError(
            f"{explorer.name} has no encoder: a {explorer.card.model.family} only makes images of z, so there is no "
            "ledger of its data."
        )
