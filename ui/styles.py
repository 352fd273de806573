"""Styles by classes on Explore: a few z around the pin, each as every class; opened on demand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.class_grid import class_grid
from ui.decoder import decode
from ui.place import Place, Settled
from ui.text import subscript
from vae_core import LatentExplorer
from vae_core.images import montage, png_bytes
from vae_core.latent.prior import sample_prior

STEPS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""In units of z, which are standard deviations of the prior."""

DRAWS = "draws"
CLOSED = ""


def offer_styles(explorer: LatentExplorer) -> None:
    """A switch that opens the grid, for a model that takes a class; the address says what its rows are."""
    key = _key(explorer)
    wish = address.asked("styles")
    if not explorer.can.label:
        address.write("styles", None)
        return
    if wish is not None:
        st.session_state[key] = wish if wish in _ways(explorer) else CLOSED
    way = st.session_state.setdefault(key, CLOSED)
    label = "Close styles" if way else "Styles × classes"
    help_ = "A few z as every class, live as the pin moves: what of an image is its style, and what its class."
    st.button(
        label,
        icon=":material/grid_on:",
        width="content",
        help=help_,
        key=f"open {key}",
        on_click=lambda: st.session_state.update({key: CLOSED if way else "z1"}),
    )
    address.write("styles", way or None)


def show_styles(place: Place, on_settled: Callable[[Settled], None]) -> None:
    """The grid, where it is open."""
    explorer = place.explorer
    key = _key(explorer)
    if not explorer.can.label or not st.session_state.get(key):
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        way: str = st.selectbox(
            "Down the rows",
            _ways(explorer),
            key=key,
            format_func=lambda way: "Draws of the prior" if way == DRAWS else f"z{subscript(int(way[1:]))}, by σ",
            width=190,
        )
        address.write("styles", way)
        rows, names = styles(explorer, way)
        st.download_button(
            "PNG",
            lambda: png_bytes(picture(explorer, rows if way == DRAWS else place.z + rows)),
            f"{explorer.name}-styles.png",
            "image/png",
            key="take styles",
            on_click="ignore",
            icon=":material/download:",
        )
    class_grid(
        place,
        rows=rows,
        relative=way != DRAWS,
        names=names,
        class_names=explorer.card.data.class_names,
        key=f"styles of {explorer.card.key[:12]}",
        on_settled=on_settled,
    )
    st.caption("Each row is one z, each column a class. Where a row has no common style, z and class are entangled.")


def styles(explorer: LatentExplorer, way: str) -> tuple[npt.NDArray[np.float32], list[str]]:
    """The z of the rows, to be added to the pin's z or, of draws, as they are; and their names."""
    if way == DRAWS:
        z = sample_prior(len(STEPS), explorer.latent_dim, generator=np.random.default_rng(0))
        return z, [f"draw {i + 1}" for i in range(len(z))]
    rows = np.zeros((len(STEPS), explorer.latent_dim), np.float32)
    rows[:, int(way[1:]) - 1] = STEPS
    return rows, ["z" if step == 0 else f"{step:+g} σ".replace("-", "−") for step in STEPS]


def picture(explorer: LatentExplorer, z: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Each z (R, D) as every class, as a picture."""
    n = explorer.n_classes
    pixels = decode(explorer, np.repeat(z, n, axis=0), np.tile(np.arange(n), len(z)))
    return montage(np.moveaxis(pixels, -1, 1), columns=n, scale=3)


def _ways(explorer: LatentExplorer) -> list[str]:
    return [*(f"z{i + 1}" for i in range(explorer.latent_dim)), DRAWS]


def _key(explorer: LatentExplorer) -> str:
    return f"styles of {explorer.name}"
