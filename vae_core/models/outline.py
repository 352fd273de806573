"""A network as a list of layers with the shapes between them, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from vae_core.models.vae import VAE

WORDS: dict[type[nn.Module], str] = {
    nn.Linear: "fully connected",
    nn.Conv2d: "convolution, stride 2",
    nn.ConvTranspose2d: "transposed convolution, stride 2",
}
"""Layers with weights; what stands between them (activations, reshaping) only changes how numbers are read."""


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes
    ----------
    part : {"encoder", "decoder"}
    kind : str
        In words.
    before, after : tuple of int
        Shapes of one image's input and output.
    activation : str
        Name of the activation that follows; empty where there is none.
    n_parameters : int
    """

    part: str
    kind: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    activation: str
    n_parameters: int


@torch.inference_mode()
def outline(model: VAE) -> tuple[Layer, ...]:
    """The layers of a model, in the order in which an image, then its z, passes them."""
    weight = next(model.parameters())
    x = weight.new_zeros((1, *model.image_shape))
    encoder, features = _walk("encoder", model.encoder, x)
    heads = sum(p.numel() for head in (model.to_mu, model.to_logvar) for p in head.parameters())
    both = Layer(
        "encoder", "mu and logvar, fully connected", tuple(features.shape[1:]), (2, model.latent_dim), "", heads
    )
    decoder, _ = _walk("decoder", model.decoder, weight.new_zeros((1, model.latent_dim)))
    return (*encoder, both, *decoder)


def _walk(part: str, body: nn.Module, x: torch.Tensor) -> tuple[list[Layer], torch.Tensor]:
    layers: list[Layer] = []
    modules = list(body.children())
    for module, following in zip(modules, [*modules[1:], None], strict=True):
        before, x = x, module(x)
        if kind := WORDS.get(type(module)):
            activation = type(following).__name__ if isinstance(following, (nn.SiLU, nn.ReLU)) else ""
            n_parameters = sum(parameter.numel() for parameter in module.parameters())
            layers.append(Layer(part, kind, tuple(before.shape[1:]), tuple(x.shape[1:]), activation, n_parameters))
    return layers, x
