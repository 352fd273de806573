"""Images as the pages show them: large and crisp, and the data point beside them."""

from __future__ import annotations

import math
from base64 import b64encode

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from ui import cache
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.images import enlarge, montage, png_bytes

GAP = 3
"""Pixels between the pictures of a strip or wall."""


def show(
    picture: npt.NDArray[np.uint8],
    alt: str,
    *,
    caption: str | None = None,
    stretch: bool = False,
    place: DeltaGenerator | None = None,
) -> None:
    """Draw a picture (H, W, C), pixel by pixel as it is.

    It travels within the page's own message, as PNG: `st.image` would compress an array as JPEG and serve it as a
    file, which is gone when the next rerun comes before the browser has asked for it.
    """
    url = f"data:image/png;base64,{b64encode(png_bytes(picture)).decode()}"
    draw = st.image if place is None else place.image
    draw(url, caption=caption, alt=alt, width="stretch" if stretch else int(picture.shape[1]))


def magnified(image: npt.NDArray[np.generic], side: int, *, smooth: bool = False) -> npt.NDArray[np.uint8]:
    """An image (C, H, W) as a picture (H', W', C) about `side` pixels high; pixels stay squares unless smoothed."""
    picture = montage(image[None], gap=0)
    factor = max(1, side // picture.shape[0])
    if not smooth:
        return enlarge(picture, factor)
    size = (picture.shape[1] * factor, picture.shape[0] * factor)
    bands = [
        Image.fromarray(picture[..., channel]).resize(size, Image.Resampling.BICUBIC)
        for channel in range(picture.shape[2])
    ]
    return np.stack([np.asarray(band) for band in bands], axis=-1)


def nearest_neighbour(explorer: LatentExplorer, z: npt.NDArray[np.float32], side: int) -> str:
    """Show the data point nearest to z, its original and its reconstruction; returns how far it is, in words."""
    (index,), (distance,) = explorer.nearest(z[None])
    images = cache.test_images(explorer)
    labels, names = explorer.latents.labels, explorer.card.data.class_names
    title = plain(names[labels[index]]) if labels is not None and names else "test image"
    (reconstruction,) = explorer.decode(explorer.latents.mu[index : index + 1])
    if images is not None:
        show(magnified(images[index], side), "The nearest test image.", caption=f"Nearest: {title}, no. {index}")
    caption = "Reconstructed" if images is not None else f"Nearest: {title}, no. {index}, reconstructed"
    show(magnified(reconstruction, side), "The reconstruction of the nearest test image.", caption=caption)
    return f"nearest test image {distance:.2f} away"


def strip(images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Images in one row, crisp when the page stretches it."""
    return montage(images, columns=len(images), gap=GAP, scale=max(1, 1100 // (len(images) * images.shape[3])))


def wall(images: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Images in a near-square wall, crisp when the page stretches it."""
    columns = math.ceil(math.sqrt(len(images)))
    return montage(images, columns=columns, gap=GAP, scale=max(1, 800 // (columns * images.shape[3])))
