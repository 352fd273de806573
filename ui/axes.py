"""Which two dimensions of the latent space a map shows."""

from __future__ import annotations

import streamlit as st

from ui.text import subscript
from vae_core import LatentExplorer


def choose_axes(explorer: LatentExplorer) -> tuple[int, int]:
    """Two select boxes where there is a choice; at first the two dimensions that say most of the image."""
    if explorer.latent_dim <= 2:
        return (0, 1)
    kl = explorer.card.test.kl_per_dimension
    ranked = sorted(range(explorer.latent_dim), key=lambda i: -kl[i])
    chosen = []
    for place, title in enumerate(("Across", "Up")):
        options = [i for i in ranked if i not in chosen]
        key = f"axis {title} of {explorer.name}"
        if st.session_state.get(key) not in options:
            st.session_state[key] = options[0] if place else ranked[0]
        chosen.append(
            st.selectbox(
                title,
                options,
                key=key,
                persist_state="session",
                format_func=lambda i: f"z{subscript(i + 1)} · {kl[i]:.2f} nats",
                width=150,
            )
        )
    return chosen[0], chosen[1]


def axis_titles(explorer: LatentExplorer, axes: tuple[int, int]) -> tuple[str, str]:
    """What stands at the map's axes."""
    return f"z{subscript(axes[0] + 1)}", f"z{subscript(axes[1] + 1)}" if explorer.latent_dim > 1 else ""
