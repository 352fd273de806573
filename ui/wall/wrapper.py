"""The typed door to the wall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.place import Place, Settled, when_settled
from ui.sheet import sheet
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

_component = component("wall", Path(__file__).parent / "assets", ["grid", "wall"])


def wall(
    place: Place,
    *,
    z: npt.ArrayLike,
    pictures: npt.NDArray[np.uint8],
    key: str,
    first: int = 0,
    notes: Sequence[str] = (),
    marked: Sequence[bool] = (),
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Show drawn images in a near-square wall; the pointer previews each one's z, and a click pins it.

    A map of the same place whose markers have these z points at the same images, and is pointed at by them.

    Parameters
    ----------
    place : Place
    z : array_like, shape (n, D)
        n of at least 1.
    pictures : ndarray of uint8, shape (n, H, W, C)
        What they were decoded to.
    key : str
        Identity of the wall on the page.
    first : int
        Number of its first draw among those of all walls of the place, as the map's marks are numbered.
    notes : sequence of str
        What the line beneath the wall says of the image under the pointer, else of the pinned one; none: no line.
    marked : sequence of bool
        Which images have a marked corner.
    on_settled : callable, optional
        Called with what the hand has settled on, before the script runs again.

    Raises
    ------
    ShapeError
        When z and pictures do not fit each other or the model, or there are none.
    """
    explorer = place.explorer
    draws = finite_rows(z, "wall: z", explorer.latent_dim)
    if len(draws) < 1 or len(draws) != len(pictures):
        raise ShapeError(f"wall: each z needs its picture, and one at least, but {len(draws)}, {len(pictures)} came.")
    for said in (notes, marked):
        if len(said) not in (0, len(draws)):
            raise ShapeError(f"wall: there are {len(draws)} images, but {len(said)} notes or marks came.")
    data = {
        "place": place.data(),
        "z": draws.tolist(),
        "first": first,
        "sheet": sheet(pictures),
        "notes": list(notes),
        "marked": [bool(mark) for mark in marked],
    }
    settled = when_settled(key, explorer, on_settled)
    _component(key=key, data=data, height="content", on_settled_change=settled)
