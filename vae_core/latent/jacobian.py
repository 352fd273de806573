"""How the decoder's picture changes with z: its Jacobian along given directions, and what follows from it.

J = d mean(p(x|z)) / dz, (P, D) with P = C*H*W values in [0, 1]. J^T J is the metric that pixel space pulls back to the
latent space (Arvanitidis et al. 2018, "Latent space oddity"), for the mean alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.errors import CheckpointError, ShapeError
from vae_core.inputs import checked_label, checked_z

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

NUMBERS_AT_ONCE = 1 << 23
"""Of a Jacobian in memory; 32 MB."""

LONGEST_STEP = 2.0
"""Of a grid around z, in units of z: two standard deviations of the prior."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Metric:
    """The pulled-back metric at N places, along K directions.

    Attributes
    ----------
    singular_values : ndarray of float64, shape (N, K)
        Of J times the directions, descending: how far the picture moves, in pixel range (root of the sum of squares
        over all values), for a step of length 1.
    vectors : ndarray of float64, shape (N, K, K)
        The right singular vectors that belong to them, in rows, in coordinates of the directions.
    """

    singular_values: Doubles
    vectors: Doubles

    @property
    def stretch(self) -> Doubles:
        """sqrt(det J^T J), (N,): the volume of pictures that a volume of z becomes."""
        return np.asarray(self.singular_values.prod(1))


def decoder_jacobian(explorer: LatentExplorer, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Floats:
    """d mean(p(x|z)) / dz.

    Parameters
    ----------
    explorer : LatentExplorer
    z : array_like, shape (N, D)
    label : int, or int array of shape (N,), optional
        The class, for a model that takes one, and only for such.

    Returns
    -------
    ndarray of float32, shape (N, P, D)
        P = C*H*W, in the order of the image's axes; pixel range per unit of z.

    Raises
    ------
    ShapeError
        When z has another shape or is not finite, or the label does not fit.
    CheckpointError
        When a derivative is not a finite number.
    """
    found = _along(explorer, z, np.eye(explorer.latent_dim, dtype=np.float32), label)
    parts = [part.cpu().numpy() for part in found]
    n_values = int(np.prod(explorer.image_shape))
    return np.concatenate(parts) if parts else np.empty((0, n_values, explorer.latent_dim), np.float32)


def pulled_back_metric(
    explorer: LatentExplorer,
    z: npt.ArrayLike,
    label: npt.ArrayLike | None = None,
    *,
    directions: npt.ArrayLike | None = None,
) -> Metric:
    """Singular values and right singular vectors of the Jacobian at places.

    Parameters
    ----------
    explorer, z, label
        As `decoder_jacobian`.
    directions : array_like, shape (K, D), optional
        Orthonormal directions that are looked at, such as the axes of a plane; by default all of the space. J times a
        basis of them is decomposed.

    Raises
    ------
    ShapeError, CheckpointError
        As `decoder_jacobian`; also when the directions have another shape.
    """
    rows = np.eye(explorer.latent_dim) if directions is None else np.asarray(directions)
    if rows.ndim != 2 or rows.shape[1] != explorer.latent_dim or not len(rows):
        raise ShapeError(f"Directions must have the shape (K, {explorer.latent_dim}), but have {rows.shape}.")
    products = [
        (part.double().mT @ part.double()).cpu().numpy() for part in _along(explorer, z, rows.astype(np.float32), label)
    ]
    metric = np.concatenate(products) if products else np.empty((0, len(rows), len(rows)))
    values, vectors = np.linalg.eigh(metric)  # ascending; vectors in columns
    return Metric(np.sqrt(values.clip(0.0))[:, ::-1], vectors.transpose(0, 2, 1)[:, ::-1])


def local_stretch(explorer: LatentExplorer, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Doubles:
    """sqrt(det J^T J) at places, (N, D) to (N,): pixel range to the power of D, per unit of z to the same.

    Raises
    ------
    ShapeError, CheckpointError
        As `decoder_jacobian`.
    """
    return pulled_back_metric(explorer, z, label).stretch


@dataclass(frozen=True, eq=False)
class PrincipalGrid:
    """Places around a z, along the directions in which its picture changes fastest.

    Attributes
    ----------
    z : ndarray of float32, shape (rows, columns, D)
        The middle one is the z itself; columns go along the first direction, rows, from the bottom, along the second.
    directions : ndarray of float64, shape (2, D)
        Right singular vectors of J, of length 1; the second is 0 where D = 1.
    singular_values : ndarray of float64, shape (2,)
        How far the picture moves for a step of length 1, to first order, in pixel range.
    steps : ndarray of float64, shape (2,)
        Length of a step along each, in units of z.
    """

    z: Floats
    directions: Doubles
    singular_values: Doubles
    steps: Doubles


def principal_grid(
    explorer: LatentExplorer, z: npt.ArrayLike, label: int | None = None, *, n: int = 5, step: float = 2.0
) -> PrincipalGrid:
    """A grid of places around z along its two local principal directions.

    Parameters
    ----------
    explorer : LatentExplorer
    z : array_like, shape (D,)
    label : int, optional
        The class, for a model that takes one, and only for such.
    n : int
        Places a side, odd.
    step : float
        How far the picture moves from one place to the next, in pixel range (root of the sum of squares over all
        values), as far as the decoder is linear. A step is at most 2 units of z long, where the picture hardly moves.

    Raises
    ------
    ShapeError
        When z has another shape or is not finite, the label does not fit, n is even or the step not positive.
    """
    if n < 1 or n % 2 == 0 or not (np.isfinite(step) and step > 0):
        raise ShapeError(f"A grid around z has an odd number of places a side and a step above 0, not {n} and {step}.")
    middle = checked_z(np.asarray(z)[None], explorer.latent_dim, explorer.name)
    metric = pulled_back_metric(explorer, middle, label)
    values, vectors = np.zeros(2), np.zeros((2, explorer.latent_dim))
    n_found = min(2, explorer.latent_dim)
    values[:n_found], vectors[:n_found] = metric.singular_values[0, :2], metric.vectors[0, :2]
    largest = np.abs(vectors).argmax(1)
    vectors *= np.where(vectors[[0, 1], largest] < 0, -1.0, 1.0)[:, None]  # a vector's sign is free
    steps = np.minimum(step / np.maximum(values, 1e-12), LONGEST_STEP)
    across = np.arange(n) - n // 2
    up = -across if n_found == 2 else np.zeros(1, int)
    offsets = across[None, :, None] * steps[0] * vectors[0] + up[:, None, None] * steps[1] * vectors[1]
    return PrincipalGrid((middle[0] + offsets).astype(np.float32), vectors, values, steps)


def _along(explorer: LatentExplorer, z: npt.ArrayLike, directions: Floats, label: npt.ArrayLike | None) -> list[Tensor]:
    """J times each direction, batch by batch, (n, P, K)."""
    rows = checked_z(z, explorer.latent_dim, explorer.name)
    labels = checked_label(label, len(rows), explorer.n_classes, explorer.name)
    step = min(256, max(1, NUMBERS_AT_ONCE // (int(np.prod(explorer.image_shape)) * len(directions))))
    found = []
    for start in range(0, len(rows), step):
        some = torch.from_numpy(rows[start : start + step]).to(explorer.device)
        told = None if labels is None else torch.from_numpy(labels[start : start + step].copy()).to(explorer.device)
        found.append(_products(explorer, some, told, torch.from_numpy(directions).to(some)))
        if not torch.isfinite(found[-1]).all():
            raise CheckpointError(f"{explorer.name}: the decoder's Jacobian is not finite: its weights are unusable.")
    return found


@torch.enable_grad()
def _products(explorer: LatentExplorer, z: Tensor, label: Tensor | None, directions: Tensor) -> Tensor:
    # J v as the derivative of J^T u by u (Townsend 2017, "A new trick for calculating Jacobian vector products"):
    # exact, and the decoder runs once for all directions. torch.func.jvp runs once for each, loads for three seconds
    # before its first answer, and warns of its own parts.
    z = z.requires_grad_()
    mean = explorer.model.mean(z, label)
    u = torch.zeros_like(mean, requires_grad=True)
    (back,) = torch.autograd.grad(mean, z, u, create_graph=True)  # (n, D)
    last = len(directions) - 1
    columns = [
        torch.autograd.grad(back, u, direction.expand_as(back), retain_graph=number < last)[0].flatten(1)
        for number, direction in enumerate(directions)
    ]
    return torch.stack(columns, -1)  # (n, P, K)
