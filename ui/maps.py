"""What a map shows of a model: the encoded images of a split on a plane, coloured by class or by a number."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import state
from ui.axes import MapPlane
from ui.encoded import SPLITS, encoded, images_of, scores
from ui.latent_map import MapColour, MapGroup, MapPoints
from ui.place import FARTHEST
from ui.text import subscript
from vae_core import LatentExplorer

Outline = npt.NDArray[np.float64]

CLASS = "class"
TERMS = {"elbo": "ELBO", "log-likelihood": "Log-likelihood", "kl": "KL"}


@st.cache_resource(max_entries=64, show_spinner=False)
def _points(card: str, plane: str, split: str, _explorer: LatentExplorer, _plane: MapPlane) -> MapPoints:
    codes = encoded(_explorer, split)
    return MapPoints.register(_plane.plane.project(codes.mu), codes.labels, _explorer.card.data.class_names)


def map_points(explorer: LatentExplorer, plane: MapPlane, split: str = "test") -> MapPoints:
    """The posterior means of a split's images on a plane."""
    return _points(explorer.card.key, plane.key, split, explorer, plane)


def choose_split(explorer: LatentExplorer) -> str:
    """A select box of the splits, where the data is on this machine; without it there is the test split alone."""
    if not explorer.can.encode or images_of(explorer, "all") is None:
        return "test"
    data = explorer.card.data
    n_train = data.n_train + data.n_validation
    counts = {"test": data.n_test, "train": n_train, "all": n_train + data.n_test}
    titles = {"test": "Test", "train": "Training", "all": "All"}
    key = f"points of {explorer.name}"
    if (wish := state.asked("points")) in SPLITS:
        st.session_state[key] = wish
    split: str = st.selectbox(
        "Images",
        SPLITS,
        key=key,
        persist_state="session",
        format_func=lambda name: f"{titles[name]} · {counts[name]:,}",
        help="Which encoded images the map shows; training means training and validation split.",
        width=165,
    )
    state.write_address("points", None if split == "test" else split)
    if split != "test":
        with st.spinner("Encoding the images …"):
            encoded(explorer, split)
    return split


def choose_colour(explorer: LatentExplorer, split: str) -> MapColour | None:
    """A select box of what the points' colour means; None: their class."""
    dims = range(explorer.latent_dim) if explorer.latent_dim > 2 else ()
    titles = {CLASS: "Class"} if explorer.latents.labels is not None else {CLASS: "One colour"}
    titles |= {"kl": TERMS["kl"]} if explorer.can.posterior else {}
    titles |= TERMS if images_of(explorer, split) is not None else {}
    titles |= {f"z{i + 1}": f"z{subscript(i + 1)}" for i in dims}
    key = f"colour of {explorer.name}"
    if (wish := state.asked("colour")) in titles:
        st.session_state[key] = wish
    if st.session_state.get(key) not in titles:
        st.session_state[key] = CLASS
    name: str = st.selectbox(
        "Colour",
        list(titles),
        key=key,
        persist_state="session",
        format_func=titles.__getitem__,
        help="What a point's colour means: its class, or a number of the image, in nats: the ELBO's terms, or a "
        "coordinate of its posterior mean.",
        width=150,
    )
    state.write_address("colour", None if name == CLASS else name)
    return None if name == CLASS else _colour(explorer.card.key, split, name, titles[name], explorer)


@st.cache_resource(max_entries=32, show_spinner="Scoring the images …")
def _colour(card: str, split: str, name: str, title: str, _explorer: LatentExplorer) -> MapColour:
    codes = encoded(_explorer, split)
    if name not in TERMS:
        return MapColour.register(title, "", codes.mu[:, int(name[1:]) - 1])
    found = scores(_explorer, split)
    if found is None:  # the KL alone needs no images
        assert codes.kl is not None
        return MapColour.register(title, "nats", codes.kl)
    values = {"elbo": found.elbo, "log-likelihood": found.log_likelihood, "kl": found.kl}[name]
    return MapColour.register(title, "nats", values)


def current_group(explorer: LatentExplorer, plane: MapPlane, split: str) -> MapGroup | None:
    """The group that was drawn on this plane, or the one that the address of the first run asks for."""
    key = _group_key(explorer, plane)
    wish = state.asked("group")
    if key not in st.session_state and wish is not None:
        outline = parse_outline(wish)
        st.session_state[key] = None if outline is None else (outline, None)
    drawn: tuple[Outline, tuple[int, ...] | None] | None = st.session_state.get(key)
    if drawn is None:
        state.write_address("group", None)
        return None
    outline, shown = drawn
    state.write_address("group", ",".join(f"{value:.3g}" for value in outline.ravel()))
    return MapGroup.of(outline, map_points(explorer, plane, split), shown)


def set_group(explorer: LatentExplorer, plane: MapPlane, group: MapGroup | None) -> None:
    """Note the group that a hand has drawn; None: it was taken away."""
    st.session_state[_group_key(explorer, plane)] = None if group is None else (group.polygon, group.shown)


def parse_outline(text: str) -> Outline | None:
    """The outline of an address, (K, 2), or None when it is not 3 to 256 corners of sensible size."""
    if len(text) > 256 * 2 * 12:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(values) % 2 or not 6 <= len(values) <= 512 or not all(abs(value) <= FARTHEST for value in values):
        return None
    return np.array(values).reshape(-1, 2)


def _group_key(explorer: LatentExplorer, plane: MapPlane) -> str:
    return f"group on {plane.key} of {explorer.card.key}"


def describe_group(explorer: LatentExplorer, split: str, indices: npt.NDArray[np.int64]) -> str:
    """How many images a group holds, and of which classes most of them are."""
    labels, names = encoded(explorer, split).labels, explorer.card.data.class_names
    text = f"{len(indices):,} images chosen"
    if labels is None or not names or not len(indices):
        return text
    counts = np.bincount(labels[indices], minlength=len(names))
    most = [i for i in np.argsort(-counts, kind="stable")[:3] if counts[i]]
    return f"{text}: " + ", ".join(f"{names[i]} {math.floor(100 * counts[i] / len(indices) + 0.5)} %" for i in most)
