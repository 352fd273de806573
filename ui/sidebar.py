"""The sidebar: which model, whether its data is there, on which device."""

from __future__ import annotations

import streamlit as st

from ui import address, state
from ui.fetch import fetch_button
from ui.lifeline import lifeline
from ui.originals import originals
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.data import DATASETS, is_available
from vae_core.data.own_name import is_own
from vae_core.device import available_devices


def show() -> None:
    """Draw the sidebar and open the chosen model.

    Where there is none, or it cannot be opened, the page runs all the same: `state.current_explorer` then ends those
    that need a model.
    """
    entries = state.usable_models()
    if not entries:
        state.close_explorer()
        return
    with st.sidebar:
        names = [entry.name for entry in entries]
        state.restore_from_url(names)
        # The widget has a key of its own: it follows the session, which other pages change too.
        if st.session_state.get("model choice") != st.session_state["model"]:
            st.session_state["model choice"] = st.session_state["model"]
        st.selectbox(
            "Model",
            names,
            key="model choice",
            on_change=_choose,
            help="Shipped models and those trained or brought here.",
        )
        devices = available_devices()
        device = (
            devices[0] if len(devices) == 1 else st.selectbox("Device", devices, key="device", persist_state="session")
        )
        state.choose_explorer(entries, device if device in devices else devices[0])
        if (explorer := state.open_model()) is None:
            return
        lifeline(explorer)
        _data_status(explorer)
        if len(devices) == 1:
            st.caption(f":material/memory: Decoding on {_device_name(device)}")


def _choose() -> None:
    st.session_state["model"] = st.session_state["model choice"]
    address.forget()


def _device_name(device: str) -> str:
    return "the CPU" if device == "cpu" else device


def _data_status(explorer: LatentExplorer) -> None:
    """Say whether the originals are there, with a button that fetches them."""
    card = explorer.card
    st.caption(
        f"{plain(card.data.title)} · {card.model.latent_dim}-D {card.model.family.upper()} · {card.architecture}"
        + (f" · {card.model.likelihood}" if explorer.can.likelihood else "")
    )
    if is_own(card.data.name):
        with st.spinner("Reading the images …"):
            found = originals(explorer)
        if found is not None:
            st.caption(":material/check_circle: Its images are on this machine")
        else:
            st.caption(
                ":material/cloud_off: Its images are not here as they were: the map is complete, originals are not "
                "shown."
            )
        return
    if card.data.name not in DATASETS:
        return
    spec = DATASETS[card.data.name]
    if is_available(card.data.name):
        st.caption(f":material/check_circle: {plain(card.data.title)} is on this machine")
        return
    st.caption(
        f":material/cloud_off: {spec.title} is not on this machine: the map is complete, originals are not shown."
    )
    fetch_button(card.data.name, key="sidebar fetch")
