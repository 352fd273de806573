"""The panel of a group that was drawn on a map: what is in it, beside the rest, and the group as files."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder, maps
from ui.axes import MapPlane
from ui.classes import told_classes
from ui.encoded import encoded, images_of, told
from ui.group_files import Rows, group_csv, group_npz, group_zip
from ui.latent_map import MapGroup
from ui.pictures import show
from ui.text import plain, subscript
from vae_core import LatentExplorer
from vae_core.images import enlarge, montage
from vae_core.latent.groups import GroupFigures, group_figures

ON_THE_MONTAGE = 32
MOST_CLASSES = 5
MOST_DIMENSIONS = 8
"""Of the spread that are listed; the others are in the CSV."""


def group_panel(explorer: LatentExplorer, plane: MapPlane, split: str, group: MapGroup) -> None:
    """A button that says how many images were chosen; behind it what they are, and the group as files."""
    panel = st.popover(
        f"{len(group.indices):,} chosen",
        icon=":material/select_all:",
        width="content",
        key=f"group of {explorer.card.key[:12]}",
        on_change="rerun",
    )
    with panel:
        st.caption(maps.describe_group(explorer, split, group.indices))
        if panel.open and len(group.indices):
            _show(explorer, split, group.indices)
        st.button("Clear", on_click=maps.set_group, args=(explorer, plane, split, None))


def _show(explorer: LatentExplorer, split: str, rows: Rows) -> None:
    codes, images = encoded(explorer, split), images_of(explorer, split)
    figures = group_figures(codes.mu, rows, codes.labels, len(explorer.card.data.class_names))
    _offer(explorer, split, rows, with_images=images is not None)
    some = rows[np.linspace(0, len(rows) - 1, min(ON_THE_MONTAGE, len(rows))).astype(np.int64)]
    labels = None if codes.labels is None else codes.labels[some]
    pictures = images[some] if images is not None else _decoded(explorer, codes.mu[some], told(explorer, labels))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width="content"):
            show(montage(pictures, columns=8, scale=max(1, 34 // pictures.shape[2])), "Images of the group.")
            st.caption(f"{len(some)} of the {'images' if images is not None else 'reconstructions'}, evenly spread")
        if images is not None:
            with st.container(width="content"):
                _large(images[rows].mean(axis=0) / 255, "Mean image")
        with st.container(width="content"):
            _large(_decoded(explorer, figures.mean[None], told_classes(explorer, 1))[0], "Decoded mean code")
    left, right = st.columns(2)
    with left:
        _classes(explorer, figures)
    with right:
        _spread(explorer, figures)


def _decoded(explorer: LatentExplorer, z: npt.ArrayLike, label: npt.ArrayLike | None) -> npt.NDArray[np.uint8]:
    return np.moveaxis(decoder.decode(explorer, np.asarray(z, np.float32), label), -1, 1)


def _large(image: npt.NDArray[np.generic], words: str) -> None:
    picture = montage(image[None], gap=0)
    show(enlarge(picture, max(1, 112 // picture.shape[0])), f"{words} of the group.")
    st.caption(words)


def _classes(explorer: LatentExplorer, figures: GroupFigures) -> None:
    names = explorer.card.data.class_names
    order = [int(i) for i in np.argsort(-figures.share, kind="stable")[:MOST_CLASSES] if figures.share[i]]
    if not order:
        return
    shares = (figures.share, figures.share_rest)
    group, rest = ([f"{share[i]:.1%}" for i in order] for share in shares)
    titles, others = [plain(names[i]) for i in order], figures.share[order].sum()
    if others < 0.9995:
        titles.append("Others")
        group.append(f"{1 - others:.1%}")
        rest.append(f"{max(0.0, shares[1].sum() - shares[1][order].sum()):.1%}")
    table = {"Class": titles, "Group": group, "Rest": rest}
    st.table(table, border="horizontal", hide_index=True, alt="Classes of the group and of the rest.")


def _spread(explorer: LatentExplorer, figures: GroupFigures) -> None:
    shown = range(min(explorer.latent_dim, MOST_DIMENSIONS))
    sigma = [[_text(spread[i]) for i in shown] for spread in (figures.spread, figures.spread_rest)]
    table = {
        "In units of z": ["From the centroid", *(f"σ of z{subscript(i + 1)}" for i in shown)],
        "Group": [_text(figures.distance), *sigma[0]],
        "Rest": [_text(figures.distance_rest), *sigma[1]],
    }
    st.table(table, border="horizontal", hide_index=True, alt="Spread of the group and of the rest.")
    centre = ", ".join(_text(figures.mean[i]) for i in shown)
    more = ", …" if explorer.latent_dim > MOST_DIMENSIONS else ""
    st.caption(f"Centroid ({centre}{more}); mean distance from it, and σ.")


def _text(value: float) -> str:
    return f"{value:.3f}".replace("-", "−") if math.isfinite(value) else "–"


def _offer(explorer: LatentExplorer, split: str, rows: Rows, *, with_images: bool) -> None:
    kinds: list[tuple[str, str, str, Callable[[LatentExplorer, str, Rows], str | bytes], str]] = [
        ("CSV", "csv", "text/csv", group_csv, "Split, index, class and codes."),
        ("NPZ", "npz", "application/octet-stream", group_npz, "The same for numpy, with the images that are here."),
        ("PNG", "zip", "application/zip", group_zip, "A ZIP of the images."),
    ]
    with st.container(horizontal=True):
        for title, ending, kind, make, what in kinds[: 3 if with_images else 2]:
            st.download_button(
                title,
                partial(make, explorer, split, rows),
                f"{explorer.name}-group.{ending}",
                kind,
                key=f"group {title}",
                on_click="ignore",
                icon=":material/download:",
                help=what,
            )
