"""A seed that a visitor can set, or have drawn."""

from __future__ import annotations

import numpy as np
import streamlit as st


def choose_seed(key: str) -> int:
    """Draw the field, and beside it a button that takes another seed."""
    st.session_state.setdefault(key, 0)
    seed = st.number_input("Seed", 0, 2**31 - 1, key=key, persist_state="session", width=140)
    st.button("Draw again", icon=":material/casino:", on_click=_draw, args=(key,), key=f"another {key}")
    return int(seed)


def _draw(key: str) -> None:
    st.session_state[key] = int(np.random.default_rng().integers(1_000_000))
