"""The typed door to the canvas."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from ui.canvas.drawing import Drawing, read_drawing
from ui.decoder_worker import Pixels
from ui.javascript import component
from ui.place import Place

Mode = Literal["draw", "mask", "follow"]

LABELS: dict[Mode, str] = {
    "draw": "Board to draw an image on",
    "mask": "The image; what the pen covers is hidden",
    "follow": "The decoded image, to be painted on",
}
KEYS = (
    "Arrow keys move a cursor, with Shift in small steps; the space bar puts the pen down and lifts it; "
    "Control Z undoes, Delete clears."
)

_component = component("canvas", Path(__file__).parent / "assets", ["raster", "board", "terms", "canvas"])


def canvas(
    place: Place,
    *,
    mode: Mode,
    side: int,
    channels: int,
    drawing: Drawing | None,
    steps: Sequence[str] = (),
    switches: int = 0,
    under: Pixels | None = None,
    codes: Sequence[dict[str, Any]] = (),
    found: dict[str, Any] | None = None,
    searches: bool = False,
    hint: str,
    key: str,
    on_drawn: Callable[[Drawing], None],
) -> None:
    """A board to draw on. In the mode "draw" the live channel encodes what is drawn with each movement of the hand.

    The script runs again once the hand rests. The browser's drawing stays through every rerun, unless `drawing` has
    another stamp.

    Parameters
    ----------
    place : Place
        Whose z follows the drawing; its map shows q(z|x).
    mode : str
        "draw": a picture on black; "mask": what is hidden of `under`; "follow": paint on what is decoded at z.
    side, channels : int
        Of the board's pixels; of `drawing`, where there is one.
    drawing : Drawing or None
    steps : sequence of str
        The steps of `vae_core.data.recipe.prepare` that can be switched.
    switches : int
        Which of them are on while there is no drawing: a sum of 1 invert, 2 crop, 4 centre.
    under : uint8 array of shape (side, side, C), or None
        What lies beneath what is drawn.
    codes : sequence of dict
        For a mode in which nothing is encoded: `{"mu": [...], "sigma": [...] or None, "role": "accent"}`, for the map.
    found : dict or None
        What was found by gradient for this very drawing: `rows` and `gap` for the table, `mu`, `sigma`, `picture`.
    searches : bool
        Something will be found by gradient, in time.
    hint : str
        A sentence beneath the board.
    key : str
        Identity of the board on the page.
    on_drawn : callable
        Called with what was drawn, before the script runs again.
    """
    sent = None
    if drawing is not None:
        sent = {"pixels": _text(drawing.pixels), "cover": _text(drawing.cover)}
    data = {
        "place": place.data(),
        "mode": mode,
        "side": side,
        "channels": channels,
        "drawing": sent,
        "stamp": "" if drawing is None else drawing.stamp,
        "steps": list(steps),
        "switches": switches if drawing is None else drawing.switches,
        "under": None if under is None else shown(under),
        "codes": list(codes),
        "found": found,
        "searches": searches,
        "hint": hint,
        "label": f"{LABELS[mode]}. {KEYS}",
    }

    def drawn() -> None:
        now = read_drawing(st.session_state.get(key), channels)
        if now is not None:
            on_drawn(now)

    _component(key=key, data=data, height="content", on_drawn_change=drawn)


def shown(picture: Pixels) -> dict[str, Any]:
    """A picture (H, W, C) as JavaScript's `fromPython` takes it."""
    height, width, channels = picture.shape
    return {"n": 1, "height": height, "width": width, "channels": channels, "data": _text(picture)}


def _text(pixels: Pixels) -> str:
    return b64encode(pixels.tobytes()).decode()
