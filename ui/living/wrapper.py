"""The typed door to the living picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.place import Place
from ui.view import picture_data
from vae_core.checks import finite_rows

_component = component("living", Path(__file__).parent / "assets", ["living"])


def living(place: Place, *, way: npt.ArrayLike, picture: npt.NDArray[np.uint8], key: str) -> None:
    """Show the image at a place's z, as large as there is room, and have z wander along a closed way.

    It stops for good at the first touch of a map or key on it, and then follows the hand; after some minutes; and it
    does not begin where a visitor has asked the system for less motion.

    Parameters
    ----------
    place : Place
        That the page's map shows too.
    way : array_like, shape (n, D)
        The closed way, in even steps; the last point is the first again.
    picture : ndarray of uint8, shape (H, W, C)
        The decoded image at `place.z`, shown until the channel is open.
    key : str
        Identity on the page.

    Raises
    ------
    ShapeError
        When the way has another shape or is not finite, or the picture has not the shape of the model's images.
    """
    points = finite_rows(way, "living: the way", place.explorer.latent_dim)
    data = {
        "place": place.data(),
        "way": np.round(points.astype(np.float64), 4).tolist(),
        "picture": picture_data([picture], place.explorer.image_shape),
    }
    _component(key=key, data=data, height="content")
