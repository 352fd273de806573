"""How far a picture travels: the length of a curve in pixel space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.latent.paths.curves import at_shares, shares_of

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

FIRST, MOST = 64, 4096
"""Steps that a curve is divided into, at first and at most."""
TOLERANCE = 1e-3
"""Relative gain of the length, by twice the steps, below which it has converged."""


def pixel_length(explorer: LatentExplorer, curve: npt.NDArray[np.floating], label: int | None = None) -> float:
    """Length of a curve's picture, sum_i ||x_{i+1} - x_i||, for so many steps that more would add less than 0.1 %.

    x is the decoded picture (the mean of p(x|z)), the norm the Euclidean one over all pixels and channels. The steps
    are doubled, the curve's corners kept among them, so that the sum never falls; its limit is the length in the
    decoder's pull-back metric (Arvanitidis, Hansen and Hauberg 2018).

    Parameters
    ----------
    curve : array, shape (M, D)
        Corners of a polyline.

    Returns
    -------
    float
        In units of a pixel's full range: 1 is one pixel from black to white.
    """
    corners = curve.astype(np.float64)
    before, n = -1.0, FIRST
    while True:
        length = float(_steps(explorer, corners, n, label)[1].sum())
        if length - before <= TOLERANCE * length or n >= MOST:
            return length
        before, n = length, 2 * n


def by_pixel_length(
    explorer: LatentExplorer, curve: npt.NDArray[np.floating], n: int, label: int | None = None
) -> npt.NDArray[np.float64]:
    """Points (n, D) of a curve at even steps of its picture's length."""
    corners = curve.astype(np.float64)
    shares, steps = _steps(explorer, corners, max(4 * n, FIRST), label)
    walked = np.concatenate([[0.0], steps.cumsum()])
    if not walked[-1] > 0:
        return at_shares(corners, np.linspace(0.0, 1.0, n))
    return at_shares(corners, np.interp(np.linspace(0.0, walked[-1], n), walked, shares))


def _steps(
    explorer: LatentExplorer, corners: npt.NDArray[np.float64], n: int, label: int | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Shares (m,) of the curve's length in z, at least n + 1 of them and those of its corners, and the m - 1 steps."""
    shares = np.union1d(np.linspace(0.0, 1.0, n + 1), shares_of(corners))
    pictures = explorer.decode(at_shares(corners, shares), label).reshape(len(shares), -1)
    return shares, np.linalg.norm(np.diff(pictures, axis=0).astype(np.float64), axis=1)
