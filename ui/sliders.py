"""A slider for each latent dimension."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from ui import state
from ui.axes import DEAD_KL, by_kl
from ui.text import subscript
from vae_core import LatentExplorer


def z_sliders(explorer: LatentExplorer) -> None:
    """Draw the sliders, those that say most of the image first; they write the session's z."""
    z = state.current_z(explorer)
    kl = explorer.card.test.kl_per_dimension
    order = by_kl(kl) if explorer.latent_dim > 2 else range(explorer.latent_dim)
    columns = st.columns(2) if explorer.latent_dim > 4 else [st.container()]
    for place, i in enumerate(order):
        # Wide enough for the data and for wherever a click has gone.
        reach = math.ceil(max(3.0, float(np.abs(explorer.latents.mu[:, i]).max(initial=0.0)), abs(float(z[i]))))
        key = f"slider {i} of {explorer.name}"
        # Set only when z moved by other means: a value that is set anew goes back to the browser, where it would
        # overtake the hand that has moved the slider further in the meantime.
        if abs(st.session_state.get(key, math.inf) - float(z[i])) > 1e-6:
            st.session_state[key] = float(z[i])
        dead = " · unused" if kl[i] < DEAD_KL else ""
        columns[place % len(columns)].slider(
            f"z{subscript(i + 1)} · KL {kl[i]:.2f} nats{dead}",
            -float(reach),
            float(reach),
            step=0.01,
            key=key,
            on_change=_moved,
            args=(explorer, i, key),
        )


def _moved(explorer: LatentExplorer, i: int, key: str) -> None:
    z = state.current_z(explorer).copy()
    z[i] = st.session_state[key]
    state.set_z(explorer, z)
