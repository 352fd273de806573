"""How near a reconstruction is to its image: squared error and structural similarity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.errors import ShapeError
from vae_core.metrics.elbo import measure

WINDOW, WINDOW_SIGMA = 7, 1.5
"""Side and standard deviation, in pixels, of the Gaussian window: the paper's 11 pixels do not fit an image of 8x8."""

K1, K2 = 0.01, 0.03
IMAGES_AT_ONCE = 500

Doubles = npt.NDArray[np.float64]


def squared_error(images: npt.ArrayLike, reconstructions: npt.ArrayLike) -> Measure:
    """Mean over images of the squared difference, averaged over an image's pixels and channels.

    Parameters
    ----------
    images, reconstructions : array of shape (N, C, H, W)
        uint8 in 0..255, or floats in [0, 1]; the result is in units of [0, 1] squared either way.

    Raises
    ------
    ShapeError
        When there are none, or the shapes differ.
    """
    x, y = _pairs(images, reconstructions)
    return measure(np.concatenate([np.square(_unit(a) - _unit(b)).mean((1, 2, 3)) for a, b in _blocks(x, y)]))


def ssim(images: npt.ArrayLike, reconstructions: npt.ArrayLike) -> Measure:
    """Structural similarity, the mean over images of `ssim_per_image`.

    Parameters
    ----------
    images, reconstructions : array of shape (N, C, H, W)
        As `squared_error`; each side of at least 7 pixels.

    Raises
    ------
    ShapeError
        When there are none, the shapes differ, or a window does not fit.
    """
    return measure(ssim_per_image(images, reconstructions))


def ssim_per_image(images: npt.ArrayLike, reconstructions: npt.ArrayLike) -> Doubles:
    """SSIM of each pair of images (Wang, Bovik, Sheikh & Simoncelli 2004, eqs. 13 to 17), 1 for equal ones.

    Local means, variances and covariance are weighted by a Gaussian window of 7x7 pixels with a standard deviation of
    1.5, the same for images of every size (in the paper it has 11x11 pixels), at every place where it lies inside the
    image; K1 = 0.01, K2 = 0.03, L = 1. Averaged over places and channels.

    Returns
    -------
    float64 array of shape (N,), from -1 to 1

    Raises
    ------
    ShapeError
        As `ssim`.
    """
    x, y = _pairs(images, reconstructions)
    height, width = x.shape[2:]
    if min(height, width) < WINDOW:
        raise ShapeError(f"SSIM needs images of at least {WINDOW}x{WINDOW} pixels, but these have {height}x{width}.")
    down, across = _window(height), _window(width).T
    values = []
    for a, b in _blocks(x, y):
        one, other = _unit(a), _unit(b)
        mean, mean_other = (down @ array @ across for array in (one, other))
        variance = down @ one**2 @ across - mean**2
        variance_other = down @ other**2 @ across - mean_other**2
        covariance = down @ (one * other) @ across - mean * mean_other
        brightness = (2 * mean * mean_other + K1**2) / (mean**2 + mean_other**2 + K1**2)
        structure = (2 * covariance + K2**2) / (variance + variance_other + K2**2)
        values.append((brightness * structure).mean((1, 2, 3)))
    return np.concatenate(values)


def _window(side: int) -> Doubles:
    """The window's weights along one axis at each of its places: (side - 6, side), rows that sum to 1."""
    offsets = np.arange(side) - np.arange(side - WINDOW + 1)[:, None] - WINDOW // 2
    weights = np.where(np.abs(offsets) <= WINDOW // 2, np.exp(-0.5 * (offsets / WINDOW_SIGMA) ** 2), 0.0)
    return np.asarray(weights / weights.sum(1, keepdims=True))


def _pairs(images: npt.ArrayLike, others: npt.ArrayLike) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    x, y = np.asarray(images), np.asarray(others)
    if x.ndim != 4 or x.shape != y.shape or x.size == 0:
        raise ShapeError(
            f"Images and reconstructions must both have one shape (N, C, H, W), but they have {x.shape} and {y.shape}."
        )
    return x, y


def _blocks(
    x: npt.NDArray[np.generic], y: npt.NDArray[np.generic]
) -> list[tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]]:
    starts = range(0, len(x), IMAGES_AT_ONCE)
    return [(x[start : start + IMAGES_AT_ONCE], y[start : start + IMAGES_AT_ONCE]) for start in starts]


def _unit(images: npt.NDArray[np.generic]) -> Doubles:
    pixels = images.astype(np.float64)
    return pixels / 255 if images.dtype == np.uint8 else pixels
