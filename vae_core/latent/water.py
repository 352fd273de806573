"""The linear VAE, whose best weights are known: which dimensions live is a matter of variance against noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Water:
    """What the best linear VAE makes of each principal direction of the data.

    Attributes
    ----------
    rate : float64 array of shape (D,)
        The mean KL of the dimension that holds this direction, nats: log(variance / level) / 2 above the level, else 0.
    distortion : float64 array of shape (D,)
        The squared error that remains along it: the level, or the whole variance of a direction that is drowned.
    """

    rate: Doubles
    distortion: Doubles

    @property
    def n_alive(self) -> int:
        """How many dimensions have a rate."""
        return int(np.count_nonzero(self.rate))


def water_filling(variances: npt.ArrayLike, level: float) -> Water:
    """Which principal directions a linear VAE with the noise sigma² keeps, when KL weighs beta: level = beta sigma².

    Its best decoder is probabilistic PCA's (Lucas et al. 2019, "Don't blame the ELBO!"): a direction whose
    variance is below the noise is not used, though nothing went wrong in the training. At beta the objective is that of
    the noise beta sigma², times a constant. It is Shannon's water-filling too (Cover & Thomas 2006, theorem 10.3.3).

    Parameters
    ----------
    variances : array of shape (D,)
        Eigenvalues of the data's covariance.
    level : float
        In the unit of the variances.

    Raises
    ------
    ShapeError
        When a variance is negative, or the level not positive.
    """
    found = np.asarray(variances, np.float64)
    if found.ndim != 1 or not (np.isfinite(found).all() and (found >= 0).all() and 0 < level < np.inf):
        raise ShapeError("Water-filling needs a list of variances, none negative, and a positive level.")
    return Water(0.5 * np.log(np.maximum(found, level) / level), np.minimum(found, level))


def principal_variances(images: npt.NDArray[np.uint8]) -> Doubles:
    """Eigenvalues of the covariance of images (N, C, H, W), pixels in [0, 1], the largest first, (C * H * W,).

    Raises
    ------
    ShapeError
        When there are fewer than two images.
    """
    if len(images) < 2:
        raise ShapeError(f"A covariance needs at least two images, but there are {len(images)}.")
    pixels = images.reshape(len(images), -1).astype(np.float64) / 255
    return np.asarray(np.maximum(np.linalg.eigvalsh(np.cov(pixels, rowvar=False))[::-1], 0.0))
