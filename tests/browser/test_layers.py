"""Where to believe the decoder, as a user meets it: a layer beneath the map, a word at the picture, a grid around z."""

from __future__ import annotations

import io
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import choose, ready
from tests.browser.map_page import window_spot
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.latent.density import region_of
from vae_core.latent.layers import layer_field
from vae_core.latent.plane import axes_plane

FIELD = ".latent-map .field canvas"


def open_panel(page: Page) -> None:
    """Open the choice of a layer."""
    page.get_by_role("button", name="Layer", exact=False).first.click()
    expect(page.get_by_role("combobox", name="Beneath the points")).to_be_visible()


def taken(page: Page, title: str) -> bytes:
    """What a download button of the panel gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=title, exact=True).click()
    return Path(download.value.path()).read_bytes()


def tones(page: Page) -> list[int]:
    """Green of the layer's picture at a 16 x 16 grid, row by row from the top; medians, as lines cross the tones."""
    found: list[int] = page.locator(FIELD).evaluate(
        """canvas => {
            const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            const at = i => Math.floor((i + 0.5) * width / 16)
            const green = (row, column) => Array.from({ length: 81 }, (_, k) =>
                data[4 * ((row + Math.floor(k / 9) - 4) * width + column + (k % 9) - 4) + 1]).sort((a, b) => a - b)[40]
            return Array.from({ length: 256 }, (_, i) => green(at(Math.floor(i / 16)), at(i % 16)))
        }"""
    )
    return found


@pytest.fixture
def page(app_server: AppServer, open_page: OpenPage) -> Page:
    """Explore with the small model."""
    shown = open_page(f"{app_server.url}/?model=digits-2d")
    ready(shown)
    return shown


def test_a_layer_is_chosen_refined_read_and_taken_away(page: Page) -> None:
    """Coarse, then fine; the address names it; another costs no points; each file opens and is the field."""
    points: list[str] = []
    page.on("request", lambda asked: points.append(asked.url) if "/points/" in asked.url else None)
    open_panel(page)
    choose(page, "Beneath the points", "Density of the data")
    expect(page.locator(FIELD)).to_have_attribute("data-cells", "128", timeout=30_000)
    marks = page.evaluate("performance.getEntriesByType('mark').map(({ name }) => name)")
    assert {"layer of 32", "layer of 128"} <= set(marks)
    expect(page.locator(".of-layer .measure")).to_have_text("Density of the data nats, log q(z)")
    expect(page.locator(".of-layer .refining")).to_have_text("")
    assert page.locator(".of-layer .tick").count() >= 3
    assert ["density"] == parse_qs(urlsplit(page.url).query)["layer"]
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    expected = layer_field(explorer, "density", axes_plane((0, 1), 2), n=16)
    shown = -np.array(tones(page))  # on a light page the denser the darker
    assert np.corrcoef(shown, np.clip(expected.values[::-1].ravel(), *expected.span))[0, 1] > 0.95
    with np.load(io.BytesIO(taken(page, "NPZ"))) as arrays:
        fine = layer_field(explorer, "density", axes_plane((0, 1), 2), n=128)
        np.testing.assert_allclose(fine.values, arrays["values"], rtol=1e-3, atol=1e-3)
        assert "digits-2d" == json.loads(str(arrays["about"]))["model"]
    assert 128 * 128 + 1 == len(taken(page, "CSV").splitlines())
    assert "PNG" == Image.open(io.BytesIO(taken(page, "PNG"))).format
    choose(page, "Beneath the points", "Density of the prior")
    expect(page.locator(".of-layer .measure")).to_contain_text("log p(z)")
    expect(page.locator(FIELD)).to_have_attribute("data-cells", "128", timeout=30_000)
    assert [] == points


def test_a_kept_layer_is_there_at_once_and_follows_the_view(
    page: Page, app_server: AppServer, open_page: OpenPage
) -> None:
    """The second visitor is sent the fine one alone, by the address; a zoom moves it with the points."""
    open_panel(page)
    choose(page, "Beneath the points", "Stretch of the decoder")
    expect(page.locator(FIELD)).to_have_attribute("data-cells", "128", timeout=30_000)
    other = open_page(f"{app_server.url}/?model=digits-2d&layer=stretch", dark=True)
    expect(other.locator(FIELD)).to_have_attribute("data-cells", "128", timeout=30_000)
    assert "layer of 32" not in other.evaluate("performance.getEntriesByType('mark').map(({ name }) => name)")
    before = other.locator(FIELD).bounding_box()
    other.get_by_role("button", name="Zoom in").click()
    other.wait_for_timeout(300)
    after = other.locator(FIELD).bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.2 * before["width"]


def test_the_picture_says_where_the_decoder_guesses(page: Page) -> None:
    """At once, by the pointer alone, just where Python finds fewer than 1 % of held-out codes at a lower density."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    region = region_of(explorer)
    inside = explorer.latents.mu[region.support(explorer.latents.mu).share.argmax()]
    caption = page.locator(".view .at-z figcaption")
    page.mouse.move(*window_spot(page, *map(float, inside)))
    expect(caption).to_have_text("Decoded at z: the mean of p(x|z)")
    extent = layer_field(explorer, "density", axes_plane((0, 1), 2), n=2).extent
    corners = [
        (extent.x + way * 0.97 * extent.half, extent.y + up * 0.97 * extent.half) for way in (-1, 1) for up in (-1, 1)
    ]
    outside = next(corner for corner in corners if region.support([corner]).is_outside[0])
    page.mouse.move(*window_spot(page, *outside))
    expect(caption).to_have_text("Off the data: a guess")
    page.mouse.move(*window_spot(page, *map(float, inside)))
    expect(caption).to_have_text("Decoded at z: the mean of p(x|z)")


def test_the_grid_around_z_opens_from_the_address(app_server: AppServer, open_page: OpenPage) -> None:
    """In 16 dimensions: a dialog, its step in the address; its z open again; closed, it leaves the address."""
    page = open_page(f"{app_server.url}/?model=mnist-16d&around=1")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="two principal directions")).to_be_visible(timeout=30_000)
    dialog.get_by_role("radio", name="4", exact=True).click()
    page.wait_for_url("**around=4*")
    lines = taken(page, "CSV of z").decode().splitlines()
    assert 7 * 7 + 1 == len(lines)
    middle = [float(part) for part in lines[1 + 24].split(",")]
    assert [3, 3, *[0.0] * 16] == middle
    page.get_by_role("button", name="Close").click()
    page.wait_for_url(lambda url: "around" not in url)
