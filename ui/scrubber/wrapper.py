"""The typed door to the scrubber."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.place import Place, Settled, when_settled
from ui.sheet import sheet
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

_component = component("scrubber", Path(__file__).parent / "assets", ["path", "films", "scrubber"])


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A column of figures beside the films: its title, and in a sentence what it means."""

    title: str
    about: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a path: as text; whether it is the best of its column; if it is to be warned of, why."""

    text: str
    best: bool = False
    warning: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Film:
    """A row: one path, its pictures, what it costs.

    Attributes
    ----------
    name, title, about : str
        What it is chosen by, what it is called, and a sentence about it.
    colour : str
        CSS colour of its line; empty: the text's.
    dash : tuple of int
        Strokes and gaps of its line; empty: solid.
    path : array_like, shape (n, D), or None
        n of at least 2; between two steps the way is a straight line. None: it has no z, its pictures fade.
    pictures : ndarray of uint8, shape (n, H, W, C), or None
        None: it is still being found.
    probabilities : ndarray of float32, shape (n, K), or None
        Of the classes, at each step.
    figures : sequence of Figure, or None
        One a column; None: they are being found.
    waits : str
        What stands in their place then.
    pending : bool
        It is being found: the script runs again every half second, until none is.
    """

    name: str
    title: str
    about: str = ""
    colour: str = ""
    dash: tuple[int, ...] = ()
    path: npt.ArrayLike | None = None
    pictures: npt.NDArray[np.uint8] | None = None
    probabilities: npt.NDArray[np.float32] | None = None
    figures: Sequence[Figure] | None = ()
    waits: str = ""
    pending: bool = False


def scrubber(
    place: Place,
    films: Sequence[Film],
    *,
    steps: int,
    chosen: str,
    label: str,
    key: str,
    measures: Sequence[Measure] = (),
    on_settled: Callable[[Settled], None] | None = None,
    on_chosen: Callable[[str], None] | None = None,
) -> None:
    """Show paths as films beneath one another, with one frame across them that the hand drags, between two steps too.

    The place's z follows the chosen path; what the others decode to at the same share of the way stands beside them.

    Parameters
    ----------
    place : Place
    films : sequence of Film
    steps : int
        n, the same of all.
    chosen : str
        Name of the path that z follows; a click on another one's name chooses that.
    label : str
        What a screen reader calls the frame.
    key : str
        Identity of the scrubber on the page.
    on_settled, on_chosen : callable, optional
        Called before the script runs again: with what the hand has settled on; with the name of a path.

    Raises
    ------
    ShapeError
        When a path and its pictures do not fit each other or the model, or are too few.
    """
    explorer = place.explorer
    channels, height, width = explorer.image_shape
    rows: list[dict[str, Any]] = []
    pictures: list[npt.NDArray[np.uint8]] = []
    for film in films:
        path = None if film.path is None else finite_rows(film.path, "scrubber: the path", explorer.latent_dim)
        n = 0 if film.pictures is None else len(film.pictures)
        if steps < 2 or n not in (0, steps) or (path is not None and len(path) != steps):
            raise ShapeError(
                f"scrubber: {film.name}: a film needs {steps} pictures, at least 2, and a z each; {n} came."
            )
        rows.append(
            {
                "name": film.name,
                "title": film.title,
                "about": film.about,
                "colour": film.colour,
                "dash": list(film.dash),
                "path": None if path is None else path.tolist(),
                "at": None if film.pictures is None else steps * len(pictures),
                "probabilities": None if film.probabilities is None else np.round(film.probabilities, 3).tolist(),
                "costs": None
                if film.figures is None
                else [{"text": f.text, "best": f.best, "about": f.warning} for f in film.figures],
                "waits": film.waits,
                "pending": film.pending,
            }
        )
        pictures += [] if film.pictures is None else [film.pictures]
    data = {
        "place": place.data(),
        "rows": rows,
        "film": sheet(np.concatenate(pictures or [np.zeros((1, height, width, channels), np.uint8)])),
        "steps": steps,
        "chosen": chosen,
        "label": label,
        "measures": [{"title": measure.title, "about": measure.about} for measure in measures],
        "colours": CLASS_COLOURS,
    }

    def was_chosen() -> None:
        state = st.session_state.get(key)
        name = state.get("chosen") if isinstance(state, Mapping) else None
        if on_chosen is not None and any(film.name == name and film.path is not None for film in films):
            on_chosen(str(name))

    _component(
        key=key,
        data=data,
        height="content",
        on_settled_change=when_settled(key, explorer, on_settled),
        on_chosen_change=was_chosen,
        on_look_change=lambda: None,
    )
