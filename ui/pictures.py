"""Images as the pages show them: enlarged, and crisp."""

from __future__ import annotations

from base64 import b64encode

import numpy as np
import numpy.typing as npt
import streamlit as st

from vae_core.images import enlarge, montage, png_bytes


def show(picture: npt.NDArray[np.uint8], alt: str, *, stretch: bool = False) -> None:
    """Draw a picture (H, W, C), pixel by pixel as it is.

    It travels within the page's own message, as PNG: `st.image` would compress an array as JPEG and serve it as a
    file, which is gone when the next rerun comes before the browser has asked for it.
    """
    url = f"data:image/png;base64,{b64encode(png_bytes(picture)).decode()}"
    st.image(url, alt=alt, width="stretch" if stretch else int(picture.shape[1]))


def magnified(image: npt.NDArray[np.generic], side: int) -> npt.NDArray[np.uint8]:
    """An image (C, H, W) as a picture (H', W', C) about `side` pixels high; pixels stay squares."""
    picture = montage(image[None], gap=0)
    return enlarge(picture, max(1, side // picture.shape[0]))
