"""Interpolate: paths from image to image, found in different ways, on the map and as films that one hand moves along.

Without an encoder the anchors are draws from the prior.
"""

from pathlib import Path

import numpy as np
import streamlit as st

from ui import maps, state
from ui.anchors import anchor_buttons, choose_anchors, choose_click, take_click
from ui.axes import choose_plane
from ui.classes import choose_class, chosen_class, note_class, told_classes
from ui.decoder import decode
from ui.films import COLOURS, DASHES, MEASURES, choose_methods, choose_steps, films_of, meaning, take_away
from ui.latent_map import MapMarkers, MapPath, latent_map
from ui.numbered import points
from ui.place import Place, Settled
from ui.readout import readout
from ui.scrubber import scrubber
from ui.view import view
from ui.walks import support_threshold, walks

EXPLORE = Path(__file__).with_name("explore.py")
explorer = state.current_explorer()


@st.fragment
def interpolate() -> None:
    """The page itself, a fragment: choosing reruns this and nothing else; scrubbing is the browser's."""
    left, right = st.columns([17, 10], gap="medium")
    with right:
        numbers = choose_anchors(explorer)
        anchor_buttons(explorer)
    with left:
        above = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        steps = choose_steps()
        methods = choose_methods(explorer)
        choose_click(explorer)
        goes_on = st.button("Explore here", icon=":material/explore:", help="Go on from this z on Explore.")
        away = st.container(width="content")
    chosen = chosen_class(explorer)
    label = chosen.label if explorer.can.label else None
    anchors = points(explorer, numbers)
    found = walks(explorer, anchors, steps, methods, label)
    curves = {name: there.walk.path.curve for name, there in found.items() if there.walk is not None}
    curves = {name: curve for name, curve in curves.items() if curve is not None}
    follows = st.session_state.get("followed", "linear")
    follows = follows if follows in curves else next(iter(curves), "")
    stamp = f"{numbers} of {explorer.card.key}{chosen.stamp}"
    at = st.session_state.get("scrubbed", {}).get(stamp, anchors[0])
    place_name = f"interpolate {explorer.card.key[:12]} {explorer.device}"
    place = Place(place_name, explorer, np.asarray(at, np.float32), stamp=stamp, label=chosen.label)
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    if goes_on:
        state.set_z(explorer, place.z)
        st.switch_page(EXPLORE)
    with away:
        take_away(explorer, found, numbers, follows, chosen.label)
    with above:
        maps.say_why_empty(explorer)
        plane = choose_plane(explorer)
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            hand="pick" if explorer.can.encode else "look",
            axis_titles=plane.titles,
            paths=[
                MapPath("", plane.plane.project(curve), colour=COLOURS[name], dash=DASHES.get(name, ()))
                for name, curve in curves.items()
            ],
            markers=[MapMarkers("Stops", plane.plane.project(anchors[1:-1]))] if len(anchors) > 2 else [],
            height=412,
            key=f"interpolation map of {explorer.card.key[:12]}",
            on_click=lambda click: take_click(explorer, click, plane.plane),
        )
        st.caption(meaning(found))
    with right:
        choose_class(place, "interpolated class", on_settled=lambda settled: settle(stamp, settled))
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=names,
            key=f"interpolation view of {explorer.card.key[:12]}",
        )
    scrubber(
        place,
        films_of(found, support_threshold(explorer, label)),
        steps=steps,
        chosen=follows,
        label="Along the paths",
        measures=MEASURES,
        key=f"films of {explorer.card.key[:12]}",
        on_settled=lambda settled: settle(stamp, settled),
        on_chosen=follow,
    )
    readout(place, record=record, class_names=names, key=f"interpolation readout of {explorer.card.key[:12]}")


def settle(stamp: str, settled: Settled) -> None:
    """Note where on a path a hand has settled, and as which class."""
    note_class(explorer, settled.label)
    st.session_state["scrubbed"] = {stamp: settled.z}


def follow(name: str) -> None:
    """Note which path z follows."""
    st.session_state["followed"] = name


interpolate()
