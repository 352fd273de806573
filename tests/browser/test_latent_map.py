"""The latent map in a real browser: what it draws, how it is looked at, and the clicks that reach Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.map_page import numbers, serve_shell, spot, wait_for
from tests.browser.serving import AppServer

# Nine points on a grid around the origin and one in the corner, so that the view reaches from -4 to 4.
SHELL = """
import numpy as np
import streamlit as st
from ui.latent_map import MapMarkers, MapPath, MapPoints, latent_map

case = st.query_params.get("case", "plain")
xy = [(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)] + [(4, 4), (-4, -4)]
n = 0 if case == "empty" else len(xy)
labels = np.arange(n) % 2
points = MapPoints.register(np.array(xy)[:n].reshape(n, 2), labels, ("even", "odd"), indices=100 + np.arange(n))
if case == "gone":
    class Gone(MapPoints):
        def offer(self):
            pass
    points = Gone(*({**vars(points), "key": "0" * 32}.values()))
st.session_state.setdefault("runs", 0)
st.session_state.setdefault("along", 0)
st.session_state.runs += 1

def note(click):
    st.session_state.click = click

if st.button("Along"):
    st.session_state.along += 1
show = st.checkbox("Show", value=True)
if show:
    latent_map(
        points, hand="pick", height=500, key="map", on_click=note,
        paths=[MapPath("way", [(-2, -2), (2, -2 + st.session_state.along)])],
        markers=[MapMarkers("Draws", [(2, 2)], one="Draw")],
    )
click = st.session_state.get("click")
st.text("nothing" if click is None else f"clicked {click.z[0]:.2f} {click.z[1]:.2f} {click.index}")
st.text(f"run {st.session_state.runs}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a page with nothing but a map and what moves it."""
    with serve_shell(tmp_path_factory.mktemp("map"), SHELL) as running:
        yield running


@pytest.fixture
def page(server: AppServer, open_page: Callable[..., Page]) -> Page:
    """Open the page and wait for the points."""
    opened = open_page(server.url, size=(900, 800))
    wait_for(opened, "ready")
    return opened


def drawn_at(page: Page, zx: float, zy: float) -> list[float]:
    """Pixel in the window where plotly puts a place in z, by plotly's own account."""
    position: list[float] = page.locator(".points").evaluate(
        """(gd, [zx, zy]) => {
            const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect()
            return [box.left + xaxis._offset + xaxis.l2p(zx), box.top + yaxis._offset + yaxis.l2p(zy)]
        }""",
        [zx, zy],
    )
    return position


def test_a_click_reaches_python(page: Page) -> None:
    """Near a point it reports the place and the point's registered index, elsewhere the place alone."""
    page.locator(".surface").click(position=spot(page, 1.05, 0.02))
    expect(page.get_by_text("clicked 1.05 0.02 105")).to_be_visible()
    page.locator(".surface").click(position=spot(page, -2.5, 3.0))
    expect(page.get_by_text("clicked -2.50 3.00 None")).to_be_visible()
    expect(page.get_by_text("run 3", exact=True)).to_be_visible()


def test_zoom_and_pan_survive_reruns_and_cost_no_points(page: Page) -> None:
    """After wheel and drag the view stays through a rerun that moves a path, with nothing fetched or drawn anew."""
    surface = page.locator(".surface")
    box = surface.bounding_box()
    assert box is not None
    before = numbers(page, "view")
    held = spot(page, 2, 1)
    page.mouse.move(box["x"] + held["x"], box["y"] + held["y"])
    page.mouse.wheel(0, -200)
    expect(page.locator(".latent-map")).not_to_have_attribute("data-view", " ".join(map(str, before)))
    assert numbers(page, "view")[2] < before[2]
    assert pytest.approx(held, abs=1) == spot(page, 2, 1)
    page.mouse.down()
    page.mouse.move(box["x"] + held["x"] - 60, box["y"] + held["y"] + 30, steps=4)
    page.mouse.up()
    assert pytest.approx({"x": held["x"] - 60, "y": held["y"] + 30}, abs=1.5) == spot(page, 2, 1)
    expect(page.get_by_text("nothing")).to_be_visible()  # a drag is no click
    page.wait_for_timeout(400)  # a slow machine draws the points anew when the view rests
    view = numbers(page, "view")
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/points/" in request.url else None)
    page.locator(".points").evaluate("gd => { gd.drawings = 0; gd.on('plotly_afterplot', () => gd.drawings++) }")
    page.get_by_role("button", name="Along").click()
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    page.wait_for_timeout(300)
    assert view == numbers(page, "view")
    assert ([], 0) == (fetched, page.locator(".points").evaluate("gd => gd.drawings"))


def test_the_overlays_lie_where_plotly_draws(page: Page) -> None:
    """They agree to a pixel, before and after a zoom, and a unit is as long both ways."""
    box = page.locator(".surface").bounding_box()
    assert box is not None
    for _ in range(2):
        place = spot(page, 2, 1)
        assert pytest.approx(drawn_at(page, 2, 1), abs=1) == [box["x"] + place["x"], box["y"] + place["y"]]
        (left, bottom), (right, top) = drawn_at(page, 0, 0), drawn_at(page, 1, 1)
        assert pytest.approx(right - left, abs=0.1) == bottom - top
        page.get_by_role("button", name="Zoom out").click()
        page.wait_for_timeout(400)


def test_the_legend_hides_and_isolates(page: Page) -> None:
    """A hidden class is neither drawn nor hit; a double click leaves one class, a second one brings back all."""

    def visible() -> object:
        return page.locator(".points").evaluate("gd => gd.data.map(trace => trace.visible)")

    odd = page.get_by_role("button", name="odd")
    odd.click()
    assert [True, False] == visible()
    page.locator(".surface").click(position=spot(page, 1, 0))  # point 5, an odd one
    expect(page.get_by_text("clicked 1.00 0.00 None")).to_be_visible()
    expect(odd).to_have_attribute("aria-pressed", "false")  # through the rerun too
    odd.dblclick()
    assert [False, True] == visible()
    odd.dblclick()
    assert [True, True] == visible()


def test_keys_move_the_view(page: Page) -> None:
    """Arrow keys, plus and 0 look elsewhere and tell Python nothing; Enter picks the middle."""
    page.locator(".surface").focus()
    half = numbers(page, "view")[2]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".latent-map")).to_have_attribute("data-view", re.compile(rf"^0\.6\d+ 0 {half:g}"))
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("+")
    expect(page.locator(".latent-map")).not_to_have_attribute("data-view", re.compile(f"{half:g}$"))
    page.keyboard.press("0")
    expect(page.locator(".latent-map")).to_have_attribute("data-view", f"0 0 {half:g}")
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("clicked 0.00 0.00 104")).to_be_visible()


def test_hover_names_what_is_there(page: Page) -> None:
    """Over a point its class and index, over a mark its number, elsewhere nothing."""
    tip = page.locator(".tip")
    for (zx, zy), text in {(1, 0): "odd · no. 105", (2, 2): "Draw 1"}.items():
        page.locator(".surface").hover(position=spot(page, zx, zy))
        expect(tip).to_have_text(text)
    page.locator(".surface").hover(position=spot(page, -3, 3))
    expect(tip).to_be_hidden()


def test_a_map_that_goes_gives_its_webgl_back(page: Page) -> None:
    """A browser has few WebGL contexts: those of a map that was taken off are free at once, and it comes back."""
    page.locator(".points").evaluate(
        "gd => { window.contexts = [...gd.querySelectorAll('.gl-canvas')].map(canvas => canvas.getContext('webgl')) }"
    )
    free = "() => window.contexts.filter(Boolean).map(context => context.isContextLost())"
    assert not any(page.evaluate(free))
    page.get_by_text("Show").click()
    expect(page.locator(".latent-map")).to_have_count(0)
    assert all(page.evaluate(free))
    page.get_by_text("Show").click()
    wait_for(page, "ready")


def test_points_that_are_gone_are_said_to_be(chromium: Browser, server: AppServer) -> None:
    """A key that the server does not hold ends in one line and a button, not in a blank square."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/?case=gone")
        wait_for(page, "error")
        expect(page.get_by_role("status").filter(has_text="no longer holds the points")).to_be_visible()
        expect(page.get_by_role("button", name="Reload")).to_be_visible()


def test_an_empty_map_says_so_on_a_phone(server: AppServer, open_page: Callable[..., Page]) -> None:
    """Without points there is a line to read, and the map is a square that fits 390 pixels."""
    page = open_page(f"{server.url}/?case=empty", size=(390, 844), dark=True)
    wait_for(page, "empty")
    expect(page.get_by_text("No points yet.")).to_be_visible()
    box = page.locator(".latent-map .plot").bounding_box()
    assert box is not None
    assert pytest.approx(box["width"]) == box["height"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
