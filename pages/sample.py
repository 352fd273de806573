"""Sample: draws from the prior, decoded, and where they lie on the map."""

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import maps, state
from ui.axes import choose_plane
from ui.decoder import decode
from ui.latent_map import MapMarkers, latent_map
from ui.place import Place, Settled
from ui.readout import readout
from ui.view import view
from ui.wall import wall
from vae_core.images import montage, png_bytes, to_uint8
from vae_core.latent.prior import sample_prior

explorer = state.current_explorer()


def next_seed() -> None:
    """Take another seed, for other draws."""
    st.session_state["sample seed"] = int(np.random.default_rng().integers(1_000_000))


def how_far(z: npt.NDArray[np.float32]) -> str:
    """The draws' distance from the data, in words; nothing for a model without an encoder."""
    if not explorer.can.encode:
        return ""
    _, distances = explorer.nearest(z)
    return f" · median distance to the nearest test image's mean {np.median(distances):.2f}"


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
    means = decode(explorer, z)
    images = means if what == "mean" else np.moveaxis(to_uint8(explorer.draw(z, generator=generator)), 1, -1)
    stamp = f"{seed} {count} {temperature} of {explorer.card.key}"
    at = st.session_state.get("sampled", {}).get(stamp, Settled(z[0], pinned=False))
    place = Place(f"sample {explorer.card.key[:12]} {explorer.device}", explorer, at.z, stamp, pinned=at.pinned)
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    left, middle, right = st.columns([7, 7, 5], gap="medium")
    with left:
        plane = choose_plane(explorer)
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            axis_titles=plane.titles,
            markers=[MapMarkers("Draws", plane.plane.project(z), z, one="Draw")],
            height=560,
            key=f"sample map of {explorer.card.key[:12]}",
        )
    with middle:
        wall(
            place,
            z=z,
            pictures=images,
            key=f"wall of {explorer.card.key[:12]}",
            on_settled=lambda settled: st.session_state.update(sampled={stamp: settled}),
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "PNG",
                lambda: png_bytes(montage(np.moveaxis(images, -1, 1), scale=4)),
                f"{explorer.name}-samples-{seed}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )
            st.caption(f"{count} draws{how_far(z)}")
    with right:
        view(
            place,
            picture=decode(explorer, place.z[None])[0],
            record=record,
            class_names=names,
            key=f"sample view of {explorer.card.key[:12]}",
        )
    readout(place, record=record, class_names=names, key=f"sample readout of {explorer.card.key[:12]}")


sample()
