"""What is kept between reruns, shared by all sessions: models, images, maps.

What belongs to a model is keyed by its whole card (docs/decisions/0005), never by its name or by its weights alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.latent_map import MapLayer, MapPoints
from vae_core import LatentExplorer
from vae_core.checkpoints import CheckpointEntry
from vae_core.data import DATASETS, is_available, load_dataset
from vae_core.images import png_bytes
from vae_core.latent.grid import grid_picture, grid_points, prior_grid

N_GRID = 16
GRID_PIXELS = 1120


def open_explorer(entry: CheckpointEntry, device: str) -> LatentExplorer:
    """The model of a checkpoint; a folder whose card changed is opened anew."""
    assert entry.card is not None
    return _open_explorer(str(entry.path), entry.card.key, device)


@st.cache_resource(max_entries=12, show_spinner=False)
def _open_explorer(path: str, card: str, device: str) -> LatentExplorer:
    # No spinner: the launcher opens the first model too, and has no page to show one on.
    # The card is here for the cache's key alone: a new one under an old name is another model.
    return LatentExplorer.load(Path(path), device=device)


@st.cache_resource(max_entries=8, show_spinner="Reading the images …")
def _test_images(dataset: str, checksum: str) -> npt.NDArray[np.uint8] | None:
    data = load_dataset(dataset)
    return data.test.images if data.checksum == checksum else None


def test_images(explorer: LatentExplorer) -> npt.NDArray[np.uint8] | None:
    """The test split that a model's latents were computed from, (N, C, H, W); None while the data is not there."""
    data = explorer.card.data
    if data.name not in DATASETS or not is_available(data.name):
        return None
    images = _test_images(data.name, data.checksum)
    fits = images is not None and images.shape == (data.n_test, *data.image_shape)  # a card may claim any checksum
    return images if fits else None


def map_points(explorer: LatentExplorer, axes: tuple[int, int]) -> MapPoints:
    """The encoded test split on two axes of the latent space."""
    return _map_points(explorer.card.key, axes, explorer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _map_points(card: str, axes: tuple[int, int], _explorer: LatentExplorer) -> MapPoints:
    latents = _explorer.latents
    return MapPoints.register(plane(latents.mu, axes), latents.labels, _explorer.card.data.class_names)


def plane(z: npt.NDArray[np.float32], axes: tuple[int, int]) -> npt.NDArray[np.float32]:
    """z (N, D) on two axes (N, 2); a model with one dimension is drawn on a line."""
    if z.shape[1] == 1:
        return np.concatenate([z, np.zeros_like(z)], axis=1)
    return z[:, list(axes)]


@st.cache_data(max_entries=64, show_spinner=False)
def _grid_layer(card: str, axes: tuple[int, int], rest: tuple[float, ...], _explorer: LatentExplorer) -> MapLayer:
    _, edges = prior_grid(N_GRID)
    decoded = _explorer.decode(grid_points(N_GRID, _explorer.latent_dim, axes, rest))
    low, high = float(edges[0]), float(edges[-1])
    return MapLayer(png_bytes(grid_picture(decoded, edges, GRID_PIXELS)), (low, high, low, high), opacity=0.85)


def grid_layer(explorer: LatentExplorer, axes: tuple[int, int], z: npt.NDArray[np.float32]) -> MapLayer:
    """The decoded grid on two axes, the other dimensions held at z."""
    rest = tuple(0.0 if i in axes else round(float(value), 4) for i, value in enumerate(z))
    return _grid_layer(explorer.card.key, axes, rest, explorer)
