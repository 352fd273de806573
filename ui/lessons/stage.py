"""The live parts that most steps share: a map with its pin, and beside it what z decodes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import widest_plane
from ui.class_chooser import class_chooser
from ui.decoder import decode
from ui.latent_map import MapColour, MapMarkers, MapPath, latent_map
from ui.lessons import here
from ui.map_layers import MapLayer
from ui.maps import map_points, nearest_image
from ui.place import Settled
from ui.sliders import z_sliders
from ui.view import view
from vae_core import LatentExplorer


def stage(
    explorer: LatentExplorer,
    name: str = "z",
    *,
    start: npt.ArrayLike | None = None,
    colour: MapColour | None = None,
    layer: MapLayer | None = None,
    paths: Sequence[MapPath] = (),
    markers: Sequence[MapMarkers] = (),
    sliders: bool = False,
    height: int = 440,
    beside: Callable[[], None] | None = None,
) -> npt.NDArray[np.float32]:
    """Draw the map, live: the pointer decodes, a click pins z. Beside it the picture, and the nearest data point.

    Parameters
    ----------
    name : str
        Of the place within the step; see `ui.lessons.here.place`, and `here.has_moved` for whether a hand was there.
    start : array_like (D,)
        Where the pin stands at first.
    sliders : bool
        Draw a slider for each dimension too.
    beside : callable, optional
        Draws what else stands beside the map, below the picture.

    Returns
    -------
    ndarray of float32, shape (D,)
        Where z is settled.
    """
    place = here.place(explorer, name, start)
    plane = widest_plane(explorer)

    def settled(now: Settled) -> None:
        here.settle(explorer, now, name)

    left, right = st.columns([3, 2], gap="medium")
    with left:
        latent_map(
            map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            hand="pin",
            axis_titles=plane.titles,
            colour=colour,
            layer=layer,
            paths=paths,
            markers=markers,
            height=height,
            key=here.key(f"{name} map"),
            on_settled=settled,
        )
    with right:
        if explorer.can.label:
            names = explorer.card.data.class_names
            class_chooser(place, class_names=names, key=here.key(f"{name} class"), on_settled=settled)
        view(
            place,
            picture=decode(explorer, place.z[None], [place.label] if explorer.can.label else None)[0],
            record=nearest_image(explorer, "test", place.z),
            class_names=explorer.card.data.class_names,
            key=here.key(f"{name} view"),
        )
        if sliders:
            z_sliders(place, key=here.key(f"{name} sliders"), on_settled=settled)
        if beside is not None:
            beside()
    return place.z
