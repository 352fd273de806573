"""Sliders along directions: the same component, whose rows are directions instead of dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ui.place import Place, Settled, farthest, when_settled
from ui.sliders.wrapper import FEW, LEAST_REACH, draw_rows
from vae_core.latent.directions import Direction

WORDS = {
    "draw": "",
    "reset": "",
    "sigma": "Standard deviations of the codes along the direction",
    "quantile": "",
    "unit": "σ",
    "far": "the codes",
}


def direction_sliders(
    place: Place,
    directions: Sequence[Direction],
    *,
    notes: Sequence[str],
    key: str,
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Draw a slider for each direction, named after it; while one is dragged the whole page follows.

    A slider shows the coordinate of z along its direction, in standard deviations of the codes from their mean. So one
    that is dragged moves those of directions that are not at right angles to it.

    Parameters
    ----------
    place : Place
    directions : sequence of Direction
        Of the place's model.
    notes : sequence of str
        What stands beside each name.
    key : str
        Identity of the sliders on the page.
    on_settled : callable, optional
        As in `z_sliders`.
    """
    explorer = place.explorer
    rows = [
        direction_row(one, note, explorer.latents.mu, farthest(explorer))
        for one, note in zip(directions, notes, strict=True)
    ]
    data = {
        "place": place.data(),
        "rows": {"live": rows, "dead": [], "unused": "", "generous": len(rows) <= FEW, "directions": True},
        "words": WORDS,
        "height": None,
    }
    draw_rows(key=key, data=data, height="content", on_settled_change=when_settled(key, explorer, on_settled))


def direction_row(one: Direction, note: str, mu: npt.NDArray[np.float32], farthest: float) -> dict[str, Any]:
    """What a slider shows of a direction: its axis, the marks of its two ends, and how far it goes.

    `mu` (N, D) are the model's codes: a slider reaches as far as they do, 3 standard deviations at least.
    """
    along = (mu.astype(np.float64) @ one.unit - one.middle) / one.spread
    ends = [(end - one.middle) / one.spread for end in one.ends]
    reach = max(LEAST_REACH, *(abs(end) for end in ends), float(np.abs(along).max(initial=0.0)))
    return {
        "own": None,
        "along": {"vector": list(one.vector), "middle": one.middle, "spread": one.spread},
        "marks": [{"at": at, "title": name} for at, name in zip(ends, one.ends_named, strict=True)],
        "name": one.name,
        "note": note,
        "meaning": f"{one.question}. ◯ {one.ends_named[0]}, ● {one.ends_named[1]}: where their centroids lie.",
        "reach": min(math.ceil(reach), math.ceil(farthest / one.spread)),
        "farthest": math.ceil(farthest / one.spread),
        "quantiles": None,
    }
