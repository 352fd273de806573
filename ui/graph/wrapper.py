"""The typed door to the graph."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.graph.boxes import boxes_data
from ui.javascript import component
from vae_core.trace import Box

MOST_MOVED = 16
"""Dimensions of epsilon that have a slider."""

REACH = 3.0
"""How far a slider of epsilon goes to either side: beyond lie 3 of 1,000 draws."""

_component = component("graph", Path(__file__).parent / "assets", ["routes", "tensor", "graph"])


def graph(
    boxes: Sequence[Box],
    *,
    chosen: str,
    moved: str | None,
    key: str,
    on_opened: Callable[[str], None],
    on_moved: Callable[[npt.NDArray[np.float32]], None],
) -> None:
    """Draw a computation graph; each box opens to its tensor, below.

    Parameters
    ----------
    boxes : sequence of Box
        From `vae_core.trace`.
    chosen : str
        Name of the box that is open.
    moved : str or None
        Name of the box whose numbers a hand can move, if they are few: "epsilon", or the z that was drawn.
    key : str
        Identity of the graph on the page.
    on_opened : callable
        Called with the name of a box that was opened, before the script runs again.
    on_moved : callable
        Called with the numbers (D,) of the box `moved`, while they are moved.
    """
    names = {box.name for box in boxes}
    size = next((box.values.size for box in boxes if box.name == moved), 0)

    def opened() -> None:
        name = _said(key, "opened")
        if isinstance(name, str) and name in names:
            on_opened(name)

    def was_moved() -> None:
        values = _said(key, "moved")
        if isinstance(values, list) and len(values) == size and all(_is_number(value) for value in values):
            on_moved(np.clip(np.array(values, np.float32), -REACH, REACH))

    data = {
        "boxes": boxes_data(boxes),
        "chosen": chosen if chosen in names else boxes[-1].name,
        "moved": moved if 0 < size <= MOST_MOVED else None,
        "reach": REACH,
    }
    _component(key=key, data=data, height="content", on_opened_change=opened, on_moved_change=was_moved)


def _said(key: str, name: str) -> object:
    state = st.session_state.get(key)
    return state.get(name) if isinstance(state, Mapping) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
