"""What can be said of each place of a plane through the latent space: fields on a regular grid, beneath a map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.checks import whole_number
from vae_core.errors import ConfigError
from vae_core.latent.density import region_of
from vae_core.latent.layer_kinds import question
from vae_core.latent.pieces import InPieces, OnProgress, here
from vae_core.latent.plane import Plane

if TYPE_CHECKING:
    from pathlib import Path

    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

FINE, COARSE = 128, 32
MARGIN = 1.04
"""Air around the codes, as the map leaves it in its first view."""

PRIOR_REACH = 3.0
"""How far the grid of a model without codes reaches, in standard deviations of the prior."""

PLACES_AT_ONCE = 1024
MOST_CELLS = 512


@dataclass(frozen=True)
class Extent:
    """A square of a plane: its middle and half a side, in units of z."""

    x: float
    y: float
    half: float


@dataclass(frozen=True, eq=False)
class Field:
    """A layer on a regular grid of n x n cells.

    Attributes
    ----------
    layer : str
        Its name in `vae_core.latent.layer_kinds.LAYERS`.
    extent : Extent
        The square that the cells fill.
    values : ndarray of float32, shape (n, n)
        At the middles of the cells; rows from low to high y, columns from low to high x.
    angles : ndarray of float32, shape (n, n), or None
        Where the layer has a direction: its angle on the plane, counter-clockwise from x, in [0, pi).
    span : (float, float)
        Ends of a sensible scale of colours, in the layer's unit: what lies beyond takes the colour of the end.
    threshold : float or None
        The density below which a place is off the supported region; of the layer "density" alone.
    """

    layer: str
    extent: Extent
    values: Floats
    angles: Floats | None
    span: tuple[float, float]
    threshold: float | None = None

    @property
    def n(self) -> int:
        """Cells a side."""
        return len(self.values)

    @property
    def places(self) -> Doubles:
        """The middles of the cells on the plane, (n * n, 2), in the order of the values."""
        return cells(self.extent, self.n)


def map_extent(explorer: LatentExplorer, plane: Plane) -> Extent:
    """The square of a plane that holds the codes that came with a model, with some air; a map's first view.

    Without an encoder, three standard deviations of the prior around the origin.
    """
    mu = explorer.latents.mu
    if not len(mu):
        return Extent(0.0, 0.0, PRIOR_REACH)
    xy = plane.project(mu).astype(np.float64)
    low, high = xy.min(0), xy.max(0)
    middle, half = (low + high) / 2, float((high - low).max()) / 2 or 1.0
    return Extent(float(middle[0]), float(middle[1]), MARGIN * half)


def cells(extent: Extent, n: int) -> Doubles:
    """The middles of n x n cells that fill a square, (n * n, 2): row by row from low y, each from low x."""
    offsets = extent.half * ((2 * np.arange(n) + 1) / n - 1)
    x, y = np.meshgrid(extent.x + offsets, extent.y + offsets)
    return np.stack([x.ravel(), y.ravel()], 1)


def off_the_plane(explorer: LatentExplorer, plane: Plane, z: npt.ArrayLike | None) -> Floats:
    """The point of the slice that lies at x = y = 0: all that a field depends on of where the pin is; to 4 decimals."""
    held = np.zeros(explorer.latent_dim) if z is None else np.asarray(z)
    return np.asarray(np.round(plane.lift(np.zeros((1, 2)), held)[0], 4) + np.float32(0))  # no -0.0


def layer_field(
    explorer: LatentExplorer,
    layer: str,
    plane: Plane,
    *,
    n: int = FINE,
    z: npt.ArrayLike | None = None,
    label: int | None = None,
    extent: Extent | None = None,
    checkpoints_dir: str | Path | None = None,
    in_pieces: InPieces | None = None,
    on_progress: OnProgress = lambda share: None,
) -> Field:
    """A layer at the cells of a square of a plane.

    Parameters
    ----------
    explorer : LatentExplorer
    layer : str
        A name in `vae_core.latent.layer_kinds.LAYERS`.
    plane : Plane
    n : int
        Cells a side, from 2 to 512.
    z : array_like, shape (D,), optional
        Where the coordinates stay that the plane does not show; by default 0.
    label : int, optional
        The class, for a model that takes one, and only for such.
    extent : Extent, optional
        By default `map_extent`.
    in_pieces : callable, optional
        A worker that does pieces when it has time, see `vae_core.latent.pieces.InPieces`. By default it is done here.
    on_progress : callable
        Told the share that is done; what it raises ends the work.

    Raises
    ------
    ConfigError, ShapeError
        As `question`.
    """
    n = whole_number(n, "n", least=2)
    if n > MOST_CELLS:
        raise ConfigError(f"A field has at most {MOST_CELLS} cells a side, but {n} were asked for.")
    ask = question(explorer, layer, plane, label, checkpoints_dir=checkpoints_dir)
    extent = extent or map_extent(explorer, plane)
    rows = plane.lift(cells(extent, n), off_the_plane(explorer, plane, z))

    def numbers_at(some: slice) -> Doubles:
        on_progress(some.start / len(rows))
        return ask(rows[some])

    numbers = np.concatenate((in_pieces or here(PLACES_AT_ONCE))(len(rows), numbers_at))
    on_progress(1.0)
    values = numbers[:, 0].astype(np.float32).reshape(n, n)
    angles = numbers[:, 1].astype(np.float32).reshape(n, n) if numbers.shape[1] == 2 else None
    threshold = region_of(explorer, label).threshold if layer == "density" else None
    return Field(layer, extent, values, angles, _span(explorer, layer, values, threshold), threshold)


def _span(explorer: LatentExplorer, layer: str, values: Floats, threshold: float | None) -> tuple[float, float]:
    lowest, highest = float(values.min()), float(values.max())
    if layer == "entropy":
        return 0.0, math.log(len(explorer.card.data.class_names))
    if layer == "cycle":
        return 0.0, float(np.percentile(values, 99)) or 1.0
    if layer == "stretch":
        low, high = (max(float(end), 1e-12) for end in np.percentile(values, (1, 99)))
        return low, max(high, 1.001 * low)
    if threshold is not None:  # as much below the edge of the supported region as there is above it
        lowest = max(lowest, min(threshold, highest) - max(highest - threshold, 1.0))
    return lowest, max(highest, lowest + 1e-6)
