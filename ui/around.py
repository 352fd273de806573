"""The grid around z: what the model draws along the directions in which its picture changes fastest."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.decoder import decode
from ui.pictures import show
from ui.place import Place
from ui.text import plain, subscript
from vae_core.images import montage, png_bytes
from vae_core.latent.jacobian import PrincipalGrid, principal_grid

STEPS = (0.5, 1.0, 2.0, 4.0)
USUAL = 2.0
N = 7
WIDTH = 480
"""px of the picture, about."""


def offer_around(place: Place) -> None:
    """A button that opens the grid around z; the address says that it is open, and with what step.

    Not in two dimensions: there the map itself has all that is around z.
    """
    if place.explorer.latent_dim <= 2:
        address.write("around", None)
        return
    key = f"around of {place.explorer.name}"
    if (wish := address.asked("around")) is not None:
        st.session_state[key] = _step(wish)
    if st.button("Around z", icon=":material/apps:", width="content"):
        st.session_state[key] = USUAL
    step: float | None = st.session_state.get(key)
    address.write("around", None if step is None else f"{step:g}")
    if step is not None:
        opened = st.dialog("Around z", width="medium", on_dismiss=lambda: st.session_state.pop(key, None))
        opened(_around)(place, key)


def _around(place: Place, key: str) -> None:
    explorer = place.explorer
    label = place.label if explorer.can.label else None
    st.segmented_control(
        "Step, in pixel range",
        STEPS,
        key=key,
        required=True,
        format_func=lambda step: f"{step:g}",
        help="How far the picture moves from one to the next, as far as the decoder is linear: the root of the sum of "
        "squares over all pixels, each from 0 to 1.",
    )
    step = float(st.session_state[key] or USUAL)
    address.write("around", f"{step:g}")
    grid = principal_grid(explorer, place.z, label, n=N, step=step)
    places = grid.z.reshape(-1, explorer.latent_dim)
    labels = None if label is None else [label] * len(places)
    pixels = np.moveaxis(decode(explorer, places, labels), -1, 1)
    _, height, width = explorer.image_shape
    picture = montage(pixels, columns=N, gap=1, scale=max(1, WIDTH // (N * max(height, width))))
    show(picture, f"What {explorer.name} draws around z, along its two principal directions.")
    st.caption(_words(grid))
    st.caption(
        "The two right singular vectors of the decoder's Jacobian at z. Near the middle a step moves the picture as "
        "far as it says; further out, and off the data, the decoder bends and it need not."
    )
    with st.container(horizontal=True):
        for title, content, ending, kind in (
            ("PNG", png_bytes(picture), "png", "image/png"),
            ("CSV of z", _csv(places), "csv", "text/csv"),
        ):
            st.download_button(
                title,
                content,
                f"{explorer.name}-around.{ending}",
                kind,
                key=f"take around {ending}",
                on_click="ignore",
                icon=":material/download:",
            )
    told = "" if label is None else f", label={label}"
    st.code(
        "from vae_core import LatentExplorer\n"
        "from vae_core.latent.jacobian import principal_grid\n"
        f'explorer = LatentExplorer.load("{explorer.name}")\n'
        f"z = {[round(float(value), 4) for value in place.z]}\n"
        f"grid = principal_grid(explorer, z{told}, n={N}, step={step:g})",
        wrap_lines=True,
    )


def _words(grid: PrincipalGrid) -> str:
    ways = ("Across", "Up") if grid.directions[1].any() else ("Across",)
    parts = []
    for way, direction, value, length in zip(ways, grid.directions, grid.singular_values, grid.steps, strict=False):
        most = np.argsort(-np.abs(direction), kind="stable")[:3]
        named = ", ".join(f"{direction[i]:+.2f} z{subscript(int(i) + 1)}".replace("-", "−") for i in most)
        more = " and others" if len(direction) > 3 else ""
        parts.append(f"{way}: {value:.3g} pixel range per unit of z, steps of {length:.3g} along {named}{more}")
    return plain(". ".join(parts) + ".")


def _csv(places: npt.NDArray[np.float32]) -> bytes:
    buffer = io.StringIO()
    header = ",".join(["row", "column", *(f"z{i + 1}" for i in range(places.shape[1]))])
    at = np.stack([np.arange(len(places)) // N, np.arange(len(places)) % N], 1)
    np.savetxt(buffer, np.concatenate([at, places], 1), "%.6g", ",", header=header, comments="")
    return buffer.getvalue().encode()


def _step(text: str) -> float | None:
    try:
        step = float(text)
    except ValueError:
        return None
    return step if math.isfinite(step) and step in STEPS else None
