"""Interpolate: from one image to another, by a straight line and along an arc, as a film."""

from pathlib import Path

import streamlit as st

from ui import cache, state
from ui.axes import axis_titles, choose_axes
from ui.latent_map import MapClick, MapPath, latent_map
from ui.pair import choose_pair, take_click
from ui.pictures import magnified, show, strip
from vae_core.images import gif_bytes, montage, png_bytes
from vae_core.latent.neighbours import nearest
from vae_core.latent.paths import METHODS

EXPLORE = Path(__file__).with_name("explore.py")
TITLES = {"linear": "Straight line", "slerp": "Arc (slerp)"}
explorer = state.current_explorer()


@st.fragment
def interpolate() -> None:
    """The page itself, a fragment: choosing and scrubbing rerun this and nothing else."""
    left, right = st.columns([3, 2], gap="medium")
    with right:
        start, end = choose_pair(explorer)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            method = st.segmented_control(
                "Path",
                list(METHODS),
                format_func=TITLES.__getitem__,
                required=True,
                default="linear",
                key="path",
                persist_state="session",
                help="A straight line may cross regions where there is no data; the arc keeps its distance from the "
                "origin, as draws from a prior of many dimensions do.",
            )
            steps = st.number_input("Pictures", 3, 60, 11, key="steps", persist_state="session", width=130)
    mu = explorer.latents.mu
    paths = {name: make(mu[start], mu[end], steps) for name, make in METHODS.items()}
    films = {name: explorer.decode(path) for name, path in paths.items()}
    with right:
        at = st.slider(
            "Place on the path", 1, steps, key=f"scrub {steps}", help="Step 1 is the start, the last step the end."
        )
        place, facts = st.columns([1, 1], gap="medium", vertical_alignment="center")
        show(magnified(films[method][at - 1], 200), f"The image at step {at} of the path.", place=place)
        z = paths[method][at - 1]
        _, (distance,) = explorer.nearest(z[None])
        values = ", ".join(f"{value:.2f}" for value in z[:4]) + (", …" if len(z) > 4 else "")
        facts.caption(f"Step {at} of {steps}  \nz = ({values})  \nNearest test image {distance:.2f} away")
        facts.button(
            "Explore here", icon=":material/explore:", key="explore here", help="Go on from this z on Explore."
        )
        if st.session_state.get("explore here"):
            state.set_z(explorer, z)
            st.switch_page(EXPLORE)
        name = f"{explorer.name}-{start}-{end}-{method}"
        with facts.container(horizontal=True):
            st.download_button(
                "PNG",
                lambda: png_bytes(montage(films[method], columns=steps, scale=4)),
                f"{name}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "GIF",
                lambda: gif_bytes(films[method], seconds_per_frame=0.08, scale=6),
                f"{name}.gif",
                "image/gif",
                icon=":material/download:",
                on_click="ignore",
            )
    with left:
        axes = choose_axes(explorer)
        latent_map(
            cache.map_points(explorer, axes),
            axis_titles=axis_titles(axes, explorer.latent_dim),
            paths=[
                MapPath(
                    TITLES[name],
                    cache.plane(path, axes),
                    role="accent" if name == method else "contrast",
                    position=at - 1 if name == method else None,
                )
                for name, path in paths.items()
            ],
            height=560,
            key=f"interpolation map of {explorer.card.key[:12]}",
            on_click=lambda click: click_pair(click, axes),
        )
    for name, film in films.items():
        st.caption(TITLES[name])
        show(strip(film), f"Film strip: {TITLES[name]}.", stretch=True)


def click_pair(click: MapClick, axes: tuple[int, int]) -> None:
    """A click on the map chooses the data point nearest to it."""
    index = click.index
    if index is None:
        (index,), _ = nearest(cache.plane(explorer.latents.mu, axes), [click.z])
    take_click(explorer, int(index))


if not explorer.can.encode:
    st.info("This model has no encoder, so there are no images to walk between.")
else:
    interpolate()
