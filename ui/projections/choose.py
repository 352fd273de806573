"""Which projection the page shows: chosen by hand or by the address, projection=tsne,30,0."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from ui import address
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.projections import (
    DEFAULT_NEIGHBOURS,
    LEAST_NEIGHBOURS,
    MOST_CODES,
    MOST_NEIGHBOURS,
    Method,
    Settings,
)

TITLES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
NEIGHBOURS = {"tsne": "Perplexity", "umap": "Neighbours"}
MOST_SEED = 9999
HELP = "How many neighbours of a code count: few show small groups, many the large ones. Each choice makes another map."


def choose_settings(explorer: LatentExplorer) -> Settings:
    """The controls of the projection, each projection's numbers remembered; the address says what was chosen."""
    key = f"projection of {explorer.name}"
    if (wish := address.asked("projection")) is not None:
        _take(key, read_settings(wish) or Settings.of("pca"))
    chosen: Method | None = st.segmented_control(
        "Projection",
        get_args(Method),
        key=key,
        default=None if key in st.session_state else "pca",
        required=True,
        persist_state="session",
        format_func=TITLES.__getitem__,
    )
    method: Method = chosen or "pca"
    if method == "pca":
        address.write("projection", None)
        return Settings.of("pca")
    for what, first in (("neighbours", DEFAULT_NEIGHBOURS[method]), ("seed", 0)):
        st.session_state.setdefault(f"{what} of {method} in {key}", first)
    most = max(LEAST_NEIGHBOURS, min(MOST_NEIGHBOURS, min(len(explorer.latents.mu), MOST_CODES) // 3 - 1))
    near = f"neighbours of {method} in {key}"
    st.session_state[near] = min(most, max(LEAST_NEIGHBOURS, st.session_state[near]))
    neighbours = st.number_input(
        NEIGHBOURS[method], LEAST_NEIGHBOURS, most, key=near, persist_state="session", help=HELP, width=150
    )
    seed = st.number_input(
        "Seed",
        0,
        MOST_SEED,
        key=f"seed of {method} in {key}",
        persist_state="session",
        help="What another seed changes is chance, not the model.",
        width=130,
    )
    settings = Settings.of(method, int(neighbours), int(seed))
    address.write("projection", f"{method},{neighbours},{seed}")
    return settings


def read_settings(text: str) -> Settings | None:
    """The settings of an address; None when they are none that the page has."""
    method, *numbers = text.split(",")
    if method not in TITLES or (method == "pca") != (not numbers) or len(numbers) not in (0, 2):
        return None
    if not all(part.isascii() and part.isdigit() and len(part) < 5 for part in numbers):
        return None
    try:
        return Settings.of(method, *map(int, numbers))  # type: ignore[arg-type]
    except VaeCoreError:
        return None


def _take(key: str, settings: Settings) -> None:
    st.session_state[key] = settings.method
    if settings.method != "pca":
        st.session_state[f"neighbours of {settings.method} in {key}"] = settings.neighbours
        st.session_state[f"seed of {settings.method} in {key}"] = settings.seed
