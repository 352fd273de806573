"""Figures of a sweep's runs in words and numbers, and the one by which the best stands on top."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import address
from ui.known_figures import TITLES
from vae_core.metrics.catalogue import DEFINITIONS
from vae_core.training.sweep_table import SECONDS, SweepGroup

TITLE_OF = {**TITLES, SECONDS: "Seconds"}
FIRST = ("elbo", "log_likelihood", SECONDS)
"""By the first of these that a sweep has the best is on top at first."""


def choose_figure(groups: Sequence[SweepGroup]) -> str:
    """Draw the choice among the figures that some run has; the address carries it."""
    known = {name for group in groups for name in group.mean}
    names = [name for name in TITLE_OF if name in known] or [FIRST[0]]
    usual = next((name for name in FIRST if name in names), names[0])
    key = "sweep figure"
    asked = address.asked("best")
    if asked is not None:
        st.session_state[key] = asked
    if st.session_state.get(key) not in names:
        st.session_state[key] = usual
    chosen: str = st.selectbox(
        "Best at the top by", names, key=key, persist_state="session", format_func=TITLE_OF.__getitem__, width=230,
        help="Of the test split. More is better but for errors and times; of KL the least stands on top, which need "
        "not be the best.",
    )  # fmt: skip
    address.write("best", None if chosen == usual else chosen)
    return chosen


def unit_of(figure: str) -> str:
    """What a figure is measured in."""
    return "seconds" if figure == SECONDS else DEFINITIONS[figure].unit


def number(value: float) -> str:
    """With a real minus, and as many digits as one compares by."""
    return f"{value:.4g}".replace("-", "−") if abs(value) < 1 else f"{value:,.2f}".replace("-", "−")


def figure_text(group: SweepGroup, figure: str) -> str:
    """Mean, and the spread over the seeds where there are several."""
    if figure not in group.mean:
        return "·"
    spread = f" ± {number(group.spread[figure])}" if figure in group.spread else ""
    return number(group.mean[figure]) + spread
