"""A path as a file: a strip, a film, or its z."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.errors import ConfigError
from vae_core.images import gif_bytes, montage, png_bytes
from vae_core.tables import csv_text, numbered
from vae_core.video import mp4_bytes

SUFFIXES = (".png", ".gif", ".mp4", ".csv")
SECONDS_PER_FRAME = 0.08


def path_bytes(suffix: str, images: npt.NDArray[np.generic], z: npt.NDArray[np.float32] | None, *, scale: int) -> bytes:
    """The content of a file with that ending.

    Parameters
    ----------
    suffix : str
        `.png`: a strip. `.gif`, `.mp4`: there and back, 12.5 frames a second. `.csv`: a row a step, its number from 1
        and z_1, z_2, … with as many digits as float32 needs.
    images : array, shape (n, C, H, W)
        Float in [0, 1] or uint8.
    z : array, shape (n, D), or None
    scale : int
        Side of a pixel in the picture.

    Raises
    ------
    ConfigError
        When there is no such ending, or a table of a path without z is asked for.
    """
    if suffix == ".png":
        return png_bytes(montage(images, columns=len(images), scale=scale))
    if suffix == ".gif":
        return gif_bytes(images, seconds_per_frame=SECONDS_PER_FRAME, scale=scale)
    if suffix == ".mp4":
        return mp4_bytes(images, seconds_per_frame=SECONDS_PER_FRAME, scale=scale)
    if suffix != ".csv":
        raise ConfigError(f"A path is written as one of {', '.join(SUFFIXES)}, not {suffix!r}.")
    if z is None:
        raise ConfigError("A cross-fade of pixels has no z, so there is no table of it: take .png, .gif or .mp4.")
    rows = ([number, *map(str, row)] for number, row in enumerate(z, start=1))
    return csv_text(["step", *numbered("z", z.shape[1])], rows).encode()
