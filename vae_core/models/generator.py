"""The generator of a GAN: a decoder alone."""

from __future__ import annotations

from torch import Tensor

from vae_core.errors import ConfigError
from vae_core.models.model import Model
from vae_core.models.posterior import Point


class Generator(Model):
    """x_hat = g(z) with z ~ N(0, I) (Goodfellow et al. 2014); no encoder and no p(x|z), so no ELBO either."""

    def _add_heads(self, n_features: int) -> None:
        """None: there is no encoder."""

    def encode(self, x: Tensor, label: Tensor | None = None) -> Point:
        raise ConfigError("A gan has no encoder: it makes images of z, and cannot tell the z of an image.")
