"""What a sampler is fitted to: q(z|x) of the training images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ConfigError, ShapeError

if TYPE_CHECKING:
    from vae_core.data import Split
    from vae_core.explorer import LatentExplorer


@dataclass(frozen=True, eq=False)
class Codes:
    """q(z|x) of N images, with their classes.

    Attributes
    ----------
    mu : ndarray of float32, shape (N, D)
    logvar : ndarray of float32, shape (N, D), or None
        None: the encoder gives a point.
    labels : ndarray of int64, shape (N,), or None
        Not negative. None: the images have no classes, or these are to be passed over.

    Raises
    ------
    ShapeError
        When there are fewer than two codes, shapes differ, or a value is not finite.
    """

    mu: npt.NDArray[np.float32]
    logvar: npt.NDArray[np.float32] | None = None
    labels: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.mu.ndim != 2 or len(self.mu) < 2 or self.mu.shape[1] < 1:
            raise ShapeError(f"A sampler needs at least two codes, mu of shape (N, D), but mu has {self.mu.shape}.")
        for name, array, shape in (
            ("logvar", self.logvar, self.mu.shape),
            ("labels", self.labels, self.mu.shape[:1]),
        ):
            if array is not None and array.shape != shape:
                raise ShapeError(f"A sampler's {name} must have the shape {shape}, as mu has it, not {array.shape}.")
        if not np.isfinite(self.mu).all() or not (self.logvar is None or np.isfinite(self.logvar).all()):
            raise ShapeError("A sampler's codes must be finite numbers.")
        if self.labels is not None and self.labels.min() < 0:
            raise ShapeError(f"A sampler's labels must not be negative, but one is {self.labels.min()}.")

    def __len__(self) -> int:
        return len(self.mu)

    @property
    def latent_dim(self) -> int:
        """D."""
        return int(self.mu.shape[1])

    def rows(self, chosen: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Codes:
        """The codes of some images, without their classes."""
        return Codes(self.mu[chosen], None if self.logvar is None else self.logvar[chosen])

    def draws(self, *, generator: np.random.Generator) -> npt.NDArray[np.float64]:
        """One z ~ q(z|x) an image, (N, D): N draws from the aggregate posterior; mu where the encoder gives a point."""
        mu = self.mu.astype(np.float64)
        if self.logvar is None:
            return mu
        return np.asarray(mu + np.exp(0.5 * self.logvar) * generator.standard_normal(mu.shape))


def encode_codes(explorer: LatentExplorer, split: Split) -> Codes:
    """q(z|x) of a split's images by a model.

    Raises
    ------
    ConfigError
        When the model has no encoder.
    """
    if not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so there are no codes to fit a sampler to; use the prior.")
    posterior = explorer.encode(split.images, split.labels if explorer.can.label else None)
    return Codes(posterior.mu, posterior.logvar, split.labels)
