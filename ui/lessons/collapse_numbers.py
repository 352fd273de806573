"""The models that the lesson on dead dimensions shows, measured dimension by dimension."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.lessons import here
from ui.salience import DEAD_KL
from ui.text import subscript
from vae_core import LatentExplorer
from vae_core.latent.dimensions import Dimensions, dimensions

MANY, SHAPES, DEAR = "mnist-16d", "shapes-6d", "mnist-2d-beta8"

Flags = npt.NDArray[np.bool_]


@st.cache_data(max_entries=8, show_spinner=False)
def _measured(card: str, _explorer: LatentExplorer) -> Dimensions:
    latents = _explorer.latents
    assert latents.logvar is not None  # it is a VAE
    return dimensions(latents.mu, latents.logvar)


def opened(name: str) -> tuple[LatentExplorer, Dimensions, Flags]:
    """A model, its dimensions, and which of them are dead."""
    explorer = here.model(name)
    found = _measured(explorer.card.key, explorer)
    return explorer, found, found.kl < DEAD_KL


def listed(flags: Flags) -> str:
    """The names of the dimensions for which something holds."""
    return ", ".join(f"z{subscript(i + 1)}" for i, flag in enumerate(flags) if flag)
