"""Linked maps: models beside each other, where a hand in one map points, pins, chooses, pans and zooms in all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from ui import address, maps
from ui.axes import widest_plane
from ui.compare.carry import Journey, choose_journey, draw, show_journey
from ui.compare.choice import Compared
from ui.compare.held import (
    IMAGE,
    alike,
    choose_group,
    clear_group,
    current_group,
    current_image,
    current_label,
    images_name,
    mark,
    place_of,
    settle,
    write_z,
)
from ui.compare.strips import show_name
from ui.compare.take import chosen_csv, maps_png
from ui.decoder import decode
from ui.latent_map import MapClick, MapGroup, MapLink, latent_map
from ui.place import Place
from ui.records import PointRecord, nearest_record, point_record
from ui.text import plain
from ui.view import view

HEIGHT = 470
"""Most pixels of a map and its legend: with the pictures beneath all is on one screen of 900 px."""


@st.fragment
def linked_maps(models: Sequence[Compared]) -> None:
    """All of it, a fragment: what is settled reruns this and nothing else; what moves is the browser's."""
    twins = alike(models)
    image, group, together = None, None, False
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if twins:
            image = _choose_image(twins)
        label = current_label(models)
        together = _choose_views()
        if twins:
            group = current_group(twins)
    above = st.container()
    journey = None
    if twins:
        st.markdown("##### A path, carried over through the data")
        journey = choose_journey(twins)
        show_journey(models, twins, journey, label)
    with above:
        _show_maps(models, twins, image, group, journey, label=label, together=together)
        _say_what_is_linked(models, twins)
        _offer(models, twins, image, group, journey)
    write_z(models)


def _choose_image(twins: Sequence[Compared]) -> int:
    index, key = current_image(twins), "compared image no"
    n = len(twins[0].explorer.latents.mu)
    if st.session_state.get(key) != index:  # only what changed elsewhere is set
        st.session_state[key] = index

    def take() -> None:
        st.session_state[IMAGE] = int(st.session_state[key])

    def at_random() -> None:
        st.session_state[IMAGE] = int(np.random.default_rng().integers(n))

    st.number_input(
        "Marked image", 0, n - 1, key=key, on_change=take, width=150,
        help="Of the test split: ringed in every map. A click on a point marks its image.",
    )  # fmt: skip
    st.button("Random", icon=":material/casino:", on_click=at_random, help="Mark another image.", key="mark at random")
    return index


def _choose_views() -> bool:
    if (wish := address.asked("together")) is not None:
        st.session_state["compared views"] = wish == "1"
    together = st.toggle(
        "Pan and zoom together", key="compared views", persist_state="session",
        help="Spaces differ in scale: each map then shows the same part of the box that holds its own points.",
    )  # fmt: skip
    address.write("together", "1" if together else None)
    return together


def _show_maps(
    models: Sequence[Compared],
    twins: Sequence[Compared],
    image: int | None,
    group: tuple[str, MapGroup] | None,
    journey: Journey | None,
    *,
    label: int,
    together: bool,
) -> None:
    for one, column in zip(models, st.columns(len(models), gap="small"), strict=True):
        plane, place = widest_plane(one.explorer), place_of(one, models, label)
        is_twin = one in twins
        with column:
            show_name(one, f"{one.explorer.latent_dim}-D {one.card.model.family.upper()}")
            latent_map(
                maps.map_points(one.explorer, plane),
                plane=plane.plane,
                place=place,
                hand="pin",
                axis_titles=plane.titles,
                group=group[1].polygon if group is not None and group[0] == one.name else None,
                paths=[] if journey is None else journey.paths_of(one, plane.plane),
                link=MapLink("compare", images_name(one), image if is_twin else None, together),
                tools="few",
                height=HEIGHT,
                key=f"compared map of {one.name}",
                on_click=partial(_clicked, one) if is_twin else None,
                on_settled=partial(settle, one),
                on_group=partial(choose_group, one) if is_twin else None,
            )
            view(
                place,
                picture=decode(one.explorer, place.z[None], [place.label] if place.label >= 0 else None)[0],
                record=_record(one, place, image if is_twin else None),
                class_names=one.card.data.class_names,
                pointed="The same image",
                in_row=True,
                key=f"compared view of {one.name}",
            )


def _clicked(one: Compared, click: MapClick) -> None:
    mark(click)
    draw(one, click)


def _record(one: Compared, place: Place, image: int | None) -> PointRecord | None:
    if not one.explorer.can.encode:
        return None
    return nearest_record(one.explorer, "test", place.z) if image is None else point_record(one.explorer, "test", image)


def _say_what_is_linked(models: Sequence[Compared], twins: Sequence[Compared]) -> None:
    """A sentence on what moves together, and one for each model that something cannot be linked with."""
    if len(twins) > 1:
        st.caption(
            "The ring is the very same image in each map, under it that model's reconstruction; the cross is the same "
            "z, decoded by each. The same z need not mean the same thing: only images carry over."
        )
    d = models[0].explorer.latent_dim
    for one in models:
        name = plain(one.name)
        if not one.explorer.can.encode:
            family = plain(one.card.model.family.upper())
            st.caption(
                f":material/link_off: {name} is a {family} without an encoder: no image has a place on its map, "
                "whose rings are 1, 2 and 3 σ of the prior; it shows the same z."
            )
        elif one not in twins:
            st.caption(
                f":material/link_off: {name} has encoded other images ({plain(one.card.data.title)}) than "
                f"{plain(twins[0].name)}, so no image, group or path carries over to it."
            )
        if one.explorer.latent_dim != d:
            st.caption(
                f":material/link_off: {name} has {one.explorer.latent_dim} dimensions, not {d}: its z is its own."
            )


def _offer(
    models: Sequence[Compared],
    twins: Sequence[Compared],
    image: int | None,
    group: tuple[str, MapGroup] | None,
    journey: Journey | None,
) -> None:
    """The maps as a picture; of a chosen group what is in it, and a table."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "PNG of the maps",
            lambda: maps_png(models, twins, image, group, journey),
            "linked-maps.png",
            "image/png",
            on_click="ignore",
            icon=":material/download:",
            key="linked maps as PNG",
        )
        if group is None:
            return
        rows = group[1].indices
        st.download_button(
            "CSV of the chosen",
            lambda: chosen_csv(twins, rows),
            "chosen-images.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="chosen as CSV",
            help="Each chosen image with its class and its code in every model.",
        )
        st.button("Clear", on_click=clear_group, key="clear chosen", help="Choose nothing.")
        st.caption(maps.describe_group(twins[0].explorer, "test", rows))
