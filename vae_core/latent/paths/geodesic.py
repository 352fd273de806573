"""The geodesic of the decoder's pull-back metric: the path along which the picture changes least in all.

A step dz changes the decoded picture g(z) by J dz, J = dg/dz; so the metric is J^T J, and a curve's length in it is its
picture's length in pixel space (Arvanitidis, Hansen and Hauberg 2018, "Latent space oddity"; Chen et al.
2018, "Metrics for deep generative models"). As Shao, Kumar and Fletcher (2018, "The Riemannian geometry of deep
generative models") do, the energy of a discrete curve with fixed ends is minimised,

    E = sum_i ||g(z_{i+1}) - g(z_i)||^2,

whose minimum has the least length at constant speed. The inner points are free; they are found by Gauss-Newton with
Levenberg's damping: the residuals are the differences of pictures, so that the approximate Hessian has a block
2 J_i^T J_i for each point and -J_i^T J_{i+1} for each two neighbours, a band matrix that is solved at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, solveh_banded

from vae_core.latent.jacobian import decoder_jacobian
from vae_core.latent.paths.graph import graph_curve
from vae_core.latent.paths.length import by_pixel_length, pixel_length

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]

N_SEGMENTS = 64
"""Fewer would let the curve jump a steep ridge between two of its points, where its energy does not see it."""
MOST_ITERATIONS = 40
MOST_DAMPING = 1e4
SLOWEST = 1e-3
"""Relative gain of the energy below which the search ends."""


def geodesic_curve(
    explorer: LatentExplorer, start: npt.NDArray[np.float32], end: npt.NDArray[np.float32], label: int | None = None
) -> npt.NDArray[np.float32]:
    """A curve from `start` to `end`, (M, D), of least length in pixel space; never longer than the straight line.

    The search begins at the better of the straight line and, where there is an encoder, the path on the data's graph
    (`graph_curve`), and finds the minimum near by: no search finds the least of all minima for sure. The shortest of
    the three curves is the answer.
    """
    curves = [np.stack([start, end])]
    if explorer.can.encode:
        curves.append(graph_curve(explorer, start, end, label))
    lengths = [pixel_length(explorer, curve, label) for curve in curves]
    begin = by_pixel_length(explorer, curves[int(np.argmin(lengths))], N_SEGMENTS + 1, label)
    found = _relaxed(explorer, begin, label).astype(np.float32)
    found[0], found[-1] = start, end
    curves.append(found)
    lengths.append(pixel_length(explorer, found, label))
    return curves[int(np.argmin(lengths))]


def _relaxed(explorer: LatentExplorer, z: Doubles, label: int | None) -> Doubles:
    """The points (n, D) moved until their energy is least, the two ends fixed."""
    damping = 1e-3
    pictures, jacobians = _pictures(explorer, z, label), _jacobians(explorer, z, label)
    for _ in range(MOST_ITERATIONS):
        there = z.copy()
        there[1:-1] += _step(pictures, jacobians, damping)
        tried = _pictures(explorer, there, label)
        energy = _energy(pictures)
        gain = energy - _energy(tried)
        if not gain > 0:  # nor NaN
            damping *= 8
            if damping > MOST_DAMPING:
                break
            continue
        z, pictures, damping = there, tried, damping / 4
        if gain < SLOWEST * energy:
            break
        jacobians = _jacobians(explorer, z, label)
    return z


def _energy(pictures: Doubles) -> float:
    return float(np.square(np.diff(pictures, axis=0)).sum())


def _step(pictures: Doubles, jacobians: Doubles, damping: float) -> Doubles:
    """Where the inner points go, (n - 2, D): pictures (n, P) and jacobians (n, P, D) are of all points."""
    inner = jacobians[1:-1]  # (K, P, D)
    n, dims = inner.shape[0], inner.shape[2]
    pull = 2 * pictures[1:-1] - pictures[:-2] - pictures[2:]
    gradient = np.einsum("kpd,kp->kd", inner, pull)
    transposed = inner.transpose(0, 2, 1)
    diagonal = 2 * transposed @ inner  # (K, D, D)
    beside = -transposed[1:] @ inner[:-1]  # (K - 1, D, D): rows of the later point
    scale = np.einsum("kdd->kd", diagonal).mean() + 1e-12
    band = np.zeros((2 * dims, n * dims))
    for row in range(dims):
        for column in range(dims):
            if row >= column:
                band[row - column, column::dims] = diagonal[:, row, column]
            band[dims + row - column, column : (n - 1) * dims : dims] = beside[:, row, column]
    band[0] += damping * scale
    try:
        return np.asarray(-solveh_banded(band, gradient.ravel(), lower=True).reshape(n, dims))
    except (LinAlgError, ValueError):  # not positive definite, or not finite: more damping will do
        return np.full((n, dims), np.nan)


def _pictures(explorer: LatentExplorer, z: Doubles, label: int | None) -> Doubles:
    if not np.isfinite(z).all():
        return np.full((len(z), 1), np.nan)
    return explorer.decode(z, label).reshape(len(z), -1).astype(np.float64)


def _jacobians(explorer: LatentExplorer, z: Doubles, label: int | None) -> Doubles:
    return decoder_jacobian(explorer, z, label).astype(np.float64)
