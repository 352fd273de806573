"""A model's map small enough for a cell: a few hundred codes of its test split, in three bytes each."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import streamlit as st

from ui.salience import largest_first
from vae_core.card import Card
from vae_core.checkpoints import read_latents
from vae_core.errors import CheckpointError
from vae_core.training.sweep_table import SweepRow

MOST_POINTS = 800
NO_CLASS = 255
SHARE_SHOWN = 0.99
"""Of the codes: a few far out must not shrink all others to a dot."""


def small_map(row: SweepRow) -> str:
    """Points as base64: x, y from 0 to 254, and the class or 255; empty where the model has no codes."""
    return "" if row.run is None or row.card is None else _small_map(row.card.key, row)


@st.cache_data(max_entries=400, show_spinner=False)
def _small_map(key: str, _row: SweepRow) -> str:
    card: Card = _row.card  # type: ignore[assignment]
    try:
        latents = read_latents(_row.run.path, card)  # type: ignore[union-attr]
    except CheckpointError:  # opening the model says what is wrong with it
        return ""
    n, d = latents.mu.shape
    if not n:
        return ""
    at = np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int)
    mu = latents.mu[at]
    kl = card.test.kl_per_dimension
    axes = sorted(largest_first(kl)[:2]) if kl else list(range(d))[:2]
    # One dimension is a strip: spread evenly across it by an irrational step, so that points do not hide each other.
    plane = mu[:, axes] if d > 1 else np.column_stack([mu[:, 0], np.ptp(mu) * ((at * 0.618034) % 1 - 0.5) / 4])
    centre = np.median(plane, axis=0)
    reach = float(np.quantile(np.abs(plane - centre).max(axis=1), SHARE_SHOWN)) or 1.0
    scaled = np.clip((plane - centre) / reach, -1.05, 1.05) / 1.05
    cells = np.round(127 + 127 * scaled * [1, -1]).astype(np.uint8)  # y upwards, as on the map
    labels = np.full(len(at), NO_CLASS, np.uint8) if latents.labels is None else latents.labels[at].astype(np.uint8)
    return b64encode(np.column_stack([cells, labels]).tobytes()).decode()
