"""Sample: draws from the prior, decoded, and where they lie on the map."""

import numpy as np
import streamlit as st

from ui import cache, state
from ui.axes import axis_titles, choose_axes
from ui.latent_map import MapMarkers, latent_map
from ui.pictures import show, wall
from vae_core.images import montage, png_bytes
from vae_core.latent.prior import sample_prior

explorer = state.current_explorer()


def next_seed() -> None:
    """Take another seed, for other draws."""
    st.session_state["sample seed"] = int(np.random.default_rng().integers(1_000_000))


@st.fragment
def sample() -> None:
    """The page itself, a fragment: the controls rerun this and nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = st.number_input("How many", 1, 400, 64, key="sample count", persist_state="session", width=130)
        temperature = st.slider(
            "Temperature",
            0.0,
            2.0,
            1.0,
            0.05,
            key="sample temperature",
            persist_state="session",
            width=220,
            help="Standard deviation of the draws: 1 is the prior; below it they crowd in the middle, above it they "
            "leave the data.",
        )
        what = st.segmented_control(
            "Show",
            ["mean", "draw"],
            default="mean",
            required=True,
            key="sample what",
            persist_state="session",
            format_func={"mean": "Mean of p(x|z)", "draw": "Draw from p(x|z)"}.__getitem__,
            help="The mean is what one usually sees; a draw is what the model says an image is, with the pixel noise "
            "of its likelihood.",
        )
        seed = st.number_input(
            "Seed",
            0,  # also the first value: one given here would be at odds with what "Draw again" sets
            2**31 - 1,
            key="sample seed",
            persist_state="session",
            width=140,
            help="The same seed gives the same draws.",
        )
        st.button("Draw again", icon=":material/casino:", on_click=next_seed, type="primary")
    generator = np.random.default_rng(seed)
    z = sample_prior(count, explorer.latent_dim, temperature=temperature, generator=generator)
    images = explorer.decode(z) if what == "mean" else explorer.draw(z, generator=generator)
    left, right = st.columns(2, gap="medium")
    with left:
        axes = choose_axes(explorer)
        latent_map(
            cache.map_points(explorer, axes),
            axis_titles=axis_titles(axes, explorer.latent_dim),
            markers=[MapMarkers("Draws", cache.plane(z, axes))],
            height=660,
            key=f"sample map of {explorer.card.key[:12]}",
            clickable=False,
        )
    with right:
        show(wall(images), f"A wall of {count} decoded draws.", stretch=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "PNG",
                png_bytes(montage(images, scale=4)),
                f"{explorer.name}-samples-{seed}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )
            _, distances = explorer.nearest(z)
            st.caption(
                f"{count} draws, numbered on the map from left to right and down · median distance to the nearest "
                f"test image's mean {np.median(distances):.2f}"
            )


sample()
