"""The live page of the real app: its pictures are torch's, a hand moves z in the browser, Python hears of the rest."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import (
    PLACE,
    Messages,
    assert_shows_what_torch_says,
    choose,
    count_messages,
    go_to,
    ready,
    wait_for_address,
    z_in_address,
    z_of,
)
from tests.browser.map_page import numbers, window_spot
from tests.browser.serving import AppServer
from tests.browser.test_map_hand import Fingers
from vae_core import LatentExplorer, list_checkpoints
from vae_core.images import to_uint8

SHIPPED = [entry.name for entry in list_checkpoints() if entry.shipped]
EXPLORE = PLACE.format(page="explore")

PAINTED = f"""async (canvas, zs) => {{
    const place = {EXPLORE}
    const pen = canvas.getContext("2d")
    const pictures = []
    for (const z of zs) {{
        await new Promise((resolve, reject) => {{
            const late = setTimeout(() => reject(new Error(`no picture of ${{z}} within 5 s`)), 5000)
            const painted = ({{ detail }}) => {{
                if (detail.z !== place.z) return // of the z before
                clearTimeout(late)
                canvas.removeEventListener("painted", painted)
                resolve()
            }}
            canvas.addEventListener("painted", painted)
            place.preview(z)
        }})
        const {{ data }} = pen.getImageData(0, 0, canvas.width, canvas.height)
        pictures.push(btoa(String.fromCharCode(...data)))
    }}
    return pictures
}}"""
"""Show one z after the other, and give what the canvas holds when it says that it has painted it."""


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_on_the_screen_is_what_torch_says(app_server: AppServer, open_page: OpenPage, name: str) -> None:
    """For 200 random z the canvas pixels are within 1/255 of `explorer.decode(z)`, in every channel."""
    explorer = LatentExplorer.load(name, device="cpu")
    page = open_page(f"{app_server.url}/?model={name}")
    ready(page)
    z = np.random.default_rng(0).normal(scale=1.5, size=(200, explorer.latent_dim)).astype(np.float32)
    _, height, width = explorer.image_shape
    pictures: list[str] = page.locator("canvas.decoded").evaluate(PAINTED, z.tolist())
    shown = [np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4) for data in pictures]
    label = page.evaluate(f"{EXPLORE}.label") if explorer.can.label else None
    expected = to_uint8(explorer.decode(z, label)).transpose(0, 2, 3, 1)  # a grey value goes to all three channels
    off = np.abs(expected.astype(int) - np.array(shown)[..., :3])
    assert (200, True) == (len(shown), off.max() <= 1)
    assert np.array(shown)[..., 3].min() == 255


def opened(open_page: OpenPage, url: str) -> tuple[Page, Messages]:
    """Open Explore, and count the messages it sends from its first one on."""
    page = open_page(f"{url}/_stcore/health")
    sent = count_messages(page)
    page.goto(f"{url}/?model=digits-2d")
    ready(page)
    page.wait_for_timeout(500)
    return page, sent


def test_a_moving_pointer_costs_no_rerun(app_server: AppServer, open_page: OpenPage) -> None:
    """In two seconds of movement over map and sliders the page asks for pictures and tells Python nothing at all."""
    page, sent = opened(open_page, app_server.url)
    told, live = sent.to_python, sent.live
    x, y, half = numbers(page, "view")
    middle, edge = window_spot(page, x, y), window_spot(page, x + half, y)
    reach = 0.9 * (edge[0] - middle[0])
    for k in range(120):
        turn = 2 * math.pi * k / 60
        page.mouse.move(middle[0] + reach * math.cos(turn), middle[1] + reach * math.sin(2 * turn))
        page.wait_for_timeout(16)
    page.wait_for_timeout(500)  # a rest over the map settles nothing either
    track = page.get_by_role("slider", name="z₁", exact=True).bounding_box()
    assert track is not None
    page.mouse.move(track["x"] + 5, track["y"] + 5)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] - 5, track["y"] + 5, steps=20)
    page.wait_for_timeout(500)
    assert (told, True) == (sent.to_python, sent.live > live + 60)
    page.mouse.up()
    wait_for_address(page, z_of(page))
    page.wait_for_timeout(500)
    assert told + 1 == sent.to_python, "what is settled is told once"


def test_a_page_left_before_z_settles_leaves_the_next_one_alone(app_server: AppServer, open_page: OpenPage) -> None:
    """Nothing of the page that was left is sent once the next one is asked for; coming back, z is where it was put."""
    page = open_page(f"{app_server.url}/_stcore/health")
    sent = count_messages(page)
    page.goto(f"{app_server.url}/interpolate?model=digits-2d")
    ready(page, "interpolate")
    told = sent.to_python
    film = page.locator(".scrubber .strip").first
    film.scroll_into_view_if_needed()
    box = film.bounding_box()
    assert box is not None
    sample = page.get_by_test_id("stSidebarNav").get_by_role("link", name="Sample").element_handle()
    page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 20)
    sample.evaluate("link => link.click()")  # at once: z settles after 200 ms
    z = z_of(page, "interpolate")
    ready(page, "sample")
    page.wait_for_timeout(500)
    assert told + 1 == sent.to_python, "the page switch, and nothing else"
    go_to(page, "Interpolate")
    ready(page, "interpolate")
    known = f"{PLACE.format(page='interpolate')}.data.z"
    page.wait_for_function(f"z => {known}.every((value, i) => Math.abs(value - z[i]) < 1e-5)", arg=z)  # Python knows it
    assert z == z_of(page, "interpolate")


def test_pin_drag_keys_and_double_click(app_server: AppServer, open_page: OpenPage) -> None:
    """A click pins, the pin is dragged and moved by keys, a double click frees z: address and picture always agree."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    page, sent = opened(open_page, app_server.url)

    def settled(z: Any, told: int) -> None:
        page.mouse.move(5, 5)
        assert pytest.approx(z, abs=0.02) == z_of(page)
        wait_for_address(page, z_of(page))
        assert_shows_what_torch_says(page, explorer)
        page.wait_for_timeout(400)
        assert told == sent.to_python

    told = sent.to_python
    page.mouse.click(*window_spot(page, -2.2, 1.9))
    settled([-2.2, 1.9], told + 1)
    page.mouse.move(*window_spot(page, *z_of(page)))
    page.mouse.down()
    page.mouse.move(*window_spot(page, 1.5, -2.2), steps=12)
    assert pytest.approx([1.5, -2.2], abs=0.02) == z_of(page)
    page.mouse.up()
    settled([1.5, -2.2], told + 2)
    before = z_of(page)
    surface = page.locator(".latent-map .surface")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        surface.press(key)
    step = numbers(page, "view")[2]
    after = z_of(page)
    assert -step < after[0] - before[0] < 0 < after[1] - before[1] < step
    assert pytest.approx((before[0] - after[0]) / 2, rel=1e-3) == after[1] - before[1]
    settled(after, told + 3)
    page.mouse.dblclick(*window_spot(page, 1.5, 1.8))
    page.wait_for_function(f"{EXPLORE}.pin === null && !new URL(location).searchParams.has('z')")
    page.mouse.move(*window_spot(page, -2.2, -1.0))
    page.mouse.move(5, 5)
    assert_shows_what_torch_says(page, explorer)
    page.wait_for_timeout(400)
    assert told + 4 == sent.to_python, "once for the double click, and no more"


def test_zoom_survives_a_colour_and_a_pin(app_server: AppServer, open_page: OpenPage) -> None:
    """Zoomed and moved, the view is the very same after another colour, other images and a settled pin."""
    page, _ = opened(open_page, app_server.url)
    x, y = window_spot(page, 0.8, 0.4)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    page.mouse.down()
    page.mouse.move(x - 60, y + 40, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)
    view = numbers(page, "view")
    choose(page, "Colour", "KL")
    page.wait_for_url("**colour=kl*")
    expect(page.locator(".legend .scale")).to_be_visible()
    assert view == numbers(page, "view")
    page.mouse.click(*window_spot(page, view[0] + view[2] / 2, view[1]))
    wait_for_address(page, z_of(page))
    assert any(z_in_address(page))
    choose(page, "Images", "Training · 1,397")
    page.wait_for_url("**points=train*")
    page.wait_for_timeout(1000)
    assert view == numbers(page, "view")


def test_a_phone_shows_and_moves_it(app_server: AppServer, chromium: Browser) -> None:
    """At 390x844 map, picture and sliders follow each other; a tap pins, a finger drags pin and slider."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    with chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{app_server.url}/?model=digits-2d")
        ready(page)
        boxes = [page.locator(name).first.bounding_box() for name in (".latent-map", ".view", ".sliders", ".readout")]
        tops = [box["y"] for box in boxes if box]
        assert (4, sorted(tops)) == (len(tops), tops)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

        fingers = Fingers(page)
        page.locator(".latent-map .surface").scroll_into_view_if_needed()
        scrolled = main_scroll(page)
        fingers.tap(window_spot(page, -2.0, -2.0))
        assert pytest.approx([-2.0, -2.0], abs=0.04) == z_of(page)
        wait_for_address(page, z_of(page))
        fingers.drag(window_spot(page, *z_of(page)), window_spot(page, 1.0, -2.0))
        assert pytest.approx([1.0, -2.0], abs=0.06) == z_of(page)
        wait_for_address(page, z_of(page))
        assert scrolled == main_scroll(page)
        assert_shows_what_torch_says(page, explorer)

        track = page.get_by_role("slider", name="z₂", exact=True)
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        assert box is not None
        x, y = box["x"], box["y"] + box["height"] / 2
        before = z_of(page)
        fingers.drag((x + box["width"] * 0.3, y), (x + box["width"] * 0.7, y))
        assert before[1] < z_of(page)[1] - 0.5
        wait_for_address(page, z_of(page))
        assert_shows_what_torch_says(page, explorer)
        assert [] == problems


def main_scroll(page: Page) -> Any:
    """How far the page has been scrolled down."""
    return page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
