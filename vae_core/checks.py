"""Checks of arguments that several modules share; each returns the value it has checked."""

from __future__ import annotations

import operator
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError


def whole_number(value: SupportsIndex, name: str, *, least: int) -> int:
    """Return `value` as an int.

    Raises
    ------
    ShapeError
        When it is no whole number, or smaller than `least`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise ShapeError(f"{name} must be a whole number, but it is {value!r}.") from None
    if isinstance(value, bool) or number < least:
        raise ShapeError(f"{name} must be a whole number of at least {least}, but it is {value!r}.")
    return number


def latent_vector(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float32]:
    """Return `values` as one finite point of a latent space, (D,) float32 with D >= 1.

    Raises
    ------
    ShapeError
        When they are no numbers, not one-dimensional, empty, NaN, or beyond what float32 holds.
    """
    try:
        with np.errstate(over="ignore"):
            vector = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise ShapeError(f"{name} must be a list of numbers, one for each latent dimension.") from None
    if vector.ndim != 1 or vector.size == 0:
        raise ShapeError(f"{name} must have the shape (D,) with D of at least 1, but it has {vector.shape}.")
    if not np.isfinite(vector).all():
        at = int(np.flatnonzero(~np.isfinite(vector))[0])
        raise ShapeError(f"{name} must be finite, but its value {at} is {vector[at]} (as float32).")
    return vector


def finite_rows(values: npt.ArrayLike, name: str, columns: int | None = None) -> npt.NDArray[np.floating]:
    """Return `values` as finite points, (n, D): float32 as it is, everything else as float64; n may be 0.

    Parameters
    ----------
    columns : int, optional
        D, where only one is right.

    Raises
    ------
    ShapeError
        When they are no numbers, not two-dimensional, not of `columns` columns, or not finite.
    """
    try:
        rows = np.asarray(values)
        rows = rows if rows.dtype == np.float32 else rows.astype(np.float64)
    except (TypeError, ValueError):
        raise ShapeError(f"{name} must be numbers, one row each.") from None
    if rows.ndim != 2 or columns not in (None, rows.shape[1]) or not np.isfinite(rows).all():
        expected = f"(n, {'D' if columns is None else columns})"
        raise ShapeError(f"{name} must be finite numbers of the shape {expected}, but they have {rows.shape}.")
    return rows
