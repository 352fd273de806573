"""What the map draws beside its points, in a real browser: decoded grid, lens, picture, colours, signs."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.serving import AppServer, serve_app
from vae_core import LatentExplorer
from vae_core.latent.plane import pca_plane

MODEL = "mnist-16d"

LAUNCHER = """
import streamlit as st
from ui import live
from ui.routes import ROUTES
app = st.App({shell!r}, routes=[*ROUTES, live.ROUTE])
"""

SHELL = """
import numpy as np
import streamlit as st
from ui.latent_map import MapColour, MapPoints, latent_map
from ui.place import Place
from vae_core import LatentExplorer
from vae_core.latent.plane import pca_plane

st.set_page_config(layout="wide")
case = st.query_params.get("case", "")
explorer = st.cache_resource(LatentExplorer.load)("mnist-16d", device="cpu")
mu = explorer.latents.mu[:2000]
plane, _ = pca_plane(mu)
n_classes = 26 if case == "letters" else 10
names = [] if case == "plain" else [f"class {chr(65 + i)}" for i in range(n_classes)]
labels = None if case == "plain" else np.arange(len(mu)) % n_classes
points = MapPoints.register(plane.project(mu), labels, names)

st.session_state.setdefault("runs", 0)
st.session_state.setdefault("third", 0.0)
st.session_state.runs += 1
if st.button("Off the plane"):
    st.session_state.third = 4.0
by_number = st.checkbox("By number")
z = st.session_state.third * np.linspace(-1, 1, 16).astype("f4")
place = Place("here", explorer, z, f"stamp {st.session_state.third}", pinned=case != "free")
colour = None
if by_number:
    colour = MapColour.register("KL", "nats", np.where(np.arange(len(mu)) == 3, np.nan, (mu**2).sum(1)))
if case == "gone":
    class GoneColour(MapColour):
        def data(self, n_points):
            return {**super().data(n_points), "url": "/points/" + "f" * 32}
    colour = GoneColour.register("KL", "nats", np.arange(len(mu)))
latent_map(
    points, plane=plane, place=None if case == "plain" else place, hand="pin", colour=colour, height=560, key="map",
    on_group=None if case == "plain" else lambda group: None,
)
st.text(f"run {st.session_state.runs}")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a page with a map of a model with 16 dimensions, and the live channel."""
    folder = tmp_path_factory.mktemp("layers")
    shell = folder / "shell.py"
    shell.write_text(SHELL)
    launcher = folder / "app.py"
    launcher.write_text(LAUNCHER.format(shell=str(shell)))
    with serve_app(launcher) as running:
        yield running


@pytest.fixture
def page(server: AppServer, open_page: Callable[..., Page]) -> Page:
    """Open the page and wait for the points."""
    return ready(open_page(server.url, size=(900, 900)))


def ready(page: Page) -> Page:
    """Give the page once its map shows the points."""
    expect(page.locator(".latent-map")).to_have_attribute("data-state", "ready", timeout=60_000)
    return page


def tool(page: Page, name: str) -> Locator:
    """A button of the toolbar."""
    return page.locator(f"[data-tool='{name}']")


def view(page: Page) -> list[float]:
    """Give the middle of the map's view and half its side."""
    return [float(part) for part in (page.locator(".latent-map").get_attribute("data-view") or "").split()]


def side(page: Page) -> float:
    """Pixels of the plot area."""
    box = page.locator(".surface").bounding_box()
    assert box is not None
    return box["width"]


def point_at(page: Page, x: float, y: float) -> None:
    """Move the mouse to a pixel of the plot area."""
    box = page.locator(".surface").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y, steps=2)


def grey(canvas: Locator) -> Image.Image:
    """What a canvas holds."""
    url: str = canvas.evaluate("canvas => canvas.toDataURL()")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L")


def fine_grid(page: Page) -> Locator:
    """Wait until the decoded grid is there as fine as it gets, for the present view."""
    grid = page.locator(".beneath canvas")
    now = page.locator(".latent-map").get_attribute("data-view")
    assert now is not None
    expect(grid).to_have_attribute("data-view", now, timeout=15_000)
    expect(grid).to_have_attribute("data-tiles", str(round(side(page) / 30)), timeout=15_000)
    expect(grid).to_be_visible()
    return grid


def decoded_means(xy: npt.NDArray[np.float64], off_plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Mean grey value, 0 to 255, of what the model draws at places of the map's plane."""
    explorer = LatentExplorer.load(MODEL, device="cpu")
    plane, _ = pca_plane(explorer.latents.mu[:2000])
    images = explorer.decode(plane.lift(xy, off_plane))
    return 255 * images.astype(np.float64).mean((1, 2, 3))


def cells(page: Page, k: int) -> npt.NDArray[np.float64]:
    """Middles of the k x k cells of the view, row by row from the top."""
    x, y, half = view(page)
    steps = half * (2 * (np.arange(k) + 0.5) / k - 1)
    return np.array([(x + u, y - v) for v in steps for u in steps])


def shown_means(canvas: Locator, k: int) -> npt.NDArray[np.float64]:
    """Mean grey value of each of k x k equal cells of a canvas."""
    return np.asarray(grey(canvas).resize((k, k), Image.Resampling.BOX), np.float64).ravel()


def assert_as_bright(expected: npt.NDArray[np.float64], shown: npt.NDArray[np.float64]) -> None:
    """Tile by tile, but for what scaling to the screen's pixels does to a tile's edges."""
    assert np.abs(shown - expected).max() < 5
    assert np.abs(shown - expected).mean() < 1.5


def count_questions(page: Page) -> None:
    """From now on note how many images each message asks for, in `window.asked`."""
    page.evaluate(
        """() => {
            const { send } = WebSocket.prototype
            window.asked = []
            WebSocket.prototype.send = function (data) {
                if (this.protocol === "latent-space.v1") window.asked.push((data.byteLength - 28) / 4 / 16)
                return send.call(this, data)
            }
        }"""
    )


def test_each_tile_of_the_grid_is_what_the_model_draws_there(page: Page) -> None:
    """Tile by tile the canvas is as bright as torch says, after a zoom too, and nothing of it reaches Python."""
    tool(page, "grid").click()
    k = round(side(page) / 30)
    off_plane = np.zeros(16, np.float32)
    first = shown_means(fine_grid(page), k)
    assert_as_bright(decoded_means(cells(page, k), off_plane), first)
    point_at(page, 150, 200)
    before = page.locator(".latent-map").get_attribute("data-view")
    assert before is not None
    page.mouse.wheel(0, -400)
    expect(page.locator(".latent-map")).not_to_have_attribute("data-view", before)
    second = shown_means(fine_grid(page), k)
    assert_as_bright(decoded_means(cells(page, k), off_plane), second)
    assert np.abs(first - second).max() > 5
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()


def test_the_grid_follows_the_rest_of_z(page: Page) -> None:
    """When z moves off the plane, the tiles are decoded there."""
    tool(page, "grid").click()
    k = round(side(page) / 30)
    before = shown_means(fine_grid(page), k)
    page.get_by_role("button", name="Off the plane").click()
    expected = decoded_means(cells(page, k), 4 * np.linspace(-1, 1, 16, dtype=np.float32))
    assert np.abs(before - expected).max() > 10
    for _ in range(50):
        page.wait_for_timeout(100)
        if np.abs(shown_means(fine_grid(page), k) - expected).max() < 5:
            break
    assert_as_bright(expected, shown_means(fine_grid(page), k))


@pytest.mark.parametrize("case", ["", "free"])
def test_a_pointer_that_passes_over_the_map_asks_for_no_other_grid(
    server: AppServer, open_page: Any, case: str
) -> None:
    """Moves within the plane leave the grid as it is, with a pin and without one."""
    page = ready(open_page(f"{server.url}/?case={case}", size=(900, 900)))
    tool(page, "grid").click()
    fine_grid(page)
    count_questions(page)
    for i in range(40):
        point_at(page, 60 + 9 * i, 400 - 8 * i)
    page.wait_for_timeout(300)
    asked: list[float] = page.evaluate("window.asked")
    assert max(asked, default=1) <= 1
    page.mouse.wheel(0, -100)
    page.wait_for_function("Math.max(...window.asked) > 1")


def test_a_grid_that_is_switched_on_is_there_at_once(page: Page) -> None:
    """The first picture is a coarse one, soon after the click; a fine one follows."""
    seen = page.locator(".latent-map").evaluate(
        """async root => {
            const canvas = root.querySelector(".beneath canvas")
            const seen = [] // every picture, also two of them between two frames
            const note = () => seen.push([Number(canvas.dataset.tiles), performance.now() - start])
            const watch = new MutationObserver(note)
            watch.observe(canvas, { attributeFilter: ["data-tiles"] })
            const start = performance.now()
            root.querySelector("[data-tool=grid]").click()
            while (canvas.hidden) await new Promise(requestAnimationFrame)
            return seen
        }"""
    )
    assert 8 == seen[0][0]
    assert seen[0][1] < 500  # a tenth of that where the machine does nothing else
    fine_grid(page)


def test_while_the_view_moves_the_old_grid_moves_with_it(page: Page) -> None:
    """In the very next frames the picture covers the same part of latent space as before, and is never gone."""
    tool(page, "grid").click()
    fine_grid(page)
    found = page.locator(".latent-map").evaluate(
        """async root => {
            const [surface, canvas] = [root.querySelector(".surface"), root.querySelector(".beneath canvas")]
            const box = surface.getBoundingClientRect()
            const [clientX, clientY] = [box.left + 90, box.top + 70]
            surface.dispatchEvent(new WheelEvent("wheel", { deltaY: -300, clientX, clientY }))
            await new Promise(requestAnimationFrame)
            await new Promise(requestAnimationFrame)
            const now = canvas.getBoundingClientRect()
            return { box: [box.left, box.top, box.width], now: [now.left, now.top, now.width], hidden: canvas.hidden,
                     then: canvas.dataset.view, view: root.dataset.view }
        }"""
    )
    left, top, width = found["box"]
    x0, y0, then = (float(part) for part in found["then"].split())
    x, y, half = (float(part) for part in found["view"].split())
    scale = width / 2 / half
    assert not found["hidden"]
    assert half < then
    expected = [left + (x0 - then - x + half) * scale, top + (y + half - y0 - then) * scale, 2 * then * scale]
    assert pytest.approx(expected, abs=0.5) == found["now"]


def test_the_lens_shows_what_lies_around_the_pointer(page: Page) -> None:
    """Its tiles are the decodings of places in even steps around the pointer."""
    tool(page, "lens").click()
    point_at(page, 210, 240)
    lens = page.locator(".at-pointer")
    expect(lens).to_be_visible()
    page.wait_for_timeout(500)
    (x, y, half), width = view(page), side(page)
    steps = (np.arange(5) - 2) * 0.6 * 42 * 2 * half / width
    middle = np.array([x + (210 / width * 2 - 1) * half, y + (1 - 240 / width * 2) * half])
    xy = np.array([middle + np.array([u, -v]) for v in steps for u in steps])
    expected = decoded_means(xy, np.zeros(16, np.float32))
    others = np.isin(np.arange(25), [7, 11, 12, 13, 17], invert=True)  # the middle one's frame reaches into these
    assert_as_bright(expected[others], shown_means(lens, 5)[others])


def test_the_picture_at_the_pointer_is_decoded_there_and_never_covers_it(page: Page) -> None:
    """Pixel by pixel it is decode(z) of the place; in all corners it stays on the map, beside the pointer."""
    tool(page, "atPointer").click()
    canvas = page.locator(".at-pointer")
    width = side(page)
    for px, py in [(5, 5), (width - 5, 5), (5, width - 5), (width - 5, width - 5), (200, 260)]:
        point_at(page, px, py)
        expect(canvas).to_be_visible()
        page.wait_for_timeout(150)
        box, area = canvas.bounding_box(), page.locator(".surface").bounding_box()
        assert box is not None
        assert area is not None
        left, top = box["x"] - area["x"], box["y"] - area["y"]
        assert min(left, top) >= 0
        assert max(left + box["width"], top + box["height"]) <= width + 0.5
        assert not (left - 4 < px < left + box["width"] + 4 and top - 4 < py < top + box["height"] + 4)
    page.wait_for_timeout(200)
    x, y, half = view(page)
    xy = np.array([[x + (px / width * 2 - 1) * half, y + (1 - py / width * 2) * half]])
    assert pytest.approx(decoded_means(xy, np.zeros(16, np.float32))[0], abs=1) == np.asarray(grey(canvas)).mean()


def wait_for_colours(page: Page, kind: str) -> None:
    """Wait until plotly has one colour a class ("string"), or one a point ("object")."""
    drawn = page.locator(".points").element_handle()
    are_so = "([gd, kind]) => gd.data.every(trace => typeof trace.marker.color === kind)"
    page.wait_for_function(are_so, arg=[drawn, kind])


def test_another_colour_costs_its_values_and_no_coordinates(page: Page) -> None:
    """Switching to a number fetches one file of 4 bytes a point, the legend shows its scale; back fetches nothing."""
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/points/" in request.url else None)
    wait_for_colours(page, "string")
    with page.expect_response(re.compile("/points/")) as answer:
        page.get_by_text("By number").click()
    assert 4 * 2000 == len(answer.value.body())
    expect(page.locator(".legend .scale")).to_contain_text("KL nats")
    wait_for_colours(page, "object")
    without_value = page.locator(".points").evaluate("gd => Array.from(gd.data[3].marker.color[0])")
    assert pytest.approx(0.35) == without_value[3]
    page.get_by_role("button", name="Off the plane").click()
    expect(page.get_by_text("run 3", exact=True)).to_be_visible()  # a rerun with the same colour fetches nothing
    page.get_by_text("By number").click()
    expect(page.locator(".legend .scale")).to_have_count(0)
    wait_for_colours(page, "string")
    assert 1 == len(fetched)


def test_classes_hide_and_show_while_a_number_colours_them(page: Page) -> None:
    """The legend's buttons work as ever, and the points keep their colours."""
    page.get_by_text("By number").click()
    wait_for_colours(page, "object")
    page.get_by_role("button", name="class C").click()
    shown = page.locator(".points").evaluate("gd => gd.data.map(trace => trace.visible)")
    assert [i != 2 for i in range(10)] == shown


def test_26_classes_have_26_signs_and_fit_a_telephone(server: AppServer, open_page: Callable[..., Page]) -> None:
    """With shapes on, colour and sign are unique, on the map as in the legend, and nothing sticks out."""
    page = ready(open_page(f"{server.url}/?case=letters", size=(390, 844)))
    tool(page, "shapes").click()
    look = "gd => gd.data.map(trace => `${trace.marker.color} ${trace.marker.symbol}`)"
    drawn = page.locator(".points").evaluate(look)
    assert 26 == len(set(drawn))
    listed = page.locator(".legend button svg").evaluate_all("signs => signs.map(sign => sign.innerHTML)")
    assert 26 == len(set(listed))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for part in page.locator(".legend button, .toolbar button:visible").all():
        box = part.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= 390)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_no_button_covers_a_point(server: AppServer, open_page: Callable[..., Page], size: tuple[int, int]) -> None:
    """The whole row of tools lies above the plot area."""
    page = ready(open_page(server.url, size=size))
    tool(page, "grid").click()
    area = page.locator(".surface").bounding_box()
    assert area is not None
    for button in page.locator(".toolbar button:visible, .toolbar input").all():
        box = button.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= area["y"]
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]


def test_tools_stay_through_a_reload_and_cost_no_rerun(page: Page) -> None:
    """What is drawn is remembered by the tab, and keys do what buttons do."""
    tool(page, "grid").click()
    page.locator(".toolbar input").fill("0.3")
    page.locator(".surface").focus()
    page.keyboard.press("e")
    expect(tool(page, "lens")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("b")
    expect(tool(page, "box")).to_have_attribute("aria-pressed", "true")
    expect(tool(page, "move")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()
    page.reload()
    ready(page)
    expect(tool(page, "grid")).to_have_attribute("aria-pressed", "true")
    expect(tool(page, "lens")).to_have_attribute("aria-pressed", "true")
    expect(tool(page, "move")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".toolbar input")).to_have_value("0.3")
    expect(page.locator(".beneath canvas")).to_have_css("opacity", "0.3")


def test_a_map_without_a_place_has_no_tools_but_the_view(server: AppServer, open_page: Callable[..., Page]) -> None:
    """No place: nothing to decode; no classes: no shapes; nobody hears of groups: no box and no lasso; keys neither."""
    page = ready(open_page(f"{server.url}/?case=plain", size=(900, 900)))
    expect(page.locator(".toolbar button:visible")).to_have_count(3)
    page.locator(".surface").focus()
    for key in "gepsbl":
        page.keyboard.press(key)
    expect(page.locator(".toolbar [aria-pressed=true]:visible")).to_have_count(0)
    expect(page.locator(".latent-map")).to_have_attribute("data-mode", "move")


def test_a_number_that_does_not_arrive_is_told(server: AppServer, chromium: Any) -> None:
    """After its tries the map says so in words, with a button to reload."""
    context = chromium.new_context()  # its failing requests are the point of this test
    page = context.new_page()
    page.goto(f"{server.url}/?case=gone")
    expect(page.locator(".latent-map")).to_have_attribute("data-state", "error", timeout=30_000)
    expect(page.locator(".status")).to_have_text(re.compile("no longer holds"))
    expect(page.get_by_role("button", name="Reload")).to_be_visible()
    context.close()
