"""The typed door to the sliders."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ui.axes import DEAD_KL, by_kl
from ui.javascript import component
from ui.place import FARTHEST, Place, Settled, when_settled
from ui.text import subscript
from vae_core.errors import ShapeError

LEAST_REACH = 3.0
"""A slider goes to 3 σ of the prior at least."""

FEW = 3
"""So many sliders, and no more, have large pictures."""

_component = component("sliders", Path(__file__).parent / "assets", ("normal", "scale", "strips", "row", "sliders"))


def z_sliders(
    place: Place,
    *,
    kl: Sequence[float],
    key: str,
    height: int | Literal["content"] = "content",
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Draw a slider for each dimension; while one is dragged the whole page follows, and no script runs.

    Parameters
    ----------
    place : Place
        Whose z they show and move.
    kl : sequence of float (D,)
        How much each dimension says of the image, in nats. Those below `DEAD_KL` are folded away; with more than two
        dimensions the others stand by it, the largest first.
    key : str
        Identity of the sliders on the page.
    height : int or "content"
        Most pixels that they take on a wide screen, beyond which their list scrolls; "content": as many as they need.
    on_settled : callable, optional
        Called with what a hand has settled on, before the script runs again.

    Raises
    ------
    ShapeError
        When `kl` does not have a number for each dimension.
    """
    _component(
        key=key,
        data={
            "place": place.data(),
            "rows": slider_rows(kl, place.explorer.latents.mu),
            "height": None if height == "content" else height,
        },
        height="content",
        on_settled_change=when_settled(key, place.explorer.latent_dim, on_settled),
    )


def slider_rows(kl: Sequence[float], mu: npt.NDArray[np.float32]) -> dict[str, Any]:
    """What the sliders show, in their order.

    Parameters
    ----------
    kl : sequence of float (D,)
        In nats.
    mu : ndarray (N, D)
        The data's posterior means: the sliders reach as far as they do.

    Returns
    -------
    dict
        `live` and `dead`, the dimensions above and below `DEAD_KL`, each a list of `own` (counted from 0), `name`,
        `kl`, `reach` and `farthest` (σ of the prior); `unused`, the sentence above the dead ones; `generous`, whether
        there is room for large pictures.

    Raises
    ------
    ShapeError
        When `kl` does not have a number for each dimension.
    """
    latent_dim = mu.shape[1]
    if len(kl) != latent_dim:
        raise ShapeError(f"sliders: the model has {latent_dim} dimensions, but {len(kl)} KL terms came.")
    widest = np.abs(mu).max(axis=0, initial=LEAST_REACH)
    rows = [
        {
            "own": i,
            "name": f"z{subscript(i + 1)}",
            "kl": float(kl[i]),
            "reach": math.ceil(widest[i]),
            "farthest": FARTHEST,
        }
        for i in (by_kl(kl) if latent_dim > 2 else range(latent_dim))
    ]
    live, dead = ([row for row in rows if (kl[row["own"]] < DEAD_KL) is is_dead] for is_dead in (False, True))
    return {"live": live, "dead": dead, "unused": _unused(len(dead)), "generous": len(live) <= FEW}


def _unused(n: int) -> str:
    what, they = ("dimension", "it does") if n == 1 else ("dimensions", "they do")
    return f"{n} unused {what} (KL below {DEAD_KL:g} nats): {they} not change the picture"
