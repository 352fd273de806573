"""The typed door to the grid of styles by classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.place import Place, Settled, when_settled
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

_component = component("class_grid", Path(__file__).parent / "assets", ["class_grid"])


def class_grid(
    place: Place,
    *,
    rows: npt.ArrayLike,
    relative: bool,
    names: Sequence[str],
    class_names: Sequence[str],
    key: str,
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Draw a few z, a row each, as all classes, a column each; a click settles both z and class.

    Parameters
    ----------
    place : Place
        Of a model that takes a class.
    rows : array_like, shape (R, D)
        The z of each row.
    relative : bool
        They are added to the place's z, and follow it live; else they are as they are.
    names : sequence of str
        What stands before each row.
    class_names : sequence of str
        By label.
    key : str
        Identity of the grid on the page.
    on_settled : callable, optional
        Called with what the hand has settled on, before the script runs again.

    Raises
    ------
    ShapeError
        When the model takes no class, or rows and names do not fit.
    """
    explorer = place.explorer
    moves = finite_rows(rows, "class grid: rows", explorer.latent_dim)
    if not explorer.can.label or not len(moves) or len(moves) != len(names):
        raise ShapeError(f"class grid: {explorer.n_classes} classes, {len(moves)} rows and {len(names)} names came.")
    data = {
        "place": place.data(),
        "rows": moves.astype(np.float32).tolist(),
        "relative": relative,
        "names": list(names),
        "classes": list(class_names)[: explorer.n_classes],
        "colours": CLASS_COLOURS,
    }
    _component(key=key, data=data, height="content", on_settled_change=when_settled(key, explorer, on_settled))
