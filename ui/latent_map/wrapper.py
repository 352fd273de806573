"""The typed door to the latent map; what comes back from the browser is checked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.palette import CLASS_COLOURS, CLASS_SYMBOLS
from ui.routes import PICTURES, PLOTLY_URL, POINTS, Blob, content_key
from vae_core.errors import ShapeError

FARTHEST_Z = 1e6
"""A click further out than this is no place in a latent space but a forged message."""

JS_FILES = ("geometry", "arrival", "marks", "legend", "hand", "latent_map")
_ASSETS = Path(__file__).parent / "assets"
_component = st.components.v2.component(
    "latent_map",
    html=(_ASSETS / "latent_map.html").read_text(encoding="utf-8"),
    css=(_ASSETS / "latent_map.css").read_text(encoding="utf-8"),
    # One module, as a relative import would fail in the browser; each file uses those before it.
    js="\n".join((_ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in JS_FILES),
)


@dataclass(frozen=True)
class MapPoints:
    """The points of a map; make it with `register`, and keep it in a cache: hashing 60,000 points takes a millisecond.

    Attributes
    ----------
    key : str
        Hash of the content, the name under which the browser fetches it.
    n : int
        How many points.
    class_names : tuple of str
        Names of the classes, by label; empty when the points have no labels.
    """

    key: str
    n: int
    class_names: tuple[str, ...]
    _indices: npt.NDArray[np.uint32] | None = field(repr=False, compare=False)
    _blob: Blob = field(repr=False, compare=False)

    @classmethod
    def register(
        cls,
        xy: npt.ArrayLike,
        labels: npt.ArrayLike | None,
        class_names: Sequence[str],
        indices: npt.ArrayLike | None = None,
    ) -> MapPoints:
        """Check the points and make them ready to be fetched.

        Parameters
        ----------
        xy : array_like (N, 2)
            Where the points lie, in units of z; N may be 0.
        labels : array_like of int (N,), or None
            Class of each point; None draws all in one colour.
        class_names : sequence of str
            Names of the classes, at most 256.
        indices : array_like of int (N,), or None
            What a hover shows and a click reports for each point, such as its place in the data set; None: 0 to N-1.

        Raises
        ------
        ShapeError
            When the shapes do not fit, a point is not finite, or a label has no name.
        """
        points = np.asarray(xy, dtype="<f4")
        if points.ndim != 2 or points.shape[1] != 2:
            raise ShapeError(f"latent map: the points must have shape (N, 2), but have {points.shape}.")
        if n_bad := int((~np.isfinite(points).all(axis=1)).sum()):
            raise ShapeError(f"latent map: {n_bad} of {len(points)} points are not finite; check the encoder.")
        parts = [points[:, 0].tobytes(), points[:, 1].tobytes()]
        numbers = None if indices is None else _whole_numbers(indices, len(points), 2**32, "indices").astype("<u4")
        if numbers is not None:
            parts.append(numbers.tobytes())
        if labels is not None:
            n_classes = min(len(class_names), 256)
            parts.append(_whole_numbers(labels, len(points), n_classes, "labels").astype("u1").tobytes())
        header = np.array([len(points), numbers is not None, labels is not None], dtype="<u4").tobytes()
        content = b"".join([header, *parts])
        names = () if labels is None else tuple(class_names)
        return cls(content_key(content), len(points), names, numbers, Blob(content, "application/octet-stream"))

    def index_of(self, position: int) -> int:
        """The index that was registered for the point at `position`."""
        return position if self._indices is None else int(self._indices[position])

    def offer(self) -> None:
        """Hold the points ready for browsers, or keep them from being dropped."""
        POINTS.put(self.key, self._blob)


def _whole_numbers(values: npt.ArrayLike, n: int, below: int, what: str) -> npt.NDArray[np.int64]:
    numbers = np.asarray(values)
    if numbers.shape != (n,) or (n and not np.issubdtype(numbers.dtype, np.integer)):
        raise ShapeError(f"latent map: the {what} must be {n} whole numbers, but are {numbers.dtype} {numbers.shape}.")
    if n and (numbers.min() < 0 or numbers.max() >= below):
        span = f"from {numbers.min()} to {numbers.max()}"
        raise ShapeError(f"latent map: the {what} must lie in [0, {below}), but go {span}.")
    return numbers.astype(np.int64)


@dataclass(frozen=True)
class MapLayer:
    """A picture under the points, such as the decoded grid.

    Attributes
    ----------
    png : bytes
        Its first row lies at y1, the top.
    extent : (x0, x1, y0, y1)
        The rectangle that it fills, in units of z.
    opacity : float
        From 0, unseen, to 1.
    """

    png: bytes
    extent: tuple[float, float, float, float]
    opacity: float = 0.35


@dataclass(frozen=True)
class MapPath:
    """A way through the latent space, its ends marked.

    Attributes
    ----------
    name : str
        Shown in the legend.
    xy : array_like (n, 2)
        The places along it, in units of z.
    role : str
        "accent" is drawn solid in the theme's colour, "contrast" dashed in the text's.
    position : int or None
        Index into `xy` of a dot on the path.
    """

    name: str
    xy: npt.ArrayLike
    role: Literal["accent", "contrast"] = "accent"
    position: int | None = None


@dataclass(frozen=True)
class MapMarkers:
    """Hollow marks above the points, numbered from 1 on hover, such as drawn samples; `xy` has shape (n, 2)."""

    name: str
    xy: npt.ArrayLike


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


def latent_map(
    points: MapPoints,
    *,
    axis_titles: tuple[str, str] = ("z₁", "z₂"),
    at: tuple[float, float] | None = None,
    layer: MapLayer | None = None,
    paths: Sequence[MapPath] = (),
    markers: Sequence[MapMarkers] = (),
    height: int | Literal["stretch"] = "stretch",
    key: str,
    on_click: Callable[[MapClick], None] | None = None,
    clickable: bool = True,
) -> MapClick | None:
    """Draw a map of a latent space: the largest square that fits the width and the height.

    Zoom and pan are the browser's: they stay through every rerun with the same `key` and axis titles, and until the
    reader has touched them the map shows all points.

    Parameters
    ----------
    at : (float, float) or None
        Where the pin stands.
    height : int or "stretch"
        Most pixels that the map and its legend take; "stretch": what the container has to give.
    key : str
        Identity of the map on the page; another key starts with a fresh view.
    on_click : callable, optional
        Called with the click before the script runs again.
    clickable : bool
        False: clicks are not reported and cause no rerun.

    Returns
    -------
    MapClick or None
        The click that caused this rerun.

    Raises
    ------
    ShapeError
        When a path or the markers are not finite numbers of shape (n, 2).
    """

    def clicked() -> None:
        click = read_click(st.session_state.get(key), points)
        if click is not None and on_click is not None:
            on_click(click)

    points.offer()
    data = {
        "plotly": PLOTLY_URL,
        "points": {"key": points.key, "url": f"/points/{points.key}", "n": points.n},
        "classes": list(points.class_names),
        "colours": CLASS_COLOURS,
        "symbols": CLASS_SYMBOLS,
        "axes": list(axis_titles),
        "at": None if at is None else _pairs([at], "the pin")[0],
        "layer": None if layer is None else _layer_data(layer),
        "paths": [{"name": p.name, "xy": _pairs(p.xy, p.name), "role": p.role, "position": p.position} for p in paths],
        "markers": [{"name": m.name, "xy": _pairs(m.xy, m.name)} for m in markers],
        "height": height if isinstance(height, int) else None,
        "clickable": clickable,
        "label": describe(points, axis_titles, pinned=at is not None, clickable=clickable),
    }
    result = _component(
        key=key, data=data, height="content" if isinstance(height, int) else "stretch", on_click_change=clicked
    )
    return read_click(result, points)


def describe(points: MapPoints, axis_titles: tuple[str, str], *, pinned: bool, clickable: bool) -> str:
    """The sentences that a screen reader says for the map and its keys."""
    classes = f", coloured by {len(points.class_names)} classes" if points.class_names else ""
    arrows = "move the pin" if pinned and clickable else "move the view"
    enter = ", Enter picks its centre" if clickable and not pinned else ""
    axes = " and ".join(f"{title} {way}" for title, way in zip(axis_titles, ("across", "up"), strict=True) if title)
    what = f"Map of {points.n:,} encoded images, {axes}{classes}."
    return f"{what} Arrow keys {arrows}{enter}, plus and minus zoom, 0 shows all."


def read_click(state: object, points: MapPoints) -> MapClick | None:
    """Read what the browser sent, which may be anything at all; None when it is no click on a map.

    Parameters
    ----------
    state : object
        The component's state, whose "click" holds `{"z": [x, y], "position": int or None, "points": key}`.
    points : MapPoints
        What the map shows; a position in other points gives a click without an index.
    """
    click = state.get("click") if isinstance(state, Mapping) else None
    z = click.get("z") if isinstance(click, Mapping) else None
    if not (isinstance(click, Mapping) and isinstance(z, list | tuple) and len(z) == 2):
        return None
    if not all(_is_within_reach(value) for value in z):
        return None
    position = click.get("position")
    index = None
    if type(position) is int and 0 <= position < points.n and click.get("points") == points.key:
        index = points.index_of(position)
    return MapClick((float(z[0]), float(z[1])), index)


def _is_within_reach(value: object) -> bool:
    # NaN and the infinities compare as too far, and so does an int too large for a float; a bool is no number here.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= FARTHEST_Z


def _pairs(xy: npt.ArrayLike, what: str) -> list[list[float]]:
    pairs = np.asarray(xy, dtype=np.float64)
    if pairs.size == 0:
        return []
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise ShapeError(f"latent map: {what} must be finite numbers of shape (n, 2), but has {pairs.shape}.")
    return [[float(x), float(y)] for x, y in pairs]


def _layer_data(layer: MapLayer) -> dict[str, Any]:
    picture = content_key(layer.png)
    PICTURES.put(picture, Blob(layer.png, "image/png"))
    return {"url": f"/pictures/{picture}", "extent": list(layer.extent), "opacity": layer.opacity}
