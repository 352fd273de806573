"""Directions: find what moves with a class, a group or a number; say what it is worth, and move along it by hand."""

import streamlit as st

from ui import maps, state
from ui.classes import choose_class, told_classes
from ui.decoder import decode
from ui.directions.kept import kept, write_address
from ui.directions.make import make_direction
from ui.directions.onto import choose_map, direction_paths
from ui.directions.points import choose_start, show_analogy
from ui.directions.take import bring, offer_files
from ui.directions.words import short_effect
from ui.directions.worth import change_direction, show_worth
from ui.latent_map import latent_map
from ui.readout import readout
from ui.sliders import direction_sliders
from ui.view import view

NONE_YET = (
    "No direction yet. Find one above, for a class, a group drawn on the map, or a column of a table; it then has a "
    "slider here that moves the pin along it."
)
explorer = state.current_explorer()


@st.fragment
def directions() -> None:
    """The page itself, a fragment: what is settled reruns this and nothing else."""
    form = st.container()
    some = kept(explorer)
    plane = choose_map(explorer, some)
    group = maps.current_group(explorer, plane, "test")
    with form:
        make_direction(explorer, plane, group)
    left, right = st.columns([3, 2], gap="medium")
    place = state.explore_place(explorer, "test")
    record, names = maps.nearest_image(explorer, "test", place.z), explorer.card.data.class_names
    with left:
        maps.say_why_empty(explorer)
        latent_map(
            maps.map_points(explorer, plane),
            plane=plane.plane,
            place=place,
            hand="pin",
            axis_titles=plane.titles,
            group=None if group is None else group.polygon,
            paths=direction_paths(explorer, some, plane),
            height=520,
            key=f"direction map of {explorer.card.key[:12]}",
            on_settled=lambda settled: state.settle(explorer, settled),
            on_group=(lambda drawn: maps.set_group(explorer, plane, "test", drawn)) if explorer.can.encode else None,
        )
        choose_start(explorer)
    with right:
        choose_class(place, "direction class", on_settled=lambda settled: state.settle(explorer, settled))
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=names,
            key=f"direction view of {explorer.card.key[:12]}",
        )
        if some:
            direction_sliders(
                place,
                [one.direction for one in some],
                notes=[short_effect(one.direction) for one in some],
                key=f"direction sliders of {explorer.card.key[:12]}",
                on_settled=lambda settled: state.settle(explorer, settled),
            )
            st.caption(
                "In standard deviations of the codes from their mean. ◯ and ● are the centroids of the two ends; a "
                "slider moves those of directions that are not at right angles to its own."
            )
        else:
            st.info(NONE_YET, icon=":material/north_east:")
    if some:
        show_worth(explorer, some)
        offer_files(explorer, some, change_direction(explorer, some), place.z)
    else:
        bring(explorer)
    st.markdown("##### Analogy")
    show_analogy(explorer)
    write_address(explorer)
    readout(place, key=f"direction readout of {explorer.card.key[:12]}", class_names=names, record=record)


directions()
