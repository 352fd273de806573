"""Squares, ellipses and hearts drawn from known factors, to measure whether a model finds these factors again.

A set of its own: of the kind that disentanglement is measured on since Higgins et al. (2017), but not theirs, and
figures on it compare with nothing but figures on it.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

FACTOR_NAMES = ("shape", "scale", "orientation", "x", "y")
FACTOR_SIZES = (3, 6, 10, 16, 16)
"""46,080 images: each combination of the factors' values once."""

SHAPE_NAMES = ("square", "ellipse", "heart")
SCALES = np.linspace(0.5, 1.0, FACTOR_SIZES[1])
ANGLES = np.deg2rad(np.arange(FACTOR_SIZES[2]) * 9.0)
"""A quarter turn, its end left out: after that a square repeats. An ellipse does after a half, a heart after a whole
turn, so that no two combinations give the same image, and an angle is the same angle for each shape."""

SHIFTS = 32
"""Centres lie this fraction of the image's side apart, 17/64 to 47/64 of it; at 32x32 a step is one pixel."""

FINENESS = 8
"""Rows and columns of sample points in a pixel, at least."""

# In units of the image's side, at scale 1: nothing is farther from its centre than 17/64, so nothing is ever cut off.
SQUARE_SIDE = 0.36
ELLIPSE_AXES = (0.26, 0.14)
HEART_SIDE = 0.27
HEART_CENTROID = (math.pi / 16 + 1 / 12) / (1 + math.pi / 4) * HEART_SIDE


def draw_shapes(side: int = 32) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw the whole set: white on black, a pixel as bright as the part of it that is covered.

    Factors are the indices (shape, scale, orientation, x, y): scale from half to full size; orientation in steps of
    9 degrees, from 0 to 81, clockwise on the screen; x to the right and y down. At orientation 0 the square stands
    on its side, the ellipse lies along x, the heart's tip points down. Each shape turns around its centroid, which is
    the place that x and y name. Factor tuples come in lexicographic order. No two of the images are the same at 32
    pixels and more; at fewer some may be.

    Parameters
    ----------
    side : int
        Height and width in pixels; multiples of 4 take about a second, odd numbers several.

    Returns
    -------
    images : ndarray of uint8, shape (46080, 1, side, side)
    factors : ndarray of int64, shape (46080, 5)
    """
    fineness = max(FINENESS, SHIFTS // math.gcd(side, SHIFTS))  # so that a step is a whole number of sample points
    n_points = side * fineness
    step = n_points // SHIFTS
    reach = 17 * step  # points across the patch that holds a shape wherever it stands
    centred = (np.arange(reach) + 0.5 - reach / 2) / n_points
    edges = np.arange(side + 1) * fineness - step * np.arange(FACTOR_SIZES[3])[:, None]  # of pixels, on each patch
    cells = partial(_cell_sums, edges=np.clip(edges, 0, reach))
    images = np.empty((*FACTOR_SIZES, side, side), np.uint8)
    for shape, inside in enumerate((_in_square, _in_ellipse, _in_heart)):
        for i, scale in enumerate(SCALES):
            for j, angle in enumerate(ANGLES):
                x, y = centred[None, :] / scale, centred[:, None] / scale
                u, v = math.cos(angle) * x + math.sin(angle) * y, math.cos(angle) * y - math.sin(angle) * x
                rows = cells(inside(u, v))  # (y, side, reach)
                covered = cells(rows.transpose(2, 0, 1)).transpose(0, 2, 3, 1)  # (x, y, side, side)
                images[shape, i, j] = (covered * 510 + fineness**2) // (2 * fineness**2)  # 255 of 255, half up
    factors = np.indices(FACTOR_SIZES).reshape(len(FACTOR_SIZES), -1).T.astype(np.int64)
    return images.reshape(-1, 1, side, side), np.ascontiguousarray(factors)


def _cell_sums(points: NDArray[np.generic], edges: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sums of points (reach, ...) between neighbouring edges (places, side + 1) -> (places, side, ...)."""
    running = np.zeros((len(points) + 1, *points.shape[1:]), np.int32)
    np.cumsum(points, axis=0, out=running[1:])
    return np.diff(running[edges], axis=1)


def _in_square(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.maximum(np.abs(u), np.abs(v)) <= SQUARE_SIDE / 2


def _in_ellipse(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (u / ELLIPSE_AXES[0]) ** 2 + (v / ELLIPSE_AXES[1]) ** 2 <= 1.0


def _in_heart(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    """A square on its tip and a half disc on each of its two upper sides, moved so that the centroid is at (0, 0)."""
    a, b = (u - v) / math.sqrt(2) + HEART_CENTROID, (-u - v) / math.sqrt(2) + HEART_CENTROID
    half = HEART_SIDE / 2
    in_square = np.maximum(np.abs(a), np.abs(b)) <= half
    return in_square | ((a - half) ** 2 + b**2 <= half**2) | (a**2 + (b - half) ** 2 <= half**2)
