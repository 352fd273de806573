"""Sample: draws from the prior, or from what was fitted to the codes, decoded, and where they lie on the map."""

import numpy as np
import streamlit as st

from ui import maps, samplers, state
from ui.axes import choose_plane
from ui.classes import choose_class, chosen_class, note_class, told_classes
from ui.decoder import decode
from ui.fitting import offer_fit
from ui.latent_map import MapMarkers, Role, latent_map
from ui.place import Place, Settled
from ui.readout import readout
from ui.view import view
from ui.wall import wall
from vae_core.images import montage, png_bytes

explorer = state.current_explorer()
ROLES: tuple[Role, Role] = ("contrast", "accent")
SIGNS = {"contrast": "◯", "accent": ":primary[◯]"}


def next_seed() -> None:
    """Take another seed, for other draws."""
    st.session_state["sample seed"] = int(np.random.default_rng().integers(1_000_000))


def settle(stamp: str, settled: Settled) -> None:
    """Note on which draw a hand has settled, and as which class."""
    note_class(explorer, settled.label)
    st.session_state["sampled"] = {stamp: settled}


def offer_wall(name: str, draws: samplers.Draws, seed: int) -> None:
    """A wall as a file, and how far its draws are from the data."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "PNG",
            lambda: png_bytes(montage(np.moveaxis(draws.pictures, -1, 1), scale=4)),
            f"{explorer.name}-{name}-{seed}.png",
            "image/png",
            key=f"PNG {name}",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(f"{len(draws.z)} draws{samplers.how_far(explorer, draws.z)}")


@st.fragment
def sample() -> None:
    """The page itself, a fragment: the controls rerun this and nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = samplers.choose_samplers(explorer)
        fitted = {name: samplers.fitted_sampler(explorer, name) for name in names}
        ready = [sampler for sampler in fitted.values() if sampler is not None]
        label = samplers.choose_class_drawn(explorer, ready)
        count = st.number_input("How many", 1, 400, 64, key="sample count", persist_state="session", width=130)
        scaled = [samplers.TITLES[s.name] + ": " + samplers.TEMPERATURES[s.name] for s in ready if s.takes_temperature]
        temperature = st.slider(
            "Temperature", 0.0, 2.0, 1.0, 0.05, key="sample temperature", persist_state="session", width=200,
            disabled=not scaled,
            help="It scales, 1 leaving it as it is: " + "; ".join(scaled) + "." if scaled else
            "These draws are codes of training images, without noise of their own: there is nothing to scale.",
        )  # fmt: skip
        what = "mean" if not explorer.can.likelihood else st.segmented_control(
            "Show", ["mean", "draw"], default="mean", required=True, key="sample what", persist_state="session",
            format_func={"mean": "Mean of p(x|z)", "draw": "Draw from p(x|z)"}.__getitem__,
            help="The mean is what one usually sees; a draw is what the model says an image is, with the pixel noise "
            "of its likelihood.",
        )  # fmt: skip
        seed = st.number_input(
            "Seed", 0,  # also the first value: one given here would be at odds with what "Draw again" sets
            2**31 - 1, key="sample seed", persist_state="session", width=140, help="Same seed, same draws.",
        )  # fmt: skip
        st.button("Draw again", icon=":material/casino:", on_click=next_seed, type="primary")
    sets = {
        sampler.name: samplers.make_draws(
            explorer, sampler, count, label=label, temperature=temperature, as_mean=what == "mean", seed=seed
        )
        for sampler in ready
    }
    chosen = chosen_class(explorer)
    of_class = "all" if label is None else label
    stamp = f"{seed} {count} {temperature} {of_class} {' '.join(sets)} of {explorer.card.key}{chosen.stamp}"
    start = next((draws.z[0] for draws in sets.values()), np.zeros(explorer.latent_dim, np.float32))
    at = st.session_state.get("sampled", {}).get(stamp, Settled(start, pinned=False))
    name = f"sample {explorer.card.key[:12]} {explorer.device}"
    place = Place(name, explorer, at.z, stamp, label=chosen.label, pinned=at.pinned)
    record, classes = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    roles = dict(zip(names, ROLES, strict=False))
    choose_class(place, "sampled class", on_settled=lambda settled: settle(stamp, settled))
    left, *middle, right = st.columns([7, 7, 5] if len(names) == 1 else [7, 5, 5, 4], gap="medium")
    with left:
        plane = choose_plane(explorer)
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            axis_titles=plane.titles,
            markers=[
                MapMarkers(samplers.TITLES[name], plane.plane.project(draws.z), draws.z, one="Draw", role=roles[name])
                for name, draws in sets.items()
            ],
            height=560,
            key=f"sample map of {explorer.card.key[:12]}",
        )
        if len(names) > 1:
            st.caption(samplers.WHY_BOTH)
    for column, name in zip(middle, names, strict=True):
        with column:
            st.markdown(f"{SIGNS[roles[name]]} **{samplers.TITLES[name]}**")
            if name not in sets:
                offer_fit(explorer, name, samplers.TITLES[name])
                continue
            wall(
                place,
                z=sets[name].z,
                pictures=sets[name].pictures,
                first=count * list(sets).index(name),
                key=f"wall of {name} of {explorer.card.key[:12]}",
                on_settled=lambda settled: settle(stamp, settled),
            )
            st.caption(samplers.meaning(explorer, name))
            offer_wall(name, sets[name], seed)
    with right:
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=classes,
            key=f"sample view of {explorer.card.key[:12]}",
        )
    readout(place, record=record, class_names=classes, key=f"sample readout of {explorer.card.key[:12]}")


sample()
