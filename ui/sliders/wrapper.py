"""The typed door to the sliders."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.place import Place, Settled, farthest, when_settled
from ui.salience import DEAD_KL, Salience, salience
from ui.text import subscript

LEAST_REACH = 3.0
"""A slider goes to 3 σ of the prior at least, where there is one that the codes were drawn to."""

N_QUANTILES = 101

FEW = 3
"""So many sliders, and no more, have large pictures."""

draw_rows = component("sliders", Path(__file__).parent / "assets", (
    "normal", "scale", "axis", "strips", "row", "sliders",
))  # fmt: skip


WORDS = {
    "prior": {
        "draw": "A draw from the prior N(0, I), for every dimension that is not held",
        "reset": "To 0, the middle of the prior, every dimension that is not held",
        "sigma": "Standard deviations of the prior",
        "unit": "σ",
        "far": "the prior",
        "quantile": "Quantiles of the prior: each stretch of a slider is as probable as any other of its length",
    },
    "codes": {
        "draw": "For every dimension that is not held, its value in a test image's code, each of another image: this "
        "model has no prior to draw from",
        "reset": "To the median of the test images' codes, every dimension that is not held",
        "sigma": "z as it is: this model has no prior whose σ it could be measured in",
        "unit": "z",
        "quantile": "Quantiles of the test images' codes: each stretch of a slider holds as many as any other of its "
        "length",
    },
}
"""What the sliders' buttons do, by what holds the codes together."""


def z_sliders(
    place: Place,
    *,
    key: str,
    height: int | Literal["content"] = "content",
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Draw a slider for each dimension; while one is dragged the whole page follows, and no script runs.

    Parameters
    ----------
    place : Place
        Whose z they show and move.
    key : str
        Identity of the sliders on the page.
    height : int or "content"
        Most pixels that they take on a wide screen, beyond which their list scrolls; "content": as many as they need.
    on_settled : callable, optional
        Called with what a hand has settled on, before the script runs again.
    """
    explorer = place.explorer
    codes_alone = explorer.can.encode and not explorer.can.posterior
    draw_rows(
        key=key,
        data={
            "place": place.data(),
            "rows": slider_rows(salience(explorer), explorer.latents.mu, farthest(explorer), codes_alone=codes_alone),
            "words": WORDS["codes" if codes_alone else "prior"],
            "height": None if height == "content" else height,
        },
        height="content",
        on_settled_change=when_settled(key, explorer, on_settled),
    )


def slider_rows(known: Salience, mu: npt.NDArray[np.float32], farthest: float, *, codes_alone: bool) -> dict[str, Any]:
    """What the sliders show, in their order.

    Parameters
    ----------
    known : Salience
        Dimensions that are dead are folded away; with more than two the others stand by their value.
    mu : ndarray (N, D)
        The data's codes: the sliders reach as far as they do.
    farthest : float
        The largest |z| that may be typed.
    codes_alone : bool
        No prior holds the codes together: it is their own quantiles that a slider may be scaled by.

    Returns
    -------
    dict
        `live` and `dead` dimensions, each a list of `own` (counted from 0), `name`, `note` and its `meaning`, `reach`
        and `farthest`, and `quantiles`, of 0 to 100 % of the codes, or None; `unused`, the sentence above the dead
        ones; `generous`, whether there is room for large pictures.
    """
    latent_dim = mu.shape[1]
    widest = np.abs(mu).max(axis=0, initial=1.0 if codes_alone else LEAST_REACH)
    shares = np.linspace(0, 1, N_QUANTILES)
    quantiles = np.quantile(mu, shares, axis=0).T.tolist() if codes_alone else [None] * latent_dim
    rows = [
        {
            "own": i,
            "name": f"z{subscript(i + 1)}",
            "note": known.notes[i],
            "meaning": known.meaning,
            "reach": math.ceil(widest[i]),
            "farthest": farthest,
            "quantiles": quantiles[i],
        }
        for i in (known.order if latent_dim > 2 else range(latent_dim))
    ]
    live, dead = ([row for row in rows if known.dead[row["own"]] is is_dead] for is_dead in (False, True))
    return {"live": live, "dead": dead, "unused": _unused(len(dead)), "generous": len(live) <= FEW}


def _unused(n: int) -> str:
    what, they = ("dimension", "it does") if n == 1 else ("dimensions", "they do")
    return f"{n} unused {what} (KL below {DEAD_KL:g} nats): {they} not change the picture"
