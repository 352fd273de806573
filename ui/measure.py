"""The button that has missing figures measured; in its place, while that goes on, progress and a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ui.known_figures import GROUP_TITLES, KnownFigures
from ui.measuring import measurement
from ui.text import plain
from vae_core.card import Card
from vae_core.data import is_available
from vae_core.errors import DataError


@dataclass(frozen=True)
class Subject:
    """A model whose figures a page shows."""

    folder: Path
    card: Card
    known: KnownFigures

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.name


def offer_measuring(subjects: Sequence[Subject], device: str) -> None:
    """Draw the button for what is not measured of these models; nothing where all is."""
    live = frozenset(one.name for one in subjects if measurement(one.card.files.weights).under_way)
    st.fragment(_watch, run_every=1.0 if live else None)(subjects, device, live)


def _watch(subjects: Sequence[Subject], device: str, live_before: frozenset[str]) -> None:
    live = [one for one in subjects if measurement(one.card.files.weights).under_way]
    if {one.name for one in live} != live_before:
        st.rerun()  # the whole page: it has other figures to show now
    for one in live:
        _show_progress(one)
    for one in subjects:
        if problem := measurement(one.card.files.weights).problem:
            st.error(f"{one.name} could not be measured: {plain(problem)}", icon=":material/error:")
    lacking = [one for one in subjects if one.known.missing_groups and one not in live]
    there = [one for one in lacking if _data_is_here(one.card)]
    for title in dict.fromkeys(plain(one.card.data.title) for one in lacking if one not in there):
        st.caption(f":material/cloud_off: {title} is not on this machine, so nothing more can be measured on it here.")
    if there:
        groups = dict.fromkeys(group for one in there for group in one.known.missing_groups)
        st.button(
            "Measure what is missing",
            icon=":material/speed:",
            on_click=_begin,
            args=(there, device),
            key="measure",
            help=f"{', '.join(GROUP_TITLES[group].lower() for group in groups).capitalize()}: some seconds to a few "
            "minutes. It goes on when you leave the page, and what was measured is kept.",
        )


def _begin(subjects: Sequence[Subject], device: str) -> None:
    for one in subjects:
        measurement(one.card.files.weights).begin(one.folder, one.known.missing_groups, device)


def _show_progress(one: Subject) -> None:
    now = measurement(one.card.files.weights)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(now.share, text=f"{one.name}: {plain(now.said)} …")
        key = f"stop measuring {one.name}"
        st.button("Stop", icon=":material/stop:", key=key, on_click=now.stop, help="What was measured so far is kept.")


def _data_is_here(card: Card) -> bool:
    try:
        return is_available(card.data.name)
    except DataError:  # a card may name anything
        return False
