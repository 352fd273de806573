"""What can be said of drawn images alone, with no data set at hand: how sharp they are, which classes they cover."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import laplace

from vae_core.errors import ShapeError

Doubles = npt.NDArray[np.float64]


def laplacian_variance(images: npt.ArrayLike) -> Doubles:
    """Variance of each image's Laplacian, (N,): a common measure of focus (Pech-Pacheco et al. 2000).

    The Laplacian is a pixel's four neighbours less four times itself, the frame being mirrored; of several channels
    their mean is taken first. Blur lowers it. It cannot tell an edge from speckle: noise raises it too.

    Parameters
    ----------
    images : array of shape (N, C, H, W)
        In [0, 1].

    Raises
    ------
    ShapeError
        When they have another shape.
    """
    grey = _images(images).mean(axis=1)
    return np.stack([laplace(image, mode="reflect").var() for image in grey])


def grey_share(images: npt.ArrayLike, low: float = 0.1, high: float = 0.9) -> Doubles:
    """Of each image the share of pixels that are neither black nor white, between `low` and `high`, (N,)."""
    array = _images(images)
    return np.asarray(((array > low) & (array < high)).mean(axis=(1, 2, 3)))


def class_shares(probabilities: npt.ArrayLike) -> Doubles:
    """Which share of images a classifier takes for each class, (K,), from its probabilities (N, K)."""
    table = np.asarray(probabilities)
    if table.ndim != 2 or not table.size:
        raise ShapeError(f"Probabilities must have the shape (N, K), but they have {table.shape}.")
    return np.bincount(table.argmax(axis=1), minlength=table.shape[1]) / len(table)


def effective_classes(shares: npt.ArrayLike) -> float:
    """exp of the entropy of shares (K,): K where all classes are alike frequent, 1 where there is only one."""
    share = np.asarray(shares, np.float64)
    some = share[share > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def _images(images: npt.ArrayLike) -> Doubles:
    array = np.asarray(images, np.float64)
    if array.ndim != 4 or not array.size:
        raise ShapeError(f"Images must have the shape (N, C, H, W), but they have {array.shape}.")
    return array
