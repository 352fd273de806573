"""Images of any size and colour made to those that are asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_core.config import LARGEST_SIDE, SMALLEST_SIDE, Colour, DataConfig

DEFAULT_SIDE = 32
"""Pixels, for images that have no common size of 8 to 64: large enough to be told apart, small enough to train soon."""

GREY_TOLERANCE = 8
"""Two channels of a grey image differ nowhere by more than this, of 255: JPEG does not keep grey exactly."""

CHUNK = 4096
"""Images whose channels are compared at once: more would take memory that the images need."""


def is_trainable(height: int, width: int) -> bool:
    """Whether the networks are built for images of that size."""
    return SMALLEST_SIDE <= min(height, width) <= max(height, width) <= LARGEST_SIDE


def square(picture: Image.Image, side: int) -> Image.Image:
    """The middle square of a picture in `side` by `side` pixels, with antialiasing; the same when it has that size.

    Parameters
    ----------
    picture : Image
        Of the mode L, RGB or RGBA.
    side : int
    """
    width, height = picture.size
    if (width, height) == (side, side):
        return picture
    edge = min(width, height)
    left, top = (width - edge) / 2, (height - edge) / 2
    box = (left, top, left + edge, top + edge)
    # A coarse reduction by a whole factor first: far faster for photographs, and no different to the eye.
    return picture.resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def squares(images: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """`square` for an array of images.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
    side : int

    Returns
    -------
    ndarray of uint8, shape (N, C, side, side)
    """
    if images.shape[2:] == (side, side):
        return images
    fitted = np.empty((*images.shape[:2], side, side), np.uint8)
    for image, target in zip(images, fitted, strict=True):
        for channel, plane in zip(image, target, strict=True):
            plane[:] = square(Image.fromarray(np.ascontiguousarray(channel)), side)
    return fitted


def is_grey(images: NDArray[np.uint8]) -> bool:
    """Whether images (N, C, H, W) have one channel, or three that are the same within `GREY_TOLERANCE`."""
    if images.shape[1] == 1:
        return True
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        if (part.max(axis=1) - part.min(axis=1)).max(initial=0) > GREY_TOLERANCE:
            return False
    return True


def grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One channel of three: 0.299 R + 0.587 G + 0.114 B, rounded (ITU-R BT.601, 2.5.1); one channel stays as it is.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)

    Returns
    -------
    ndarray of uint8, shape (N, 1, H, W)
    """
    if images.shape[1] == 1:
        return images
    luma = np.empty((len(images), 1, *images.shape[2:]), np.uint8)
    for start in range(0, len(images), CHUNK):
        red, green, blue = images[start : start + CHUNK].astype(np.uint32).swapaxes(0, 1)
        luma[start : start + CHUNK, 0] = (299 * red + 587 * green + 114 * blue + 500) // 1000
    return luma


def coloured(images: NDArray[np.uint8], colour: Colour) -> NDArray[np.uint8]:
    """Images (N, C, H, W) with the channels asked for; `auto` makes grey what is grey and leaves colour."""
    if colour == "grey" or (colour == "auto" and is_grey(images)):
        return grey(images)
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images


def fitted_shape(image_shape: tuple[int, int, int], options: DataConfig) -> tuple[int, int, int]:
    """The shape that images of a known data set have once they are fitted; `auto` leaves their channels."""
    channels, height, width = image_shape
    channels = {"auto": channels, "grey": 1, "rgb": 3}[options.colour]
    return (channels, height, width) if options.side is None else (channels, options.side, options.side)
