"""What the map says: clicks and groups. It comes from a browser, so it is checked here before anything believes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ui.latent_map.points import MapPoints
from vae_core.errors import ShapeError
from vae_core.latent.groups import inside

FARTHEST_Z = 1e6
"""What lies further out is no place in a latent space but a forged message."""

MOST_CORNERS = 256


@dataclass(frozen=True)
class MapClick:
    """Where the map was clicked.

    Attributes
    ----------
    z : (float, float)
        Under the pointer, in units of the two axes.
    index : int or None
        Index of the nearest data point, if one that is shown lies within 14 pixels.
    """

    z: tuple[float, float]
    index: int | None


@dataclass(frozen=True, eq=False)
class MapGroup:
    """The points within an outline; make it with `of`.

    Attributes
    ----------
    polygon : ndarray of float64, shape (K, 2)
        Corners of the outline on the map's plane, in order.
    shown : tuple of int, or None
        The classes that were shown when it was drawn: points of the others are not meant. None: all.
    indices : ndarray of int64, shape (n,)
        The indices that were registered for its points, in the points' order.
    """

    polygon: npt.NDArray[np.float64]
    shown: tuple[int, ...] | None
    indices: npt.NDArray[np.int64]

    @classmethod
    def of(cls, polygon: npt.ArrayLike, points: MapPoints, shown: Sequence[int] | None = None) -> MapGroup:
        """Find the points within an outline.

        Parameters
        ----------
        polygon : array_like, shape (K, 2)
            From 3 to 256 corners on the map's plane; what it goes around twice is outside.
        points : MapPoints
        shown : sequence of int, or None
            The classes that may belong to it; None: all.

        Raises
        ------
        ShapeError
            When the outline has another shape, or a value that is not finite.
        """
        corners = np.array(polygon, np.float64)
        if len(corners) > MOST_CORNERS:
            raise ShapeError(f"latent map: an outline has at most {MOST_CORNERS} corners, but this one {len(corners)}.")
        chosen = inside(corners, points.xy)
        if shown is not None and points.labels is not None:
            chosen &= np.isin(points.labels, shown)
        return cls(corners, None if shown is None else tuple(shown), points.indices[chosen])


def read_click(state: object, points: MapPoints) -> MapClick | None:
    """Read what the browser sent, which may be anything at all; None when it is no click on a map.

    Parameters
    ----------
    state : object
        The component's state, whose "click" holds `{"z": [x, y], "position": int or None, "points": key}`.
    points : MapPoints
        What the map shows; a position in other points gives a click without an index.
    """
    click = _message(state, "click")
    place = _place(click.get("z"))
    if place is None:
        return None
    position = click.get("position")
    index = None
    if type(position) is int and 0 <= position < points.n and click.get("points") == points.key:
        index = int(points.indices[position])
    return MapClick(place, index)


def is_no_group(state: object) -> bool:
    """Whether the browser says that the group was taken away."""
    group = _message(state, "group")
    return "polygon" in group and group["polygon"] is None


def read_group(state: object, points: MapPoints) -> MapGroup | None:
    """Read what the browser sent, which may be anything at all; None when it is no group of these points.

    Parameters
    ----------
    state : object
        The component's state, whose "group" holds `{"polygon": [[x, y], ...], "shown": [label, ...] or None,
        "points": key}`, the polygon with 3 to 256 corners.
    points : MapPoints
        What the map shows; an outline around other points is none here.
    """
    group = _message(state, "group")
    polygon, shown = group.get("polygon"), group.get("shown")
    if group.get("points") != points.key or not isinstance(polygon, list | tuple):
        return None
    if not 3 <= len(polygon) <= MOST_CORNERS:
        return None
    corners = [_place(corner) for corner in polygon]
    if None in corners:
        return None
    if shown is not None:
        n_classes = len(points.class_names)
        if not isinstance(shown, list | tuple) or len(shown) > n_classes:
            return None
        if not all(type(label) is int and 0 <= label < n_classes for label in shown):
            return None
    return MapGroup.of(np.array(corners, np.float64), points, shown)


def _message(state: object, name: str) -> Mapping[str, Any]:
    message = state.get(name) if isinstance(state, Mapping) else None
    return message if isinstance(message, Mapping) else {}


def _place(values: object) -> tuple[float, float] | None:
    if not isinstance(values, list | tuple) or len(values) != 2 or not all(map(_is_within_reach, values)):
        return None
    return float(values[0]), float(values[1])


def _is_within_reach(value: object) -> bool:
    # NaN and the infinities compare as too far, and so does an int too large for a float; a bool is no number here.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST_Z
