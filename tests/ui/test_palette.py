"""The colours of classes can be told apart, by everybody, on both themes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from ui.palette import CLASS_COLOURS

Array = npt.NDArray[np.float64]

# Linear RGB as seen with a complete deficiency: Machado, Oliveira and Fernandes (2009), severity 1.0.
SEEN_AS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Linear RGB to cone response, and its cube root to OKLab: Ottosson (2020), "A perceptual color space".
TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
TABLEAU = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]


def linear_rgb(colours: list[str]) -> Array:
    """Undo the sRGB curve; (N, 3) in [0, 1]."""
    srgb = np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def smallest_distance(colours: list[str], seen_as: Array) -> float:
    """Between any two of the colours, in OKLab."""
    lab = np.cbrt(np.clip(linear_rgb(colours) @ seen_as.T, 0, 1) @ TO_CONES.T) @ TO_OKLAB.T
    distances = np.linalg.norm(lab[:, None] - lab[None], axis=-1)
    return float(distances[np.triu_indices(len(colours), 1)].min())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("vision", "least"), [(v, 0.13 if v == "normal" else 0.084) for v in SEEN_AS])
def test_any_two_colours_differ(theme: str, vision: str, least: float) -> None:
    """The distances that the module's docstring states hold."""
    assert least <= smallest_distance(CLASS_COLOURS[theme], SEEN_AS[vision])


def test_the_measure_finds_a_palette_that_fails() -> None:
    """The common default palette, measured in the same way, is not told apart with protanopia."""
    assert smallest_distance(TABLEAU, SEEN_AS["protanopia"]) < 0.02


@pytest.mark.parametrize(("theme", "background"), [("light", "#FBFAF7"), ("dark", "#0F151B")])
def test_every_colour_stands_out_from_its_background(theme: str, background: str) -> None:
    """No class fades into the page: WCAG contrast of 1.6 at least, for points that lie in crowds."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    luminance = linear_rgb(CLASS_COLOURS[theme]) @ weights
    page = float((linear_rgb([background]) @ weights)[0])
    assert ((np.maximum(luminance, page) + 0.05) / (np.minimum(luminance, page) + 0.05)).min() >= 1.6


def test_neighbouring_classes_are_far_apart() -> None:
    """Classes that follow each other, the first in any small data set, are the easiest to tell apart."""
    for theme in CLASS_COLOURS.values():
        assert min(smallest_distance(list(pair), SEEN_AS["normal"]) for pair in pairwise(theme)) >= 0.2
