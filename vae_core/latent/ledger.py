"""The ledger: what a model makes of every image of its data set, a row each, to be sorted and asked for outliers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.data.image_set import SPLIT_NAMES
from vae_core.errors import ShapeError

N_DRAWS = 16
"""k of the importance-weighted bound."""

FIGURES = ("log_likelihood", "kl", "elbo", "bound", "gap", "agreement")

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


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
