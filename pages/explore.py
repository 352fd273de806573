"""Explore: the map, the picture at z, the sliders."""

import time

import numpy as np
import streamlit as st

from ui import cache, state
from ui.axes import axis_titles, choose_axes
from ui.latent_map import MapClick, latent_map
from ui.pictures import magnified, nearest_neighbour, show
from ui.sliders import z_sliders

LARGE, SMALL = 252, 112  # pixels: widths of the decoded picture and of those beside it

explorer = state.current_explorer()


def go_to(click: MapClick, axes: tuple[int, int]) -> None:
    """Move to a clicked point: to all of its code when a data point was hit, else on the two axes shown."""
    if click.index is not None:
        state.set_z(explorer, explorer.latents.mu[click.index])
        return
    z = state.current_z(explorer).copy()
    for axis, value in zip(axes[: explorer.latent_dim], click.z, strict=False):
        z[axis] = value
    state.set_z(explorer, z)


def draw_at_random() -> None:
    """Move to a draw from the prior."""
    state.set_z(explorer, np.random.default_rng().standard_normal(explorer.latent_dim))


@st.fragment
def explore() -> None:
    """The page itself, a fragment: sliders and clicks rerun this and nothing else."""
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(horizontal=True, vertical_alignment="bottom"):
        axes = choose_axes(explorer)
        with_grid = st.toggle(
            "Decoded grid",
            key="grid",
            persist_state="session",
            help="What the decoder makes of each place: coordinates even in the prior's probability, through the "
            "inverse normal CDF, the other dimensions held at z.",
        )
    z = state.current_z(explorer)
    with left:
        latent_map(
            cache.map_points(explorer, axes),
            axis_titles=axis_titles(axes, explorer.latent_dim),
            at=tuple(map(float, cache.plane(z[None], axes)[0])),
            layer=cache.grid_layer(explorer, axes, z) if with_grid and explorer.latent_dim > 1 else None,
            height=730,
            key=f"map of {explorer.card.key[:12]}",
            on_click=lambda click: go_to(click, axes),
        )
    with right:
        began = time.perf_counter()
        (image,) = explorer.decode(z[None])
        milliseconds = (time.perf_counter() - began) * 1e3
        smooth = st.session_state.get("smooth", False)
        with st.container(horizontal=True):
            with st.container(width=LARGE):
                large = magnified(image, LARGE, smooth=smooth)
                show(large, "The decoded image at z.", caption="Decoded at z: the mean of p(x|z)")
            with st.container(width=SMALL):
                distance = nearest_neighbour(explorer, z, SMALL)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Random draw",
                icon=":material/casino:",
                on_click=draw_at_random,
                help="A z drawn from the prior N(0, I).",
            )
            st.button(
                "Origin",
                icon=":material/restart_alt:",
                on_click=state.set_z,
                args=(explorer, np.zeros(explorer.latent_dim)),
            )
            st.toggle("Smooth", key="smooth", persist_state="session", help="Blend the pixels; off, they stay squares.")
        with st.container(height=350 if explorer.latent_dim > 4 else "content", border=False):
            z_sliders(explorer)
    values = ", ".join(f"{value:.2f}" for value in z[:8]) + (", …" if len(z) > 8 else "")
    st.caption(f"{explorer.name} · z = ({values}) · {distance} · decoded on {explorer.device} in {milliseconds:.1f} ms")


explore()
