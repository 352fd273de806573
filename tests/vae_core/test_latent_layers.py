"""Fields on a grid: what they are at their cells, when a model has none, and what is kept of them."""

from __future__ import annotations

import math
import os
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.data import ImageSet
from vae_core.errors import ConfigError, ShapeError
from vae_core.latent import layer_files
from vae_core.latent.density import log_aggregate_posterior, region_of
from vae_core.latent.jacobian import decoder_jacobian, local_stretch
from vae_core.latent.layer_files import Asked, field_file, keep_field, kept_field
from vae_core.latent.layer_kinds import LAYERS, cycle_error, missing
from vae_core.latent.layers import Extent, cells, layer_field, map_extent
from vae_core.latent.plane import Plane, axes_plane, pca_plane
from vae_core.models import Point

PLANE = axes_plane((0, 1), 2)


@pytest.fixture(scope="module")
def digits_2d() -> LatentExplorer:
    """A shipped model in two dimensions."""
    return LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")


@pytest.fixture(scope="module")
def mnist_2d() -> LatentExplorer:
    """The shipped model that most visitors meet."""
    return LatentExplorer.load(SHIPPED_DIR / "mnist-2d", device="cpu")


class Linear(nn.Module):
    """Decodes z to 0.5 + W z and encodes with the pseudo-inverse of W."""

    can = SimpleNamespace(encode=True, label=False)
    n_classes = 0

    def __init__(self) -> None:
        super().__init__()
        self.weight = 0.05 * torch.randn(64, 2, generator=torch.Generator().manual_seed(0))

    def mean(self, z: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
        """The image of z."""
        return (0.5 + z @ self.weight.T).reshape(-1, 1, 8, 8)

    def encode(self, x: torch.Tensor, label: torch.Tensor | None = None) -> Point:
        """The z of an image."""
        return Point((x.flatten(1) - 0.5) @ torch.linalg.pinv(self.weight).T)


def test_cells_fill_the_square_from_below() -> None:
    """Their middles are a regular grid whose mean is the square's middle; the first is at the lower left."""
    found = cells(Extent(1.0, -2.0, 2.0), 4)
    assert [-0.5, -3.5] == found[0].tolist()
    assert [0.5, -3.5] == found[1].tolist()
    assert [2.5, -0.5] == found[-1].tolist()
    np.testing.assert_allclose([1.0, -2.0], found.mean(0))


def test_the_extent_is_that_of_the_codes_with_air(digits_2d: LatentExplorer) -> None:
    """The smallest square around all codes, 4 % wider, as the map's first view."""
    mu = digits_2d.latents.mu
    extent = map_extent(digits_2d, PLANE)
    assert pytest.approx(1.04 * np.ptp(mu, axis=0).max() / 2, rel=1e-6) == extent.half
    np.testing.assert_allclose((mu.min(0) + mu.max(0)) / 2, [extent.x, extent.y], rtol=1e-5)


@pytest.mark.parametrize("layer", ["density", "prior"])
def test_densities_integrate_to_one_on_the_grid(mnist_2d: LatentExplorer, layer: str) -> None:
    """Over the map's own square, within 2 %."""
    found = layer_field(mnist_2d, layer, PLANE, n=96)
    assert abs(1 - np.exp(found.values.astype(float)).sum() * (2 * found.extent.half / found.n) ** 2) < 0.02


def test_each_cell_has_the_number_of_its_place(digits_2d: LatentExplorer) -> None:
    """Density and stretch of a field are those of the functions at its places, in their order."""
    density, stretch = (layer_field(digits_2d, name, PLANE, n=5) for name in ("density", "stretch"))
    expected = log_aggregate_posterior(digits_2d.latents, density.places)
    np.testing.assert_allclose(expected, density.values.ravel(), rtol=1e-4)
    np.testing.assert_allclose(local_stretch(digits_2d, stretch.places), stretch.values.ravel(), rtol=1e-4)
    assert stretch.angles is not None
    assert region_of(digits_2d).threshold == density.threshold


def test_the_stretch_of_a_plane_is_that_of_its_two_directions() -> None:
    """sqrt(det (J A)^T J A) of the plane's axes A, in 16 dimensions, where the pin is off the plane."""
    explorer = LatentExplorer.load("mnist-16d", device="cpu")
    plane, z = axes_plane((2, 5), 16), np.linspace(-1, 1, 16, dtype=np.float32)
    field = layer_field(explorer, "stretch", plane, n=2, z=z)
    along = decoder_jacobian(explorer, plane.lift(field.places, z))[:, :, [2, 5]].astype(np.float64)
    expected = np.sqrt(np.linalg.det(along.transpose(0, 2, 1) @ along))
    np.testing.assert_allclose(expected, field.values.ravel(), rtol=1e-3)


def test_the_strokes_follow_the_fastest_change(digits_2d: LatentExplorer) -> None:
    """A small step along the angle moves the picture further than one across it."""
    found = layer_field(digits_2d, "stretch", PLANE, n=3)
    assert found.angles is not None
    angle, step = found.angles.ravel().astype(np.float64), 1e-3
    along = np.stack([np.cos(angle), np.sin(angle)], 1)
    across = along[:, ::-1] * [-1, 1]
    ends = [digits_2d.decode(found.places + way * step) - digits_2d.decode(found.places) for way in (along, across)]
    one, other = (np.linalg.norm(end.reshape(9, -1), axis=1) for end in ends)
    assert (one > other).all()


def test_a_linear_model_with_its_pseudo_inverse_has_no_cycle_error(digits_2d: LatentExplorer) -> None:
    """encode(decode(z)) is z, to float32's last digits."""
    linear: Any = replace(digits_2d, model=Linear())  # type: ignore[arg-type]
    z = np.random.default_rng(0).uniform(-1.5, 1.5, (200, 2))
    assert cycle_error(linear, z).max() < 1e-5
    assert layer_field(linear, "cycle", PLANE, n=8, extent=Extent(0, 0, 1.5)).values.max() < 1e-5


def test_entropy_lies_between_sure_and_all_alike(mnist_2d: LatentExplorer) -> None:
    """In nats, from 0 to log 10 for ten classes; somewhere the classifier is nearly sure."""
    values = layer_field(mnist_2d, "entropy", PLANE, n=12).values
    assert 0 <= values.min() < 0.05
    assert values.max() <= math.log(10) + 1e-6


def test_off_the_plane_z_stays() -> None:
    """On a tilted plane the field is that of places lifted to where the pin is, and is the same all along the plane."""
    explorer = LatentExplorer.load(SHIPPED_DIR / "mnist-16d", device="cpu")
    plane, _ = pca_plane(explorer.latents.mu)
    held = np.random.default_rng(0).normal(size=16)
    found = layer_field(explorer, "prior", plane, n=4, z=held)
    z = plane.lift(found.places, held).astype(np.float64)
    expected = -0.5 * (z**2 + math.log(2 * math.pi)).sum(1)
    np.testing.assert_allclose(expected, found.values.ravel(), atol=1e-3)
    moved = layer_field(explorer, "prior", plane, n=4, z=held + 3 * plane.a)
    np.testing.assert_allclose(found.values, moved.values, atol=1e-3)


def test_a_space_of_one_dimension_has_layers(digits: ImageSet, isolated: Path) -> None:
    """Its plane has no upwards: every row is the same."""
    folder = new_run(isolated, "flat", {"latent_dim": 1}, epochs=1)
    train_here(folder, digits)
    explorer = LatentExplorer.load(folder.path, device="cpu")
    for layer in ("density", "prior", "cycle", "stretch"):
        values = layer_field(explorer, layer, axes_plane((0, 0), 1), n=6).values
        np.testing.assert_allclose(values[0], values[5], rtol=1e-4)
        assert np.isfinite(values).all()


def test_what_a_model_lacks_is_one_sentence() -> None:
    """Without an encoder neither density nor cycle error; without a classifier no entropy, and the way to get one."""
    gan: Any = SimpleNamespace(can=SimpleNamespace(encode=False), name="thin air")
    for layer in ("density", "cycle"):
        with pytest.raises(ConfigError, match="thin air has no encoder"):
            layer_field(gan, layer, PLANE)
    assert missing(gan, "stretch") is None
    fashion = LatentExplorer.load(SHIPPED_DIR / "fashion-2d", device="cpu")
    assert "evaluate fashion-2d --figures samples" in str(missing(fashion, "entropy"))


def test_what_is_no_field(digits_2d: LatentExplorer) -> None:
    """Another layer, too fine a grid and a class that is not taken are refused."""
    with pytest.raises(ConfigError, match="no layer 'heat'"):
        layer_field(digits_2d, "heat", PLANE)
    with pytest.raises(ConfigError, match="at most 512"):
        layer_field(digits_2d, "prior", PLANE, n=513)
    with pytest.raises(ShapeError, match="takes no class"):
        layer_field(digits_2d, "prior", PLANE, n=4, label=1)


def test_progress_is_told_and_can_stop(digits_2d: LatentExplorer) -> None:
    """It grows to 1; what the callback raises ends the work."""
    told: list[float] = []
    layer_field(digits_2d, "prior", PLANE, n=64, on_progress=told.append)
    assert sorted(told) == told
    assert 1.0 == told[-1]
    assert len(told) > 2

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        layer_field(digits_2d, "prior", PLANE, n=64, on_progress=stop)


@pytest.mark.parametrize("layer", list(LAYERS))
def test_a_kept_field_comes_back_to_the_bit(mnist_2d: LatentExplorer, layer: str) -> None:
    """Values, angles, scale and threshold; asked for anything else there is none."""
    asked = Asked.of(mnist_2d, layer, PLANE, n=6)
    assert kept_field(mnist_2d, asked) is None
    made = layer_field(mnist_2d, layer, PLANE, n=6)
    keep_field(mnist_2d, asked, made)
    found = kept_field(mnist_2d, asked)
    assert found is not None
    np.testing.assert_array_equal(made.values, found.values)
    np.testing.assert_equal((made.angles, made.span, made.threshold), (found.angles, found.span, found.threshold))
    assert made.extent == found.extent
    for other in (Asked.of(mnist_2d, layer, PLANE, n=7), Asked.of(mnist_2d, layer, axes_plane((1, 0), 2), n=6)):
        assert kept_field(mnist_2d, other) is None


def test_damaged_and_foreign_files_are_no_fields(checkpoint: Path) -> None:
    """Bytes cut short, and a field of other weights under this one's name, are computed anew."""
    explorer = LatentExplorer.load(checkpoint, device="cpu")
    plane = axes_plane((0, 1), explorer.latent_dim)
    asked = Asked.of(explorer, "prior", plane, n=4)
    path = field_file(explorer, asked)
    keep_field(explorer, asked, layer_field(explorer, "prior", plane, n=4))
    assert checkpoint in path.parents
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    assert kept_field(explorer, asked) is None
    path.unlink()
    os.mkfifo(path)  # to read it would take for ever
    assert kept_field(explorer, asked) is None
    other = replace(asked, weights="0" * 64)
    field_file(explorer, other).write_bytes(content)
    assert kept_field(explorer, other) is None


def test_a_file_larger_than_a_field_is_none(checkpoint: Path) -> None:
    """It is refused by its size, as it lies there and as it would be unpacked."""
    explorer = LatentExplorer.load(checkpoint, device="cpu")
    plane = axes_plane((0, 1), explorer.latent_dim)
    asked = Asked.of(explorer, "prior", plane, n=4)
    path = field_file(explorer, asked)
    keep_field(explorer, asked, layer_field(explorer, "prior", plane, n=4))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("angles.npy", bytes(layer_files.LARGEST))
    tracemalloc.start()
    try:
        assert kept_field(explorer, asked) is None
        os.truncate(path, 10 * layer_files.LARGEST)
        assert kept_field(explorer, asked) is None
        assert tracemalloc.get_traced_memory()[1] < layer_files.LARGEST
    finally:
        tracemalloc.stop()


def test_the_oldest_fields_go(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than are kept, those that were written first."""
    monkeypatch.setattr(layer_files, "MOST_FILES", 2)
    explorer = LatentExplorer.load(checkpoint, device="cpu")
    plane: Plane = axes_plane((0, 1), explorer.latent_dim)
    every = [Asked.of(explorer, "prior", plane, n=n) for n in (4, 5, 6)]
    for at, asked in enumerate(every):
        keep_field(explorer, asked, layer_field(explorer, "prior", plane, n=asked.n))
        os.utime(field_file(explorer, asked), (at, at))
    keep_field(explorer, every[2], layer_field(explorer, "prior", plane, n=6))
    assert [False, True, True] == [field_file(explorer, asked).is_file() for asked in every]
