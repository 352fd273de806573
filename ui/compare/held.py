"""What linked maps hold in common: the marked image, z, the chosen group and the class; the address restores them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.axes import widest_plane
from ui.compare.choice import Compared
from ui.latent_map import MapClick, MapGroup
from ui.maps import map_points, outline_text, parse_outline
from ui.place import Place, Settled, farthest
from ui.state import parse_z

IMAGE, CODES, CHOSEN, LABEL = "compared image", "compared z", "compared group", "compared live class"


@dataclass(frozen=True, eq=False)
class _Held:
    """Where models of so many dimensions stand, and a stamp that changes when Python has put them there."""

    z: npt.NDArray[np.float32]
    stamp: str


def alike(models: Sequence[Compared]) -> list[Compared]:
    """The first model with an encoder, and those that have encoded the very same test images."""
    able = [one for one in models if one.explorer.can.encode]
    return [one for one in able if _images(one) == _images(able[0])]


def _images(one: Compared) -> tuple[str, int]:
    return one.card.data.checksum, len(one.explorer.latents.mu)


def images_name(one: Compared) -> str:
    """Stands for the images of a model's map: equal names, the same images in the same order."""
    return " ".join(map(str, _images(one))) if one.explorer.can.encode else "none"


def current_image(twins: Sequence[Compared]) -> int:
    """The marked image of the test split, which each of these models has encoded."""
    n = len(twins[0].explorer.latents.mu)
    if (wish := address.asked("image")) is not None:
        is_number = wish.isascii() and wish.isdigit() and len(wish) < 9
        st.session_state[IMAGE] = int(wish) if is_number else 0
    index = int(st.session_state.get(IMAGE, 0))
    st.session_state[IMAGE] = index if 0 <= index < n else 0
    address.write("image", str(st.session_state[IMAGE]))
    return int(st.session_state[IMAGE])


def mark(click: MapClick) -> None:
    """Mark the image that was clicked in one of the maps."""
    if click.index is not None:
        st.session_state[IMAGE] = click.index


def place_of(one: Compared, models: Sequence[Compared], label: int) -> Place:
    """The place of a model: all of as many dimensions have one z, at first the marked image's code in one of them."""
    explorer = one.explorer
    held = _held(models, explorer.latent_dim)
    return Place(
        f"compare {one.name} {one.card.key[:12]} {explorer.device}",
        explorer,
        held.z,
        f"{held.stamp} {label}",
        label=min(label, explorer.n_classes - 1) if explorer.can.label else -1,
    )


def settle(one: Compared, settled: Settled) -> None:
    """Note where a hand has settled in one of the maps: the browser has put the others there already."""
    codes = st.session_state[CODES]
    codes[one.explorer.latent_dim] = _Held(settled.z, codes[one.explorer.latent_dim].stamp)


def write_z(models: Sequence[Compared]) -> None:
    """The z of the first model's dimensions stands in the address."""
    z = _held(models, models[0].explorer.latent_dim).z
    address.write("at", ",".join(f"{value:.4g}" for value in z))


def _held(models: Sequence[Compared], latent_dim: int) -> _Held:
    codes: dict[int, _Held] = st.session_state.setdefault(CODES, {})
    first = models[0].explorer
    if latent_dim == first.latent_dim and (wish := address.asked("at")) is not None:
        z = parse_z(wish, latent_dim, farthest(first))
        if z is not None:
            codes[latent_dim] = _Held(z, secrets.token_hex(6))
    if latent_dim not in codes:
        same = [one.explorer for one in models if one.explorer.latent_dim == latent_dim and one.explorer.can.encode]
        same.sort(key=lambda explorer: not explorer.can.posterior)  # codes without a prior lie far out
        image = int(st.session_state.get(IMAGE, 0))
        code = same[0].latents.mu[min(image, len(same[0].latents.mu) - 1)] if same else np.zeros(latent_dim)
        codes[latent_dim] = _Held(np.array(code, np.float32), secrets.token_hex(6))
    return codes[latent_dim]


def current_group(twins: Sequence[Compared]) -> tuple[str, MapGroup] | None:
    """The group that was drawn in one of these maps, with the model's name; None when there is none."""
    if (wish := address.asked("chosen")) is not None:
        st.session_state[CHOSEN] = _read_group(wish, twins)
    held: tuple[str, MapGroup] | None = st.session_state.get(CHOSEN)
    if held is not None and held[0] not in [one.name for one in twins]:
        held = None
    number = None if held is None else [one.name for one in twins].index(held[0]) + 1
    address.write("chosen", None if held is None else f"{number}:{outline_text(held[1])}")
    return held


def choose_group(one: Compared, group: MapGroup | None) -> None:
    """Note the group that was drawn in one of the maps; the others then have none of their own."""
    held = st.session_state.get(CHOSEN)
    if group is not None:
        st.session_state[CHOSEN] = (one.name, group)
    elif held is not None and held[0] == one.name:
        st.session_state[CHOSEN] = None


def clear_group() -> None:
    """Take the group away."""
    st.session_state[CHOSEN] = None


def _read_group(text: str, twins: Sequence[Compared]) -> tuple[str, MapGroup] | None:
    number, _, outline = text.partition(":")
    found = parse_outline(outline)
    if found is None or not (number.isascii() and number.isdigit() and 1 <= int(number[:3]) <= len(twins)):
        return None
    one = twins[int(number[:3]) - 1]
    return one.name, MapGroup.of(found[0], map_points(one.explorer, widest_plane(one.explorer)), found[1])


def current_label(models: Sequence[Compared]) -> int:
    """The class that z is decoded as by models that take one, from a select box; 0 where none does."""
    names = next((one.card.data.class_names for one in models if one.explorer.can.label), ())
    if (wish := address.asked("class")) is not None:
        is_class = wish.isascii() and wish.isdigit() and len(wish) < 4 and int(wish) < len(names)
        st.session_state[LABEL] = int(wish) if is_class else 0
    if not names:
        address.write("class", None)
        return 0
    if st.session_state.get(LABEL, 0) not in range(len(names)):
        st.session_state[LABEL] = 0
    label: int = st.selectbox(
        "z as class", range(len(names)), key=LABEL, persist_state="session", format_func=names.__getitem__, width=110,
        help="A conditional model is told the class: z is decoded as this one, an image as its own.",
    )  # fmt: skip
    address.write("class", str(label))
    return label
