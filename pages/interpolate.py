"""Interpolate: from one image to another by a straight line and along an arc, scrubbed live, taken along as a film.

Without an encoder the ends are draws from the prior.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import maps, state
from ui.axes import MapPlane, choose_plane
from ui.classes import choose_class, chosen_class, note_class, told_classes
from ui.decoder import decode
from ui.latent_map import MapClick, MapPath, latent_map
from ui.pair import choose_pair, pair_buttons, take_click
from ui.place import Place, Settled
from ui.readout import readout
from ui.scrubber import scrubber
from ui.view import view
from vae_core.images import gif_bytes, montage, png_bytes
from vae_core.latent.neighbours import nearest
from vae_core.latent.paths import METHODS

EXPLORE = Path(__file__).with_name("explore.py")
TITLES = {"linear": "Straight line", "slerp": "Arc (slerp)"}
explorer = state.current_explorer()


@st.fragment
def interpolate() -> None:
    """The page itself, a fragment: choosing reruns this and nothing else; scrubbing is the browser's."""
    left, right = st.columns([3, 2], gap="medium")
    with right:
        start, end = choose_pair(explorer)
    with left:
        above = st.container()
        with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center", gap="small"):
            steps = st.number_input(
                "Pictures", 3, 60, 11, key="steps", persist_state="session", width=110, label_visibility="collapsed"
            )
            st.caption("pictures", width="content")
            pair_buttons(explorer)
            goes_on = st.button("Explore here", icon=":material/explore:", help="Go on from this z on Explore.")
    chosen = chosen_class(explorer)
    paths = {name: make(start.z, end.z, steps) for name, make in METHODS.items()}
    films = {name: decode(explorer, path, told_classes(explorer, len(path))) for name, path in paths.items()}
    stamp = f"{start.number} {end.number} of {explorer.card.key}{chosen.stamp}"
    at = st.session_state.get("scrubbed", {}).get(stamp, start.z)
    place_name = f"interpolate {explorer.card.key[:12]} {explorer.device}"
    place = Place(place_name, explorer, np.asarray(at, np.float32), stamp=stamp, label=chosen.label)
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    if goes_on:
        state.set_z(explorer, place.z)
        st.switch_page(EXPLORE)
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
                MapPath(TITLES[name], plane.plane.project(path), role="accent" if name == "linear" else "contrast")
                for name, path in paths.items()
            ],
            height=500,
            key=f"interpolation map of {explorer.card.key[:12]}",
            on_click=lambda click: click_pair(click, plane),
        )
    with right:
        choose_class(place, "interpolated class", on_settled=lambda settled: settle(stamp, settled))
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=names,
            key=f"interpolation view of {explorer.card.key[:12]}",
        )
    for method, path in paths.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(TITLES[method])
            offer_film(f"{explorer.name}-{start.number}-{end.number}-{method}", np.moveaxis(films[method], -1, 1))
        scrubber(
            place,
            path=path,
            label=TITLES[method],
            pictures=films[method],
            key=f"scrubber {method} of {explorer.card.key[:12]}",
            on_settled=lambda settled: settle(stamp, settled),
        )
    readout(place, record=record, class_names=names, key=f"interpolation readout of {explorer.card.key[:12]}")


def settle(stamp: str, settled: Settled) -> None:
    """Note where on a path a hand has settled, and as which class."""
    note_class(explorer, settled.label)
    st.session_state["scrubbed"] = {stamp: settled.z}


def offer_film(name: str, film: npt.NDArray[np.uint8]) -> None:
    """Buttons that hand out the images of a path (n, C, H, W) as a strip and as a film."""
    for label, ending, make in (
        ("PNG", "png", lambda: png_bytes(montage(film, columns=len(film), scale=4))),
        ("GIF", "gif", lambda: gif_bytes(film, seconds_per_frame=0.08, scale=6)),
    ):
        st.download_button(
            label,
            make,
            f"{name}.{ending}",
            f"image/{ending}",
            key=f"{label} {name}",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )


def click_pair(click: MapClick, plane: MapPlane) -> None:
    """A click on the map chooses the data point nearest to it."""
    index = click.index
    if index is None:
        (index,), _ = nearest(plane.plane.project(explorer.latents.mu), [click.z])
    take_click(explorer, int(index))


interpolate()
