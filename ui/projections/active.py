"""All pairs of the most active dimensions, as small maps that open on Explore, and as a picture to take away."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import streamlit as st
from PIL import Image, ImageDraw

from ui import address
from ui.pairs import PairPoints, pairs
from ui.projections.take import EDGE, INK, PAPER, SIDE, legend_rows, png, points, write_legend
from ui.salience import salience
from ui.text import subscript
from vae_core import LatentExplorer
from vae_core.latent.projections import MOST_CODES
from vae_core.metrics.spread import chosen_rows

MOST = 6
"""Dimensions that are shown: 15 pairs."""

EXPLORE = str(Path(__file__).resolve().parents[2] / "pages" / "explore.py")


def most_active(explorer: LatentExplorer) -> list[int]:
    """The dimensions that say most of the image, counted from 0, the first first; six at most."""
    known = salience(explorer)
    alive = [i for i in known.order if not known.dead[i]]
    return (alive if len(alive) >= 2 else known.order)[:MOST]


@st.cache_resource(max_entries=16, show_spinner=False)
def _points(card: str, dims: tuple[int, ...], _explorer: LatentExplorer) -> PairPoints:
    latents = _explorer.latents
    rows = chosen_rows(len(latents.mu), MOST_CODES)
    named = latents.labels is not None and 0 < len(_explorer.card.data.class_names) <= 256
    labels = latents.labels[rows] if named and latents.labels is not None else None
    return PairPoints.register(latents.mu[rows][:, list(dims)], labels)


def show_pairs(explorer: LatentExplorer) -> None:
    """The small maps; a click on one opens it on Explore."""
    if explorer.latent_dim < 2:
        return
    dims, known = most_active(explorer), salience(explorer)
    asked = f"pair of {explorer.name}"
    if (pair := st.session_state.pop(asked, None)) is not None:
        address.wish("axes", f"{pair[0] + 1},{pair[1] + 1}")
        st.switch_page(EXPLORE)
    st.markdown("##### Pairs of the most active dimensions" if explorer.latent_dim > 2 else "##### Its two dimensions")

    def pick(across: int, up: int) -> None:
        st.session_state[asked] = (dims[across], dims[up])

    pairs(
        _points(explorer.card.key, tuple(dims), explorer),
        names=[f"z{subscript(i + 1)}\n{known.notes[i]}" for i in dims],
        key=f"pairs of {explorer.card.key[:12]}",
        on_pick=pick,
    )
    most = f", the first {len(dims)} of {explorer.latent_dim}" if explorer.latent_dim > len(dims) else ""
    st.caption(
        f"{known.meaning}{most}. All axes in one scale; a click opens the pair on Explore, where it decodes. "
        "Nothing is projected here: each map is a slice of the codes as they are."
    )
    st.download_button(
        "PNG of the pairs",
        lambda: pairs_png(explorer),
        f"{explorer.name}-pairs.png",
        "image/png",
        key="take pairs",
        on_click="ignore",
        icon=":material/download:",
    )


def pairs_png(explorer: LatentExplorer) -> bytes:
    """The small maps as one picture in the colours of a light page."""
    dims, latents = most_active(explorer), explorer.latents
    rows = chosen_rows(len(latents.mu), MOST_CODES)
    names = explorer.card.data.class_names
    labels = None if latents.labels is None or not names else latents.labels[rows]
    n = len(dims) - 1
    cell, legend = SIDE // n, legend_rows(names if labels is not None else ())
    canvas = Image.new("RGB", (SIDE + 2 * EDGE, SIDE + 3 * EDGE + 18 * len(legend)), PAPER)
    pen = ImageDraw.Draw(canvas)
    reach = float(abs(latents.mu[rows][:, dims]).max())
    for across, up in combinations(range(len(dims)), 2):
        corner = (EDGE + across * cell, EDGE + (up - 1) * cell)
        pen.rectangle((*corner, corner[0] + cell - 6, corner[1] + cell - 6), outline=(214, 216, 216))
        pair = latents.mu[rows][:, [dims[across], dims[up]]]
        points(pen, pair, labels, corner, cell - 6, dot=0.5, reach=reach)
        pen.text((corner[0] + 5, corner[1] + 3), f"z{dims[across] + 1} across, z{dims[up] + 1} up", INK)
    write_legend(pen, legend, (EDGE, SIDE + 2 * EDGE))
    return png(canvas)
