"""The ledger that was made for a model, read once; may be asked anywhere, in the live channel's threads too."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from vae_core import LatentExplorer
from vae_core.errors import CheckpointError
from vae_core.latent.ledger import Ledger
from vae_core.latent.ledger_store import ledger_file, load_ledger


def kept_ledger(explorer: LatentExplorer) -> Ledger | None:
    """The ledger of a model; None where there is none.

    Raises
    ------
    CheckpointError
        When it is damaged.
    """
    stamp = 0
    with suppress(OSError):
        stamp = ledger_file(explorer.path, explorer.card).stat().st_mtime_ns
    return _kept(explorer.card.key, stamp, explorer) if stamp else None


def sound_ledger(explorer: LatentExplorer) -> Ledger | None:
    """As `kept_ledger`, and None where it is damaged: for who can do without."""
    with suppress(CheckpointError):
        return kept_ledger(explorer)
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(card: str, stamp: int, _explorer: LatentExplorer) -> Ledger | None:
    # No spinner: outside of a page there is none to show it on.
    return load_ledger(_explorer.path, _explorer.card)
