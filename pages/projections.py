"""Projections: codes of more than two dimensions on a plane, how far to trust it, and pairs of dimensions."""

import streamlit as st

from ui import maps, state
from ui.axes import plane_named
from ui.classes import choose_class, told_classes
from ui.decoder import decode
from ui.latent_map import latent_map
from ui.projections.active import show_pairs
from ui.projections.chart import projected_points
from ui.projections.choose import TITLES, choose_settings
from ui.projections.making import current_projection, offer_projection
from ui.projections.take import offer_files
from ui.projections.words import no_projection, say_how_to_read
from ui.readout import readout
from ui.view import view
from vae_core import LatentExplorer
from vae_core.latent.projections import Projection

explorer = state.current_explorer()


def show_map(explorer: LatentExplorer, projection: Projection) -> None:
    """The map, the picture under the pointer, and what to make of it."""
    settings, key = projection.settings, explorer.card.key[:12]
    place, title = state.explore_place(explorer, "test"), TITLES[projection.settings.method]
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    points, codes = projected_points(explorer, projection)
    plane = plane_named(explorer, "pca") if settings.method == "pca" else None
    left, right = st.columns([3, 2], gap="medium")
    with left:
        latent_map(
            points,
            plane=None if plane is None else plane.plane,
            codes=codes if plane is None else None,
            place=place,
            hand="pin",
            axis_titles=(f"{title}, 1st coordinate", f"{title}, 2nd coordinate") if plane is None else plane.titles,
            height=640,
            key=f"projection {settings.method} {settings.neighbours} {settings.seed} of {key}",
            on_settled=lambda settled: state.settle(explorer, settled),
        )
    with right:
        choose_class(place, f"projection class of {key}", on_settled=lambda settled: state.settle(explorer, settled))
        picture = decode(explorer, place.z[None], told_classes(explorer, 1))[0]
        view(place, picture=picture, record=record, class_names=names, key=f"projection view of {key}")
        say_how_to_read(projection)
        offer_files(explorer, projection)
    readout(place, key=f"projection readout of {key}", class_names=names, record=record)


@st.fragment
def projections() -> None:
    """The page itself, a fragment: what is settled reruns this and nothing else."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        settings = choose_settings(explorer)
    projection = current_projection(explorer, settings)
    if projection is None:
        offer_projection(explorer, settings)
    else:
        show_map(explorer, projection)


nothing = no_projection(explorer)
if nothing is None:
    projections()
else:
    st.info(nothing, icon=":material/scatter_plot:")
if explorer.can.encode:
    show_pairs(explorer)
