"""The typed door to the progress."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from ui.lessons import here

_assets = Path(__file__).parent / "assets"
_component = st.components.v2.component(
    "lesson_progress",
    html=(_assets / "progress.html").read_text(encoding="utf-8"),
    css=(_assets / "progress.css").read_text(encoding="utf-8"),
    js=(_assets / "progress.js").read_text(encoding="utf-8"),
)


def progress() -> None:
    """Have the browser remember what has been done, and tell what it remembers from earlier visits.

    It lies in the browser's localStorage and nowhere else: another browser knows nothing of it.
    """
    key = "lesson_progress"

    def restored() -> None:
        state = st.session_state.get(key)
        here.restore(state.get("restored") if isinstance(state, Mapping) else None)

    data = {"marks": sorted(here.marks()), "cleared": here.cleared()}
    _component(key=key, data=data, height="content", on_restored_change=restored)
