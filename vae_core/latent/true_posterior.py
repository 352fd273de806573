"""p(z|x) itself and log p(x), on a grid: in two dimensions an integral over z is a sum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from vae_core.errors import ShapeError
from vae_core.latent.density import log_prior
from vae_core.latent.layers import Extent, cells

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]

REACH = 5.0
"""Half a side of the grid: beyond, the prior holds less than a millionth."""

CELLS = 96
"""A side. A cell is then 0.1 wide: a sum over a Gaussian is exact to ten digits while its sigma is 0.09 or more."""


@dataclass(frozen=True, eq=False)
class TruePosterior:
    """p(z|x) of one image under a model with two latent dimensions.

    Attributes
    ----------
    extent : Extent
        The square that the cells fill.
    log_density : float64 array of shape (n, n)
        log p(z|x) at the middles of the cells, nats; rows from low to high z2, columns from low to high z1.
    log_evidence : float
        log p(x), the logarithm of the sum of p(x|z) p(z) over the cells times their area.
    """

    extent: Extent
    log_density: Doubles
    log_evidence: float

    @property
    def axis(self) -> Doubles:
        """The middles of the cells along either axis, (n,)."""
        n = len(self.log_density)
        return self.extent.half * ((2 * np.arange(n) + 1) / n - 1)

    def gaussian(self, mu: npt.ArrayLike, logvar: npt.ArrayLike) -> Doubles:
        """log q(z) of N(mu, diag(exp(logvar))) at the same places, (n, n); mu and logvar (2,)."""
        mean, log_variance = np.asarray(mu, np.float64), np.asarray(logvar, np.float64)
        squares = (cells(self.extent, len(self.log_density)) - mean) ** 2 / np.exp(log_variance)
        found = -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(1)
        return np.asarray(found.reshape(self.log_density.shape))

    def divergence(self, mu: npt.ArrayLike, logvar: npt.ArrayLike) -> float:
        """KL(q || p(z|x)) in nats: what the ELBO of this q lies below log p(x) (Jordan et al. 1999, section 6)."""
        log_q = self.gaussian(mu, logvar)
        area = (2 * self.extent.half / len(log_q)) ** 2
        return float((np.exp(log_q) * (log_q - self.log_density)).sum() * area)


def true_posterior(explorer: LatentExplorer, image: npt.NDArray[np.uint8], *, n: int = CELLS) -> TruePosterior:
    """Evaluate p(x|z) p(z) of an image at n x n places and divide by the sum.

    Parameters
    ----------
    explorer : LatentExplorer
        With two latent dimensions and a likelihood; it takes no class.
    image : uint8 array of shape (C, H, W)
    n : int
        Cells a side.

    Raises
    ------
    ShapeError
        When the model has another number of dimensions, no likelihood, or takes a class, or the image does not fit.
    """
    if explorer.latent_dim != 2:
        raise ShapeError(f"{explorer.name} has {explorer.latent_dim} latent dimensions: a grid is laid over 2 only.")
    extent = Extent(0.0, 0.0, REACH)
    z = cells(extent, n)
    joint = explorer.log_likelihood(np.broadcast_to(image, (len(z), *image.shape)), z) + log_prior(z)
    log_evidence = float(logsumexp(joint)) + 2 * math.log(2 * REACH / n)
    return TruePosterior(extent, (joint - log_evidence).reshape(n, n), log_evidence)
