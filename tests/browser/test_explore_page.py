"""Explore as a whole: its address restores it elsewhere, it fits a laptop's screen, and it outlives its server."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import (
    PLACE,
    assert_shows_what_torch_says,
    choose,
    ready,
    wait_for_address,
    z_in_address,
    z_of,
)
from tests.browser.map_page import numbers, window_spot
from tests.browser.serving import PROJECT_ROOT, AppServer, serve_app
from vae_core import LatentExplorer

EXPLORE = PLACE.format(page="explore")


def draw_group(page: Page) -> int:
    """Draw a box in the upper right of the map; gives how many points are within, by the map and by the page alike."""
    page.get_by_role("button", name="Box", exact=True).click()
    x, y, half = numbers(page, "view")
    page.mouse.move(*window_spot(page, x, y))
    page.mouse.down()
    page.mouse.move(*window_spot(page, x + 0.8 * half, y + 0.8 * half), steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Move", exact=True).click()
    page.wait_for_url("**group=*")
    return group_size(page)


CHOSEN = re.compile(r"\d chosen")


def group_size(page: Page) -> int:
    """How many points are in the group: what the page says of it, and the map too."""
    said = page.get_by_role("button", name=CHOSEN).inner_text()
    n = int(re.sub(r"\D", "", said))
    expect(page.locator(".latent-map")).to_have_attribute("data-chosen", str(n))
    return n


def test_the_address_opened_elsewhere_shows_the_same(app_server: AppServer, open_page: OpenPage) -> None:
    """Axes, colour, group and pin are in the address: another browser shows the same of each, and the same picture."""
    explorer = LatentExplorer.load("mnist-16d", device="cpu")
    page = open_page(f"{app_server.url}/?model=mnist-16d")
    ready(page)
    choose(page, "Across", "z₁₄ · 2.00 nats")
    page.wait_for_url("**axes=14,16*")
    choose(page, "Colour", "KL")
    page.wait_for_url("**colour=kl*")
    expect(page.locator(".legend .scale")).to_contain_text("KL")
    n = draw_group(page)
    page.mouse.click(*window_spot(page, -0.7, 0.6))
    slider = page.get_by_role("slider", name="z₁₀", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    page.mouse.move(5, 5)
    z = z_of(page)
    wait_for_address(page, z)
    assert ["14,16"] == parse_qs(urlsplit(page.url).query)["axes"]
    page.wait_for_timeout(400)  # until Python has heard of it, for its own part of the address

    other = open_page(page.url)
    ready(other)
    expect(other.get_by_role("combobox", name="Across")).to_have_value("z₁₄ · 2.00 nats")
    expect(other.get_by_role("combobox", name="Up")).to_have_value("z₁₆ · 2.52 nats")
    expect(other.get_by_role("combobox", name="Colour")).to_have_value("KL")
    expect(other.locator(".legend .scale")).to_contain_text("KL")
    assert n == group_size(other)
    assert pytest.approx(z, rel=1e-3, abs=1e-6) == z_of(other)
    assert z_in_address(page) == pytest.approx(z_of(other), rel=1e-6)
    assert pytest.approx([z[13], z[15]], rel=1e-3) == numbers(other, "at")
    assert_shows_what_torch_says(other, explorer)
    assert page.url == other.url


def test_a_group_can_be_cleared_and_drawn_anew(app_server: AppServer, open_page: OpenPage) -> None:
    """The button below takes it off the map and out of the address, and the next one is drawn as the first was."""
    page = open_page(f"{app_server.url}/?model=digits-2d")
    ready(page)
    for _ in range(2):
        assert draw_group(page) > 0
        page.get_by_role("button", name=CHOSEN).click()
        page.get_by_role("button", name="Clear", exact=True).click()
        expect(page.locator(".latent-map")).to_have_attribute("data-chosen", "")
        page.wait_for_function("!new URL(location).searchParams.has('group')")
        expect(page.get_by_role("button", name=CHOSEN)).to_have_count(0)


def too_tall(page: Page) -> list[str]:
    """What of the page has to be scrolled to be seen, in words; none of it should."""
    sizes: Any = page.evaluate(
        """() => [document.documentElement, document.querySelector("[data-testid=stMain]")].map(
            part => [part.tagName, part.scrollHeight, part.clientHeight])"""
    )
    below = [f"{tag}: {tall} px in {room} px" for tag, tall, room in sizes if tall > room]
    for name in (".latent-map .legend", ".sliders", ".readout"):
        box = page.locator(name).bounding_box()
        assert box is not None
        if box["y"] + box["height"] > 900:
            below.append(f"{name} ends at {box['y'] + box['height']:.0f} px")
    return below


@pytest.mark.parametrize("name", ["digits-2d", "mnist-2d", "mnist-16d", "mnist-2d-ae", "mnist-2d-cvae"])
def test_explore_fits_a_laptop_without_scrolling(app_server: AppServer, open_page: OpenPage, name: str) -> None:
    """At 1440x900 map, picture, sliders and foot line are on one screen; with a group, a grid and a number too."""
    page = open_page(f"{app_server.url}/?model={name}")
    ready(page)
    assert [] == too_tall(page)
    draw_group(page)
    assert [] == too_tall(page)
    page.get_by_role("button", name="Decoded grid").click()
    if LatentExplorer.load(name, device="cpu").can.posterior:
        choose(page, "Colour", "KL")
        expect(page.locator(".legend .scale")).to_be_visible()
    expect(page.locator(".beneath canvas")).to_be_visible()
    assert [] == too_tall(page)


def test_a_page_that_nobody_touched_outlives_its_server(chromium: Browser, tmp_path: Path) -> None:
    """Opened and left alone, it is live again soon after its server is, though the new one knows no fragment of it."""
    env = {"VAE_CHECKPOINTS_DIR": str(tmp_path), "VAE_OFFLINE": "1"}
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        with serve_app(PROJECT_ROOT / "app.py", env=env) as server:
            page.goto(f"{server.url}/?model=digits-2d&z=0.5,-1")
            ready(page)
            page.wait_for_function(f"{EXPLORE}.channel.status === 'open'")
            server.process.send_signal(signal.SIGKILL)
            expect(page.locator(".view .trouble")).to_contain_text("reconnect")
        with serve_app(PROJECT_ROOT / "app.py", env=env, port=urlsplit(server.url).port):
            page.wait_for_function(f"{EXPLORE}.channel.status === 'open'", timeout=20_000)
            assert pytest.approx([0.5, -1]) == z_of(page)
            page.mouse.move(*window_spot(page, 1.2, -0.8), steps=5)
            assert_shows_what_torch_says(page, LatentExplorer.load("digits-2d", device="cpu"))


def test_a_page_outlives_its_server(chromium: Browser, tmp_path: Path) -> None:
    """Killed and started again on its port: the page says so, then goes on by itself with z where it was."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    env = {"VAE_CHECKPOINTS_DIR": str(tmp_path), "VAE_OFFLINE": "1"}
    with chromium.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()  # not by `open_page`: failed connections are errors of the console, and belong here
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        with serve_app(PROJECT_ROOT / "app.py", env=env) as server:
            page.goto(f"{server.url}/?model=digits-2d")
            ready(page)
            page.mouse.click(*window_spot(page, -2.2, 1.9))
            page.mouse.move(5, 5)
            z = z_of(page)
            wait_for_address(page, z)
            page.wait_for_timeout(400)
            server.process.send_signal(signal.SIGKILL)
            expect(page.locator(".view .trouble")).to_contain_text("reconnect")
            expect(page.locator(".readout")).to_contain_text("live decoding is down")
            assert z == z_of(page)
        with serve_app(PROJECT_ROOT / "app.py", env=env, port=urlsplit(server.url).port):
            expect(page.locator(".view .trouble")).to_have_text("", timeout=20_000)
            page.wait_for_function(f"{EXPLORE}.channel.status === 'open'", timeout=20_000)
            assert pytest.approx(z, rel=1e-3) == z_of(page)
            near = "told.every((value, i) => Math.abs(value - z[i]) <= 1e-3 * Math.abs(z[i]))"
            page.wait_for_function(f"z => {{ const told = {EXPLORE}.data.z; return {near} }}", arg=z)  # by Python
            assert_shows_what_torch_says(page, explorer)
            page.mouse.move(*window_spot(page, 1.2, -0.8), steps=5)
            assert pytest.approx([1.2, -0.8], abs=0.02) == z_of(page)
            assert_shows_what_torch_says(page, explorer)
            page.mouse.click(*window_spot(page, 2.4, -2.4))
            page.mouse.move(5, 5)
            wait_for_address(page, z_of(page))
            assert pytest.approx([2.4, -2.4], abs=0.02) == z_in_address(page)
            page.wait_for_timeout(1000)  # a new session's own z would come with its rerun
            assert pytest.approx([2.4, -2.4], abs=0.02) == z_of(page)
            assert_shows_what_torch_says(page, explorer)
        assert [] == problems
