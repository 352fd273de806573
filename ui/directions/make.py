"""The form that a direction is made with."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.axes import MapPlane
from ui.directions import kept
from ui.directions.sources import Source, from_class, from_column, from_group
from ui.directions.words import METHOD_TITLES, TOLD
from ui.latent_map import MapGroup
from ui.maps import describe_group
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.directions import Table, read_table
from vae_core.latent.directions.table import LARGEST_TABLE

TITLES = {"class": "A class", "group": "Group on the map", "table": "Table"}
METHOD_HELP = (
    "Difference of centroids: from the mean of the one group to that of the other; it may carry along whatever else "
    "differs. Regression: logistic, or ridge for a number: where z tells best, other dimensions held; it may point "
    "away from where the data are."
)


def make_direction(explorer: LatentExplorer, plane: MapPlane, group: MapGroup | None) -> None:
    """What to find a direction for, how, under which name, and the button that does it."""
    if not explorer.can.encode:
        st.info(
            "This model has no encoder, so there are no codes to find a direction from: bring some as JSON, below.",
            icon=":material/info:",
        )
        return
    has_classes = explorer.latents.labels is not None and len(explorer.card.data.class_names) > 1
    options = [name for name in TITLES if name != "class" or has_classes]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.segmented_control(
            "Find a direction for", options, default=options[0], required=True, format_func=TITLES.__getitem__,
            key="direction from", persist_state="session",
        )  # fmt: skip
        ask: Callable[[], Source] | None
        if kind == "class":
            ask = _choose_class(explorer)
        elif kind == "group":
            ask = None if group is None or not len(group.indices) else lambda: from_group(explorer, plane, group)
        else:
            ask = _choose_column(explorer)
        method = st.selectbox(
            "Method", kept.METHODS, format_func=METHOD_TITLES.__getitem__, key="direction method", help=METHOD_HELP,
            persist_state="session", width=210,
        )  # fmt: skip
        name = st.text_input("Name", placeholder="automatic", max_chars=56, key="direction name", width=110)
        pressed = st.button("Find", type="primary", icon=":material/north_east:", disabled=ask is None)
    if kind == "group":
        st.caption(
            "Draw one on the map, with its box or its lasso."
            if group is None
            else f"{describe_group(explorer, 'test', group.indices)}, against all others."
        )
    if kind == "class" and explorer.can.label:
        st.caption(TOLD)
    if pressed and ask is not None:
        try:
            kept.make(explorer, ask(), method, name)
        except VaeCoreError as problem:
            st.error(plain(str(problem)), icon=":material/error:")
            return
        st.rerun()


def _choose_class(explorer: LatentExplorer) -> Callable[[], Source]:
    names = explorer.card.data.class_names
    label = st.selectbox(
        "Towards", range(len(names)), format_func=names.__getitem__, key=f"direction class of {explorer.card.key}",
        width=115,
    )  # fmt: skip
    against = st.selectbox(
        "Away from", [None, *(i for i in range(len(names)) if i != label)],
        format_func=lambda i: "all others" if i is None else names[i],
        key=f"direction against of {explorer.card.key}", width=125,
    )  # fmt: skip
    return lambda: from_class(explorer, label, against)


def _choose_column(explorer: LatentExplorer) -> Callable[[], Source] | None:
    file = st.file_uploader(
        "Table (.csv)", type="csv", key="direction table", max_upload_size=LARGEST_TABLE >> 20, width=300,
        help=f"Its first row names the columns; one is `index`, the number of a test image, 0 to "
        f"{len(explorer.latents.mu) - 1}. Another column may hold numbers, or two different words; empty cells are "
        f"left out. At most {LARGEST_TABLE >> 20} MB.",
    )  # fmt: skip
    if file is None:
        return None
    read: tuple[str, Table | str] | None = st.session_state.get("direction table read")
    if read is None or read[0] != file.file_id:  # once, not at each rerun
        try:
            read = (file.file_id, read_table(file.getvalue()))
        except VaeCoreError as problem:
            read = (file.file_id, str(problem))
        st.session_state["direction table read"] = read
    table = read[1]
    if isinstance(table, str):
        st.error(plain(table), icon=":material/error:")
        return None
    column = st.selectbox("Column", table.columns, key="direction column", width=160)
    return lambda: from_column(explorer, table, column, file.name)
