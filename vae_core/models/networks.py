"""The bodies of encoder and decoder: multi-layer perceptrons, stride-2 convolutions, residual networks, widths free.

An encoder body ends in a vector of features, on which the family puts its heads; a decoder body goes from z to the
raw parameters of the likelihood, (B, D) to (B, C, H, W).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from vae_core.config import LARGEST_SIDE, SMALLEST_SIDE, ModelConfig, Network, check_depth, default_hidden
from vae_core.errors import ConfigError
from vae_core.models.resnet import resnet_decoder, resnet_encoder

ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU}


def build_encoder(config: ModelConfig, image_shape: tuple[int, int, int], n_classes: int = 0) -> tuple[nn.Module, int]:
    """Encoder body and the number of its features.

    Parameters
    ----------
    config : ModelConfig
    image_shape : tuple of int
        (C, H, W): 1 or 3 channels, each side 8 to 64 pixels.
    n_classes : int
        Classes that are told to it, see `with_class`; 0: none.

    Raises
    ------
    ConfigError
        When the image does not fit, or is too small for so many halvings of its sides.
    """
    widths, activation = _checked(config, image_shape)
    if config.network == "mlp":
        return _mlp_encoder(math.prod(image_shape) + n_classes, widths, activation)
    sides = _sides(image_shape, len(widths))
    channels = image_shape[0] + n_classes
    layers = resnet_encoder if config.network == "resnet" else _conv_encoder
    return layers(channels, widths, activation), widths[-1] * math.prod(sides[-1])


def build_decoder(config: ModelConfig, image_shape: tuple[int, int, int], n_inputs: int, n_channels: int) -> nn.Module:
    """Decoder body, from `n_inputs` numbers to (n_channels, H, W); parameters and errors as `build_encoder`."""
    widths, activation = _checked(config, image_shape)
    if config.network == "mlp":
        return _mlp_decoder(n_inputs, widths, activation, (n_channels, *image_shape[1:]))
    sides = _sides(image_shape, len(widths))
    features = widths[-1] * math.prod(sides[-1])
    start: list[nn.Module] = [nn.Linear(n_inputs, features)]
    if config.network == "resnet":  # its blocks begin with an activation of their own
        blocks = resnet_decoder(widths, activation, sides, n_channels)
    else:
        start.append(activation())
        blocks = _conv_decoder(widths, activation, sides, n_channels)
    return nn.Sequential(*start, nn.Unflatten(-1, (widths[-1], *sides[-1])), *blocks)


def with_class(network: Network, x: Tensor, one_hot: Tensor) -> Tensor:
    """Images x (B, C, H, W) with their class, one_hot (B, K), as an encoder body takes them.

    Joined to the pixels for `mlp`, (B, C*H*W + K); as constant channels for the others, (B, C + K, H, W).
    """
    if network == "mlp":
        return torch.cat([x.flatten(1), one_hot], 1)
    planes = one_hot[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, planes], 1)


def _checked(config: ModelConfig, image_shape: tuple[int, int, int]) -> tuple[tuple[int, ...], type[nn.Module]]:
    channels, *sides = image_shape
    if channels not in (1, 3) or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise ConfigError(
            f"The networks take images of {SMALLEST_SIDE}x{SMALLEST_SIDE} to {LARGEST_SIDE}x{LARGEST_SIDE} pixels with "
            f"1 or 3 channels, but these have the shape (channels, height, width) = {image_shape}."
        )
    check_depth(config, image_shape)
    return config.hidden or default_hidden(config.network, image_shape), ACTIVATIONS[config.activation]


def _sides(image_shape: tuple[int, int, int], n_halvings: int) -> list[tuple[int, int]]:
    """Height and width of the image and after each halving, which rounds down."""
    _, height, width = image_shape
    return [(height >> i, width >> i) for i in range(n_halvings + 1)]


def _mlp_encoder(n_inputs: int, widths: tuple[int, ...], activation: type[nn.Module]) -> tuple[nn.Module, int]:
    layers: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in pairwise((n_inputs, *widths)):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers), widths[-1]


def _mlp_decoder(
    n_inputs: int, widths: tuple[int, ...], activation: type[nn.Module], shape: tuple[int, int, int]
) -> nn.Module:
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((n_inputs, *reversed(widths))):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers, nn.Linear(widths[0], math.prod(shape)), nn.Unflatten(-1, shape))


def _conv_encoder(channels: int, widths: tuple[int, ...], activation: type[nn.Module]) -> nn.Module:
    # A 4x4 kernel with stride 2 and padding 1 halves a side, rounding down; output_padding gives the odd pixel back.
    layers: list[nn.Module] = []
    for n_in, n_out in pairwise((channels, *widths)):
        layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), activation()]
    return nn.Sequential(*layers, nn.Flatten())


def _conv_decoder(
    widths: tuple[int, ...], activation: type[nn.Module], sides: list[tuple[int, int]], n_channels: int
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    upwards = list(zip(pairwise((*reversed(widths), n_channels)), reversed(sides[:-1]), strict=True))
    for i, ((n_in, n_out), (h, w)) in enumerate(upwards):
        layers.append(nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, output_padding=(h % 2, w % 2)))
        if i < len(upwards) - 1:
            layers.append(activation())
    return layers
