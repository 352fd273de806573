"""The view and the readout in a real browser: what they show of a place, with the live channel and without."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.one_place import NO_SOCKET, PLACE, assert_shows, decoded, pixels, ready, runs, serve_place
from tests.browser.serving import AppServer
from ui.encoded import images_of
from vae_core import LatentExplorer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a page with one place and all that shows it."""
    with serve_place(tmp_path_factory.mktemp("place")) as running:
        yield running


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """Give the model that the page shows."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture
def page(server: AppServer, open_page: OpenPage) -> Page:
    """Open the page and wait until it decodes live."""
    opened = open_page(server.url)
    ready(opened)
    return opened


def test_the_picture_is_what_torch_decodes(page: Page, explorer: LatentExplorer) -> None:
    """Wherever a hand moves z, the canvas has the decoder's grey values, without a run of the script."""
    before = runs(page)
    assert_shows(page, explorer, explorer.latents.mu[3])
    for z in np.random.default_rng(0).normal(size=(10, 2)).astype(np.float32):
        page.evaluate(f"z => {PLACE}.move(z)", z.tolist())
        assert_shows(page, explorer, z)
    assert before == runs(page)


def test_each_live_painting_is_told_once(page: Page) -> None:
    """The canvas says which z it shows, when that was asked for and when it was painted."""
    page.evaluate(
        """() => {
            window.told = []
            document.addEventListener("painted", event => window.told.push(event.detail))
        }"""
    )
    page.evaluate(f"{PLACE}.preview([1, 2])")
    page.wait_for_function("window.told.length > 0")
    (told,) = page.evaluate("window.told.map(({ z, moved, painted }) => [...z, painted - moved])")
    assert [1, 2] == told[:2]
    assert 0 < told[2] < 1000
    page.evaluate(f"{PLACE}.picture({PLACE}.latestPicture[0], {PLACE}.z)")
    assert 1 == page.evaluate("window.told.length"), "a picture that is Python's is no live one"


def test_the_point_under_the_pointer_is_shown(page: Page, explorer: LatentExplorer) -> None:
    """Its original and its reconstruction, its class and number, how far it is, and an ELBO that adds up."""
    expect(page.locator(".which")).to_contain_text("Nearest")
    page.evaluate(f"z => {PLACE}.preview(z, {{ split: 'test', index: 40 }})", (explorer.latents.mu[40] + 0.3).tolist())
    expect(page.locator(".which")).to_contain_text(
        f"Under the pointer {explorer.latents.labels[40]} · no. 40 · 0.42 away"
    )
    images = images_of(explorer, "test")
    assert images is not None
    np.testing.assert_array_equal(images[40, 0], pixels(page, ".original"))
    reconstruction = decoded(explorer, explorer.latents.mu[40])
    assert np.abs(reconstruction.astype(int) - pixels(page, ".reconstruction")).max() <= 1
    expect(page.locator(".terms .elbo")).to_contain_text(".")
    elbo, log_likelihood, kl = (
        float(page.locator(f".terms .{name}").inner_text().replace("−", "-"))
        for name in ("elbo", "log_likelihood", "kl")
    )
    assert pytest.approx(elbo, abs=0.16) == log_likelihood - kl
    page.evaluate(f"{PLACE}.leave()")
    expect(page.locator(".which")).to_contain_text("Nearest")


def test_without_the_channel_the_page_says_so_and_reruns_still_work(page: Page, explorer: LatentExplorer) -> None:
    """While live decoding is down, what Python decodes is shown; then the page goes on by itself."""
    page.evaluate(NO_SOCKET)
    expect(page.get_by_role("status").filter(has_text="interrupted")).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("live decoding is down")
    page.get_by_role("button", name="Move").click()
    assert_shows(page, explorer, np.float32([-1.5, 0.25]))
    expect(page.locator(".which")).to_contain_text("Nearest")
    page.evaluate(f"{PLACE}.preview([2, 2])")
    expect(page.locator(".view")).to_have_attribute("data-stale", "")
    page.evaluate(f"{PLACE}.leave()")
    expect(page.locator(".view")).not_to_have_attribute("data-stale", "")
    page.evaluate("() => { window.WebSocket = window.RealSocket }")
    expect(page.get_by_role("status").filter(has_text="interrupted")).to_have_count(0, timeout=15_000)
    page.evaluate(f"{PLACE}.preview([2, 2])")
    assert_shows(page, explorer, np.float32([2, 2]))


def test_without_a_server_the_page_promises_no_clicks(page: Page) -> None:
    """Where Streamlit does not answer either the sentence says so, and goes when all is back."""
    page.evaluate(
        """() => {
            window.realFetch = window.fetch
            window.fetch = () => Promise.reject(new TypeError("Failed to fetch"))
        }"""
    )
    page.evaluate(NO_SOCKET)
    trouble = page.locator(".trouble")
    expect(trouble).to_have_text("The server does not answer. This page reconnects by itself.")
    page.evaluate("() => { window.fetch = window.realFetch }")
    expect(trouble).to_contain_text("Clicks and released sliders still work.")
    page.evaluate("() => { window.WebSocket = window.RealSocket }")
    expect(trouble).to_have_text("", timeout=15_000)


def test_a_refusal_is_shown_in_its_own_words(page: Page) -> None:
    """What the server refuses is said beneath the pictures, until it decodes again."""
    page.evaluate(f"{PLACE}.data.model = '0'.repeat(32); {PLACE}.preview([1, 1])")
    expect(page.get_by_role("status").filter(has_text="not here any more")).to_be_visible()
    page.get_by_role("button", name="Move").click()
    expect(page.get_by_role("status").filter(has_text="not here any more")).to_have_count(0)


def test_smooth_blends_the_pixels_without_a_run_and_is_remembered(page: Page) -> None:
    """Squares unless the switch is on; it stays on when the page is loaded anew."""
    before = runs(page)
    rendering = "canvas => getComputedStyle(canvas).imageRendering"
    assert "pixelated" == page.locator(".decoded").evaluate(rendering)
    page.get_by_text("Smooth").click()
    assert "auto" == page.locator(".decoded").evaluate(rendering)
    assert before == runs(page)
    page.reload()
    ready(page)
    assert "auto" == page.locator(".decoded").evaluate(rendering)
    expect(page.get_by_role("switch", name="Smooth")).to_be_checked()


def test_colour_and_other_shapes_are_painted_as_they_are(page: Page) -> None:
    """A picture of 2 by 3 pixels in colour has its colours where they belong."""
    colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [1, 2, 3], [4, 5, 6], [7, 8, 9]]
    flat = [value for colour in colours for value in colour]
    page.evaluate(
        f"""flat => {{
            const pixels = Uint8Array.from(flat)
            {PLACE}.picture({{ pixels, n: 1, height: 2, width: 3, channels: 3 }}, {PLACE}.z)
        }}""",
        flat,
    )
    data = page.locator(".decoded").evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, 3, 2).data]")
    assert [value for colour in colours for value in (*colour, 255)] == data


def test_the_line_at_the_foot_follows_the_hand(page: Page) -> None:
    """Model, z with a true minus sign, how far the data is, the device and measured milliseconds."""
    page.evaluate(f"{PLACE}.move([0.5, -1])")
    line = page.locator(".readout")
    expect(line).to_contain_text("digits-2d")
    expect(line).to_contain_text("z = (0.50, −1.00)")
    expect(line).to_contain_text("nearest test image 0.")
    page.wait_for_timeout(250)
    page.evaluate(f"{PLACE}.move([0.5, -1.1])")
    expect(line).to_contain_text("cpu · ")
    assert "median of the last 30" in (line.locator(".device").get_attribute("title") or "")
    text = line.locator(".device").inner_text()
    assert 0 < float(text.split("·")[-1].removesuffix(" ms")) < 1000


def test_a_phone_shows_all_of_it(server: AppServer, open_page: OpenPage) -> None:
    """At 390 pixels nothing reaches over the edge, and the pictures stand beside each other."""
    page = open_page(server.url, size=(390, 844))
    ready(page)
    for name in (".view", ".decoded", ".reconstruction", ".wall .tiles", ".strip", ".readout"):
        box = page.locator(name).first.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    large, small = page.locator(".decoded").bounding_box(), page.locator(".reconstruction").bounding_box()
    assert large is not None
    assert small is not None
    assert large["x"] + large["width"] < small["x"]
