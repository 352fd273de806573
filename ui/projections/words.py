"""How each projection is to be read, and how far it can be trusted."""

from __future__ import annotations

import streamlit as st

from ui.projections.choose import TITLES
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.latent.projections import Projection

READING = {
    "pca": "A true plane of the latent space: distances on it are distances in z, as far as the plane holds them. "
    "Points that lie together here may be far apart in the directions that it does not show.",
    "tsne": "It shows who is near whom, and nothing else: distances between groups, their sizes and their densities "
    "mean nothing, and chance may tear a group in two. Believe what other perplexities and seeds show as well.",
    "umap": "It shows who is near whom. Distances between groups and their sizes mean little, and gaps are often "
    "wider than in the latent space. Believe what other numbers of neighbours and seeds show as well.",
}
NO_INVERSE = (
    "There is no way back from a place between the points to a z, so none is made up: the pointer shows the image "
    "whose point is nearest to it. The pin stands at the code nearest to z."
)
INVERSE = "On the plane each place has its z, so the pointer anywhere decodes; off the plane z stays as the pin has it."


def no_projection(explorer: LatentExplorer) -> str | None:
    """Why there is nothing to project, in a sentence; None where there is."""
    if not explorer.can.encode:
        family = plain(explorer.card.model.family.upper())
        return f"A {family} has no encoder, so there are no codes to project. Choose another model."
    if explorer.latent_dim <= 2:
        what = "its one dimension" if explorer.latent_dim == 1 else "its two dimensions"
        shown = "it is" if explorer.latent_dim == 1 else "they are"
        return f"There is nothing to project: Explore shows {what} as {shown}, and a projection could only lose by it."
    return None


def say_how_to_read(projection: Projection) -> None:
    """A sentence on how to read it, its trustworthiness, and what the pointer shows."""
    method, trust = projection.settings.method, projection.trust
    error = "" if trust.standard_error is None else f" ± {trust.standard_error:.3f}"
    st.metric(
        f"Trustworthiness of {TITLES[method]}",
        f"{trust.value:.3f}{error}",
        help="Whether neighbours on the map are neighbours in the latent space: 1 when all are, about 0.5 by chance "
        "(Venna & Kaski 2001, 10 neighbours, of at most 2,000 codes; the error from five disjoint parts). It says "
        "nothing of the large shape, nor of neighbours that the map has torn apart.",
    )
    st.caption(READING[method])
    st.caption(INVERSE if method == "pca" else NO_INVERSE)
