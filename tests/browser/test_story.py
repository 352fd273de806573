"""The whole story in a real browser: explore, interpolate, sample, train, explore what was trained."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import (
    PLACE,
    assert_shows_what_torch_says,
    count_messages,
    go_to,
    ready,
    ready_map,
    wait_for_address,
    z_in_address,
    z_of,
)
from tests.browser.map_page import numbers, window_spot
from tests.browser.one_place import pixels
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.latent.neighbours import nearest
from vae_core.latent.prior import sample_prior

EXPLORE, INTERPOLATE, SAMPLE = (PLACE.format(page=name) for name in ("explore", "interpolate", "sample"))


def slide(page: Page, name: str, share: float) -> None:
    """Drag the slider of that name to a share of its way, and leave it there with the button held down."""
    track = page.get_by_role("slider", name=name, exact=True).bounding_box()
    assert track is not None
    x, y = track["x"], track["y"] + track["height"] / 2
    page.mouse.move(x + track["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(x + track["width"] * share, y, steps=5)


def test_the_whole_story(app_server: AppServer, open_page: OpenPage) -> None:
    """A newcomer moves through a latent space, takes pictures along, trains a model and moves through that."""
    page = open_page(f"{app_server.url}/_stcore/health")  # to listen before the first message
    sent = count_messages(page)
    page.goto(f"{app_server.url}/?model=digits-2d")
    explorer = LatentExplorer.load("digits-2d", device="cpu")

    # Explore: the picture follows the pointer over the map, which Python never hears of.
    ready(page)
    assert_shows_what_torch_says(page, explorer)
    told, origin = sent.to_python, pixels(page)
    for zx, zy in ((-1.2, 0.8), (0.9, -0.4), (1.7, 1.1)):
        page.mouse.move(*window_spot(page, zx, zy), steps=10)
        assert pytest.approx([zx, zy], abs=0.02) == z_of(page)
        assert_shows_what_torch_says(page, explorer)
    assert not np.array_equal(origin, pixels(page))
    page.mouse.move(5, 5)
    page.wait_for_function(f"{EXPLORE}.z === {EXPLORE}.pin")
    assert_shows_what_torch_says(page, explorer)

    # A slider moves the picture while it is dragged; let go, its z is in the address.
    slide(page, "z₁", 0.8)
    assert z_of(page)[0] > 1
    assert_shows_what_torch_says(page, explorer)
    assert (told, [0, 0]) == (sent.to_python, z_in_address(page))
    page.mouse.up()
    wait_for_address(page, z_of(page))
    expect(page.locator(".readout")).to_contain_text(f"z = ({z_of(page)[0]:.2f}, 0.00)")

    # A click on the map pins z there, and the sliders follow.
    page.mouse.click(*window_spot(page, -2.2, 1.9))
    wait_for_address(page, z_of(page))
    assert pytest.approx([-2.2, 1.9], abs=0.02) == z_in_address(page)
    expect(page.get_by_role("textbox", name="Value of z₁")).to_have_value(f"{z_of(page)[0]:.2f}".replace("-", "−"))
    assert_shows_what_torch_says(page, explorer)

    # Interpolate: another pair, its path scrubbed, and a strip of pictures to take away.
    go_to(page, "Interpolate")
    ready(page, "interpolate")
    before = z_of(page, "interpolate")
    page.get_by_role("button", name="Random").click()
    page.wait_for_function(f"z => {INTERPOLATE}.z.some((value, i) => value !== z[i])", arg=before)
    scrub_to_the_end(page)
    last = explorer.latents.mu[int(page.get_by_role("spinbutton", name="Test image no.").nth(1).input_value())]
    assert pytest.approx(last.tolist(), abs=1e-5) == z_of(page, "interpolate")
    assert_shows_what_torch_says(page, explorer, "interpolate")
    page.get_by_role("button", name="Take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    strip = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert strip.width > 10 * strip.height
    page.keyboard.press("Escape")

    # Sample: other draws; the picture is of the tile under the pointer.
    go_to(page, "Sample")
    ready(page, "sample")
    page.get_by_role("button", name="Draw again").click()
    expect(page.get_by_role("spinbutton", name="Seed")).not_to_have_value("0")
    generator = np.random.default_rng(int(page.get_by_role("spinbutton", name="Seed").input_value()))
    draws = sample_prior(64, 2, generator=generator)
    page.wait_for_function(f"z => {SAMPLE}.z.every((value, i) => Math.abs(value - z[i]) < 1e-5)", arg=draws[0].tolist())
    tiles = page.locator(".wall .tiles").bounding_box()
    assert tiles is not None
    page.mouse.move(tiles["x"] + tiles["width"] * 2.5 / 8, tiles["y"] + tiles["height"] * 1.5 / 8)
    assert pytest.approx(draws[8 + 2].tolist(), abs=1e-5) == z_of(page, "sample")
    assert_shows_what_torch_says(page, explorer, "sample")

    # Train: three epochs of digits from the page; the new model is in the list, and its map decodes.
    go_to(page, "Train")
    page.get_by_role("spinbutton", name="Epochs").fill("3")
    page.get_by_role("textbox", name="Name").fill("story")
    page.get_by_role("textbox", name="Name").press("Tab")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Open in Explore").click(timeout=90_000)
    page.wait_for_url("**model=story*")
    ready(page)
    expect(page.locator(".readout")).to_contain_text("story")
    trained = LatentExplorer.load("story", checkpoints_dir=app_server.checkpoints_dir, device="cpu")
    x, y, half = numbers(page, "view")
    page.mouse.move(*window_spot(page, x + half / 2, y), steps=5)
    assert pytest.approx([x + half / 2, y], abs=0.02 * half) == z_of(page)
    assert_shows_what_torch_says(page, trained)


def scrub_to_the_end(page: Page) -> None:
    """Drag the frame of the first path from its start over its whole way."""
    film = page.locator(".scrubber .strip").first
    film.scroll_into_view_if_needed()
    box = film.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 20, steps=10)
    page.mouse.up()


def test_a_click_beside_the_points_takes_the_nearest(app_server: AppServer, open_page: OpenPage) -> None:
    """In an empty corner of Interpolate's map no point is hit; the one nearest to the click becomes the start."""
    page = open_page(f"{app_server.url}/interpolate?model=digits-2d")
    ready_map(page)
    mu = LatentExplorer.load("digits-2d").latents.mu
    number = page.get_by_role("spinbutton", name="Test image no.").first
    before = number.input_value()
    surface = page.locator(".latent-map .surface").first
    box = surface.bounding_box()
    assert box is not None
    surface.click(position={"x": 12, "y": box["height"] - 12})
    expect(number).not_to_have_value(before)
    middle = (mu.min(axis=0) + mu.max(axis=0)) / 2
    reach = float(np.ptp(mu, axis=0).max()) / 2
    corners, _ = nearest(mu, [middle - reach * scale for scale in np.linspace(0.9, 1.3, 50)])
    assert int(number.input_value()) in corners


def test_the_server_has_nothing_to_complain_of(app_server: AppServer, open_page: OpenPage) -> None:
    """After its warm start and a visit, its log holds its address and nothing else."""
    ready_map(open_page(app_server.url))
    lines = [line.strip() for line in app_server.log().splitlines() if line.strip()]
    assert ["You can now view your Streamlit app in your browser.", f"URL: {app_server.url}"] == lines
