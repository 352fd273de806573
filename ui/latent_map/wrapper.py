"""The typed door to the latent map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.javascript import component
from ui.latent_map.codes import MapCodes
from ui.latent_map.colour import MapColour
from ui.latent_map.messages import MapClick, MapGroup, is_no_group, read_click, read_group
from ui.latent_map.points import MapPoints
from ui.map_layers import MapLayer
from ui.palette import CLASS_COLOURS
from ui.place import Place, Settled, when_settled
from ui.routes import PLOTLY_URL
from vae_core.errors import ShapeError
from vae_core.latent.plane import Plane, axes_plane

HandUse = Literal["pin", "pick", "look"]
Role = Literal["accent", "contrast"]
Tools = Literal["all", "few", "none"]

_component = component("latent_map", Path(__file__).parent / "assets", (
    "geometry", "chart", "outline", "arrival", "marks", "colouring", "legend", "tools", "decoded_grid", "lens",
    "field", "scatter", "hover", "pin", "selection", "linked", "hand", "latent_map",
))  # fmt: skip


@dataclass(frozen=True)
class MapPath:
    """A way through the latent space, its ends marked.

    Attributes
    ----------
    name : str
        Shown in the legend; empty: not there.
    xy : array_like (n, 2)
        The places along it, on the map's plane.
    role : str
        "accent" is drawn solid in the theme's colour, "contrast" dashed in the text's.
    colour : str
        A CSS colour in place of the role's; empty: the role's.
    dash : tuple of int
        Lengths of strokes and gaps, pixels, in place of the role's, where there is a colour.
    """

    name: str
    xy: npt.ArrayLike
    role: Role = "accent"
    colour: str = ""
    dash: tuple[int, ...] = ()


@dataclass(frozen=True)
class MapMarkers:
    """Hollow marks above the points, numbered from 1 on hover, such as drawn samples.

    Attributes
    ----------
    name : str
        Shown in the legend.
    xy : array_like (n, 2)
        Where they lie on the map's plane.
    z : array_like (n, D), or None
        What a hover decodes; None: the place on the plane, as anywhere.
    one : str
        What one of them is called, with its number, on hover; empty: `name`.
    role : str
        "contrast" is drawn in the text's colour, "accent" in the theme's.
    """

    name: str
    xy: npt.ArrayLike
    z: npt.ArrayLike | None = None
    one: str = ""
    role: Role = "contrast"


@dataclass(frozen=True)
class MapLink:
    """Which maps of a page belong together.

    Attributes
    ----------
    name : str
        Maps with the same one follow each other: z, where the places have as many dimensions, and what is below.
    images : str
        Of which images the points' indices are: maps with the same ones mark the same image, and light the same group.
    marked : int or None
        Index of the image that is marked where no pointer is; None: as the browser has it.
    views : bool
        Pan and zoom together: of each map the same part of the box that holds its points, as spaces differ in scale.
    """

    name: str
    images: str
    marked: int | None = None
    views: bool = False


def latent_map(
    points: MapPoints,
    *,
    plane: Plane | None = None,
    codes: MapCodes | None = None,
    place: Place | None = None,
    split: str = "test",
    hand: HandUse = "look",
    axis_titles: tuple[str, str] = ("z₁", "z₂"),
    colour: MapColour | None = None,
    layer: MapLayer | None = None,
    group: npt.ArrayLike | None = None,
    paths: Sequence[MapPath] = (),
    markers: Sequence[MapMarkers] = (),
    link: MapLink | None = None,
    tools: Tools = "all",
    height: int,
    key: str,
    on_click: Callable[[MapClick], None] | None = None,
    on_settled: Callable[[Settled], None] | None = None,
    on_group: Callable[[MapGroup | None], None] | None = None,
) -> None:
    """Draw a map of a latent space: the largest square that fits the width and the height.

    With a `place` the pointer anywhere decodes, in the browser alone; the script runs again when a hand has settled:
    put the pin somewhere, picked a place, or drawn a group. Zoom and pan are the browser's: they stay through every
    rerun with the same `key` and plane, and until the reader has touched them the map shows all points
    and marks.

    Parameters
    ----------
    plane : Plane or None
        The plane of latent space that the points lie on; None: that of the first two axes.
    codes : MapCodes or None
        The points' codes, in place of a plane, where the map has no inverse: what is decoded is the code of the point
        that is nearest to the pointer, and the pin stands at the code that is nearest to z.
    place : Place or None
        Whose z follows the pointer, and whose pin the map shows; None: the map is a picture to look at.
    split : str
        Of whose images the points' indices are: "test", "train" or "all".
    hand : str
        "pin": a click pins the place, and the pin can be dragged; "pick": a click goes to `on_click`; "look": neither.
    colour : MapColour or None
        A number for each point that colours it; None: its class.
    layer : MapLayer or None
        What lies beneath the points: a number for each place of the plane.
    group : array_like (K, 2), or None
        The outline of the group of points that is chosen, on the plane.
    link : MapLink or None
        The maps that this one moves with; a click on a point then marks its image, and goes to `on_click` besides.
    tools : str
        What stands above the map: "all", "few" (what a drag does, and zoom) or "none".
    height : int
        Most pixels that the map and its legend take.
    key : str
        Identity of the map on the page; another key starts with a fresh view.
    on_click, on_settled, on_group : callable, optional
        Called before the script runs again: with a click, with where the pin was put, with the group that was drawn,
        or None when it was taken away. Groups can be drawn where there is an `on_group`.

    Raises
    ------
    ShapeError
        When the plane or the codes are of another space than the place, or a path, a mark or the outline is not
        finite or has another shape.
    """
    latent_dim = 2 if place is None else place.explorer.latent_dim  # without one the plane is all there is
    if place is not None:
        plane = axes_plane((0, 1), latent_dim) if plane is None and codes is None else plane
        if plane is not None and plane.a.size != latent_dim:
            raise ShapeError(f"latent map: the plane has {plane.a.size} dimensions, but the model {latent_dim}.")

    def clicked() -> None:
        click = read_click(st.session_state.get(key), points)
        if click is not None and on_click is not None:
            on_click(click)

    def drawn() -> None:
        state = st.session_state.get(key)
        found = read_group(state, points)
        if on_group is not None and (found is not None or is_no_group(state)):
            on_group(found)

    points.offer()
    data = {
        "plotly": PLOTLY_URL,
        "points": {"key": points.key, "url": f"/points/{points.key}", "n": points.n},
        "classes": list(points.class_names),
        "colours": CLASS_COLOURS,
        "colour": None if colour is None else colour.data(points.n),
        "layer": None if layer is None else layer.data(),
        "axes": list(axis_titles),
        "plane": None if plane is None else _plane_data(plane),
        "codes": None if codes is None else codes.data(points.n, latent_dim),
        "place": None if place is None else place.data(),
        "split": split,
        "hand": hand,
        "groups": on_group is not None,
        "group": None if group is None else _pairs(group, "the outline of the group"),
        "paths": [_path_data(p) for p in paths],
        "markers": [_markers_data(m, None if plane is None else plane.a.size) for m in markers],
        "link": None if link is None else asdict(link),
        "tools": tools,
        "height": height,
        "label": describe(points, axis_titles, hand=hand, decodes=place is not None, between=codes is None),
    }
    _component(
        key=key,
        data=data,
        height="content",
        on_click_change=clicked,
        on_settled_change=(lambda: None) if place is None else when_settled(key, place.explorer, on_settled),
        on_group_change=drawn,
    )


def describe(
    points: MapPoints, axis_titles: tuple[str, str], *, hand: HandUse, decodes: bool, between: bool = True
) -> str:
    """The sentences that a screen reader says for the map and its keys."""
    classes = f", coloured by {len(points.class_names)} classes" if points.class_names else ""
    axes = " and ".join(f"{title} {way}" for title, way in zip(axis_titles, ("across", "up"), strict=True) if title)
    what = f"Map of {points.n:,} encoded images, {axes}{classes}."
    if decodes:
        what += f" The {'place under' if between else 'image nearest to'} the pointer is decoded."
    keys = {
        "pin": "Arrow keys move the pin, with Shift in small steps, Enter puts it in the centre, Delete takes it away",
        "pick": "Arrow keys move the view, Enter picks its centre",
        "look": "Arrow keys move the view",
    }
    return f"{what} {keys[hand]}; plus and minus zoom, 0 shows all."


def _plane_data(plane: Plane) -> dict[str, list[float]]:
    return {"a": plane.a.tolist(), "b": plane.b.tolist(), "centre": plane.centre.tolist()}


def _path_data(path: MapPath) -> dict[str, Any]:
    xy = _pairs(path.xy, path.name)
    return {"name": path.name, "xy": xy, "role": path.role, "colour": path.colour, "dash": list(path.dash)}


def _markers_data(markers: MapMarkers, latent_dim: int | None) -> dict[str, Any]:
    xy = _pairs(markers.xy, markers.name)
    named = {"name": markers.name, "one": markers.one or markers.name, "role": markers.role}
    if markers.z is None:
        return {**named, "xy": xy, "z": None}
    z = np.asarray(markers.z, np.float64)
    if z.ndim != 2 or z.shape[0] != len(xy) or latent_dim not in (None, z.shape[1]) or not np.isfinite(z).all():
        raise ShapeError(
            f"latent map: the z of {markers.name} must be finite numbers of shape ({len(xy)}, {latent_dim or 'D'}), "
            f"but has {z.shape}."
        )
    return {**named, "xy": xy, "z": z.tolist()}


def _pairs(xy: npt.ArrayLike, what: str) -> list[list[float]]:
    pairs = np.asarray(xy, dtype=np.float64)
    if pairs.size == 0:
        return []
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        raise ShapeError(f"latent map: {what} must be finite numbers of shape (n, 2), but has {pairs.shape}.")
    return [[float(x), float(y)] for x, y in pairs]
