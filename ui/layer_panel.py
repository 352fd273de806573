"""What lies beneath the map's points: the choice of a layer, how it is read, and what can be taken away of it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import address
from ui.axes import MapPlane
from ui.layer_picture import field_csv, field_npz, field_png
from ui.map_layers import DOUBTS, MapLayer
from ui.place import Place
from ui.text import plain
from vae_core.errors import VaeCoreError
from vae_core.latent.layer_kinds import LAYERS, missing

NONE = "none"
WIDTH = 330
"""px: so narrow that most of the map can be seen beside it."""

Took = Callable[[], bytes]


def choose_layer(place: Place, plane: MapPlane) -> MapLayer | None:
    """A button that opens the choice of a layer; None: none is chosen, or this model has it not, which it says."""
    explorer = place.explorer
    key = f"layer of {explorer.name}"
    if (wish := address.asked("layer")) is not None:
        st.session_state[key] = wish
    if st.session_state.get(key) not in LAYERS:
        st.session_state[key] = NONE
    name: str = st.session_state[key]
    problem = None if name == NONE else _problem(place, name)
    layer = None
    if name != NONE and problem is None:
        label = place.label if explorer.can.label else None
        layer = MapLayer(explorer, name, plane.plane, place.z, label)
    panel = st.popover("Layer", icon=":material/layers:", width="content", key=f"layers of {explorer.name}")
    with panel, st.container(width=WIDTH):
        st.selectbox(
            "Beneath the points",
            [NONE, *LAYERS],
            key=key,
            persist_state="session",
            format_func=lambda option: "Nothing" if option == NONE else LAYERS[option].title,
            help="Where the decoder can be believed, at each place of the plane shown. Coordinates that the plane does "
            "not show stay where the pin is.",
        )
        if problem is not None:
            st.info(plain(problem), icon=":material/layers_clear:")
        if layer is not None:
            st.caption(f"**How to read it.** {layer.reading}")
            st.caption(f"**When not to trust it.** {DOUBTS[name]}")
            _offer(layer)
    address.write("layer", None if name == NONE else name)
    return layer


def _problem(place: Place, name: str) -> str | None:
    try:
        return missing(place.explorer, name)
    except VaeCoreError as problem:  # a damaged classifier
        return str(problem)


def _offer(layer: MapLayer) -> None:
    stem = f"{layer.explorer.name}-{layer.name}"
    files: tuple[tuple[str, Took, str, str], ...] = (
        ("PNG", lambda: field_png(layer.fine()), "png", "image/png"),
        ("CSV", lambda: field_csv(layer, layer.fine()), "csv", "text/csv"),
        ("NPZ", lambda: field_npz(layer, layer.fine()), "npz", "application/octet-stream"),
    )
    with st.container(horizontal=True):
        for title, made, ending, kind in files:
            st.download_button(
                title,
                made,
                f"{stem}.{ending}",
                kind,
                key=f"take layer {ending}",
                on_click="ignore",
                icon=":material/download:",
            )
    st.code("\n".join(layer.lines), wrap_lines=True)
