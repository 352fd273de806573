"""What a session remembers, and its address: model and z stand in the URL, which restores them elsewhere.

Whatever comes from a browser is checked here before anything else sees it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.cache import open_explorer
from vae_core import LatentExplorer, list_checkpoints
from vae_core.checkpoints import NAME_PATTERN, CheckpointEntry
from vae_core.errors import CheckpointError

FIRST_MODEL = "mnist-2d"
FARTHEST = 100.0
"""|z| beyond which an address is taken for a mistake: no prior of unit variance reaches there."""


def usable_models() -> list[CheckpointEntry]:
    """Checkpoints that can be opened."""
    return [entry for entry in list_checkpoints() if entry.card is not None]


def restore_from_url(names: list[str]) -> None:
    """On a session's first run, take the model from the address; say so when it names one that is not there."""
    if st.session_state.get("model") in names:
        return
    asked = st.query_params.get("model", st.session_state.get("model"))
    if asked is not None and asked not in names:
        # An address may come from anybody: only what can be a name is shown, and as code, lest it become a link.
        named = f" named `{asked}`" if NAME_PATTERN.fullmatch(asked) else " of the name that the address asks for"
        st.session_state["notice"] = f"There is no model{named} here, so this is another one."
        st.query_params.clear()
    default = FIRST_MODEL if FIRST_MODEL in names else names[0]
    st.session_state["model"] = asked if asked in names else default


def current_explorer() -> LatentExplorer:
    """The model that the sidebar shows as chosen.

    Raises
    ------
    CheckpointError
        When there is no model at all.
    """
    explorer: LatentExplorer | None = st.session_state.get("explorer")
    if explorer is None:
        raise CheckpointError(
            "There is no model here yet: train one on the page Train, or bring one on the page Model."
        )
    return explorer


def choose_explorer(entries: list[CheckpointEntry], device: str) -> None:
    """Open the chosen model; from here on its name and z stand in the address."""
    (entry,) = (entry for entry in entries if entry.name == st.session_state["model"])
    explorer = st.session_state["explorer"] = open_explorer(entry, device)
    if st.query_params.get("model") != entry.name:
        st.query_params["model"] = entry.name
    current_z(explorer)  # reads the address, while there is still time to say what is wrong with it


def current_z(explorer: LatentExplorer) -> npt.NDArray[np.float32]:
    """Where this session stands in the model's latent space, (D,): from the session, else the address, else 0."""
    key = _z_key(explorer)
    if key not in st.session_state:
        z = np.zeros(explorer.latent_dim, np.float32)
        text = st.query_params.get("z")
        if text is not None:
            parsed = parse_z(text, explorer.latent_dim)
            if parsed is None:
                st.session_state["notice"] = (
                    f"The address asks for a z that is not {explorer.latent_dim} numbers between -{FARTHEST:g} and "
                    f"{FARTHEST:g}, so this is the origin."
                )
            else:
                z = parsed
        st.session_state[key] = z
    here: npt.NDArray[np.float32] = st.session_state[key]
    text = ",".join(f"{value:.4g}" for value in here)
    if st.query_params.get("z") != text:
        st.query_params["z"] = text
    return here


def set_z(explorer: LatentExplorer, z: npt.ArrayLike) -> None:
    """Move this session to z, (D,); beyond the farthest place it stops there."""
    values = np.clip(np.asarray(z, np.float32), -FARTHEST, FARTHEST)
    st.session_state[_z_key(explorer)] = values


def parse_z(text: str, latent_dim: int) -> npt.NDArray[np.float32] | None:
    """The z of an address, or None when it is not `latent_dim` finite numbers of a sensible size."""
    if len(text) > 24 * latent_dim:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(values) != latent_dim or not all(math.isfinite(value) and abs(value) <= FARTHEST for value in values):
        return None
    return np.array(values, np.float32)


def show_notice() -> None:
    """Say once what was wrong with the address."""
    if notice := st.session_state.pop("notice", None):
        st.warning(notice, icon=":material/link_off:")


def _z_key(explorer: LatentExplorer) -> str:
    return f"z of {explorer.card.files.weights}"
