"""Variations: an image varied as far as its q(z|x) lets it, or farther; each with its support and its distances."""

import numpy as np
import streamlit as st

from ui import maps, state, variation_words, variations
from ui.axes import choose_plane
from ui.classes import choose_class, chosen_class, note_class
from ui.decoder import decode
from ui.latent_map import MapMarkers, latent_map
from ui.place import Place, Settled
from ui.readout import readout
from ui.view import view
from ui.wall import wall

explorer = state.current_explorer()
key = explorer.card.key[:12]


def settle(stamp: str, settled: Settled) -> None:
    """Note on which variation a hand has settled, and as which class."""
    note_class(explorer, settled.label)
    st.session_state["varied at"] = {stamp: settled}


@st.fragment
def show() -> None:
    """The page itself, a fragment: the controls rerun this and nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sources = variations.choose_source(explorer)
        settings = variations.choose_settings(explorer)
    variations.say_notice()
    found = variations.varied(explorer, sources, settings)
    told = None if sources.told is None else sources.told[:1]
    chosen = chosen_class(explorer)
    stamp = f"{sources.names} {sources.indices} {sources.mu.tolist()} of {explorer.card.key}{chosen.stamp}"
    at = st.session_state.get("varied at", {}).get(stamp, Settled(sources.mu[0], pinned=True))
    place = Place(f"variations {key} {explorer.device}", explorer, at.z, stamp, label=chosen.label, pinned=at.pinned)
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    choose_class(place, f"varied class of {key}", on_settled=lambda settled: settle(stamp, settled))
    left, middle, right = st.columns([7, 7, 5], gap="medium")
    with middle:
        variations.show_source(explorer, sources)
        if found is not None and len(found):
            wall(
                place,
                z=found.z,
                pictures=np.moveaxis(found.images, 1, -1),
                notes=variation_words.notes(found),
                marked=[] if found.is_outside is None else found.is_outside.tolist(),
                key=f"variations of {key}",
                on_settled=lambda settled: settle(stamp, settled),
            )
            st.caption(variation_words.summary(found, settings.count))
            variation_words.take_away(explorer, sources, settings, found)
        elif found is not None:
            st.info("Every draw was off the data: take a smaller spread.", icon=":material/block:")
    with left:
        maps.say_why_empty(explorer)
        plane = choose_plane(explorer)
        z = np.zeros((0, explorer.latent_dim), np.float32) if found is None else found.z
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            hand="pin",
            axis_titles=plane.titles,
            markers=[MapMarkers("Variations", plane.plane.project(z), z, one="Variation", role="accent")],
            height=560,
            key=f"variations map of {key}",
            on_settled=lambda settled: settle(stamp, settled),
        )
        st.caption(variation_words.MEANING)
    with right:
        view(
            place,
            picture=decode(explorer, place.z[None], told)[0],
            record=record,
            class_names=names,
            key=f"variations view of {key}",
        )
    readout(place, record=record, class_names=names, key=f"variations readout of {key}")


show()
