"""What a session remembers, and its address, which restores it elsewhere: model, z, and how the map is looked at.

Whatever comes from a browser is checked here before anything else sees it.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.cache import open_explorer
from ui.classes import chosen_class, note_class
from ui.place import FARTHEST, Place, Settled, farthest
from ui.text import plain
from vae_core import LatentExplorer, list_checkpoints
from vae_core.checkpoints import NAME_PATTERN, CheckpointEntry
from vae_core.errors import VaeCoreError

FIRST_MODEL = "mnist-2d"


@dataclass(frozen=True, eq=False)
class _Here:
    """Where the session stands in a model's space; `stamp` and `first` are as in `ui.place.Place`."""

    z: npt.NDArray[np.float32]
    pinned: bool
    stamp: str
    first: bool = False


def usable_models() -> list[CheckpointEntry]:
    """Checkpoints that can be opened."""
    return [entry for entry in list_checkpoints() if entry.card is not None]


def restore_from_url(names: list[str]) -> None:
    """On a session's first run, take the model from the address; say so when it names one that is not there.

    Later on the address is followed where somebody goes back or forward in its history.
    """
    if st.session_state.get("model") in names:
        if (back := address.gone_back()) in names:
            st.session_state["model"] = back
        return
    address.begin()
    wanted = st.query_params.get("model", st.session_state.get("model"))
    if wanted is not None and wanted not in names:
        # An address may come from anybody: only what can be a name is shown, and as code, lest it become a link.
        named = f" named `{wanted}`" if NAME_PATTERN.fullmatch(wanted) else " of the name that the address asks for"
        st.session_state["notice"] = f"There is no model{named} here, so this is another one."
        st.query_params.clear()
        address.forget()
    st.session_state["model"] = wanted if wanted in names else first_model(names)


def first_model(names: list[str]) -> str:
    """The model that a visitor meets who asks for none."""
    return FIRST_MODEL if FIRST_MODEL in names else names[0]


def open_model() -> LatentExplorer | None:
    """The model that the sidebar shows as chosen; None where there is none, or it cannot be opened."""
    explorer: LatentExplorer | None = st.session_state.get("explorer")
    return explorer


def unopened() -> CheckpointEntry | None:
    """The chosen model when it could not be opened, its card in order but another of its files damaged."""
    entry: CheckpointEntry | None = st.session_state.get("unopened")
    return entry


def current_explorer() -> LatentExplorer:
    """The model that the sidebar shows as chosen; without one the page ends here, and a sentence says why."""
    explorer = open_model()
    if explorer is None:
        if unopened() is None:  # else `show_notice` has said it
            st.info("There is no model here yet: train one on the page Train, or bring one on the page Model.")
        st.stop()
    return explorer


def choose_explorer(entries: list[CheckpointEntry], device: str) -> None:
    """Open the chosen model, if that can be done; from here on its name and z stand in the address."""
    (entry,) = (entry for entry in entries if entry.name == st.session_state["model"])
    address.write("model", entry.name)
    close_explorer()
    try:
        explorer = st.session_state["explorer"] = open_explorer(entry, device)
    except VaeCoreError as problem:
        st.session_state["unopened"] = replace(entry, card=None, problem=str(problem))
        return
    current_z(explorer)  # reads the address, while there is still time to say what is wrong with it


def close_explorer() -> None:
    """Forget the model of the run before."""
    for key in ("explorer", "unopened"):
        st.session_state.pop(key, None)


def current_z(explorer: LatentExplorer) -> npt.NDArray[np.float32]:
    """Where this session stands in the model's latent space, (D,): from the session, else the address, else 0."""
    return _here(explorer).z


def explore_place(explorer: LatentExplorer, split: str) -> Place:
    """The session's own place in a model's space, which Explore shows beside the images of `split`."""
    here, chosen = _here(explorer), chosen_class(explorer)
    return Place(
        f"explore {explorer.card.key[:12]} {explorer.device}",
        explorer,
        here.z,
        here.stamp + chosen.stamp,
        label=chosen.label,
        pinned=here.pinned,
        first=here.first and chosen.first,
        in_address=True,
        split=split,
    )


def set_z(explorer: LatentExplorer, z: npt.ArrayLike) -> None:
    """Move this session to z, (D,), and the browser with it; beyond the farthest place it stops there."""
    reach = farthest(explorer)
    values = np.clip(np.asarray(z, np.float32), -reach, reach)
    st.session_state[_z_key(explorer)] = _Here(values, pinned=True, stamp=secrets.token_hex(6))


def settle(explorer: LatentExplorer, settled: Settled) -> None:
    """Note where the browser has settled, and as which class: it is there already, so the stamp stays."""
    note_class(explorer, settled.label)
    st.session_state[_z_key(explorer)] = _Here(settled.z, settled.pinned, _here(explorer).stamp)


def _here(explorer: LatentExplorer) -> _Here:
    key = _z_key(explorer)
    if key not in st.session_state:
        z = np.zeros(explorer.latent_dim, np.float32)
        text = address.asked("z")
        if text is not None:
            parsed = parse_z(text, explorer.latent_dim, farthest(explorer))
            if parsed is None:
                address.write("z", None)
                st.session_state["notice"] = (
                    f"The address asks for a z that is not {explorer.latent_dim} numbers between "
                    f"-{farthest(explorer):g} and {farthest(explorer):g}, so this is the origin."
                )
            else:
                z = parsed
        st.session_state[key] = _Here(z, pinned=True, stamp=secrets.token_hex(6), first=True)
    here: _Here = st.session_state[key]
    return here


def parse_z(text: str, latent_dim: int, reach: float = FARTHEST) -> npt.NDArray[np.float32] | None:
    """The z of an address, or None when it is not `latent_dim` finite numbers of a sensible size."""
    if len(text) > 24 * latent_dim:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(values) != latent_dim or not all(math.isfinite(value) and abs(value) <= reach for value in values):
        return None
    return np.array(values, np.float32)


def show_notice() -> None:
    """Say why the chosen model is not open, and once what was wrong with the address."""
    if (entry := unopened()) is not None:
        st.error(plain(entry.problem or ""), icon=":material/broken_image:")  # it may quote a stranger's file
    if notice := st.session_state.pop("notice", None):
        st.warning(notice, icon=":material/link_off:")


def _z_key(explorer: LatentExplorer) -> str:
    return f"z of {explorer.card.files.weights}"
