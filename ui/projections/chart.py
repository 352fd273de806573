"""The points of a projection and their codes, as the map's component takes them."""

from __future__ import annotations

import streamlit as st

from ui.latent_map import MapCodes, MapPoints
from vae_core import LatentExplorer
from vae_core.latent.projections import Projection


def projected_points(explorer: LatentExplorer, projection: Projection) -> tuple[MapPoints, MapCodes]:
    """Where the codes lie, with their classes, and the codes themselves."""
    stamp = f"{explorer.card.key} {projection.settings} {projection.seconds}"
    return _points(stamp, explorer, projection)


@st.cache_resource(max_entries=32, show_spinner=False)
def _points(stamp: str, _explorer: LatentExplorer, _projection: Projection) -> tuple[MapPoints, MapCodes]:
    latents, rows = _explorer.latents, _projection.rows
    labels = None if latents.labels is None else latents.labels[rows]
    points = MapPoints.register(_projection.xy, labels, _explorer.card.data.class_names, rows)
    return points, MapCodes.register(latents.mu[rows])
