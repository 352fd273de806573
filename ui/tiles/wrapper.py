"""The typed door to the tiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.sheet import sheet
from vae_core.errors import ShapeError

_component = component("tiles", Path(__file__).parent / "assets", ["tiles"])


@dataclass(frozen=True)
class Tile:
    """What stands with a picture.

    Attributes
    ----------
    row : int
        What a click reports.
    title, note : str
        Two short lines: its class, and a figure.
    label : int
        Its class, whose colour stands before the title; -1: none.
    odd : bool
        It is to be noticed.
    """

    row: int
    title: str
    note: str = ""
    label: int = -1
    odd: bool = False


def tiles(
    pictures: npt.NDArray[np.uint8],
    words: Sequence[Tile],
    *,
    label: str,
    key: str,
    chosen: int | None = None,
    size: int = 56,
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """Show pictures in rows, each with its words; a click chooses one.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (n, H, W, C)
    words : sequence of Tile
        n of them.
    label : str
        What they are, for those who cannot see them.
    chosen : int or None
        The row that is marked.
    size : int
        Width of a picture in pixels of the page.
    on_pick : callable, optional
        Called with the row that was clicked, before the script runs again.

    Raises
    ------
    ShapeError
        When there are none, or not as many words as pictures.
    """
    if not len(pictures) or len(pictures) != len(words):
        raise ShapeError(f"tiles: each picture needs its words, but {len(pictures)} and {len(words)} came.")
    rows = {word.row for word in words}

    def picked() -> None:
        said = st.session_state.get(key)
        row = said.get("picked") if isinstance(said, Mapping) else None
        if type(row) is int and row in rows and on_pick is not None:
            on_pick(row)

    data = {
        "sheet": sheet(pictures),
        "tiles": [asdict(word) for word in words],
        "label": label,
        "chosen": chosen,
        "size": size,
        "colours": CLASS_COLOURS,
    }
    _component(key=key, data=data, height="content", on_picked_change=picked)
