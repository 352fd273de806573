"""Arrays of images -> pictures, and pictures -> bytes to show or to take away.

Images are (N, C, H, W) as everywhere; a picture is (H, W, C) uint8, ready for a screen. C is 1 or 3.
"""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from vae_core.checks import whole_number
from vae_core.errors import ConfigError, ShapeError

GAP_GREY = 128
"""Between the images of a montage: tells itself from black and from white, on dark pages and on light ones."""

SHORTEST_FRAME, LONGEST_FRAME = 0.02, 600.0
"""Seconds. Browsers slow a GIF frame shorter than 20 ms down to 100 ms; the format ends at 655 s."""


def to_uint8(x: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Pixels in [0, 1] -> 0 to 255, rounded half up; values outside are clipped, uint8 is returned as it is.

    Parameters
    ----------
    x : ndarray, shape (..., C, H, W)
        Floating point, or uint8.

    Raises
    ------
    ShapeError
        When an array is of another type, has fewer than three axes, neither 1 nor 3 channels, or holds NaN.
    """
    if x.ndim < 3 or x.shape[-3] not in (1, 3) or 0 in x.shape:
        raise ShapeError(f"Images must have the shape (..., C, H, W) with C = 1 or 3, but they have {x.shape}.")
    if x.dtype == np.uint8:
        return x.astype(np.uint8, copy=False)
    if not np.issubdtype(x.dtype, np.floating):
        raise ShapeError(f"Images must be uint8, or floating point in [0, 1], but they are {x.dtype}.")
    if np.isnan(x).any():
        raise ShapeError("Images must be in [0, 1], but they hold NaN.")
    scaled: npt.NDArray[np.floating] = np.clip(x, 0.0, 1.0, dtype=np.promote_types(x.dtype, np.float32)) * 255.0
    return (scaled + 0.5).astype(np.uint8)  # the cast cuts the fraction off


def montage(
    images: npt.NDArray[np.generic], columns: int | None = None, gap: int = 1, scale: int = 1
) -> npt.NDArray[np.uint8]:
    """Lay images out in rows, from left to right and from top to bottom.

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
        Float in [0, 1] or uint8.
    columns : int, optional
        Images in a row; the smallest square that holds all when not given, N for a film strip.
    gap : int
        Pixels of grey between two images (not around them, and not enlarged).
    scale : int
        Factor by which the images are enlarged; pixels stay pixels.

    Returns
    -------
    ndarray of uint8, shape (rows * (scale * H + gap) - gap, columns * (scale * W + gap) - gap, C)
        Cells without an image are grey.

    Raises
    ------
    ShapeError
        When the array is not one of images, or a number is too small.
    """
    pixels = _images(images)
    n, channels, height, width = pixels.shape
    columns = math.isqrt(n - 1) + 1 if columns is None else whole_number(columns, "columns", least=1)
    gap, scale = whole_number(gap, "gap", least=0), whole_number(scale, "scale", least=1)
    rows = -(-n // columns)
    height, width = scale * height, scale * width
    cells = np.full((rows * columns, height + gap, width + gap, channels), GAP_GREY, np.uint8)
    cells[:n, :height, :width] = enlarge(pixels.transpose(0, 2, 3, 1), scale)
    sheet = cells.reshape(rows, columns, height + gap, width + gap, channels).swapaxes(1, 2)
    sheet = sheet.reshape(rows * (height + gap), columns * (width + gap), channels)
    return sheet[: sheet.shape[0] - gap, : sheet.shape[1] - gap]


def enlarge(picture: npt.NDArray[np.uint8], factor: int) -> npt.NDArray[np.uint8]:
    """Make each pixel of a picture, or of a stack of them, a square of `factor` by `factor` pixels.

    Parameters
    ----------
    picture : ndarray of uint8, shape (..., H, W, C)
    factor : int
        At least 1.

    Returns
    -------
    ndarray of uint8, shape (..., factor * H, factor * W, C)
    """
    factor = whole_number(factor, "factor", least=1)
    return picture.repeat(factor, axis=-3).repeat(factor, axis=-2)


def png_bytes(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture as a PNG file, without loss.

    Parameters
    ----------
    picture : ndarray of uint8, shape (H, W, C)

    Raises
    ------
    ShapeError
        When the array is no picture.
    """
    buffer = io.BytesIO()
    _pillow(picture).save(buffer, format="PNG")
    return buffer.getvalue()


def gif_bytes(
    images: npt.NDArray[np.generic], *, seconds_per_frame: float, scale: int = 1, bounce: bool = True
) -> bytes:
    """Images as a GIF file that plays for ever.

    Grey images keep every value; a colour image is reduced to its own palette of 256 colours, without dithering.
    Equal images that follow each other are stored as one frame that stands longer.

    Parameters
    ----------
    images : ndarray, shape (N, C, H, W)
        Float in [0, 1] or uint8.
    seconds_per_frame : float
        From 0.02 to 600; the format rounds to hundredths of a second.
    scale : int
        Factor by which the images are enlarged.
    bounce : bool
        Play to the end and back (2 N - 2 frames), so that the loop has no jump.

    Raises
    ------
    ShapeError
        When the array is not one of images, or `scale` is smaller than 1.
    ConfigError
        When `seconds_per_frame` is out of range.
    """
    pictures = enlarge(film_frames(images, seconds_per_frame=seconds_per_frame, bounce=bounce), scale)
    frames = [_pillow(picture) for picture in pictures]
    if pictures.shape[-1] == 3:
        frames = [frame.quantize(256, dither=Image.Dither.NONE) for frame in frames]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=10 * round(100 * seconds_per_frame),
        loop=0,
        optimize=False,
    )
    return buffer.getvalue()


def film_frames(images: npt.NDArray[np.generic], *, seconds_per_frame: float, bounce: bool) -> npt.NDArray[np.uint8]:
    """The pictures (n, H, W, C) of a film of images (N, C, H, W); with `bounce` to the end and back, without a jump.

    Raises
    ------
    ShapeError
        When the array is not one of images.
    ConfigError
        When `seconds_per_frame` is out of range.
    """
    if not SHORTEST_FRAME <= seconds_per_frame <= LONGEST_FRAME:
        raise ConfigError(
            f"seconds_per_frame must be from {SHORTEST_FRAME} to {LONGEST_FRAME:g}, but it is {seconds_per_frame}."
        )
    pictures = _images(images).transpose(0, 2, 3, 1)
    return np.concatenate([pictures, pictures[-2:0:-1]]) if bounce else pictures


def _images(images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    if images.ndim != 4:
        raise ShapeError(f"Images must have the shape (N, C, H, W), but they have {images.shape}.")
    return to_uint8(images)


def _pillow(picture: npt.NDArray[np.uint8]) -> Image.Image:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (1, 3) or 0 in picture.shape:
        raise ShapeError(
            "A picture must be uint8 of the shape (H, W, C) with C = 1 or 3, "
            f"but it is {picture.dtype} of {picture.shape}."
        )
    return Image.fromarray(np.ascontiguousarray(picture.squeeze(2) if picture.shape[2] == 1 else picture))
