"""Images -> an MP4 film, for slides and for what plays no GIF."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vae_core.images import enlarge, film_frames

QUALITY = "16"
"""Constant rate factor of H.264: 18 passes for visually lossless, 0 is lossless but not played everywhere."""


def mp4_bytes(
    images: npt.NDArray[np.generic], *, seconds_per_frame: float, scale: int = 1, bounce: bool = True
) -> bytes:
    """Images as an MP4 file: H.264 in 4:2:0, which every browser and player knows.

    The codec keeps each picture nearly, not to the last bit. It needs even sides: an odd one gets its last row or
    column twice.

    Parameters
    ----------
    images, seconds_per_frame, scale, bounce
        As `vae_core.images.gif_bytes` takes them.

    Raises
    ------
    ShapeError
        When the array is not one of images, or `scale` is smaller than 1.
    ConfigError
        When `seconds_per_frame` is out of range.
    """
    import av  # twenty megabytes of codecs, which only a film needs

    frames = enlarge(film_frames(images, seconds_per_frame=seconds_per_frame, bounce=bounce), scale)  # (n, H, W, C)
    _, height, width, _ = frames.shape
    frames = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        rate = Fraction(1 / seconds_per_frame).limit_denominator(1000)
        stream = film.add_stream("libx264", rate=rate, options={"crf": QUALITY})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        for picture in frames:
            rgb = np.ascontiguousarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
            film.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        film.mux(stream.encode(None))
    return buffer.getvalue()
