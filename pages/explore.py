"""Explore: the map, the picture at z, the sliders; what moves with the hand moves in the browser alone."""

import streamlit as st

from ui import maps, state
from ui.around import offer_around
from ui.axes import choose_plane
from ui.classes import choose_class, told_classes
from ui.decoder import decode
from ui.group_panel import group_panel
from ui.latent_map import latent_map
from ui.layer_panel import choose_layer
from ui.readout import readout
from ui.sliders import z_sliders
from ui.styles import offer_styles, show_styles
from ui.view import view

explorer = state.current_explorer()


@st.fragment
def explore() -> None:
    """The page itself, a fragment: what is settled (a pin, a group, the axes) reruns this and nothing else."""
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        plane = choose_plane(explorer)
        split = maps.choose_split(explorer)
        colour = maps.choose_colour(explorer, split)
        group = maps.current_group(explorer, plane, split)
        if group is not None:
            group_panel(explorer, plane, split, group)
        place = state.explore_place(explorer, split)
        layer = choose_layer(place, plane)
        offer_around(place)
        offer_styles(explorer)
    record = maps.nearest_image(explorer, split, place.z)
    names = explorer.card.data.class_names
    with left:
        maps.say_why_empty(explorer)
        latent_map(
            maps.map_points(explorer, plane, split),
            plane=plane.plane,
            place=place,
            split=split,
            hand="pin",
            axis_titles=plane.titles,
            colour=colour,
            layer=layer,
            group=None if group is None else group.polygon,
            # All of the page on one screen of 900 px: more dimensions take two rows of controls, and a group a third.
            height=725 if explorer.latent_dim <= 2 else 690 if group is None else 640,
            key=f"map of {explorer.card.key[:12]}",
            on_settled=lambda settled: state.settle(explorer, settled),
            on_group=(lambda drawn: maps.set_group(explorer, plane, split, drawn)) if explorer.can.encode else None,
        )
    with right:
        choose_class(
            place, f"class of {explorer.card.key[:12]}", on_settled=lambda settled: state.settle(explorer, settled)
        )
        view(
            place,
            picture=decode(explorer, place.z[None], told_classes(explorer, 1))[0],
            record=record,
            class_names=names,
            key=f"view of {explorer.card.key[:12]}",
        )
        show_styles(place, on_settled=lambda settled: state.settle(explorer, settled))
        z_sliders(
            place,
            key=f"sliders of {explorer.card.key[:12]}",
            height=430,
            on_settled=lambda settled: state.settle(explorer, settled),
        )
    readout(place, key=f"readout of {explorer.card.key[:12]}", class_names=names, record=record)


explore()
