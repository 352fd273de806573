"""The dimensions of a latent space: how much each says of the image, and which two a map shows."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.text import subscript
from vae_core import LatentExplorer

DEAD_KL = 0.01
"""Nats below which a dimension says nothing of the image: its posterior is the prior."""


def by_kl(kl: Sequence[float]) -> list[int]:
    """Dimensions, counted from 0, those that say most of the image first."""
    return sorted(range(len(kl)), key=lambda i: -kl[i])


def widest_axes(explorer: LatentExplorer) -> tuple[int, int]:
    """The two dimensions that say most of the image, as a map shows them at first; two or one in their order."""
    if explorer.latent_dim <= 2:
        return (0, 1)
    across, up = by_kl(explorer.card.test.kl_per_dimension)[:2]
    return across, up


def choose_axes(explorer: LatentExplorer) -> tuple[int, int]:
    """Two select boxes where there is a choice, at first with the widest."""
    if explorer.latent_dim <= 2:
        return widest_axes(explorer)
    kl = explorer.card.test.kl_per_dimension
    chosen: list[int] = []
    for title in ("Across", "Up"):
        options = [i for i in by_kl(kl) if i not in chosen]
        key = f"axis {title} of {explorer.name}"
        if st.session_state.get(key) not in options:
            st.session_state[key] = options[0]
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


def axis_titles(axes: tuple[int, int], latent_dim: int) -> tuple[str, str]:
    """What stands at the map's axes."""
    return f"z{subscript(axes[0] + 1)}", f"z{subscript(axes[1] + 1)}" if latent_dim > 1 else ""
