"""What greets a newcomer: a model that came with the app, and a way around its map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import state
from ui.cache import open_explorer
from ui.place import Place
from vae_core import LatentExplorer
from vae_core.device import available_devices
from vae_core.errors import VaeCoreError
from vae_core.latent.paths.tour import tour

POINTS = 600


def greeting_model() -> LatentExplorer | None:
    """The model that a visitor meets who asks for none, if it can be opened and a way leads around its map."""
    models = {entry.name: entry for entry in state.usable_models()}
    if not models:
        return None
    try:
        explorer = open_explorer(models[state.first_model(list(models))], available_devices()[0])
        greeting_way(explorer)
    except VaeCoreError:
        return None  # the doors are there all the same, and behind them it is said what is wrong
    return explorer


def greeting_place(explorer: LatentExplorer) -> Place:
    """Where the way begins; nobody hears where a hand settles here."""
    return Place(
        f"home {explorer.card.key[:12]} {explorer.device}",
        explorer,
        greeting_way(explorer)[0],
        stamp="home",
        label=0 if explorer.can.label else -1,
    )


def greeting_way(explorer: LatentExplorer) -> npt.NDArray[np.float32]:
    """The closed way around the map, (600, D).

    Raises
    ------
    ShapeError
        When the codes have no three classes to go past.
    """
    return _way(explorer.card.key, explorer)


@st.cache_data(max_entries=4, show_spinner=False)
def _way(card: str, _explorer: LatentExplorer) -> npt.NDArray[np.float32]:
    latents = _explorer.latents
    labels = np.zeros(len(latents.mu), np.int64) if latents.labels is None else latents.labels
    return tour(latents.mu, labels, POINTS)
