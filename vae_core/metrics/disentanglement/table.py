"""The table that all scores start from: codes beside the factors that the images were drawn from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

Doubles = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def checked(codes: npt.ArrayLike, factors: npt.ArrayLike) -> tuple[Doubles, Whole]:
    """Codes (N, D) as float64, and factors (N, F) with each one's values numbered 0, 1, … without gaps.

    Raises
    ------
    ShapeError
        When the shapes do not fit, there are fewer than two dimensions, or a factor has one value only.
    """
    z, table = finite_rows(codes, "The codes").astype(np.float64), np.asarray(factors)
    if table.ndim != 2 or len(table) != len(z) or not np.issubdtype(table.dtype, np.integer) or table.size == 0:
        raise ShapeError(
            f"The factors must be whole numbers of the shape ({len(z)}, F), a row for each code, but they are "
            f"{table.dtype} of {table.shape}."
        )
    if z.shape[1] < 2:
        raise ShapeError("Disentanglement is asked of at least two latent dimensions, but there is one.")
    numbered = np.stack([np.unique(column, return_inverse=True)[1] for column in table.T], axis=1).astype(np.int64)
    constant = np.flatnonzero(numbered.max(axis=0) == 0)
    if len(constant):
        raise ShapeError(f"Factor {constant[0]} has the same value in all {len(z)} images: nothing can encode it.")
    return z, numbered


def mean_gap(scores: Doubles) -> float:
    """Of a table (D, F): the largest minus the second largest of each factor, averaged over the factors."""
    ordered = np.sort(scores, axis=0)
    return float((ordered[-1] - ordered[-2]).mean())
