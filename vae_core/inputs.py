"""What a model is asked with, checked: points of its latent space, and images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError


def checked_z(z: npt.ArrayLike, latent_dim: int, where: str) -> npt.NDArray[np.float32]:
    """Return a copy of `z` as finite float32, contiguous; N may be 0.

    Parameters
    ----------
    z : array_like, shape (N, D)
    latent_dim : int
        The D expected.
    where : str
        Name of the model, for the message.

    Raises
    ------
    ShapeError
        When z has another shape or is not finite as float32.
    """
    array = _as_numbers(z, "z")
    if array.ndim != 2 or array.shape[1] != latent_dim:
        raise ShapeError(f"{where}: z has the shape {array.shape}, expected (N, {latent_dim}).")
    if array.dtype == np.float32:
        rows = array.astype(np.float32, order="C")
    else:
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            rows = array.astype(np.float32, order="C")
    if not np.isfinite(rows).all():
        raise ShapeError(f"{where}: z has values that are not finite numbers.")
    return rows


def checked_images(images: npt.ArrayLike, image_shape: tuple[int, int, int], where: str) -> npt.NDArray[np.generic]:
    """Return `images` when they are uint8 in 0..255, or floats in [0, 1]; N may be 0.

    Parameters
    ----------
    images : array_like, shape (N, C, H, W)
    image_shape : tuple of int
        The (C, H, W) expected.
    where : str
        Name of the model, for the message.

    Raises
    ------
    ShapeError
        When the shape, the type or the range is another.
    """
    array = _as_numbers(images, "images")
    if array.ndim != 4 or array.shape[1:] != image_shape:
        raise ShapeError(f"{where}: images have the shape {array.shape}, expected (N, *{image_shape}).")
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise ShapeError(f"{where}: images are {array.dtype}; expected uint8 in 0..255 or floats in [0, 1].")
    if array.size and not (array.min() >= 0.0 and array.max() <= 1.0):
        raise ShapeError(
            f"{where}: float images must lie in [0, 1]; these go from {array.min():.3g} to {array.max():.3g}."
        )
    return array


def checked_label(label: npt.ArrayLike | None, n_rows: int, n_classes: int, where: str) -> npt.NDArray[np.int64] | None:
    """Return `label` as a class for each of n rows, int64 (n,); None for a model that takes none.

    Parameters
    ----------
    label : int, or array_like of shape (N,), or None
        One class for all rows, or one for each.
    n_rows, n_classes : int
        Rows of z or images; classes that the model takes, 0 for a model that takes none.
    where : str
        Name of the model, for the message.

    Raises
    ------
    ShapeError
        When a label comes to a model that takes none, or none, another number, or one that is no class to a model that
        takes one.
    """
    if not n_classes:
        if label is not None:
            raise ShapeError(f"{where} takes no class: it was trained without one.")
        return None
    if label is None:
        raise ShapeError(f"{where} takes a class, 0 to {n_classes - 1}: give one.")
    array = _as_numbers(label, "label")
    if array.dtype.kind not in "iu" or array.ndim > 1 or (array.ndim and len(array) != n_rows):
        raise ShapeError(
            f"{where}: label is {array.dtype} of shape {array.shape}; expected a whole number, or {n_rows} of them."
        )
    if array.size and not 0 <= array.min() <= array.max() < n_classes:
        raise ShapeError(
            f"{where}: classes are 0 to {n_classes - 1}, but labels from {array.min()} to {array.max()} came."
        )
    return np.broadcast_to(array.astype(np.int64), (n_rows,))


def _as_numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[np.generic]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{what}: the rows are of different lengths.") from None
    if array.dtype.kind not in "fiu":
        raise ShapeError(f"{what}: expected numbers, but it holds {array.dtype}.")
    return array
