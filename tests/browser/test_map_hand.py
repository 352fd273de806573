"""What a hand does on a map with a place, in a real browser: it decodes, pins, drags, draws, and Python rests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.map_page import numbers, serve_shell, spot, wait_for, window_spot
from tests.browser.serving import PROJECT_ROOT, AppServer

SHELL = """
import json
import numpy as np
import streamlit as st
from ui.latent_map import MapMarkers, MapPoints, latent_map
from ui.place import Place
from vae_core import LatentExplorer
from vae_core.latent.plane import axes_plane

st.set_page_config(layout="wide")
case = st.query_params.get("case", "")
deep = case == "deep"
explorer = st.cache_resource(LatentExplorer.load)("mnist-16d" if deep else "digits-2d", device="cpu")
mu, labels = explorer.latents.mu, explorer.latents.labels
if case == "many":
    noise = np.random.default_rng(0).normal(size=(70_000, 2))
    mu, labels = noise.astype("f4"), np.arange(70_000) % 10
plane = axes_plane((3, 9) if deep else (0, 1), explorer.latent_dim)
points = MapPoints.register(plane.project(mu), labels, [str(i) for i in range(10)])

kept = st.session_state
if "runs" not in kept:
    kept.update(runs=0, stamp=0, z=np.full(explorer.latent_dim, 0.5, "f4"), pinned=True, group=None, told=[])
kept.runs += 1

def settle(settled):
    kept.update(z=settled.z, pinned=settled.pinned)

def choose(group):
    kept.group = None if group is None else group.polygon.tolist()
    kept.told.append("none" if group is None else f"{len(group.indices)} with sum {group.indices.sum()}")

if st.button("Elsewhere"):
    kept.update(z=np.full(explorer.latent_dim, -1.0, "f4"), pinned=True, stamp=kept.stamp + 1)
st.button("Rerun")
place = Place("here", explorer, kept.z, str(kept.stamp), pinned=kept.pinned)
draws = np.random.default_rng(5).normal(size=(2, explorer.latent_dim))
latent_map(
    points, plane=plane, place=place, hand="pin", height=560, key="map", group=kept.group,
    markers=[MapMarkers("Draw", plane.project(draws), draws)] if deep else [],
    on_settled=settle, on_group=choose,
)
st.text(f"{'pinned' if kept.pinned else 'free'} " + " ".join(f"{value:.3f}" for value in kept.z))
st.text(f"run {kept.runs}")
st.text(f"groups: {', '.join(kept.told)}")
st.text(json.dumps(kept.group))
"""

PLACE = "window[Symbol.for('latent space explorer')].places.get('here')"
LATENTS = np.load(PROJECT_ROOT / "checkpoints" / "digits-2d" / "latents.npz")
LONELY = 307
"""A test image of digits-2d with no other within half a unit."""

OpenMap = Callable[..., Page]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a page with a map of a model that decodes."""
    with serve_shell(tmp_path_factory.mktemp("hand"), SHELL) as running:
        yield running


@pytest.fixture
def open_map(server: AppServer, open_page: Callable[..., Page]) -> OpenMap:
    """Give a function that opens the page and waits for points and channel."""

    def open_map(case: str = "") -> Page:
        page = open_page(f"{server.url}/_stcore/health", size=(900, 900))  # to listen before the channel opens
        page.goto(f"{server.url}/?case={case}")
        return ready(page)

    return open_map


def ready(page: Page) -> Page:
    """Give the page once the points are there and the channel is open; `decoded` lists the z of the pictures."""
    wait_for(page, "ready")
    page.evaluate(f"void {PLACE}.onPicture((_, z) => (window.decoded ??= []).push(Array.from(z)))")
    page.wait_for_function(f"{PLACE}.channel.status === 'open' && window.decoded?.length")
    return page


def of(page: Page, name: str) -> Any:
    """Read from the place: z, pin or pointed."""
    return page.evaluate(f"{PLACE}.{name} instanceof Float32Array ? Array.from({PLACE}.{name}) : {PLACE}.{name}")


def told(page: Page, text: str, run: int) -> None:
    """Wait for what Python has been told, in that run of the script, and see that no run follows it."""
    expect(page.get_by_text(text, exact=True)).to_be_visible()
    page.wait_for_timeout(500)
    expect(page.get_by_text(f"run {run}", exact=True)).to_be_visible()


def text_of(z: npt.ArrayLike, *, pinned: bool = True) -> str:
    """The line in which the page says where it stands."""
    return ("pinned " if pinned else "free ") + " ".join(f"{value:.3f}" for value in np.asarray(z).ravel())


def test_the_pointer_decodes_anywhere_and_python_rests(open_map: OpenMap) -> None:
    """Each move is a place in z that is decoded; when the pointer leaves, z is the pin's again; no script runs."""
    page = open_map()
    for zx in np.linspace(-2, 2, 9):
        page.mouse.move(*window_spot(page, float(zx), 1.0))
        assert pytest.approx([zx, 1.0], abs=0.02) == of(page, "z")
        page.wait_for_timeout(30)
    page.wait_for_function(f"{PLACE}.latestPicture[1].every((value, i) => value === {PLACE}.z[i])")
    assert len(page.evaluate("window.decoded")) >= 9
    assert [0.5, 0.5] == of(page, "pin")
    page.mouse.move(5, 5)
    assert [0.5, 0.5] == of(page, "z")
    told(page, text_of([0.5, 0.5]), run=1)


def test_near_a_data_point_its_record_comes_and_a_click_goes_there(open_map: OpenMap) -> None:
    """Within 14 pixels the point is marked and named, what is known of it comes, and the pin goes to its very mu."""
    page = open_map()
    mu = LATENTS["mu"][LONELY]
    x, y = window_spot(page, *mu.tolist())
    page.mouse.move(x + 10, y - 9)
    expect(page.locator(".tip")).to_have_text(f"{LATENTS['labels'][LONELY]} · no. {LONELY}")
    assert {"split": "test", "index": LONELY} == of(page, "pointed")
    page.wait_for_function(f"{PLACE}.latestRecord?.[1].index === {LONELY} && {PLACE}.latestRecord[1].pointed")
    assert np.hypot(*(of(page, "z") - mu)) > 0.05  # decoded is what lies under the pointer
    page.mouse.click(x + 10, y - 9)
    assert mu.tolist() == of(page, "pin")
    told(page, text_of(mu), run=2)
    page.mouse.move(x + 16, y)
    expect(page.locator(".tip")).to_be_hidden()
    assert of(page, "pointed") is None


def test_the_posterior_is_drawn_as_wide_as_it_is(open_map: OpenMap) -> None:
    """The ellipses of one and two sigma pass through where the encoder's sigma says."""
    page = open_map()
    mu, sigma = LATENTS["mu"][LONELY], np.exp(0.5 * LATENTS["logvar"][LONELY])
    x, y, half = numbers(page, "view")
    page.mouse.move(*window_spot(page, *mu.tolist()))
    page.mouse.down()
    page.mouse.move(*window_spot(page, x, y), steps=3)  # to the middle
    page.mouse.up()
    page.get_by_role("button", name="Zoom out").click()
    page.wait_for_timeout(300)
    assert pytest.approx([*mu, half * 1.5], abs=0.02) == numbers(page, "view")
    page.mouse.move(*window_spot(page, *mu.tolist()), steps=2)
    page.wait_for_function(f"{PLACE}.latestRecord?.[1].index === {LONELY} && {PLACE}.latestRecord[1].pointed")
    page.wait_for_timeout(200)
    for deviations in (1, 2):
        for axis in (0, 1):
            edge = mu.copy()
            edge[axis] += deviations * sigma[axis]
            assert painted(page, *edge.tolist())
            edge[axis] += 0.4 * sigma[axis]
            assert not painted(page, *edge.tolist())


def painted(page: Page, zx: float, zy: float) -> bool:
    """Whether the canvas of the marks holds something dark at a place."""
    alpha: int = page.locator("canvas.above").evaluate(
        """(canvas, {x, y}) => {
            const { data } = canvas.getContext("2d").getImageData(Math.round(x) - 1, Math.round(y) - 1, 3, 3)
            return Math.max(...Array.from({ length: 9 }, (_, i) => (data[4 * i] < 200 ? data[4 * i + 3] : 0)))
        }""",
        spot(page, zx, zy),
    )
    return alpha > 60


def test_a_click_pins_and_a_double_click_unpins(open_map: OpenMap) -> None:
    """The pin stands where it was put; taken away, z stays where the pointer leaves the map."""
    page = open_map()
    page.mouse.click(*window_spot(page, -2.0, -2.0))
    assert pytest.approx([-2.0, -2.0], abs=0.02) == of(page, "pin")
    told(page, text_of(of(page, "pin")), run=2)
    assert pytest.approx([-2.0, -2.0], abs=0.02) == numbers(page, "at")
    page.mouse.dblclick(*window_spot(page, 2.3, -2.0))
    assert of(page, "pin") is None
    expect(page.locator(".latent-map")).to_have_attribute("data-at", "")
    expect(page.get_by_text("free")).to_be_visible()
    page.mouse.move(*window_spot(page, 1.0, 2.0))
    page.mouse.move(5, 5, steps=2)
    assert of(page, "pointed") is None
    assert of(page, "z") != [0.5, 0.5]
    page.get_by_role("button", name="Elsewhere").click()
    expect(page.locator(".latent-map")).to_have_attribute("data-at", "-1 -1")


def test_a_dragged_pin_decodes_all_the_way_and_settles_once(open_map: OpenMap) -> None:
    """Gripped within 14 pixels, it goes where the hand goes, to the map's edge at most; Python hears of the end."""
    page = open_map()
    x, y = window_spot(page, 0.5, 0.5)
    page.mouse.move(x + 7, y + 5)
    expect(page.locator(".surface")).to_have_css("cursor", "grab")
    page.mouse.down()
    for k in range(1, 25):
        page.mouse.move(x + 7 - 4 * k, y + 5 + 2 * k)
        page.wait_for_timeout(16)
    expect(page.locator(".surface")).to_have_css("cursor", "grabbing")
    page.wait_for_timeout(400)
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()  # a rest is not an end
    way = np.array(page.evaluate("window.decoded"))
    assert len(np.unique(way[:, 0])) >= 20
    page.mouse.up()
    to_x, to_y = window_spot(page, *of(page, "pin"))
    assert pytest.approx((x - 96, y + 48), abs=0.6) == (to_x, to_y)  # the hand held it 7 and 5 pixels beside its middle
    told(page, text_of(of(page, "pin")), run=2)
    page.mouse.down()
    page.mouse.move(x + 3000, to_y)
    page.mouse.up()
    _, _, half = numbers(page, "view")
    box = page.locator(".surface").bounding_box()
    assert box is not None
    assert pytest.approx(box["x"] + box["width"], abs=0.6) == window_spot(page, *of(page, "pin"))[0]
    assert abs(of(page, "pin")[0]) < 2 * half


def test_keys_move_the_pin_take_it_away_and_put_it(open_map: OpenMap) -> None:
    """Arrow keys with and without Shift, settled once they rest; Delete; Enter puts it in the middle of the view."""
    page = open_map()
    page.locator(".surface").focus()
    x, y, half = numbers(page, "view")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert pytest.approx([0.5 + 3 * 0.05 * half, 0.5 + 0.01 * half], abs=1e-5) == of(page, "pin")
    told(page, text_of(of(page, "pin")), run=2)
    page.keyboard.press("Delete")
    assert of(page, "pin") is None
    page.keyboard.press("ArrowLeft")  # without a pin they move the view
    expect(page.locator(".latent-map")).not_to_have_attribute("data-view", f"{x:g} {y:g} {half:g}")
    page.keyboard.press("0")
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    middle = numbers(page, "at")
    assert np.abs(np.array(middle) - [x, y]).max() <= 14 * 2 * half / 500  # a data point near the middle attracts it
    page.keyboard.press("Escape")
    assert of(page, "pin") is None


def test_a_pin_out_of_view_is_pointed_to(open_map: OpenMap) -> None:
    """It is not drawn, but an arrow at the map's edge shows the way."""
    page = open_map()
    page.locator(".surface").focus()
    page.keyboard.press("Delete")
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    page.mouse.move(5, 5)
    assert page.locator("canvas.above").evaluate(ANY_PAINT) == 0
    page.get_by_role("button", name="Elsewhere").click()
    expect(page.locator(".latent-map")).to_have_attribute("data-at", "-1 -1")
    expect(page.locator("svg.pin")).to_be_hidden()
    left = page.locator("canvas.above").evaluate(ANY_PAINT)
    assert 60 < left < 400  # one small arrow
    x, y = page.locator("canvas.above").evaluate(WHERE_PAINT)
    box = page.locator(".surface").bounding_box()
    assert box is not None
    assert x < 25
    assert box["height"] / 2 < y < box["height"]


ANY_PAINT = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    let n = 0
    for (let i = 3; i < data.length; i += 4) if (data[i]) n++
    return n
}"""
WHERE_PAINT = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    let [n, x, y] = [0, 0, 0]
    for (let i = 3; i < data.length; i += 4) if (data[i]) {
        n++
        x += ((i >> 2) % canvas.width) / devicePixelRatio
        y += Math.floor((i >> 2) / canvas.width) / devicePixelRatio
    }
    return [x / n, y / n]
}"""


def test_off_the_plane_z_stays_as_it_is(open_map: OpenMap) -> None:
    """Of 16 dimensions the pointer moves the two that the map shows; a drawn mark is decoded at its own z."""
    page = open_map("deep")
    page.mouse.move(*window_spot(page, 1.5, -0.5))
    z = np.array(of(page, "z"))
    assert pytest.approx([1.5, -0.5], abs=0.03) == z[[3, 9]].tolist()
    assert (np.delete(z, [3, 9]) == 0.5).all()
    draws = np.random.default_rng(5).normal(size=(2, 16))
    page.mouse.move(*window_spot(page, *draws[1, [3, 9]].tolist()))
    expect(page.locator(".tip")).to_have_text("Draw 2")
    assert {"sample": 1} == of(page, "pointed")
    np.testing.assert_allclose(of(page, "z"), draws[1], rtol=1e-6)
    page.mouse.move(5, 5)
    page.wait_for_timeout(100)
    assert not painted(page, *draws[0, [3, 9]].tolist())
    page.evaluate(f"{PLACE}.preview(new Float32Array(16), {{ sample: 0 }})")  # another view points at it
    page.wait_for_timeout(200)
    assert painted(page, *draws[0, [3, 9]].tolist())


def test_a_click_on_a_data_point_takes_all_of_its_mu(open_map: OpenMap) -> None:
    """What the map does not show of z becomes the data point's own too."""
    page = open_map("deep")
    mu = np.load(PROJECT_ROOT / "checkpoints" / "mnist-16d" / "latents.npz")["mu"]
    page.mouse.move(*window_spot(page, *mu[7, [3, 9]].tolist()))
    index = of(page, "pointed")["index"]
    page.wait_for_function(f"{PLACE}.latestRecord?.[1].index === {index} && {PLACE}.latestRecord[1].pointed")
    page.mouse.down()
    page.mouse.up()
    assert mu[index].tolist() == of(page, "pin")
    told(page, text_of(mu[index]), run=2)


@pytest.mark.parametrize("late", [0, 600])
def test_a_click_goes_to_mu_however_late_its_record_comes(open_map: OpenMap, late: int) -> None:
    """The pin goes on to the data point's own z once that is known, and Python hears of that alone."""
    page = open_map("deep")
    mu = np.load(PROJECT_ROOT / "checkpoints" / "mnist-16d" / "latents.npz")["mu"]
    page.evaluate(
        """([place, late]) => {
            const { channel } = place, ask = channel.ask
            channel.ask = (lane, request, done) =>
                ask.call(channel, lane, request, request.kind === 1 ? done : answer => setTimeout(done, late, answer))
        }""",
        [page.evaluate_handle(PLACE), late],
    )
    x, y = window_spot(page, *mu[7, [3, 9]].tolist())
    page.mouse.click(x, y)
    index = of(page, "pointed")["index"] if of(page, "pointed") else 7
    page.wait_for_function(f"mu => {PLACE}.pin.every((value, i) => value === mu[i])", arg=mu[index].tolist())
    told(page, text_of(mu[index]), run=2)


def test_a_click_before_any_hover_means_the_point_it_hits(open_map: OpenMap) -> None:
    """Pressed where the pointer was never seen, a click goes to the point there, not to the one last named."""
    page = open_map("deep")
    mu = np.load(PROJECT_ROOT / "checkpoints" / "mnist-16d" / "latents.npz")["mu"]
    far = int(np.argmax(mu[:, 3]))
    page.mouse.move(*window_spot(page, *mu[7, [3, 9]].tolist()))
    x, y = window_spot(page, *mu[far, [3, 9]].tolist())
    page.locator(".surface").evaluate(
        """(surface, [clientX, clientY]) => {
            surface.setPointerCapture = () => {}
            for (const type of ["pointerdown", "pointerup"]) {
                surface.dispatchEvent(new PointerEvent(type, { clientX, clientY, pointerId: 1, pointerType: "mouse" }))
            }
        }""",
        [x, y],
    )
    told(page, text_of(mu[far]), run=2)


def test_after_a_drag_what_is_under_the_pointer_is_shown(open_map: OpenMap) -> None:
    """A pan keeps its place under the pointer, a box ends elsewhere: both times the place there is decoded."""
    page = open_map()
    page.mouse.move(*window_spot(page, 1.0, 1.0))
    page.mouse.down()
    page.mouse.move(*window_spot(page, 0.0, -0.5), steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert pytest.approx([1.0, 1.0], abs=0.02) == of(page, "z")
    page.get_by_role("button", name="Box").click()
    page.mouse.move(*window_spot(page, 1.0, 1.0))
    page.mouse.down()
    page.mouse.move(*window_spot(page, 2.0, 2.5), steps=4)
    page.mouse.up()
    assert pytest.approx([2.0, 2.5], abs=0.02) == of(page, "z")


def test_a_click_whose_record_never_comes_is_settled_all_the_same(open_map: OpenMap) -> None:
    """After a second; a hand that moves the pin meanwhile is not overtaken."""
    page = open_map("deep")
    mu = np.load(PROJECT_ROOT / "checkpoints" / "mnist-16d" / "latents.npz")["mu"]
    page.evaluate(
        """place => {
            const { channel } = place, ask = channel.ask
            channel.ask = (lane, request, done) => request.kind === 1 && ask.call(channel, lane, request, done)
        }""",
        page.evaluate_handle(PLACE),
    )
    page.mouse.click(*window_spot(page, *mu[7, [3, 9]].tolist()))
    pin = of(page, "pin")
    assert 0.5 == pin[0]
    told(page, text_of(pin), run=2)
    page.mouse.click(*window_spot(page, *mu[11, [3, 9]].tolist()))
    page.locator(".surface").press("ArrowRight")
    pin = of(page, "pin")
    page.wait_for_timeout(1200)
    assert pin == of(page, "pin")
    told(page, text_of(pin), run=3)


def test_a_screen_reader_hears_where_keys_move_the_pin(open_map: OpenMap) -> None:
    """Once it rests: its place, and the nearest data point as numpy finds it."""
    page = open_map()
    surface = page.locator(".surface")
    said = page.locator(".latent-map .said")
    expect(said).to_have_text("")
    for _ in range(3):
        surface.press("ArrowLeft")
    z = np.array(of(page, "pin"))
    away = np.hypot(*(LATENTS["mu"] - z).T)
    index = int(away.argmin())
    where = ", ".join(f"{axis} {value:.2f}" for axis, value in zip(("z₁", "z₂"), z, strict=True)).replace("-", "−")
    expect(said).to_have_text(
        f"Decoded at {where}; nearest test image {LATENTS['labels'][index]} · no. {index}, {away[index]:.2f} away."
    )
    surface.press("Delete")
    expect(said).to_contain_text("No pin")


def lasso(page: Page, n: int = 400, radius: float = 1.1) -> None:
    """Draw a wavy outline around the middle."""
    for k in range(n):
        angle = 2 * np.pi * k / n
        reach = radius * (1 + 0.2 * np.sin(9 * angle))
        page.mouse.move(*window_spot(page, reach * float(np.cos(angle)), reach * float(np.sin(angle))))
        if k == 0:
            page.mouse.down()
    page.mouse.up()


def inside(polygon: npt.NDArray[np.float64], xy: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """The even-odd rule at its plainest."""
    crossed = np.zeros(len(xy), np.bool_)
    x, y = xy.astype(np.float64).T
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            crossed ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return crossed


def test_a_lasso_of_30000_points_reaches_python_to_the_last_one(open_map: OpenMap) -> None:
    """The set is the one that numpy finds within the outline; it lasts through reruns, and a click takes it away."""
    page = open_map("many")
    xy = np.random.default_rng(0).normal(size=(70_000, 2)).astype("f4")
    view = numbers(page, "view")
    page.locator("[data-tool=lasso]").click()
    lasso(page)
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    outline = np.array(json.loads(page.get_by_text("[[").inner_text()))
    assert len(outline) <= 256
    expected = np.flatnonzero(inside(outline, xy))
    assert len(expected) > 30_000
    expect(page.locator(".latent-map")).to_have_attribute("data-chosen", str(len(expected)))
    expect(page.get_by_text(f"groups: {len(expected)} with sum {expected.sum()}", exact=True)).to_be_visible()
    page.get_by_role("button", name="Rerun").click()
    expect(page.get_by_text("run 3", exact=True)).to_be_visible()
    expect(page.locator(".latent-map")).to_have_attribute("data-chosen", str(len(expected)))
    assert view == numbers(page, "view")
    page.mouse.click(*window_spot(page, 3.0, 3.0))
    expect(page.get_by_text("sum", exact=False).last).to_contain_text(", none")
    expect(page.locator(".latent-map")).to_have_attribute("data-chosen", "")
    assert [0.5, 0.5] == of(page, "pin")


def test_points_of_hidden_classes_are_neither_hovered_nor_chosen(open_map: OpenMap) -> None:
    """Hidden before or after the outline was drawn, they are not in the group; Escape takes it away."""
    page = open_map()
    mu, labels = LATENTS["mu"], LATENTS["labels"]
    label = int(labels[LONELY])
    page.mouse.move(*window_spot(page, *mu[LONELY].tolist()))
    expect(page.locator(".tip")).to_be_visible()
    page.get_by_role("button", name=str(label), exact=True).click()
    page.mouse.move(*window_spot(page, *mu[LONELY].tolist()))
    page.wait_for_timeout(100)
    expect(page.locator(".tip")).to_be_hidden()
    assert of(page, "pointed") is None
    page.locator("[data-tool=box]").click()
    page.mouse.move(*window_spot(page, -1.5, -1.5))
    page.mouse.down()
    page.mouse.move(*window_spot(page, 2.3, 2.1), steps=3)
    page.mouse.up()
    expect(page.get_by_text("run 2", exact=True)).to_be_visible()
    box = np.array(json.loads(page.get_by_text("[[").inner_text()))
    within = inside(box, mu)
    assert within[LONELY]
    for hidden, run in (({label}, 2), (set(), 3)):
        chosen = np.flatnonzero(within & ~np.isin(labels, list(hidden)))
        expect(page.get_by_text(f"run {run}", exact=True)).to_be_visible()
        expect(page.get_by_text("groups: ")).to_contain_text(f"{len(chosen)} with sum {chosen.sum()}")
        page.get_by_role("button", name=str(label), exact=True).click()
    expect(page.get_by_text("run 4", exact=True)).to_be_visible()
    page.locator(".surface").press("Escape")
    expect(page.get_by_text("groups: ")).to_contain_text(", none")
    assert of(page, "pin") is not None  # it takes another Escape


class Fingers:
    """Touches at places on the map, as a phone sends them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)

    def send(self, kind: str, *places: tuple[float, float]) -> None:
        """Report where the fingers are: `start`, `move`, or `end` with those that are left."""
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": f"touch{kind.title()}", "touchPoints": points})
        self.page.wait_for_timeout(20)

    def tap(self, place: tuple[float, float]) -> None:
        """Touch and let go."""
        self.send("start", place)
        self.send("end")

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 6) -> None:
        """Touch, move evenly, and let go."""
        self.send("start", start)
        for k in range(1, steps + 1):
            self.send("move", (start[0] + (end[0] - start[0]) * k / steps, start[1] + (end[1] - start[1]) * k / steps))
        self.send("end")


def test_fingers_pin_drag_pan_and_pinch(chromium: Browser, server: AppServer) -> None:
    """A tap pins, the pin follows a finger, one finger elsewhere pans, two zoom, and two taps unpin."""
    with chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(f"{server.url}/?case=")
        fingers = Fingers(ready(page))
        fingers.tap(window_spot(page, -2.0, -2.0))
        assert pytest.approx([-2.0, -2.0], abs=0.04) == of(page, "pin")
        told(page, text_of(of(page, "pin")), run=2)
        x, y = window_spot(page, *of(page, "pin"))
        fingers.drag((x + 12, y + 10), (x + 72, y - 30))
        assert pytest.approx((x + 60, y - 40), abs=1) == window_spot(page, *of(page, "pin"))
        told(page, text_of(of(page, "pin")), run=3)
        pin, view = of(page, "pin"), numbers(page, "view")
        x, y = window_spot(page, 1.0, 1.0)
        fingers.drag((x, y), (x - 50, y + 20))
        assert pytest.approx((x - 50, y + 20), abs=1.5) == window_spot(page, 1.0, 1.0)
        assert view[2] == numbers(page, "view")[2]
        x, y = window_spot(page, 0.0, 0.0)
        fingers.send("start", (x - 20, y), (x + 20, y))
        for reach in (25, 30, 40):
            fingers.send("move", (x - reach, y), (x + reach, y))
        fingers.send("end")
        assert pytest.approx(view[2] / 2, rel=0.05) == numbers(page, "view")[2]
        assert pin == of(page, "pin")
        expect(page.get_by_text("run 3", exact=True)).to_be_visible()
        place = window_spot(page, 0.2, -0.4)
        fingers.tap(place)
        fingers.tap((place[0] + 3, place[1]))
        assert of(page, "pin") is None
        expect(page.get_by_text("free")).to_be_visible()


def test_zoom_lasts_through_what_settles(open_map: OpenMap) -> None:
    """After a wheel and a drag of the view, a pin, a rerun and a z of Python's leave the view as it is."""
    page = open_map()
    x, y = window_spot(page, 1.0, 1.0)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.mouse.down()
    page.mouse.move(x - 40, y + 30, steps=3)
    page.mouse.up()
    page.wait_for_timeout(200)
    view = numbers(page, "view")
    page.mouse.click(*window_spot(page, 0.0, 0.9))
    told(page, text_of(of(page, "pin")), run=2)
    page.get_by_role("button", name="Elsewhere").click()
    told(page, text_of([-1.0, -1.0]), run=3)
    assert [-1.0, -1.0] == of(page, "pin")
    assert view == numbers(page, "view")
