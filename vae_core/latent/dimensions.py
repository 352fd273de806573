"""What each latent dimension does: its KL, how far mu moves along it, how wide q(z|x) is, what it does to a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.checks import latent_vector
from vae_core.errors import ShapeError
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dimensions:
    """The dimensions of a space over N encoded images.

    Attributes
    ----------
    kl : float64 array of shape (D,)
        The mean of KL(q(z_d|x) || p(z_d)), nats.
    spread : float64 array of shape (D,)
        The variance of mu_d over the images.
    width : float64 array of shape (D,)
        The mean of sigma_d².
    """

    kl: Doubles
    spread: Doubles
    width: Doubles

    def active(self, threshold: float = ACTIVE_VARIANCE) -> npt.NDArray[np.bool_]:
        """Which are active: the spread is above the threshold (Burda et al. 2016, section 5.2), (D,)."""
        return np.asarray(self.spread > threshold)

    def with_free_bits(self, floor: float) -> Doubles:
        """What a loss with free bits counts of each dimension: max(floor, KL_d) (Kingma et al. 2016, eq. 15), (D,)."""
        return np.maximum(self.kl, floor)


def dimensions(mu: npt.ArrayLike, logvar: npt.ArrayLike) -> Dimensions:
    """Measure the dimensions of codes.

    Parameters
    ----------
    mu, logvar : array of shape (N, D)
        Of q(z|x) of at least two images.

    Raises
    ------
    ShapeError
        When they are fewer, or the shapes differ.
    """
    means, log_variances = np.asarray(mu, np.float64), np.asarray(logvar, np.float64)
    if means.ndim != 2 or means.shape != log_variances.shape or len(means) < 2:
        raise ShapeError(f"Codes must be two (N, D) arrays of 2 or more, not {means.shape} and {log_variances.shape}.")
    variances = np.exp(log_variances)
    kl = 0.5 * (means**2 + variances - 1 - log_variances)
    return Dimensions(kl.mean(0), means.var(0, ddof=1), variances.mean(0))


def picture_change(explorer: LatentExplorer, z: npt.ArrayLike, moves: npt.ArrayLike) -> Doubles:
    """How much the picture at z changes when one coordinate at a time moves.

    Parameters
    ----------
    explorer : LatentExplorer
        It takes no class.
    z : array of shape (D,)
    moves : float, or array of shape (D,)
        How far, in units of z.

    Returns
    -------
    float64 array of shape (D,)
        Root mean square over the pixels, in the pixels' range of 0 to 1.

    Raises
    ------
    ShapeError
        When z has another shape, or the model takes a class.
    """
    start = latent_vector(z, "z")
    moved = start + np.diag(np.broadcast_to(np.asarray(moves, np.float32), start.shape))
    pictures = explorer.decode(np.concatenate([start[None], moved])).astype(np.float64)
    return np.asarray(np.sqrt(((pictures[1:] - pictures[0]) ** 2).mean((1, 2, 3))))
