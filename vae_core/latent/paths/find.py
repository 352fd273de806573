"""A path by its method's name: z at even steps, what they decode to, and what the path costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.checks import whole_number
from vae_core.errors import ConfigError, ShapeError
from vae_core.inputs import checked_label, checked_z
from vae_core.latent.density import region_of
from vae_core.latent.paths import METHODS
from vae_core.latent.paths.curves import at_shares, resampled, slerp
from vae_core.latent.paths.geodesic import geodesic_curve
from vae_core.latent.paths.graph import graph_curve, graph_of
from vae_core.latent.paths.length import pixel_length
from vae_core.latent.pieces import OnProgress

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]
Leg = Callable[["LatentExplorer", Floats, Floats, int | None], Floats]

ARC_CORNERS = 129
"""Points of an arc's polyline: it is shorter than the arc by less than 0.01 %, for half a circle too."""
N_JUDGED = 129
"""Points of a path whose density is asked for."""


@dataclass(frozen=True, eq=False)
class Path:
    """A path through anchors.

    Attributes
    ----------
    method : str
        One of `vae_core.latent.paths.METHODS`.
    z : ndarray of float32, shape (n_steps, D), or None
        At even steps of the curve's length in z, the first and last anchor exactly; None for `pixel`, which has no z.
    images : ndarray of float32, shape (n_steps, C, H, W)
        The mean of p(x|z) at each; for `pixel` the cross-fade.
    curve : ndarray of float32, shape (M, D), or None
        The curve itself, a polyline through all anchors, which the measures are of.
    seconds : float
        What finding the curve took; the data's graph, built once a model, is not counted.
    """

    method: str
    z: Floats | None
    images: Floats
    curve: Floats | None
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What a path costs.

    Attributes
    ----------
    length : float
        In pixel space, as `vae_core.latent.paths.length.pixel_length`: 1 is one pixel from black to white.
    unevenness : float
        Coefficient of variation (standard deviation over mean) of the steps ||x_{i+1} - x_i|| between its images: 0
        where the picture changes as much with every step. 0 too of a path that does not move.
    lowest_density : float or None
        The lowest log density on the curve, nats, of the aggregate posterior of the test codes (of the class told,
        where the model takes one); None without z or codes. Read it beside `vae_core.latent.density.Region.threshold`.
    seconds : float
        As in `Path`.
    """

    length: float
    unevenness: float
    lowest_density: float | None
    seconds: float


def _straight(explorer: LatentExplorer, start: Floats, end: Floats, label: int | None) -> Floats:
    return np.stack([start, end])


def _arc(explorer: LatentExplorer, start: Floats, end: Floats, label: int | None) -> Floats:
    return slerp(start, end, ARC_CORNERS)


LEGS: Mapping[str, Leg] = MappingProxyType(
    {"linear": _straight, "slerp": _arc, "graph": graph_curve, "geodesic": geodesic_curve}
)
"""The curve between two anchors, by the method's name: `pixel` has none."""


def find_path(
    explorer: LatentExplorer,
    anchors: npt.ArrayLike,
    n_steps: int,
    *,
    method: str,
    label: int | None = None,
    on_progress: OnProgress = lambda share: None,
) -> Path:
    """Go from the first anchor through all others to the last.

    Parameters
    ----------
    explorer : LatentExplorer
    anchors : array, shape (A, D)
        A of at least 2; the corners of a drawn curve are anchors too.
    n_steps : int
        Number of points, the two ends included; at least 2.
    method : str
        `linear`: straight lines. `slerp`: arcs about the origin. `graph`: along the data's codes, see `graph_curve`.
        `geodesic`: where the picture changes least, see `geodesic_curve`. `pixel`: the pictures of the anchors fade
        into each other, at even steps in pixel space; no path through z is shorter, and its pictures are no model's.
    label : int, optional
        The class that is decoded, by a model that takes one, and only by such.
    on_progress : callable
        Told the share that is done after each leg; what it raises ends the work.

    Raises
    ------
    ShapeError
        When the anchors are fewer than two, of another shape or not finite, or the label does not fit.
    ConfigError
        When there is no such method, or `graph` is asked of a model without an encoder.
    """
    points = checked_z(anchors, explorer.latent_dim, explorer.name)
    n_steps = whole_number(n_steps, "n_steps", least=2)
    if len(points) < 2:
        raise ShapeError(f"A path needs at least 2 anchors, but {len(points)} came.")
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r}: the methods are {', '.join(METHODS)}.")
    checked_label(label, 1, explorer.n_classes, explorer.name)
    if method == "pixel":
        began = perf_counter()
        ends = explorer.decode(points, label)
        faded = resampled(ends.reshape(len(ends), -1), n_steps)
        return Path(method, None, faded.reshape(n_steps, *explorer.image_shape), None, perf_counter() - began)
    if method == "graph" or (method == "geodesic" and explorer.can.encode):
        graph_of(explorer, label)
    began = perf_counter()
    parts = [points[:1]]
    for number, (start, end) in enumerate(pairwise(points), start=1):
        parts.append(LEGS[method](explorer, start, end, label)[1:])
        on_progress(number / (len(points) - 1))
    curve = np.concatenate(parts)
    seconds = perf_counter() - began
    z = resampled(curve, n_steps)
    return Path(method, z, explorer.decode(z, label), curve, seconds)


def cost_of(explorer: LatentExplorer, path: Path, label: int | None = None) -> Cost:
    """Measure a path; `label` is the class that it was found with."""
    pictures = path.images.reshape(len(path.images), -1).astype(np.float64)
    steps = np.linalg.norm(np.diff(pictures, axis=0), axis=1)
    mean = float(steps.mean())
    unevenness = float(steps.std()) / mean if mean > 0 else 0.0
    if path.curve is None:
        return Cost(float(steps.sum()), unevenness, None, path.seconds)
    lowest = None
    if explorer.can.encode:
        judged = at_shares(path.curve.astype(np.float64), np.linspace(0.0, 1.0, N_JUDGED))
        lowest = float(region_of(explorer, label).density.log_prob(judged).min())
    return Cost(pixel_length(explorer, path.curve, label), unevenness, lowest, path.seconds)
