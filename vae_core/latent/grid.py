"""A grid over two latent axes, even in the prior's probability, and its decoded images as one picture.

As in Kingma and Welling, "Auto-encoding variational Bayes" (ICLR 2014), appendix A: coordinates that are
evenly spaced in (0, 1), taken through the inverse CDF of the Gaussian prior.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from vae_core.checks import latent_vector, whole_number
from vae_core.errors import ShapeError
from vae_core.images import to_uint8


def prior_grid(n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Centres and edges of n intervals that are equally likely under a standard normal.

    Parameters
    ----------
    n : int
        Number of intervals along an axis, at least 2.

    Returns
    -------
    centres : ndarray of float64, shape (n,)
        Phi^-1((i + 0.5) / n), ascending and symmetric about 0, in units of the prior's standard deviation.
    edges : ndarray of float64, shape (n + 1,)
        Phi^-1(i / n). The two outermost would be infinite; each is its inner neighbour mirrored in the centre between.

    Raises
    ------
    ShapeError
        When `n` is smaller than 2.
    """
    n = whole_number(n, "the grid's n", least=2)
    quantile = NormalDist().inv_cdf
    centres = np.array([quantile((i + 0.5) / n) for i in range(n)])
    inner = np.array([quantile(i / n) for i in range(1, n)])
    # The quantiles of p and 1 - p differ in the last bits; halving the difference makes the grid exactly symmetric.
    centres, inner = (centres - centres[::-1]) / 2, (inner - inner[::-1]) / 2
    lowest, highest = 2 * centres[0] - inner[0], 2 * centres[-1] - inner[-1]
    return centres, np.concatenate(([lowest], inner, [highest]))


def grid_points(
    n: int, latent_dim: int, axes: tuple[int, int] = (0, 1), rest: npt.ArrayLike | None = None
) -> npt.NDArray[np.float32]:
    """Points to decode for an n by n grid over two latent axes, in the order in which a picture is read.

    Parameters
    ----------
    n : int
        Points along an axis, at least 2.
    latent_dim : int
        D, at least 2.
    axes : tuple of int
        The latent axis that runs to the right, and the one that runs upwards.
    rest : array_like, shape (D,), optional
        Values of all other axes (those at `axes` are not used); the prior's mean, 0, when not given.

    Returns
    -------
    ndarray of float32, shape (n * n, D)
        Row i * n + j belongs to the i-th row from the top (largest second axis) and the j-th column from the left.

    Raises
    ------
    ShapeError
        When the axes are not two different ones of the D, or `rest` has another length than D.
    """
    latent_dim = whole_number(latent_dim, "latent_dim", least=2)
    right, up = (whole_number(axis, "an axis of the grid", least=0) for axis in axes)
    if right == up or max(right, up) >= latent_dim:
        raise ShapeError(f"The grid's axes must be two different ones of 0 to {latent_dim - 1}, but they are {axes}.")
    base = np.zeros(latent_dim, np.float32) if rest is None else latent_vector(rest, "rest")
    if base.size != latent_dim:
        raise ShapeError(f"rest must have {latent_dim} values, one for each latent dimension, but it has {base.size}.")
    centres, _ = prior_grid(n)
    points = np.tile(base, (centres.size**2, 1))
    points[:, right] = np.tile(centres, centres.size)
    points[:, up] = np.repeat(centres[::-1], centres.size)
    return points


def grid_picture(decoded: npt.NDArray[np.generic], edges: npt.ArrayLike, size: int) -> npt.NDArray[np.uint8]:
    """One square picture of latent space, each image as large as its own rectangle allows, and undistorted.

    Parameters
    ----------
    decoded : ndarray, shape (n * n, C, H, W)
        Images of `grid_points`, in its order; float in [0, 1] or uint8.
    edges : array_like, shape (n + 1,)
        Ascending borders of the rectangles, the same along both axes. The picture reaches from the first to the last.
    size : int
        Width and height of the picture in pixels. A rectangle narrower than a pixel may not appear.

    Returns
    -------
    ndarray of uint8, shape (size, size, C)
        Row 0 is the top, where the second axis is largest; nearest-neighbour sampling, pixels stay pixels. Black
        where a rectangle is no square.

    Raises
    ------
    ShapeError
        When the number of images does not fit the edges, or the edges are not ascending.
    """
    size = whole_number(size, "size", least=1)
    borders = np.asarray(edges, dtype=np.float64)
    if borders.ndim != 1 or borders.size < 2 or not (np.isfinite(borders).all() and (np.diff(borders) > 0).all()):
        raise ShapeError("edges must be a list of at least two finite numbers in ascending order.")
    n = borders.size - 1
    if decoded.ndim != 4 or len(decoded) != n * n:
        raise ShapeError(
            f"{borders.size} edges need {n * n} images of the shape (C, H, W), but decoded has {decoded.shape}."
        )
    images = to_uint8(decoded).transpose(0, 2, 3, 1)  # (n * n, H, W, C)
    height, width, channels = images.shape[1:]
    picture = np.zeros((size, size, channels), np.uint8)
    pixel_edges = (borders - borders[0]) / (borders[-1] - borders[0]) * size
    for row in range(n):
        for column in range(n):
            left, right = pixel_edges[column : column + 2]
            bottom, top = pixel_edges[n - 1 - row : n + 1 - row]  # counted from below, as z is
            scale = min((right - left) / width, (top - bottom) / height)
            x0, x1 = _span((left + right) / 2, scale * width)
            y0, y1 = _span(size - (bottom + top) / 2, scale * height)
            rows = np.arange(y1 - y0) * height // max(1, y1 - y0)
            columns = np.arange(x1 - x0) * width // max(1, x1 - x0)
            picture[y0:y1, x0:x1] = images[row * n + column][rows][:, columns]
    return picture


def _span(centre: float, length: float) -> tuple[int, int]:
    """First and last-but-one pixel of an interval."""
    begin = math.floor(centre - length / 2 + 0.5)
    return begin, math.floor(centre + length / 2 + 0.5)
