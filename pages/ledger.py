"""Ledger: every image of the data set with its figures, sorted and filtered; outliers and wrong labels at a glance."""

import streamlit as st

from ui import maps, state
from ui.axes import choose_plane
from ui.classes import choose_class, told_classes
from ui.decoder import decode
from ui.latent_map import MapMarkers, latent_map
from ui.ledger import chosen, looks
from ui.ledger.columns import meaning, table_columns
from ui.ledger.controls import choose_columns, choose_where, offer_rows
from ui.ledger.panels import neighbours, wall_of_rows
from ui.ledger.source import current_ledger
from ui.ledger_table import ledger_table
from ui.place import Settled
from ui.readout import readout
from ui.view import view

explorer = state.current_explorer()
ledger = current_ledger(explorer)
ROOM = 330
"""Pixels of the table's rows."""


def pick(row: int) -> None:
    """A row was chosen: in the table, on the wall, or among the neighbours."""
    looks.choose_row(explorer, ledger, row)


def settle(settled: Settled) -> None:
    """The pin was moved: from now on it is that z which is looked at, and no row."""
    state.settle(explorer, settled)
    looks.forget_row(explorer)


@st.fragment
def show() -> None:
    """The page itself, a fragment: what is clicked reruns this and nothing else."""
    row, order = looks.current_row(explorer, ledger), looks.current_order(explorer, ledger)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        where = choose_where(explorer, ledger)
        extra = choose_columns(explorer, ledger)
    rows = looks.chosen_rows(ledger, where, order)
    wall_of_rows(explorer, ledger, rows, order, row, pick)
    left, right = st.columns([2, 1], gap="medium")
    with left:
        ledger_table(
            table_columns(explorer, ledger, extra),
            rows=rows,
            order=order,
            row=row,
            counts=ledger.counts,
            class_names=explorer.card.data.class_names,
            height=ROOM,
            key=f"ledger of {explorer.card.key[:12]}",
            on_order=lambda asked: looks.set_order(explorer, asked),
            on_pick=pick,
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(rows):,} of {len(ledger):,} images", width="content")
            offer_rows(explorer, ledger, rows)
    split, names, key = chosen.split_of(ledger), explorer.card.data.class_names, explorer.card.key[:12]
    place = state.explore_place(explorer, split)
    chosen.know_scores(explorer, ledger)
    record = maps.nearest_image(explorer, split, place.z) if row is None else chosen.row_record(explorer, ledger, row)
    with right:
        if row is None:
            st.markdown("**The pin**  \nChoose an image in the table or above it for its own figures.")
        else:
            chosen.say_row(explorer, ledger, row)
        choose_class(place, f"ledger class of {key}", on_settled=settle)
        picture = decode(explorer, place.z[None], told_classes(explorer, 1))[0]
        view(place, picture=picture, record=record, class_names=names, key=f"ledger view of {key}")
    left, right = st.columns([1, 1], gap="medium")
    with left:
        plane = choose_plane(explorer)
        near = chosen.near_in_latent(explorer.card.key, len(ledger), tuple(map(float, place.z)), row, ledger)
        codes = ledger.mu[near.rows]
        latent_map(
            maps.map_points(explorer, plane, split),
            plane=plane.plane,
            place=place,
            split=split,
            hand="pin",
            axis_titles=plane.titles,
            markers=[MapMarkers("Neighbours", plane.plane.project(codes), codes, one="Neighbour")],
            height=520,
            key=f"ledger map of {key}",
            on_settled=settle,
        )
    with right:
        neighbours(explorer, ledger, place.z, row, pick)
    readout(place, record=record, class_names=names, key=f"ledger readout of {key}")


st.caption(meaning(ledger))
show()
