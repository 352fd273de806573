"""Scrubber and wall in a real browser: what a hand does to a place on them, and what of it reaches Python."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.one_place import PLACE, assert_shows, ready, runs, serve_place, settled
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.images import to_uint8
from vae_core.latent.paths import linear, slerp
from vae_core.latent.prior import sample_prior


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


def middle_of(page: Page, label: str, step: float, n: int) -> tuple[float, float]:
    """Where a step of a film of n pictures lies in the window, by the first and the last number beneath it."""
    strip = page.get_by_role("slider", name=label)
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box is not None
    tile = page.locator(f".strip[aria-label='{label}'] .thumb").evaluate("thumb => thumb.offsetWidth - 8")
    return box["x"] + tile / 2 + step / (n - 1) * (box["width"] - tile), box["y"] + box["height"] / 2


def test_dragging_along_a_film_decodes_live_and_settles_once(page: Page, explorer: LatentExplorer) -> None:
    """Between two steps too; only the release reaches Python."""
    path = linear(explorer.latents.mu[3], explorer.latents.mu[8], 5)
    before = runs(page)
    page.mouse.move(*middle_of(page, "films", 0, 5))
    page.mouse.down()
    for step in (0.5, 1, 1.5, 2.5):
        page.mouse.move(*middle_of(page, "films", step, 5))
        page.wait_for_timeout(50)
    expect(page.get_by_role("slider", name="films")).to_have_attribute("aria-valuetext", "step 3.5 of 5")
    z = page.evaluate(f"[...{PLACE}.pin]")
    np.testing.assert_allclose((path[2] + path[3]) / 2, z, atol=0.02)
    assert_shows(page, explorer, np.float32(z))
    page.wait_for_timeout(300)
    assert before == runs(page)
    page.mouse.up()
    settled(page, np.float32(z))
    page.wait_for_timeout(300)
    assert before + 1 == runs(page)
    expect(page.locator(".scrubber")).to_have_attribute("data-active", "")


def test_another_path_is_followed_from_the_same_share_of_the_way(page: Page, explorer: LatentExplorer) -> None:
    """A click on its name moves z over to it, and beside the films stands what each of them decodes to there."""
    ends = explorer.latents.mu[[3, 8]]
    strip = page.get_by_role("slider", name="films")
    strip.focus()
    strip.press("ArrowRight")
    strip.press("ArrowRight")
    page.get_by_role("button", name="slerp").click()
    settled(page, slerp(*ends, 5)[2])
    expect(page.get_by_role("button", name="slerp")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("slider", name="films")).to_have_attribute("aria-valuetext", "step 3 of 5")
    for row, way in enumerate((linear, slerp)):
        shown = (
            page.locator(".lives canvas")
            .nth(row)
            .evaluate("canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 8, 8).data)")
        )
        expected = to_uint8(explorer.decode(way(*ends, 5)[2:3]))[0, 0]
        assert np.abs(expected.astype(int) - np.reshape(shown, (8, 8, 4))[..., 0]).max() <= 1


def test_the_film_is_previewed_and_played_by_keys(page: Page, explorer: LatentExplorer) -> None:
    """The pointer above it previews and goes without a trace; arrow keys step, End goes to the end."""
    path = linear(explorer.latents.mu[3], explorer.latents.mu[8], 5)
    before = runs(page)
    page.mouse.move(*middle_of(page, "films", 2, 5))
    page.wait_for_function(f"{PLACE}.z !== {PLACE}.pin")
    np.testing.assert_allclose(path[2], page.evaluate(f"[...{PLACE}.z]"), atol=0.02)
    page.mouse.move(5, 5)
    page.wait_for_function(f"{PLACE}.z === {PLACE}.pin")
    assert before == runs(page)
    strip = page.get_by_role("slider", name="films")
    strip.focus()
    strip.press("ArrowRight")
    strip.press("ArrowRight")
    expect(strip).to_have_attribute("aria-valuetext", "step 3 of 5")
    settled(page, path[2])
    strip.press("End")
    settled(page, path[4])
    expect(strip).to_have_attribute("aria-valuetext", "step 5 of 5")


def test_the_wall_previews_and_pins(page: Page, explorer: LatentExplorer) -> None:
    """The pointer over a tile decodes its z; leaving returns to the pin; a click is one run of the script."""
    draws = sample_prior(9, 2, generator=np.random.default_rng(1))
    tiles = page.locator(".wall .tiles")
    box = tiles.bounding_box()
    assert box is not None
    before = runs(page)
    tiles.hover(position={"x": box["width"] * 0.5, "y": box["height"] * 0.8})
    assert_shows(page, explorer, draws[7])
    expect(page.locator(".wall .at")).to_have_text("8")
    page.mouse.move(5, 5)
    page.wait_for_function(f"{PLACE}.z === {PLACE}.pin")
    expect(page.locator(".wall .at")).to_be_hidden()
    assert before == runs(page)
    tiles.click(position={"x": box["width"] * 0.2, "y": box["height"] * 0.5})
    settled(page, draws[3])
    assert before + 1 == runs(page)
    expect(page.locator(".wall .pinned")).to_be_visible()


def test_the_wall_shows_what_the_map_points_at_and_answers_keys(page: Page) -> None:
    """A sample pointed at elsewhere is outlined; arrow keys walk, and say where they are."""
    page.evaluate(f"{PLACE}.preview([0, 0], {{ sample: 4 }})")
    expect(page.locator(".wall .at")).to_have_text("5")
    page.evaluate(f"{PLACE}.leave()")
    tiles = page.get_by_role("application", name="9 drawn images")
    tiles.focus()
    tiles.press("ArrowDown")
    tiles.press("ArrowRight")
    expect(page.locator(".wall .at")).to_have_text("5")
    expect(page.locator(".wall .said")).to_have_text("Draw 5 of 9")
    tiles.press("Enter")
    draws = sample_prior(9, 2, generator=np.random.default_rng(1))
    settled(page, draws[4])
