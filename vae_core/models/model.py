"""What every family of models is, to whoever asks it: an encoder where there is one, a decoder, a likelihood."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.config import ModelConfig
from vae_core.families import CAPABILITIES, check_family
from vae_core.models.likelihood import build_likelihood
from vae_core.models.networks import build_decoder, build_encoder, with_class
from vae_core.models.posterior import DiagonalGaussian, Point


@dataclass(frozen=True)
class ElboTerms:
    """The two terms of the ELBO of each image, in nats, and the posterior that they come from.

    Attributes
    ----------
    posterior : DiagonalGaussian or Point
    log_likelihood : Tensor of shape (B,)
        log p(x|z) for one z drawn from q(z|x): an unbiased estimate of the expectation. Of a Point, at its z.
    kl : Tensor of shape (B, D), or None
        KL(q(z|x) || p(z)) by dimension, in closed form; None of a Point, which has none.
    """

    posterior: DiagonalGaussian | Point
    log_likelihood: Tensor
    kl: Tensor | None


class Model(nn.Module, ABC):
    """A decoder p(x|z), and in most families an encoder; the prior of z is N(0, I).

    Parameters
    ----------
    config : ModelConfig
    image_shape : tuple of int
        (C, H, W).
    n_classes : int
        Classes of the data; they matter to the families that take one.

    Attributes
    ----------
    can : Capabilities
        What may be asked of it.
    n_classes : int
        Classes that encoder and decoder take; 0 for a family that takes none.

    Raises
    ------
    ConfigError
        When the image's shape does not fit the network, or the family needs classes and there are none.
    """

    encoder: nn.Module
    decoder: nn.Module

    def __init__(self, config: ModelConfig, image_shape: tuple[int, int, int], n_classes: int = 0) -> None:
        super().__init__()
        check_family(config, n_classes)
        self.can = CAPABILITIES[config.family]
        self.config = config
        self.latent_dim = config.latent_dim
        self.image_shape = image_shape
        self.n_classes = n_classes if self.can.label else 0
        likelihood = build_likelihood(config)
        n_features = 0
        if self.can.encode:
            self.encoder, n_features = build_encoder(config, image_shape, self.n_classes)
        n_channels = image_shape[0] * likelihood.params_per_pixel
        self.decoder = build_decoder(config, image_shape, config.latent_dim + self.n_classes, n_channels)
        self._add_heads(n_features)
        self.likelihood = likelihood

    @abstractmethod
    def _add_heads(self, n_features: int) -> None:
        """Make the layers between the encoder's features and z."""

    @abstractmethod
    def encode(self, x: Tensor, label: Tensor | None = None) -> DiagonalGaussian | Point:
        """q(z|x) of images x (B, C, H, W) in [0, 1]; `label` (B,) int64 for a family that takes a class."""

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """The likelihood's parameters, (B, C', H, W), at z (B, D); `self.likelihood.mean` makes images of them."""
        if self.n_classes:
            z = torch.cat([z, self._one_hot(label, z)], -1)
        params: Tensor = self.decoder(z)
        return params

    def mean(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """x_hat, the mean of p(x|z), (B, C, H, W) in [0, 1]."""
        return self.likelihood.mean(self.decode(z, label))

    def elbo_terms(
        self, x: Tensor, label: Tensor | None = None, *, generator: torch.Generator | None = None
    ) -> ElboTerms:
        """One-sample estimate of the ELBO's terms for images x (B, C, H, W).

        The estimator is eq. 10 of Kingma & Welling (2014), with the KL term in closed form (their appendix B).
        """
        posterior = self.encode(x, label)
        z = posterior.rsample(generator=generator)  # (B, D)
        return ElboTerms(posterior, self.likelihood.log_prob(self.decode(z, label), x), posterior.kl())

    def features(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """What the encoder's body says of images, (B, F); the heads read it."""
        if self.n_classes:
            x = with_class(self.config.network, x, self._one_hot(label, x))
        features: Tensor = self.encoder(x)
        return features

    def _one_hot(self, label: Tensor | None, like: Tensor) -> Tensor:
        assert label is not None  # whoever takes a user's label has checked it
        classes = torch.arange(self.n_classes, device=like.device)
        return (label[:, None] == classes).to(like.dtype)  # (B, K)
