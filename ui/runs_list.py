"""The runs of this server as a list to choose from, and what may be done with the chosen one: on Train and on Runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from ui import runs, trash
from vae_core.training.run_folder import LIVE_STATES, RunFolder, Status

CHOSEN = "train run"
MANY = 4
EXPLORE = Path(__file__).resolve().parent.parent / "pages" / "explore.py"


def choose_run(by_name: Mapping[str, RunFolder], statuses: Mapping[str, Status], *, height: int) -> RunFolder:
    """The list, newest first, and the run that is chosen in it: the session's on both pages.

    Parameters
    ----------
    by_name, statuses : mapping
        At least one run.
    height : int
        Pixels that the list takes at most; a longer one is scrolled.
    """
    if st.session_state.get(CHOSEN) not in by_name:
        st.session_state[CHOSEN] = next(iter(by_name))
    # The widget has a key of its own, set on every run: it follows the session, not the other way round.
    st.session_state["train choice"] = st.session_state[CHOSEN]
    with st.container(height=height if len(by_name) > MANY else "content", border=False):
        st.radio(
            "Runs",
            list(by_name),
            format_func=lambda name: runs.describe(by_name[name], statuses[name]),
            key="train choice",
            on_change=lambda: st.session_state.update({CHOSEN: st.session_state["train choice"]}),
            label_visibility="collapsed",
        )
    return by_name[st.session_state[CHOSEN]]


def buttons(run: RunFolder, state: str) -> None:
    """What may be done with a run in this state; the keys name the run, so that no press ever reaches another one."""
    live, name = state in LIVE_STATES, run.name
    asked = live and run.stop_asked()
    stop_label = "Stopping …" if asked else "Stop"
    if live and st.button(stop_label, icon=":material/stop:", disabled=asked, key=f"train stop {name}"):
        runs.stop(run)
        st.rerun()
    if runs.can_resume(run, state) and st.button("Resume", icon=":material/resume:", key=f"train resume {name}"):
        runs.resume(run)
        st.rerun()
    loadable = not live and run.is_checkpoint()
    if loadable and st.button("Open in Explore", icon=":material/explore:", key=f"train open {name}"):
        st.session_state["model"] = name
        st.switch_page(EXPLORE)
    why_not = "Stop it first, then delete it." if live else None
    if st.button("Delete", icon=":material/delete:", disabled=live, help=why_not, key=f"train delete {name}"):
        trash.delete(run.path)
        st.rerun()
