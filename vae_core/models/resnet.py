"""Residual networks: pre-activation blocks that halve or double an image's sides (He et al. 2016, "Identity mappings").

Normalised over groups of channels of one image (Wu & He 2018), never over a batch: what a model says of an image must
not depend on its neighbours.
"""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn

CHANNELS_A_GROUP = 8
"""At least, where there are as many: normalised one by one, channels would lose what is constant, such as a class."""


class ResidualBlock(nn.Module):
    """x -> shortcut(x) + branch(x): norm, activation, convolution, twice, at another size of the image.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    activation : type
    size : tuple of int, optional
        (H, W) to grow to, by repeating pixels; None: the sides are halved, rounding down.
    """

    def __init__(self, n_in: int, n_out: int, activation: type[nn.Module], size: tuple[int, int] | None = None) -> None:
        super().__init__()
        first: list[nn.Module]
        if size is None:
            first = [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1)]
            resize: nn.Module = nn.AvgPool2d(2)
        else:
            resize = nn.Upsample(size=size, mode="nearest")
            first = [resize, nn.Conv2d(n_in, n_out, 3, padding=1)]
        second = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.branch = nn.Sequential(_norm(n_in), activation(), *first, _norm(n_out), activation(), second)
        self.shortcut = nn.Sequential(resize, nn.Conv2d(n_in, n_out, 1))

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.shortcut(x) + self.branch(x)
        return total


def resnet_encoder(channels: int, widths: tuple[int, ...], activation: type[nn.Module]) -> nn.Module:
    """A 3x3 convolution, a halving block a width, and the flattened result."""
    blocks = [ResidualBlock(n_in, n_out, activation) for n_in, n_out in pairwise((widths[0], *widths))]
    first = nn.Conv2d(channels, widths[0], 3, padding=1)
    return nn.Sequential(first, *blocks, _norm(widths[-1]), activation(), nn.Flatten())


def resnet_decoder(
    widths: tuple[int, ...], activation: type[nn.Module], sides: list[tuple[int, int]], n_channels: int
) -> list[nn.Module]:
    """The encoder's mirror: doubling blocks up to the image's size, and a 3x3 convolution."""
    upwards = zip(pairwise((*reversed(widths), widths[0])), reversed(sides[:-1]), strict=True)
    blocks = [ResidualBlock(n_in, n_out, activation, size) for (n_in, n_out), size in upwards]
    return [*blocks, _norm(widths[0]), activation(), nn.Conv2d(widths[0], n_channels, 3, padding=1)]


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(math.gcd(max(1, channels // CHANNELS_A_GROUP), channels), channels)
