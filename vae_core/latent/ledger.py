"""The ledger: what a model makes of every image of its data set, a row each, to be sorted and asked for outliers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vae_core.data.image_set import SPLIT_NAMES
from vae_core.errors import ShapeError
from vae_core.latent.agreement import N_NEIGHBOURS, neighbour_classes

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer, Posterior

N_DRAWS = 16
"""k of the importance-weighted bound."""

LEDGER_SEED = 20_150_901
"""Of the k draws; each image has a stream of its own, so that a row depends neither on batches nor on other images."""

BATCH = 256
FIGURES = ("log_likelihood", "kl", "elbo", "bound", "gap", "agreement")

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
OnProgress = Callable[[float], None]
InPieces = Callable[[int, Callable[[slice], Any]], list[Any]]


@dataclass(frozen=True, eq=False)
class Ledger:
    """A row for each image: those of training, then validation, then test, each in their own order.

    Attributes
    ----------
    counts : tuple of int
        How many rows are of training, validation and test.
    mu, logvar : float32 arrays of shape (N, D)
        q(z|x); logvar is None where the encoder gives a point.
    labels : int64 array of shape (N,), or None
    log_likelihood : float32 array of shape (N,), or None
        log p(x|z) in nats, of the z that an evaluation draws, or of the point; None without the images.
    bound : float32 array of shape (N,), or None
        The importance-weighted bound on log p(x) in nats (Burda, Grosse & Salakhutdinov 2016, eq. 8), of `N_DRAWS` z.
    agreement : float32 array of shape (N,), or None
        Share of the 10 images with the nearest mu that have the row's own label; None without labels.
    near_class : int64 array of shape (N,), or None
        The class that most of these 10 have, the row's own where it is one of several.
    """

    counts: tuple[int, int, int]
    mu: Floats
    logvar: Floats | None
    labels: Labels | None
    log_likelihood: Floats | None = None
    bound: Floats | None = None
    agreement: Floats | None = None
    near_class: Labels | None = None

    def __len__(self) -> int:
        return len(self.mu)

    @cached_property
    def kl_by_dimension(self) -> Floats | None:
        """KL(q(z|x) || N(0, I)) of each dimension in nats, (N, D) (Kingma & Welling 2014, appendix B)."""
        if self.logvar is None:
            return None
        return 0.5 * (np.square(self.mu) + np.exp(self.logvar) - 1 - self.logvar)

    @cached_property
    def figures(self) -> dict[str, Floats]:
        """The columns that there are, by name in the order of `FIGURES`, (N,) each."""
        by_dimension = self.kl_by_dimension
        kl = None if by_dimension is None else by_dimension.sum(axis=1, dtype=np.float64)
        elbo = None if kl is None or self.log_likelihood is None else self.log_likelihood - kl
        gap = None if elbo is None or self.bound is None else self.bound - elbo
        given = {"log_likelihood": self.log_likelihood, "kl": kl, "elbo": elbo, "bound": self.bound, "gap": gap}
        given["agreement"] = self.agreement
        return {name: np.float32(given[name]) for name in FIGURES if given[name] is not None}  # type: ignore[misc]

    @property
    def disagrees(self) -> npt.NDArray[np.bool_]:
        """Whether most of a row's neighbours are of another class than it, (N,): wrong labels do, and odd images."""
        if self.labels is None or self.near_class is None:
            return np.zeros(len(self), np.bool_)
        disagrees: npt.NDArray[np.bool_] = self.near_class != self.labels
        return disagrees

    @property
    def splits(self) -> npt.NDArray[np.int64]:
        """Which split each row is of, (N,): an index into `SPLIT_NAMES`."""
        return np.repeat(np.arange(3), self.counts)

    def place(self, row: int) -> tuple[str, int]:
        """The split of a row, and its index there.

        Raises
        ------
        ShapeError
            When there is no such row.
        """
        if not 0 <= row < len(self):
            raise ShapeError(f"The ledger has rows 0 to {len(self) - 1}, no {row}.")
        ends = np.cumsum(self.counts)
        split = int(np.searchsorted(ends, row, side="right"))
        return SPLIT_NAMES[split], row - int(ends[split]) + self.counts[split]

    def table(self, rows: npt.NDArray[np.int64] | None = None) -> dict[str, npt.NDArray[Any]]:
        """All columns by name, KL by dimension among them (`kl_1` …), of these rows, or of all: for a data frame."""
        some = np.arange(len(self)) if rows is None else rows
        splits = self.splits[some]
        starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        found: dict[str, npt.NDArray[Any]] = {"split": np.array(SPLIT_NAMES)[splits], "index": some - starts[splits]}
        if self.labels is not None:
            found["label"] = self.labels[some]
        if self.near_class is not None:
            found["near_class"] = self.near_class[some]
        found |= {name: values[some] for name, values in self.figures.items()}
        found |= {f"mu_{i + 1}": values for i, values in enumerate(self.mu[some].T)}
        if self.kl_by_dimension is not None:
            found |= {f"kl_{i + 1}": values for i, values in enumerate(self.kl_by_dimension[some].T)}
        return found


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
    return _with_neighbours(plain, lambda _: None)


def make_ledger(
    explorer: LatentExplorer,
    images: npt.NDArray[np.uint8],
    labels: Labels | None,
    counts: tuple[int, int, int],
    *,
    in_pieces: InPieces | None = None,
    on_progress: OnProgress = lambda _: None,
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
        `in_pieces(n, ask)` calls `ask` with slices that follow each other from 0 to n, and lists the answers: a worker
        that does so when it has time. By default it is done here.
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
    do = in_pieces or _in_batches

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


def _in_batches(n: int, ask: Callable[[slice], Any]) -> list[Any]:
    return [ask(slice(start, min(n, start + BATCH))) for start in range(0, n, BATCH)]
