"""Many small pictures as one: a sheet, cut up again by the browser."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.images import montage, png_bytes


def sheet(pictures: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Put pictures (n, H, W, C) on one sheet, which travels within the message (docs/decisions/0004).

    Returns
    -------
    dict
        `url`, a PNG as a data address, without a gap between the pictures; `columns` of them in a row, and the `height`
        and `width` of each. JavaScript's `drawTile` takes it.

    Raises
    ------
    ShapeError
        When they are no pictures of 1 or 3 channels, or none at all.
    """
    columns = math.isqrt(max(len(pictures), 1) - 1) + 1
    png = png_bytes(montage(np.moveaxis(pictures, -1, 1), columns=columns, gap=0))
    _, height, width, _ = pictures.shape
    return {
        "url": f"data:image/png;base64,{b64encode(png).decode()}",
        "columns": columns,
        "height": height,
        "width": width,
    }
