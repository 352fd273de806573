"""Open models, kept between reruns and shared by all sessions.

A model is kept under its whole card (docs/decisions/0005), never under its name or its weights alone.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from vae_core import LatentExplorer
from vae_core.checkpoints import CheckpointEntry


def open_explorer(entry: CheckpointEntry, device: str) -> LatentExplorer:
    """The model of a checkpoint; a folder whose card changed is opened anew."""
    assert entry.card is not None
    return _open_explorer(str(entry.path), entry.card.key, device)


@st.cache_resource(max_entries=12, show_spinner=False)
def _open_explorer(path: str, card: str, device: str) -> LatentExplorer:
    # No spinner: the launcher opens the first model too, and has no page to show one on.
    # The card is here for the cache's key alone: a new one under an old name is another model.
    return LatentExplorer.load(Path(path), device=device)
