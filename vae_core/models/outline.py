"""A network as a list of layers with the shapes between them, for people to read."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from vae_core.models.autoencoder import Autoencoder
from vae_core.models.model import Model
from vae_core.models.networks import with_class
from vae_core.models.resnet import ResidualBlock
from vae_core.models.vae import VAE

ACTIVATIONS = (nn.SiLU, nn.ReLU)


@dataclass(frozen=True)
class Layer:
    """A layer with weights.

    Attributes
    ----------
    part : {"encoder", "decoder"}
    kind : str
        In words.
    before, after : tuple of int
        Shapes of one image's input and output; a class that is told stands with them.
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
def outline(model: Model) -> tuple[Layer, ...]:
    """The layers of a model, in the order in which an image, then its z, passes them."""
    weight = next(model.parameters())
    decoder, _ = _walk("decoder", model.decoder, weight.new_zeros((1, model.latent_dim + model.n_classes)))
    if not model.can.encode:
        return tuple(decoder)
    x = weight.new_zeros((1, *model.image_shape))
    if model.n_classes:
        x = with_class(model.config.network, x, weight.new_zeros((1, model.n_classes)))
    encoder, features = _walk("encoder", model.encoder, x)
    return (*encoder, _heads(model, tuple(features.shape[1:])), *decoder)


def _heads(model: Model, before: tuple[int, ...]) -> Layer:
    if isinstance(model, VAE):
        n_parameters = _n_parameters(model.to_mu) + _n_parameters(model.to_logvar)
        return Layer("encoder", "mu and logvar, fully connected", before, (2, model.latent_dim), "", n_parameters)
    assert isinstance(model, Autoencoder)  # the others have no encoder
    return Layer("encoder", "z, fully connected", before, (model.latent_dim,), "", _n_parameters(model.to_z))


@dataclass(frozen=True, eq=False)
class Passed:
    """A layer with weights, and what passes it.

    Attributes
    ----------
    kind, activation : str
        As in `Layer`.
    n_parameters : int
    before, after, active : Tensor of shape (B, ...)
        What goes in, what comes out, and that after the activation; `after` itself where none follows.
    """

    kind: str
    activation: str
    n_parameters: int
    before: torch.Tensor
    after: torch.Tensor
    active: torch.Tensor


def pass_through(body: nn.Module, x: torch.Tensor) -> tuple[list[Passed], torch.Tensor]:
    """The layers that a body takes x (B, ...) through, and what it answers.

    Step by step and not by hooks, which would hear whoever else asks the same model at that moment.
    """
    found: list[Passed] = []
    modules = list(body.children())
    for module, following in zip(modules, [*modules[1:], None], strict=True):
        before, x = x, module(x)
        if kind := _in_words(module):
            is_active = isinstance(following, ACTIVATIONS)
            active = following(x) if is_active and following is not None else x
            activation = type(following).__name__ if is_active else ""
            found.append(Passed(kind, activation, _n_parameters(module), before, x, active))
    return found, x


def _walk(part: str, body: nn.Module, x: torch.Tensor) -> tuple[list[Layer], torch.Tensor]:
    found, answer = pass_through(body, x)
    shapes = [(tuple(step.before.shape[1:]), tuple(step.after.shape[1:])) for step in found]
    steps = zip(found, shapes, strict=True)
    return [Layer(part, step.kind, *shape, step.activation, step.n_parameters) for step, shape in steps], answer


def _in_words(module: nn.Module) -> str:
    """What a layer with weights is; empty for one that only changes how numbers are read."""
    match module:
        case nn.Linear():
            return "fully connected"
        case nn.Conv2d(stride=(1, 1)):
            return "convolution"
        case nn.Conv2d():
            return f"convolution, stride {module.stride[0]}"
        case nn.ConvTranspose2d():
            return f"transposed convolution, stride {module.stride[0]}"
        case nn.GroupNorm():
            return f"normalisation over {module.num_groups} groups of channels"
        case ResidualBlock():
            activation = type(module.branch[1]).__name__
            return f"residual block, two convolutions, {activation} before each"
    return ""


def _n_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
