"""The typed door to the view."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ui.javascript import component
from ui.map_layers import support_urls
from ui.place import Place
from ui.records import PointRecord
from vae_core.errors import ShapeError

_component = component("view", Path(__file__).parent / "assets", ["layout", "view"])


def view(
    place: Place,
    *,
    picture: npt.NDArray[np.uint8],
    record: PointRecord | None,
    class_names: Sequence[str],
    pointed: str = "Under the pointer",
    in_row: bool = False,
    key: str,
) -> None:
    """Show the image at a place's z, large, and beside it a data point's original and reconstruction with its ELBO.

    Both follow the hand by the live channel. What is given here is shown first of all, and while the channel is down.

    Parameters
    ----------
    place : Place
    picture : ndarray of uint8, shape (H, W, C)
        The decoded image at `place.z`.
    record : PointRecord or None
        The data point nearest to `place.z`; None: the view shows no data points.
    class_names : sequence of str
        Names of the classes, by label.
    pointed : str
        What a data point is called that is pointed at; any other one is the nearest.
    in_row : bool
        The three pictures stand beside each other, as large as each other.
    key : str
        Identity of the view on the page.

    Raises
    ------
    ShapeError
        When a picture has not the shape of the model's images.
    """
    shape, is_mean = place.explorer.image_shape, place.explorer.can.likelihood and not in_row
    data = {
        "place": place.data(),
        "caption": "Decoded at z: the mean of p(x|z)" if is_mean else "Decoded at z",
        "picture": picture_data([picture], shape),
        "record": None if record is None else {**picture_data(record.images, shape), "facts": dict(record.facts)},
        "classNames": list(class_names),
        "pointed": pointed,
        "inRow": in_row,
        "support": support_urls(place.explorer),
    }
    _component(key=key, data=data, height="content")


def picture_data(images: Sequence[npt.NDArray[np.uint8]], image_shape: tuple[int, int, int]) -> dict[str, Any]:
    """Pictures (H, W, C) of a model's images as its JavaScript reads them (picture.js, `fromPython`).

    Raises
    ------
    ShapeError
        When one has another shape.
    """
    channels, height, width = image_shape
    for image in images:
        if image.shape != (height, width, channels) or image.dtype != np.uint8:
            expected, came = f"uint8 {(height, width, channels)}", f"{image.dtype} {image.shape}"
            raise ShapeError(f"view: a picture of this model must be {expected}, but it is {came}.")
    content = b"".join(image.tobytes() for image in images)
    return {
        "n": len(images),
        "height": height,
        "width": width,
        "channels": channels,
        "data": b64encode(content).decode(),
    }
