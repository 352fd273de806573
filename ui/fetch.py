"""A button that brings a data set to this machine, with progress."""

from __future__ import annotations

import streamlit as st

from ui.text import plain
from vae_core.data import DATASETS, fetch_dataset
from vae_core.errors import VaeCoreError


def fetch_button(dataset: str, *, key: str) -> None:
    """Draw the button; pressed, it downloads the set and runs the page again, or says why it cannot.

    For a set that has no address it is a line that says where to put the file.
    """
    spec = DATASETS[dataset]
    if not spec.can_be_fetched:
        st.caption(f"It cannot be downloaded: put {spec.folder}/{spec.files[0]} into the data folder.")
        return
    label = f"Fetch {spec.title} ({spec.download_bytes / 1e6:.0f} MB)"
    if not st.button(label, icon=":material/download:", key=key, width="stretch"):
        return
    bar = st.progress(0.0, text="Connecting …")

    def progress(file_name: str, done: int, total: int) -> None:
        bar.progress(min(1.0, done / total) if total else 0.0, text=f"{file_name}: {done / 1e6:.1f} MB")

    try:
        fetch_dataset(dataset, progress=progress)
    except VaeCoreError as problem:
        bar.empty()
        st.error(
            f"{spec.title} could not be downloaded. Put its files into the data folder, or point VAE_DATA_DIR at them.",
            icon=":material/cloud_off:",
        )
        with st.expander("Why"):
            st.caption(plain(str(problem)))
    else:
        st.rerun()
