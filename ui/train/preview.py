"""What one's own images are, read once and shown before a model is trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ui import pictures
from ui.text import plain
from vae_core.config import DataConfig
from vae_core.data import LeftOut, Preview, inspect
from vae_core.errors import DataError
from vae_core.images import montage

SEEN = "train preview"
WALL_COLUMNS = 8
ROW_HEIGHT = 64
"""Pixels: a reason may take three lines."""

MOST_SAID = 6
"""Classes and sizes that are named; what remains is counted."""


def look(name: str, options: DataConfig) -> Preview:
    """Read the images, with progress, unless they are the ones that were read last.

    Raises
    ------
    DataError
        As `inspect`.
    """
    what = (name, replace(options, binarize="no"))
    if SEEN not in st.session_state or st.session_state[SEEN][0] != what:
        bar = st.progress(0.0, text="Looking at the files …")

        def progress(done: int, total: int) -> None:
            bar.progress(done / max(1, total), text=f"Reading {total:,} files: {done:,} done")

        try:
            st.session_state[SEEN] = (what, inspect(name, options, progress))
        except DataError as problem:
            st.session_state[SEEN] = (what, problem)
        finally:
            bar.empty()
    found: Preview | DataError = st.session_state[SEEN][1]
    if isinstance(found, DataError):
        raise found
    return found


def forget() -> None:
    """Have the images read anew."""
    st.session_state.pop(SEEN, None)


def show(preview: Preview) -> None:
    """Counts, sizes and classes in a few words, a wall of samples, and what was left out."""
    channels, height, width = preview.image_shape
    n_images = preview.n_train + preview.n_validation + preview.n_test
    colour = "grey" if channels == 1 else "colour"
    st.markdown(f"**{plain(preview.title)}** · {n_images:,} images of {width}×{height} in {colour}")
    wall = montage(preview.samples, columns=WALL_COLUMNS, scale=max(1, 64 // height), gap=2)
    pictures.show(wall, f"{len(preview.samples)} of the images, as a model will see them.", stretch=True)
    sizes = [f"{width}×{height}{f' ({n:,})' if len(preview.sizes) > 1 else ''}" for (width, height), n in preview.sizes]
    unit = "pixels" if len(sizes) <= MOST_SAID else "sizes, in pixels"  # else the last number would be one of pixels
    classes = [f"{plain(name)} ({n:,})" for name, n in preview.classes]
    st.caption(
        f"{preview.n_train:,} to train with, {preview.n_validation:,} for validation, {preview.n_test:,} for the test. "
        f"Found: {_shortened(sizes)} {unit}. "
        + (f"{len(classes)} classes: {_shortened(classes)}." if classes else "No classes.")
    )
    show_left_out(preview.left_out)


def show_left_out(left_out: Sequence[LeftOut]) -> None:
    """Which files were left out and why, folded away; nothing where all were used."""
    if left_out:
        with st.expander(f"{len(left_out):,} left out", icon=":material/rule:"):
            table = {"File": [item.name for item in left_out], "Why": [item.reason for item in left_out]}
            height = min(5, len(left_out)) * ROW_HEIGHT + 38
            columns = {"File": st.column_config.TextColumn(width=110), "Why": st.column_config.TextColumn(width=230)}
            st.dataframe(table, hide_index=True, row_height=ROW_HEIGHT, height=height, column_config=columns)


def _shortened(words: Sequence[str]) -> str:
    more = f" and {len(words) - MOST_SAID:,} more" if len(words) > MOST_SAID else ""
    return ", ".join(words[:MOST_SAID]) + more
