"""Deleting runs, models and sweeps, with a way back: they move to the trash, and whose session it was can undo it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui import runs
from ui.text import plain
from vae_core.errors import VaeCoreError
from vae_core.training.run_folder import RunFolder
from vae_core.trash import restore_checkpoint

TRASHED, PROBLEM = "trashed", "trash problem"


def delete(*folders: Path) -> None:
    """Move folders to the trash, together. What goes wrong is shown by `show_undo`, on the next run of a page."""
    trashed: list[Path] = []
    for folder in folders:
        try:
            trashed.append(runs.delete(RunFolder(folder)))
        except VaeCoreError as problem:
            st.session_state[PROBLEM] = str(problem)
            break
    if not trashed:
        return
    moved = folders[: len(trashed)]
    chosen = next((folder.name for folder in moved if folder.name == st.session_state.get("model")), None)
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
    if not trashed[0].exists():
        del st.session_state[TRASHED]
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        others = f" and {len(trashed) - 1} more are" if len(trashed) > 1 else " is"
        name = trashed[0].name.rpartition("@")[0]
        st.caption(f":material/delete: “{name}”{others} in the trash.", width="content")
        st.button("Undo", key="undo delete", icon=":material/undo:", on_click=_undo)


def _undo() -> None:
    trashed, chosen = st.session_state[TRASHED]
    try:
        restored = [restore_checkpoint(path) for path in trashed]
    except VaeCoreError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    del st.session_state[TRASHED]
    st.session_state["train run"] = restored[0].name  # Train shows what came back
    if chosen:
        st.session_state["model"] = chosen
        _forget_address("z")


def _forget_address(*names: str) -> None:
    for name in names:
        if name in st.query_params:
            del st.query_params[name]
