"""p(z|x) itself and log p(x), on a grid: in two dimensions an integral over z is a sum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import logsumexp
from torch import Tensor

from vae_core.checks import whole_number
from vae_core.errors import ShapeError
from vae_core.inputs import checked_images
from vae_core.latent.density import log_prior
from vae_core.latent.layers import Extent, cells
from vae_core.scoring import need_likelihood

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Doubles = npt.NDArray[np.float64]

REACH = 5.0
"""Half a side of the grid: beyond, the prior holds about a millionth."""

CELLS = 64
"""A side. A cell is then 0.16 wide: a sum over a Gaussian is exact to six digits while its sigma is 0.14 or more."""


@dataclass(frozen=True, eq=False)
class TruePosterior:
    """p(z|x) of N images under a model with two latent dimensions.

    Attributes
    ----------
    extent : Extent
        The square that the cells fill.
    log_density : float64 array of shape (N, n, n)
        log p(z|x) at the middles of the cells, nats; rows from low to high z2, columns from low to high z1.
    log_evidence : float64 array of shape (N,)
        log p(x), the logarithm of the sum of p(x|z) p(z) over the cells times their area.
    """

    extent: Extent
    log_density: Doubles
    log_evidence: Doubles

    @property
    def n(self) -> int:
        """Cells a side."""
        return len(self.log_density[0])

    @property
    def axis(self) -> Doubles:
        """The middles of the cells along either axis, (n,)."""
        return self.extent.half * ((2 * np.arange(self.n) + 1) / self.n - 1)

    def gap(self, mu: npt.ArrayLike, logvar: npt.ArrayLike) -> Doubles:
        """KL(q || p(z|x)) in nats, (N,), of the Gaussians with mu and logvar (N, 2).

        It is what the ELBO of q lies below log p(x) (Jordan et al. 1999).
        """
        means, log_variances = np.asarray(mu, np.float64), np.asarray(logvar, np.float64)
        area, found = (2 * self.extent.half / self.n) ** 2, np.empty(len(means))
        places = cells(self.extent, self.n)
        for i, (mean, log_variance) in enumerate(zip(means, log_variances, strict=True)):
            squares = (places - mean) ** 2 / np.exp(log_variance)
            log_q = -0.5 * (squares + log_variance + math.log(2 * math.pi)).sum(1)
            found[i] = (np.exp(log_q) * (log_q - self.log_density[i].ravel())).sum() * area
        return found

    def level(self, i: int, share: float) -> float:
        """The log density above which this share of the posterior of image i lies, 0 < share < 1."""
        falling = np.sort(self.log_density[i].ravel())[::-1]
        area = (2 * self.extent.half / self.n) ** 2
        return float(falling[int(np.searchsorted(np.cumsum(np.exp(falling)) * area, share))])


def true_posterior(explorer: LatentExplorer, images: npt.NDArray[np.uint8], *, n: int = CELLS) -> TruePosterior:
    """Evaluate p(x|z) p(z) of images at n x n places and divide by the sum.

    Parameters
    ----------
    explorer : LatentExplorer
        With two latent dimensions and a likelihood; it takes no class.
    images : uint8 array of shape (N, C, H, W)
    n : int
        Cells a side, 2 or more.

    Raises
    ------
    ShapeError
        When the model has another number of dimensions, no likelihood, or takes a class, or the images do not fit.
    """
    if explorer.latent_dim != 2:
        raise ShapeError(f"{explorer.name} has {explorer.latent_dim} latent dimensions: a grid is laid over 2 only.")
    need_likelihood(explorer)
    n = whole_number(n, "n", least=2)
    array = checked_images(images, explorer.image_shape, explorer.name)
    x = torch.from_numpy(np.array(array)).to(explorer.device).float() / 255
    model, extent = explorer.model, Extent(0.0, 0.0, REACH)

    def ask(z: Tensor, label: Tensor | None) -> Tensor:
        params = model.decode(z, label)
        found = [model.likelihood.log_prob(params, one.expand(len(z), -1, -1, -1)) for one in x]
        return torch.stack(found, 1).double()  # (cells, N)

    z = cells(extent, n)
    joint = explorer.batches.ask(ask, z.astype(np.float32), label=None).T + log_prior(z)  # (N, cells)
    log_evidence = np.asarray(logsumexp(joint, axis=1)) + 2 * math.log(2 * REACH / n)
    return TruePosterior(extent, (joint - log_evidence[:, None]).reshape(-1, n, n), log_evidence)
