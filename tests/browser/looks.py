"""How the browser tests look at a page: maps that are ready, pictures as arrays."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Locator, Page, expect


def ready_map(page: Page, timeout: float = 30_000) -> Locator:
    """Wait until the page's map is plotted."""
    drawn = page.locator(".latent-map[data-state='ready']").first
    expect(drawn).to_be_visible(timeout=timeout)
    return drawn


def picture(page: Page, alt: str) -> npt.NDArray[np.uint8]:
    """The picture with that alternative text, as the browser got it: (H, W, 3)."""
    image = page.get_by_alt_text(alt).first
    expect(image).to_be_visible()
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
    data: Any = image.evaluate(
        """async image => {
            const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer())
            return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""))
        }"""
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def shrunk(picture: npt.NDArray[np.uint8], image_shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """One value a pixel of an enlarged image (H', W', 3), back in the model's shape (C, H, W)."""
    channels, height, width = image_shape
    factor = picture.shape[0] // height
    assert picture.shape[:2] == (height * factor, width * factor)
    return picture[factor // 2 :: factor, factor // 2 :: factor, :channels].transpose(2, 0, 1)


def z_in_address(page: Page) -> list[float]:
    """The z of the page's address."""
    from urllib.parse import parse_qs, urlsplit

    return [float(value) for value in parse_qs(urlsplit(page.url).query)["z"][0].split(",")]
