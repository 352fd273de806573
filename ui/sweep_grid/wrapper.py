"""The typed door to the grid of small maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from vae_core.errors import ShapeError

_component = component("sweep_grid", Path(__file__).parent / "assets", ["sweep_grid"])


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes
    ----------
    name : str
        Of the model that a click opens; empty where there is none yet.
    note : str
        The line below the map: a figure, or how far its run is.
    points : str
        As `small_map` makes them; empty: no map.
    best : bool
        It is the best of all.
    """

    name: str = ""
    note: str = ""
    points: str = ""
    best: bool = False


def sweep_grid(
    cells: Sequence[Sequence[Cell]],
    *,
    row_title: str,
    rows: Sequence[str],
    column_title: str,
    columns: Sequence[str],
    key: str,
    on_open: Callable[[str], None],
) -> None:
    """Draw the grid; a click on a cell opens its model.

    Parameters
    ----------
    cells : sequence of sequences of Cell
        A row of them for each of `rows`, one for each of `columns`.
    row_title, column_title : str
        What stands before each of the rows' and columns' values.
    on_open : callable
        Called with the name of the model that was clicked, before the script runs again.

    Raises
    ------
    ShapeError
        When the cells do not fit their heads.
    """
    if len(cells) != len(rows) or any(len(row) != len(columns) for row in cells):
        raise ShapeError(f"sweep grid: {len(rows)} rows of {len(columns)} cells were expected, {len(cells)} rows came.")
    names = {cell.name for row in cells for cell in row if cell.name}

    def opened() -> None:
        said = st.session_state.get(key)
        name = said.get("opened") if isinstance(said, Mapping) else None
        if isinstance(name, str) and name in names:
            on_open(name)

    data = {
        "cells": [[asdict(cell) for cell in row] for row in cells],
        "row_title": row_title,
        "rows": list(rows),
        "column_title": column_title,
        "columns": list(columns),
        "colours": CLASS_COLOURS,
    }
    _component(key=key, data=data, height="content", on_opened_change=opened)
