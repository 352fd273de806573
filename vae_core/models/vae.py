"""The variational autoencoder (Kingma & Welling 2014; Rezende, Mohamed & Wierstra 2014)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.config import ModelConfig
from vae_core.errors import ConfigError
from vae_core.families import CAPABILITIES
from vae_core.models.likelihood import build_likelihood
from vae_core.models.networks import build_bodies
from vae_core.models.posterior import LOGVAR_RANGE, DiagonalGaussian


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the ELBO of each image, in nats, and the posterior that they come from.

    Attributes
    ----------
    posterior : DiagonalGaussian
    log_likelihood : Tensor of shape (B,)
        log p(x|z) for one z drawn from q(z|x): an unbiased estimate of the expectation.
    kl : Tensor of shape (B, D)
        KL(q(z|x) || p(z)) by dimension, in closed form.
    """

    posterior: DiagonalGaussian
    log_likelihood: Tensor
    kl: Tensor


class VAE(nn.Module):
    """Encoder q(z|x), prior N(0, I), decoder p(x|z).

    Parameters
    ----------
    config : ModelConfig
    image_shape : tuple of int
        (C, H, W).

    Raises
    ------
    ConfigError
        When the image's shape does not fit the network.
    """

    can = CAPABILITIES["vae"]

    def __init__(self, config: ModelConfig, image_shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.latent_dim = config.latent_dim
        self.image_shape = image_shape
        self.encoder, features, self.decoder = build_bodies(config, image_shape)
        self.to_mu = nn.Linear(features, config.latent_dim)
        self.to_logvar = nn.Linear(features, config.latent_dim)
        self.likelihood = build_likelihood(config)

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of images x (B, C, H, W) in [0, 1]."""
        features = self.encoder(x)
        return DiagonalGaussian(self.to_mu(features), self.to_logvar(features).clamp(*LOGVAR_RANGE))

    def decode(self, z: Tensor) -> Tensor:
        """The likelihood's parameters, (B, C, H, W), at z (B, D); `self.likelihood.mean` makes images of them."""
        params: Tensor = self.decoder(z)
        return params

    def elbo_terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> ElboTerms:
        """One-sample estimate of the ELBO's terms for images x (B, C, H, W).

        The estimator is eq. 10 of Kingma & Welling (2014), with the KL term in closed form (their appendix B).
        """
        posterior = self.encode(x)
        z = posterior.rsample(generator=generator)  # (B, D)
        return ElboTerms(posterior, self.likelihood.log_prob(self.decode(z), x), posterior.kl())


def build_model(config: ModelConfig, image_shape: tuple[int, int, int]) -> VAE:
    """The model that a configuration names, with freshly drawn weights (from torch's global generator)."""
    if config.family != "vae" or config.network == "resnet" or config.likelihood == "continuous-bernoulli":
        raise ConfigError(f"A {config.family} with a {config.network} and {config.likelihood} is not there yet.")
    return VAE(config, image_shape)
