"""The points that directions are applied to, by number: test images, or draws from the prior without an encoder."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address, state
from ui.classes import told_classes
from ui.decoder import decode
from ui.encoded import images_of
from ui.numbered import n_points, points
from ui.pictures import magnified, show
from vae_core import LatentExplorer
from vae_core.latent.directions import analogy

SIDE = 84


def choose_start(explorer: LatentExplorer) -> None:
    """Put the pin on a point by its number, or on any."""
    key, n = f"start of {explorer.card.key}", n_points(explorer)
    what = "test image no." if explorer.can.encode else "draw from the prior no."

    def take() -> None:
        state.set_z(explorer, points(explorer, [int(st.session_state[key])])[0])

    def draw() -> None:
        st.session_state[key] = int(np.random.default_rng().integers(n))
        take()

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(f"Apply to {what}", 0, n - 1, key=key, on_change=take, width=190)
        st.button("This one", on_click=take, key="start here", help="Put the pin there, back from where it went.")
        st.button("Any", icon=":material/casino:", on_click=draw, key="start anywhere")
        st.caption("or click on the map, or drag the pin: the sliders go on from there.", width="content")


def show_analogy(explorer: LatentExplorer) -> None:
    """A − B + C of three images, decoded, beside the data that lie nearest to it."""
    n, letters = n_points(explorer), ("A", "B", "C")
    keys = [f"{letter} of {explorer.card.key}" for letter in letters]
    wish = _parsed(address.asked("analogy") or "", n)
    for key, number in zip(keys, wish or _first(explorer), strict=True):
        if wish is not None or key not in st.session_state:
            st.session_state[key] = number
    st.caption(
        "What B would have to become to be A is done to C: z = A − B + C. It works as far as differences mean the same "
        "everywhere; the nearest data point and its distance tell when z has left the data."
    )
    images = images_of(explorer, "test") if explorer.can.encode else None
    numbers: list[int] = []
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for letter, key, sign in zip(letters, keys, ("", "− ", "+ "), strict=True):
            with st.container(width=130):
                title = "test image no." if explorer.can.encode else "draw no."
                chosen = int(st.number_input(f"{sign}{letter}: {title}", 0, n - 1, key=key))
                numbers.append(chosen)
                _show(explorer, points(explorer, [chosen])[0], None if images is None else images[chosen], letter)
        z = analogy(*points(explorer, numbers))
        with st.container(width=130):
            st.caption("= A − B + C, decoded")
            _show(explorer, z, None, "A − B + C")
        if explorer.can.encode:
            (index,), (distance,) = explorer.nearest(z[None])
            with st.container(width=170):
                st.caption(f"Nearest: no. {index}, {distance:.2f} away")
                _show(explorer, points(explorer, [int(index)])[0], None if images is None else images[index], "nearest")
        st.button(
            "Go there", icon=":material/explore:", on_click=state.set_z, args=(explorer, z),
            help="Put the pin on A − B + C.",
        )  # fmt: skip
    address.write("analogy", None if tuple(numbers) == _first(explorer) else ",".join(map(str, numbers)))


def _show(explorer: LatentExplorer, z: npt.NDArray[np.float32], image: npt.NDArray[np.uint8] | None, alt: str) -> None:
    if image is None:
        image = np.moveaxis(decode(explorer, z[None], told_classes(explorer, 1))[0], -1, 0)
    show(magnified(image, SIDE), alt)


def _first(explorer: LatentExplorer) -> tuple[int, int, int]:
    """Three images: two of one class, and the middle one of another, where there are classes."""
    labels = explorer.latents.labels
    if labels is None or len(labels) < 3:
        return 0, min(1, n_points(explorer) - 1), min(2, n_points(explorer) - 1)
    others, same = np.flatnonzero(labels != labels[0]), np.flatnonzero(labels == labels[0])
    return 0, int(same[1]) if len(same) > 1 else 0, int(others[0]) if len(others) else 0


def _parsed(text: str, n: int) -> tuple[int, int, int] | None:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts):
        return None
    one, other, third = (int(part) for part in parts)
    return (one, other, third) if max(one, other, third) < n else None
