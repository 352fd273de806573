"""The typed door to the scrubber."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.place import Place, Settled, when_settled
from ui.sheet import sheet
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

_component = component("scrubber", Path(__file__).parent / "assets", ["path", "scrubber"])


def scrubber(
    place: Place,
    *,
    path: npt.ArrayLike,
    pictures: npt.NDArray[np.uint8],
    label: str,
    key: str,
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Show a path as a film, with a frame that the hand drags to any place on it, between two steps too.

    Scrubbers of several paths may share a place: those that it does not lie on show no frame.

    Parameters
    ----------
    place : Place
    path : array_like, shape (n, D)
        n of at least 2; between two steps the way is a straight line.
    pictures : ndarray of uint8, shape (n, H, W, C)
        The decoded images of the path.
    label : str
        What a screen reader calls it.
    key : str
        Identity of the scrubber on the page.
    on_settled : callable, optional
        Called with what the hand has settled on, before the script runs again.

    Raises
    ------
    ShapeError
        When path and pictures do not fit each other or the model, or are too few.
    """
    explorer = place.explorer
    steps = finite_rows(path, "scrubber: the path", explorer.latent_dim)
    if len(steps) < 2 or len(steps) != len(pictures):
        raise ShapeError(f"scrubber: a path needs 2 steps, and a picture each, but {len(steps)}, {len(pictures)} came.")
    data = {"place": place.data(), "path": steps.tolist(), "film": sheet(pictures), "label": label}
    settled = when_settled(key, explorer, on_settled)
    _component(key=key, data=data, height="content", on_settled_change=settled)
