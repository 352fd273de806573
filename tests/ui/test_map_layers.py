"""What the browser is sent of a layer, and what can be taken away of it."""

from __future__ import annotations

import io
import json
import math
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ui.layer_picture import field_csv, field_npz, field_png
from ui.map_layers import MapLayer, field_bytes, ramps, region_bytes
from vae_core import LatentExplorer
from vae_core.latent.density import region_of
from vae_core.latent.layers import layer_field
from vae_core.latent.plane import axes_plane, pca_plane


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """A small shipped model."""
    return LatentExplorer.load("digits-2d", device="cpu")


def layer_of(explorer: LatentExplorer, name: str) -> MapLayer:
    """A layer of it on its plane."""
    return MapLayer(explorer, name, axes_plane((0, 1), 2), np.zeros(2, np.float32), None)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tones_go_evenly_away_from_the_page(theme: str) -> None:
    """OKLab's lightness, which for greys is the cube root of luminance, has equal steps, one way, to rounding."""
    steps = np.diff([luminance(colour) ** (1 / 3) for colour in ramps()[theme]])
    assert (steps < 0).all() if theme == "light" else (steps > 0).all()
    assert np.abs(steps - steps.mean()).max() < 0.004


def test_the_bytes_of_a_field(explorer: LatentExplorer) -> None:
    """Its cells a side, whether there are angles, scale, threshold, extent, then the numbers."""
    field = layer_field(explorer, "density", axes_plane((0, 1), 2), n=4)
    content = field_bytes(field)
    assert [4, 0] == np.frombuffer(content, "<u4", 2).tolist()
    numbers = np.frombuffer(content, "<f4", offset=8)
    extent = field.extent
    np.testing.assert_allclose(
        [*field.span, field.threshold, extent.x, extent.y, extent.half, *field.values.ravel()], numbers, rtol=1e-6
    )


def test_the_bytes_of_a_region_tell_inside_from_outside(explorer: LatentExplorer) -> None:
    """The sum that the browser makes of them falls on the same side as Python's density, for codes and far places."""
    content, region = region_bytes(explorer, None), region_of(explorer)
    n, dims, has_factor = np.frombuffer(content, "<u4", 3).tolist()
    numbers = np.frombuffer(content, "<f4", offset=12).astype(np.float64)
    assert (len(region.density), 2, 0) == (n, dims, has_factor)
    need, rest = numbers[0], numbers[1:]
    means, precisions = (part.reshape(n, 2) for part in np.split(rest[: 4 * n], 2))
    z = np.random.default_rng(0).normal(0, 2.5, (300, 2))
    exponents = rest[4 * n :] - 0.5 * ((z[:, None] - means) ** 2 * precisions).sum(2)
    outside = np.exp(exponents - need).sum(1) < 1
    assert 10 < outside.sum() < 290
    assert (outside == region.support(z).is_outside).mean() > 0.99


@pytest.mark.parametrize("name", ["density", "stretch"])
def test_files_to_take_away(explorer: LatentExplorer, name: str) -> None:
    """PNG, CSV and NPZ open again and hold the field, each cell's z included."""
    layer = layer_of(explorer, name)
    field = layer_field(explorer, name, layer.plane, n=8)
    picture = np.asarray(Image.open(io.BytesIO(field_png(field))).convert("L"), float)
    cell = np.unravel_index(field.values.argmax(), (8, 8))
    row, column = 24 + (7 - cell[0]) * 96 + 48, 24 + cell[1] * 96 + 48
    assert picture[row, column] < np.median(picture[24:792, 24:792])  # the strongest tone is where the largest is
    lines = field_csv(layer, field).decode().splitlines()
    assert lines[0].startswith(f"x,y,z_1,z_2,{name}")
    table = np.array([[float(part) for part in line.split(",")] for line in lines[1:]])
    np.testing.assert_allclose(field.places, table[:, :2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(field.values.ravel(), table[:, 4], rtol=1e-4)
    with np.load(io.BytesIO(field_npz(layer, field))) as arrays:
        np.testing.assert_array_equal(field.values, arrays["values"])
        assert ("angles" in arrays) is (name == "stretch")
        assert explorer.card.files.weights == json.loads(str(arrays["about"]))["weights"]


@pytest.mark.parametrize("on_components", [False, True])
def test_the_python_lines_make_the_field_again(on_components: bool) -> None:
    """Run as they stand but for a coarser grid, they give the numbers of the layer."""
    explorer = LatentExplorer.load("mnist-16d", device="cpu")
    plane = pca_plane(explorer.latents.mu)[0] if on_components else axes_plane((3, 1), 16)
    z = np.random.default_rng(0).normal(size=16).astype(np.float32)
    layer = MapLayer(explorer, "prior", plane, z, None)
    made: dict[str, Any] = {}
    exec(re.sub(r"n=\d+", "n=3", "\n".join(layer.lines)), made)
    expected = layer_field(explorer, "prior", plane, n=3, z=z)
    np.testing.assert_allclose(expected.values, made["field"].values, atol=1e-2)


def test_what_is_said_of_a_layer(explorer: LatentExplorer) -> None:
    """Two fields are offered, the coarse first; once the fine one is kept, it alone; the entropy names its most."""
    layer = layer_of(explorer, "prior")
    first = layer.data()
    assert 2 == len(first["urls"])
    assert 128 == layer.fine().n
    assert first["urls"][1:] == layer.data()["urls"]
    assert f"{math.log(10):.2f}" in layer_of(explorer, "entropy").reading
