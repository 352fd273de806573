"""The bodies of encoder and decoder: multi-layer perceptrons and stride-2 convolutions, widths free.

An encoder body ends in a vector of features, on which the family puts its heads; a decoder body goes from z to the
raw parameters of the likelihood, (B, D) to (B, C, H, W).
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from vae_core.config import LARGEST_SIDE, SMALLEST_SIDE, ModelConfig, check_depth, default_hidden
from vae_core.errors import ConfigError

ACTIVATIONS: dict[str, type[nn.Module]] = {"silu": nn.SiLU, "relu": nn.ReLU}


def build_bodies(config: ModelConfig, image_shape: tuple[int, int, int]) -> tuple[nn.Module, int, nn.Module]:
    """Encoder body, the number of its features, and decoder body.

    Parameters
    ----------
    config : ModelConfig
    image_shape : tuple of int
        (C, H, W): 1 or 3 channels, each side 8 to 64 pixels.

    Raises
    ------
    ConfigError
        When the image does not fit, or is too small for so many stride-2 convolutions.
    """
    channels, *sides = image_shape
    if channels not in (1, 3) or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise ConfigError(
            f"The networks take images of {SMALLEST_SIDE}x{SMALLEST_SIDE} to {LARGEST_SIDE}x{LARGEST_SIDE} pixels with "
            f"1 or 3 channels, but these have the shape (channels, height, width) = {image_shape}."
        )
    check_depth(config, image_shape)
    widths = config.hidden or default_hidden(config.network, image_shape)
    activation = ACTIVATIONS[config.activation]
    if config.network == "conv":
        return _conv(widths, activation, image_shape, config.latent_dim)
    return _mlp(widths, activation, image_shape, config.latent_dim)


def _mlp(
    widths: tuple[int, ...], activation: type[nn.Module], image_shape: tuple[int, int, int], latent_dim: int
) -> tuple[nn.Module, int, nn.Module]:
    pixels = math.prod(image_shape)
    encoder: list[nn.Module] = [nn.Flatten()]
    for n_in, n_out in pairwise((pixels, *widths)):
        encoder += [nn.Linear(n_in, n_out), activation()]
    decoder: list[nn.Module] = []
    for n_in, n_out in pairwise((latent_dim, *reversed(widths))):
        decoder += [nn.Linear(n_in, n_out), activation()]
    decoder += [nn.Linear(widths[0], pixels), nn.Unflatten(-1, image_shape)]
    return nn.Sequential(*encoder), widths[-1], nn.Sequential(*decoder)


def _conv(
    widths: tuple[int, ...], activation: type[nn.Module], image_shape: tuple[int, int, int], latent_dim: int
) -> tuple[nn.Module, int, nn.Module]:
    channels, height, width = image_shape
    # A 4x4 kernel with stride 2 and padding 1 halves a side, rounding down; output_padding gives the odd pixel back.
    sides = [(height >> i, width >> i) for i in range(len(widths) + 1)]
    encoder: list[nn.Module] = []
    for n_in, n_out in pairwise((channels, *widths)):
        encoder += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), activation()]
    encoder.append(nn.Flatten())
    features = widths[-1] * math.prod(sides[-1])
    decoder: list[nn.Module] = [
        nn.Linear(latent_dim, features),
        activation(),
        nn.Unflatten(-1, (widths[-1], *sides[-1])),
    ]
    upwards = list(zip(pairwise((*reversed(widths), channels)), reversed(sides[:-1]), strict=True))
    for i, ((n_in, n_out), (h, w)) in enumerate(upwards):
        decoder.append(nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, output_padding=(h % 2, w % 2)))
        if i < len(upwards) - 1:
            decoder.append(activation())
    return nn.Sequential(*encoder), features, nn.Sequential(*decoder)
