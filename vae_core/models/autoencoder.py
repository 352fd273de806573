"""The autoencoder: a code for each image, no distribution over codes."""

from __future__ import annotations

from torch import Tensor, nn

from vae_core.models.model import Model
from vae_core.models.posterior import Point


class Autoencoder(Model):
    """z = f(x), x_hat = g(z) (Hinton & Salakhutdinov 2006); nothing makes the codes follow a prior."""

    def _add_heads(self, n_features: int) -> None:
        self.to_z = nn.Linear(n_features, self.latent_dim)

    def encode(self, x: Tensor, label: Tensor | None = None) -> Point:
        return Point(self.to_z(self.features(x, label)))
