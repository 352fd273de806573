"""The typed door to the ledger's table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.routes import POINTS, Blob, content_key

_component = component("ledger_table", Path(__file__).parent / "assets", ["window", "ledger_table"])
BYTES = "application/octet-stream"


@dataclass(frozen=True, eq=False)
class TableColumn:
    """A column; make it with `of`, and keep it in a cache.

    Attributes
    ----------
    name, title, help : str
        `name` is what a click on its head reports.
    kind : str
        "image": the row's number, said as split and index; "class": a class by name and colour; "number".
    digits : int
        After the point, of a number.
    key : str
        Hash of the values, under which the browser fetches them.
    """

    name: str
    title: str
    help: str
    kind: Literal["image", "class", "number"]
    digits: int
    key: str
    blob: Blob

    @classmethod
    def of(
        cls,
        name: str,
        title: str,
        values: npt.NDArray[np.generic],
        kind: Literal["image", "class", "number"],
        *,
        help: str = "",
        digits: int = 1,
    ) -> TableColumn:
        """Make values (N,) ready to be fetched, as float32."""
        content = values.astype("<f4").tobytes()
        return cls(name, title, help, kind, digits, content_key(content), Blob(content, BYTES))


def ledger_table(
    columns: Sequence[TableColumn],
    *,
    rows: npt.NDArray[np.int64],
    order: str,
    row: int | None,
    counts: tuple[int, int, int],
    class_names: Sequence[str],
    height: int,
    key: str,
    on_order: Callable[[str], None],
    on_pick: Callable[[int], None],
) -> None:
    """Show rows of a table, of which the browser holds the columns and draws what is in sight.

    Parameters
    ----------
    columns : sequence of TableColumn
        All of N values; a row's number is its place in them.
    rows : int64 array of shape (n,)
        The rows to show, in their order.
    order : str
        The name of the column that they are ordered by, with a minus before it when they descend.
    row : int or None
        The row that is chosen.
    counts : tuple of int
        How many rows are of training, validation and test: they follow each other.
    on_order, on_pick : callable
        Called with the order, or the row, that was clicked, before the script runs again.
    """
    content = rows.astype("<u4").tobytes()
    rows_key = content_key(content)
    for name, blob in [*((column.key, column.blob) for column in columns), (rows_key, Blob(content, BYTES))]:
        POINTS.put(name, blob)
    names, n = {column.name for column in columns}, sum(counts)

    def ordered() -> None:
        asked = _said(key).get("order")
        if isinstance(asked, str) and asked.removeprefix("-") in names:
            on_order(asked)

    def picked() -> None:
        asked = _said(key).get("picked")
        if type(asked) is int and 0 <= asked < n:
            on_pick(asked)

    data = {
        "columns": [
            {"name": c.name, "title": c.title, "help": c.help, "kind": c.kind, "digits": c.digits,
             "url": f"/points/{c.key}"}
            for c in columns
        ],
        "rows": {"url": f"/points/{rows_key}", "n": len(rows)},
        "order": order,
        "row": row,
        "counts": list(counts),
        "classNames": list(class_names),
        "colours": CLASS_COLOURS,
        "height": height,
    }  # fmt: skip
    _component(key=key, data=data, height="content", on_order_change=ordered, on_picked_change=picked)


def _said(key: str) -> Mapping[str, Any]:
    said = st.session_state.get(key)
    return said if isinstance(said, Mapping) else {}
