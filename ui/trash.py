"""Deleting runs and models, with a way back: they move to the trash, and the session that moved one can undo it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import runs
from ui.text import plain
from vae_core.errors import VaeCoreError
from vae_core.training.run_folder import RunFolder
from vae_core.trash import restore_checkpoint

TRASHED, PROBLEM = "trashed", "trash problem"


def delete(folder: Path) -> None:
    """Move a run or model to the trash. What goes wrong is shown by `show_undo`, on the next run of a page."""
    try:
        trashed = runs.delete(RunFolder(folder))
    except VaeCoreError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    chosen = st.session_state.get("model") == folder.name
    st.session_state[TRASHED] = (trashed, chosen)
    if chosen:  # the app then opens another one, and has no reason to complain about the address
        st.session_state.pop("model", None)
        _forget_address("model", "z")


def show_undo() -> None:
    """Say what went to the trash last, with a button that brings it back."""
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    if TRASHED not in st.session_state:
        return
    trashed, _ = st.session_state[TRASHED]
    if not trashed.exists():
        del st.session_state[TRASHED]
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/delete: “{trashed.name.rpartition('@')[0]}” is in the trash.", width="content")
        st.button("Undo", key="undo delete", icon=":material/undo:", on_click=_undo)


def _undo() -> None:
    trashed, chosen = st.session_state[TRASHED]
    try:
        restored = restore_checkpoint(trashed)
    except VaeCoreError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    del st.session_state[TRASHED]
    st.session_state["train run"] = restored.name  # Train shows what came back
    if chosen:
        st.session_state["model"] = restored.name
        _forget_address("z")


def _forget_address(*names: str) -> None:
    for name in names:
        if name in st.query_params:
            del st.query_params[name]
