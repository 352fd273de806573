"""Standard errors of scores that are no mean over images: from disjoint parts of the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.errors import ShapeError

N_PARTS = 5
"""Disjoint parts that a standard error is taken from."""

Rows = npt.NDArray[np.intp]


def measures(
    score: Callable[..., Sequence[float]], *sizes: int, n_parts: int = N_PARTS, generator: np.random.Generator
) -> tuple[Measure, ...]:
    """Scores of all rows, each with the standard error that its spread over disjoint parts of them implies.

    The rows are shuffled and cut into `n_parts` parts. Were the score of all rows the mean of the parts' scores, its
    standard error would be their standard deviation (n_parts - 1 in the variance) divided by sqrt(n_parts): the method
    of batch means. That a score depends on how many rows there are shifts the parts' scores alike and drops out. The
    bootstrap does not fit here: rows drawn twice are each other's nearest neighbours.

    Parameters
    ----------
    score : callable
        Takes an array of row numbers for each of `sizes` and returns its scores, always as many.
    *sizes : int
        Number of rows of each table; tables are shuffled each on its own.
    n_parts : int
        At least 2.
    generator : numpy.random.Generator
        Shuffles the rows.

    Returns
    -------
    tuple of Measure
        One a score.

    Raises
    ------
    ShapeError
        When a table has fewer rows than there are parts.
    """
    if min(sizes) < n_parts:
        raise ShapeError(f"A standard error from {n_parts} parts needs as many rows, but there are {min(sizes)}.")
    values = score(*(np.arange(n) for n in sizes))
    tables = [np.array_split(generator.permutation(n), n_parts) for n in sizes]
    spread = np.std([score(*parts) for parts in zip(*tables, strict=True)], axis=0, ddof=1)  # (scores,)
    errors = spread / np.sqrt(n_parts)
    return tuple(Measure(value=float(v), standard_error=float(e)) for v, e in zip(values, errors, strict=True))


def chosen_rows(n_rows: int, most: int) -> Rows:
    """At most `most` of `n_rows` rows, spread evenly over all of them and always the same ones; ascending."""
    return np.linspace(0, n_rows - 1, min(n_rows, most)).round().astype(np.intp)
