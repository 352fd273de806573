"""The typed door to the pad of epsilon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.place import Place, Settled, when_settled
from vae_core.errors import ShapeError

_component = component("epsilon", Path(__file__).parent / "assets", ["epsilon"])


def epsilon_pad(
    place: Place,
    *,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    key: str,
    on_settled: Callable[[Settled], None] | None = None,
) -> None:
    """Draw the plane of epsilon; while a hand moves epsilon on it, the place's z is mu + sigma epsilon, live.

    Whatever else moves z moves epsilon too: it is (z - mu) / sigma. The map of the place shows q(z|x).

    Parameters
    ----------
    place : Place
        Of a model of two dimensions.
    mu, sigma : array_like (2,)
        Those of q(z|x).
    key : str
        Identity of the pad on the page.
    on_settled : callable, optional
        Called with the z that a hand has settled on, before the script runs again.

    Raises
    ------
    ShapeError
        When mu, sigma or the model have other than two dimensions, or a sigma is not positive.
    """
    middle, spread = (np.asarray(values, np.float64) for values in (mu, sigma))
    if not middle.shape == spread.shape == (2,) or place.explorer.latent_dim != 2 or not (spread > 0).all():
        raise ShapeError(
            f"epsilon: two numbers of mu and two positive ones of sigma are needed, not {mu!r} and {sigma!r}."
        )
    data = {"place": place.data(), "mu": middle.tolist(), "sigma": spread.tolist()}
    _component(key=key, data=data, height="content", on_settled_change=when_settled(key, place.explorer, on_settled))
