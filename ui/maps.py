"""What a map shows of a model: the encoded images of a split on a plane, coloured by class or by a number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.axes import MapPlane
from ui.encoded import SPLITS, encoded, images_of
from ui.latent_map import MapColour, MapGroup, MapPoints
from ui.place import FARTHEST
from ui.records import PointRecord, nearest_record
from ui.scores import scores
from ui.text import plain, subscript
from vae_core import LatentExplorer

Outline = npt.NDArray[np.float64]

CLASS = "class"
TERMS = {"elbo": "ELBO", "log-likelihood": "Log-likelihood", "kl": "KL"}


@st.cache_resource(max_entries=64, show_spinner=False)
def _points(card: str, plane: str, split: str, _explorer: LatentExplorer, _plane: MapPlane) -> MapPoints:
    if not _explorer.can.encode:
        return MapPoints.register(np.zeros((0, 2)), None, ())
    codes = encoded(_explorer, split)
    return MapPoints.register(_plane.plane.project(codes.mu), codes.labels, _explorer.card.data.class_names)


def map_points(explorer: LatentExplorer, plane: MapPlane, split: str = "test") -> MapPoints:
    """The posterior means of a split's images on a plane."""
    return _points(explorer.card.key, plane.key, split, explorer, plane)


def say_why_empty(explorer: LatentExplorer) -> None:
    """Of a model without an encoder: why there is no data on its map, and what is there instead."""
    if not explorer.can.encode:
        st.caption(
            f"A {plain(explorer.card.model.family.upper())} has no encoder, so there is no data on its map: the rings "
            "are 1, 2 and 3 σ of the prior that its z are drawn from."
        )


def nearest_image(explorer: LatentExplorer, split: str, z: npt.ArrayLike) -> PointRecord | None:
    """The record of the image whose mean lies nearest to z (D,), where a hand rests; None without an encoder."""
    return nearest_record(explorer, split, z, rests=True) if explorer.can.encode else None


def choose_split(explorer: LatentExplorer) -> str:
    """A select box of the splits, where the data is on this machine; without it there is the test split alone."""
    wish = address.asked("points")
    data = explorer.card.data
    if not explorer.can.encode:
        address.write("points", None)
        return "test"
    if images_of(explorer, "all") is None:
        address.write("points", None)
        st.selectbox(
            "Images",
            ["test"],
            format_func=lambda _: f"Test · {data.n_test:,}",
            disabled=True,
            help="The test images' codes came with the model; the training images can be shown once the data is here.",
            width=165,
        )
        return "test"
    n_train = data.n_train + data.n_validation
    counts = {"test": data.n_test, "train": n_train, "all": n_train + data.n_test}
    titles = {"test": "Test", "train": "Training", "all": "All"}
    key = f"points of {explorer.name}"
    if wish is not None:
        st.session_state[key] = wish if wish in SPLITS else "test"
    split: str = st.selectbox(
        "Images",
        SPLITS,
        key=key,
        persist_state="session",
        format_func=lambda name: f"{titles[name]} · {counts[name]:,}",
        help="Which encoded images the map shows; training means training and validation split.",
        width=165,
    )
    address.write("points", None if split == "test" else split)
    if split != "test":
        with st.spinner("Encoding the images …"):
            encoded(explorer, split)
    return split


def choose_colour(explorer: LatentExplorer, split: str) -> MapColour | None:
    """A select box of what the points' colour means; None: their class, or there are no points."""
    if not explorer.can.encode:
        address.write("colour", None)
        return None
    dims = range(explorer.latent_dim) if explorer.latent_dim > 2 else ()
    titles = {CLASS: "Class"} if explorer.latents.labels is not None else {CLASS: "One colour"}
    titles |= {"kl": TERMS["kl"]} if explorer.can.posterior else {}
    titles |= TERMS if explorer.can.posterior and images_of(explorer, split) is not None else {}
    titles |= {f"z{i + 1}": f"z{subscript(i + 1)}" for i in dims}
    key = f"colour of {explorer.name}"
    if (wish := address.asked("colour")) is not None:
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
    address.write("colour", None if name == CLASS else name)
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
    assert values is not None  # offered only where there is a posterior
    return MapColour.register(title, "nats", values)


def current_group(explorer: LatentExplorer, plane: MapPlane, split: str) -> MapGroup | None:
    """The group of a split's images that was drawn on this plane, or that the address asks for."""
    if not explorer.can.encode:
        address.write("group", None)
        return None
    key = _group_key(explorer, plane, split)
    if (wish := address.asked("group")) is not None:
        found = parse_outline(wish)
        points = map_points(explorer, plane, split)
        st.session_state[key] = None if found is None else MapGroup.of(found[0], points, found[1])
    group: MapGroup | None = st.session_state.get(key)
    address.write("group", None if group is None else outline_text(group))
    return group


def set_group(explorer: LatentExplorer, plane: MapPlane, split: str, group: MapGroup | None) -> None:
    """Note the group that a hand has drawn; None: it was taken away."""
    if group is not None:  # with the digits of the address, which then holds the same images
        outline, shown = parse_outline(outline_text(group)) or (group.polygon, group.shown)
        shown = None if shown is not None and len(shown) == len(explorer.card.data.class_names) else shown
        group = MapGroup.of(outline, map_points(explorer, plane, split), shown)
    st.session_state[_group_key(explorer, plane, split)] = group


def parse_outline(text: str) -> tuple[Outline, tuple[int, ...] | None] | None:
    """The outline of an address and the classes shown, "x,y,x,y,…" and perhaps ";0,3", as in `MapGroup`.

    None when it is not 3 to 256 corners of sensible size and classes from 0 to 255.
    """
    if len(text) > 256 * 2 * 12:
        return None
    corners, semicolon, classes = text.partition(";")
    try:
        values = [float(part) for part in corners.split(",")]
        shown = tuple(int(part) for part in classes.split(",")) if semicolon else None
    except ValueError:
        return None
    if len(values) % 2 or not 6 <= len(values) <= 512 or not all(abs(value) <= FARTHEST for value in values):
        return None
    if shown is not None and not all(0 <= label < 256 for label in shown):
        return None
    return np.array(values).reshape(-1, 2), shown


def outline_text(group: MapGroup) -> str:
    """What stands for a group in an address: `parse_outline` reads it."""
    corners = ",".join(f"{value:.4g}" for value in group.polygon.ravel())
    return corners if group.shown is None else f"{corners};{','.join(map(str, group.shown))}"


def _group_key(explorer: LatentExplorer, plane: MapPlane, split: str) -> str:
    return f"group of {split} on {plane.key} of {explorer.card.key}"


def describe_group(explorer: LatentExplorer, split: str, indices: npt.NDArray[np.int64]) -> str:
    """How many images a group holds, and of which classes most of them are."""
    labels, names = encoded(explorer, split).labels, explorer.card.data.class_names
    text = f"{len(indices):,} images chosen"
    if labels is None or not names or not len(indices):
        return text
    counts = np.bincount(labels[indices], minlength=len(names))
    most = [int(i) for i in np.argsort(-counts, kind="stable")[:3] if counts[i]]
    parts = [f"{plain(names[i])}: {counts[i] / len(indices):.0%}" for i in most]
    if rest := len(indices) - int(counts[most].sum()):
        parts.append(f"others: {rest / len(indices):.0%}")
    return f"{text} ({', '.join(parts)})"
