"""The plane of the page's map: two dimensions or components, or the plane that two directions span."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import quote, unquote

import streamlit as st

from ui import address
from ui.axes import MapPlane, choose_plane
from ui.directions.kept import Kept
from ui.latent_map import MapPath
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.directions import plane_of

DIMENSIONS, DIRECTIONS = "Its dimensions", "Two directions"
MOST_PATHS = 6


def choose_map(explorer: LatentExplorer, some: Sequence[Kept]) -> MapPlane:
    """Select boxes for the map's plane; the address says what was chosen."""
    by_name = {one.direction.name: one.direction for one in some}
    wish = [unquote(name) for name in (address.asked("onto") or "").split("~")]
    key, *of_axes = (f"{what} of {explorer.name}" for what in ("map onto", "direction across", "direction up"))
    if len(wish) == 2 and wish[0] != wish[1] and all(name in by_name for name in wish):
        st.session_state[key] = DIRECTIONS
        for name, one in zip(of_axes, wish, strict=True):
            st.session_state[name] = one
    if len(by_name) < 2 or explorer.latent_dim < 2:
        address.write("onto", None)
        return choose_plane(explorer)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        kind = st.selectbox("Map", [DIMENSIONS, DIRECTIONS], key=key, persist_state="session", width=160)
        if kind == DIMENSIONS:
            address.write("onto", None)
            return choose_plane(explorer)
        chosen: list[str] = []
        for title, name in zip(("Across", "Up"), of_axes, strict=True):
            options = [one for one in by_name if one not in chosen]
            if st.session_state.get(name) not in options:
                st.session_state[name] = options[0]
            chosen.append(st.selectbox(title, options, key=name, persist_state="session", width=170))
    across, up = (by_name[name] for name in chosen)
    centre = explorer.latents.mu.mean(axis=0) if len(explorer.latents.mu) else [0.0] * explorer.latent_dim
    try:
        plane = plane_of(across, up, centre)
    except VaeCoreError as problem:
        st.warning(plain(str(problem)), icon=":material/warning:")
        address.write("onto", None)
        return choose_plane(explorer)
    address.write("axes", None)
    address.write("onto", "~".join(quote(name, safe=" ") for name in chosen))
    stamp = hashlib.sha256(plane.a.tobytes() + plane.b.tobytes() + plane.centre.tobytes()).hexdigest()
    return MapPlane(plane, f"onto {stamp[:24]}", (across.name, f"{up.name}, what is left of it beside {across.name}"))


def direction_paths(explorer: LatentExplorer, some: Sequence[Kept], plane: MapPlane) -> list[MapPath]:
    """The last directions as lines through the middle of the codes, from the one end's centroid to the other's."""
    mu = explorer.latents.mu
    centre = mu.mean(axis=0) if len(mu) else [0.0] * explorer.latent_dim
    return [
        MapPath(
            one.direction.name,
            plane.plane.project(one.direction.move(centre, [end - one.direction.middle for end in one.direction.ends])),
            role="accent" if one is some[-1] else "contrast",
        )
        for one in some[-MOST_PATHS:]
    ]
