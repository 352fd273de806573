"""A checkpoint file dropped on a page becomes a model. It is untrusted, and checked as the command line checks one."""

from __future__ import annotations

import re

import streamlit as st

from ui.text import plain
from vae_core import VaeCoreError, list_checkpoints
from vae_core.archive import unpack_checkpoint
from vae_core.checkpoints import NAME_PATTERN

LARGEST_UPLOAD = 200
"""Megabytes; a shipped checkpoint has at most four."""
BROUGHT, PROBLEM, TURN = "brought model", "bring problem", "bring turn"


def bring_a_model() -> None:
    """A place to drop a checkpoint file, a name for it, and what became of it."""
    turn = st.session_state.setdefault(TURN, 0)  # a new key empties the uploader when its file has become a model
    uploaded = st.file_uploader(
        "A checkpoint file, as downloaded here",
        type="zip",
        key=f"bring file {turn}",
        max_upload_size=LARGEST_UPLOAD,
        help="It is checked before it becomes a model: card, checksums, shapes. Nothing in it is ever run.",
    )
    if uploaded is not None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"bring name {uploaded.file_id}"
            st.text_input("Name", proposed_name(uploaded.name), key=key, max_chars=64)
            arguments = (uploaded.getvalue(), key)
            st.button("Add it", key="bring", type="primary", icon=":material/add:", on_click=_bring, args=arguments)
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")  # it may quote the file
    if brought := st.session_state.pop(BROUGHT, None):
        st.success(f"“{brought}” is here, and chosen.", icon=":material/check_circle:")


def proposed_name(file_name: str) -> str:
    """A name that is free, after the uploaded file's: `five.vae.zip` gives `five`, or `five-2` where that is taken."""
    stem = file_name.removesuffix(".zip").removesuffix(".vae")
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:56]
    if not NAME_PATTERN.fullmatch(base) or base == "local":
        base = "model"
    taken = {entry.name for entry in list_checkpoints()}
    return next(name for name in (base, *(f"{base}-{i}" for i in range(2, len(taken) + 3))) if name not in taken)


def _bring(content: bytes, name_key: str) -> None:
    name = st.session_state[name_key].strip()
    try:
        unpack_checkpoint(content, name)
    except VaeCoreError as problem:
        st.session_state[PROBLEM] = str(problem)
        return
    st.session_state[BROUGHT] = st.session_state["model"] = name
    st.session_state[TURN] += 1
    if "z" in st.query_params:
        del st.query_params["z"]  # it belongs to the model before
