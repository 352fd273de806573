"""A generator against a discriminator: gan."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_core.config import ModelConfig, TrainConfig
from vae_core.models.model import Model
from vae_core.models.networks import build_encoder
from vae_core.models.objectives.base import Losses, Objective, Weights

PENALTY = 1.0
"""Weight gamma of the penalty on the discriminator's gradient."""


class Adversarial(Objective):
    """The non-saturating loss (Goodfellow et al. 2014, section 3, eq. 1 and the remark after it).

    The discriminator d minimises -E log s(d(x)) - E log(1 - s(d(g(z)))) + gamma/2 E |grad_x d(x)|^2, the generator g
    minimises -E log s(d(g(z))), z ~ N(0, I), s the sigmoid. The penalty, on real images (R1 of Mescheder, Geiger &
    Nowozin 2018, eq. 9), makes the game converge; with spectral normalisation in its place the digits collapsed into
    two. Each term moves its own player alone, in one step for both; as Adam treats every weight by itself, one Adam
    over both is an Adam each. `loss` is the sum of both players' losses, 3 log 2 = 2.08 where neither can do better.
    """

    adam_betas = (0.5, 0.999)  # Radford et al. 2016, section 4: with more momentum the two circle each other

    def __init__(self, model: Model, config: TrainConfig, n_train: int) -> None:
        super().__init__(model, config, n_train)
        self.discriminator = discriminator(model.config, model.image_shape)

    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        z = torch.randn((len(x), self.model.latent_dim), generator=generator, device=x.device, dtype=x.dtype)
        fake = self.model.mean(z)
        real = x.detach().requires_grad_()
        real_score, fake_score = self.discriminator(torch.cat([real, fake.detach()])).chunk(2)
        own = F.softplus(-real_score).mean() + F.softplus(fake_score).mean()
        (slope,) = torch.autograd.grad(real_score.sum(), real, create_graph=True)  # of each image by itself
        penalty = PENALTY / 2 * slope.square().flatten(1).sum(1).mean()
        self.discriminator.requires_grad_(False)  # the generator's term must not move it
        against = F.softplus(-self.discriminator(fake)).mean()
        self.discriminator.requires_grad_(True)
        return Losses(own + penalty + against)


def discriminator(config: ModelConfig, image_shape: tuple[int, int, int]) -> nn.Module:
    """The generator's mirror: an encoder's body and one number, the log-odds that the image is real, (B, 1)."""
    body, n_features = build_encoder(config, image_shape)
    return nn.Sequential(body, nn.Linear(n_features, 1))
