"""The variational autoencoder, and with a class the conditional one."""

from __future__ import annotations

from torch import Tensor, nn

from vae_core.models.model import Model
from vae_core.models.posterior import LOGVAR_RANGE, DiagonalGaussian


class VAE(Model):
    """Encoder q(z|x), prior N(0, I), decoder p(x|z) (Kingma & Welling 2014; Rezende, Mohamed & Wierstra 2014).

    The conditional one, `cvae`, has q(z|x, c) and p(x|z, c) for a class c, and p(z|c) = N(0, I) for each class:
    log p(x|c) >= E_q log p(x|z, c) - KL(q(z|x, c) || p(z)) (Sohn, Lee & Yan 2015, its prior simplified to
    one that does not depend on the class). c comes as a one-hot vector, joined to the flattened image (mlp) or as a
    constant channel each (conv, resnet), and joined to z.
    """

    def _add_heads(self, n_features: int) -> None:
        self.to_mu = nn.Linear(n_features, self.latent_dim)
        self.to_logvar = nn.Linear(n_features, self.latent_dim)

    def encode(self, x: Tensor, label: Tensor | None = None) -> DiagonalGaussian:
        features = self.features(x, label)
        return DiagonalGaussian(self.to_mu(features), self.to_logvar(features).clamp(*LOGVAR_RANGE))
