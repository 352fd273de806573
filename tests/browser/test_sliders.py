"""The sliders in a real browser: what a hand does to z, what reaches Python and when, and what the strips show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.serving import PROJECT_ROOT, AppServer, serve_app
from vae_core import LatentExplorer

LAUNCHER = """
import streamlit as st
from ui.live import ROUTE
app = st.App({shell!r}, routes=[ROUTE])
"""

SHELL = """
import numpy as np
import streamlit as st
from ui.cache import open_explorer
from ui.place import Place
from ui.sliders import z_sliders
from vae_core import list_checkpoints

wanted = st.query_params.get("model", "digits-2d")
(entry,) = (entry for entry in list_checkpoints() if entry.name == wanted)
explorer = open_explorer(entry, "cpu")
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1

def note(settled):
    st.session_state.settled = settled

place = Place("tested", explorer, np.zeros(explorer.latent_dim, np.float32), "0")
with st.container(width=440):
    if st.checkbox("Here", value=True):
        z_sliders(place, key="sliders", height=350, on_settled=note)
settled = st.session_state.get("settled")
st.text("nothing" if settled is None else "settled " + " ".join(f"{value:.2f}" for value in settled.z))
st.text(f"run {st.session_state.runs}")
"""

PLACE = "window[Symbol.for('latent space explorer')].places.get('tested')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve a page with nothing but sliders."""
    folder = tmp_path_factory.mktemp("sliders")
    shell = folder / "shell.py"
    shell.write_text(SHELL)
    launcher = folder / "app.py"
    launcher.write_text(LAUNCHER.format(shell=str(shell)))
    with serve_app(launcher) as running:
        yield running


class Asked:
    """The requests that a page sends to `/live`: what is decoded, (n, D) each."""

    def __init__(self, page: Page, latent_dim: int) -> None:
        self.batches: list[npt.NDArray[np.float32]] = []

        def note(frame: str | bytes) -> None:
            assert isinstance(frame, bytes)
            if frame[0] == 1:
                self.batches.append(np.frombuffer(frame, "<f4", offset=28).reshape(-1, latent_dim))

        page.on("websocket", lambda socket: socket.on("framesent", note) if socket.url.endswith("/live") else None)


OpenSliders = Callable[..., tuple[Page, Asked]]


@pytest.fixture
def open_sliders(server: AppServer, open_page: Callable[..., Page]) -> OpenSliders:
    """Open a model's sliders, and wait for the strips."""

    def open_sliders(model: str = "digits-2d", latent_dim: int = 2, **options: Any) -> tuple[Page, Asked]:
        page = open_page(f"{server.url}/_stcore/health", **options)  # to listen before the channel opens
        asked = Asked(page, latent_dim)
        page.goto(f"{server.url}/?model={model}")
        expect(page.locator(".row canvas[data-n]").first).to_be_visible(timeout=30_000)
        return page, asked

    return open_sliders


def z_of(page: Page) -> list[float]:
    """Give the z of the place."""
    z: list[float] = page.evaluate(f"Array.from({PLACE}.z)")
    return z


def grip(page: Page, name: str, share: float = 0.5) -> dict[str, float]:
    """Pixel in the window where the thumb of a slider stands at that share of its way."""
    canvas = page.locator(f".row[aria-label='{name}'] canvas").bounding_box()
    assert canvas is not None
    return {"x": canvas["x"] + share * canvas["width"], "y": canvas["y"] + canvas["height"] / 2}


def settled(page: Page, run: int, *z: str) -> None:
    """Wait for what Python has been told, in that run of the script, and that no run follows it."""
    expect(page.get_by_text(f"run {run}", exact=True)).to_be_visible()
    expect(page.get_by_text(f"settled {' '.join(z)}")).to_be_visible()
    page.wait_for_timeout(400)
    expect(page.get_by_text(f"run {run}", exact=True)).to_be_visible()


def slider(page: Page, name: str) -> Locator:
    """Give the slider of a dimension."""
    return page.get_by_role("slider", name=name, exact=True)


def test_a_drag_decodes_and_runs_nothing_until_it_ends(open_sliders: OpenSliders) -> None:
    """While the button is down requests go out for the other strip, at most one in 60 ms; letting go is one rerun."""
    page, asked = open_sliders()
    page.wait_for_timeout(300)
    asked.batches.clear()
    page.mouse.move(**grip(page, "z₁"))
    page.mouse.down()
    for step in range(20):
        page.mouse.move(**grip(page, "z₁", 0.5 + 0.01 * step))
        page.wait_for_timeout(20)
    page.mouse.move(**grip(page, "z₁", 2 / 3))
    page.wait_for_timeout(500)  # a hand that rests has not let go
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()
    n = len(asked.batches)
    assert 3 <= n <= 20
    z = z_of(page)
    assert pytest.approx([1.0, 0.0], abs=0.03) == z  # of -3 to 3
    batch = asked.batches[-1]
    assert {round(z[0], 4)} == {round(float(value), 4) for value in batch[:, 0]}  # z₂ alone varies along its strip
    assert len(batch) == len(set(batch[:, 1].tolist()))  # and z₁'s own was not asked for
    page.mouse.up()
    settled(page, 2, f"{z[0]:.2f}", "0.00")


def test_the_strips_are_what_the_model_decodes(open_sliders: OpenSliders) -> None:
    """Each picture stands where the thumb would, and its pixels are the decoder's within 1/255."""
    page, _ = open_sliders()
    page.evaluate(f"{PLACE}.move([0.7, -1.3])")
    page.wait_for_timeout(400)
    explorer = LatentExplorer.load(PROJECT_ROOT / "checkpoints" / "digits-2d", device="cpu")
    for own, name in enumerate(("z₁", "z₂")):
        n, wide, high, values = page.locator(f".row[aria-label='{name}'] canvas").evaluate(
            """canvas => [Number(canvas.dataset.n), canvas.width, canvas.height,
                Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)]"""
        )
        shown = np.array(values, np.uint8).reshape(high, wide, 4)[..., 0]
        z = np.tile(np.array([0.7, -1.3], np.float32), (n, 1))
        z[:, own] = -3 + 6 * (np.arange(n) + 0.5) / n
        expected = np.round(255 * explorer.decode(z)[:, 0])  # (n, 8, 8)
        scale = high // 8
        top = (high - 8 * scale) // 2
        for k in range(n):
            left = round((k + 0.5) * wide / n - 4 * scale)
            cell = shown[top + scale // 2 :: scale, left + scale // 2 :: scale][:8, :8]
            np.testing.assert_allclose(expected[k], cell, atol=1, err_msg=f"{name}, picture {k} of {n}")


def test_a_z_moved_elsewhere_moves_the_thumbs_within_a_frame(open_sliders: OpenSliders) -> None:
    """Slider, value and line follow the place in the next frame, and Python hears nothing."""
    page, _ = open_sliders()
    shown = page.evaluate(
        f"""async () => {{
            {PLACE}.preview([1.25, -2])
            await new Promise(requestAnimationFrame)
            const roots = [...document.querySelectorAll("*")].map(element => element.shadowRoot)
            const root = roots.find(root => root?.querySelector(".sliders"))
            return [...root.querySelectorAll(".row")].map(row => [row.querySelector("[type=range]").valueAsNumber,
                row.querySelector("[inputmode=decimal]").value, Number(row.style.getPropertyValue("--share"))])
        }}"""
    )
    assert [[1.25, "1.25", pytest.approx(4.25 / 6)], [-2, "−2.00", pytest.approx(1 / 6)]] == shown
    page.wait_for_timeout(400)
    expect(page.get_by_text("run 1", exact=True)).to_be_visible()


def test_a_slider_under_the_hand_is_not_overtaken(open_sliders: OpenSliders) -> None:
    """Whoever moves z meanwhile: the thumb stays in the hand, and shows z when it is let go."""
    page, _ = open_sliders()
    page.mouse.move(**grip(page, "z₁"))
    page.mouse.down()
    page.mouse.move(**grip(page, "z₁", 0.75))
    page.evaluate(f"{PLACE}.preview([-2, 2])")
    page.wait_for_timeout(100)
    assert pytest.approx(1.5, abs=0.03) == float(slider(page, "z₁").input_value())
    assert "2" == slider(page, "z₂").input_value()
    page.mouse.up()
    expect(slider(page, "z₁")).to_have_value("-2")


def test_typed_values_count_and_nonsense_does_not(open_sliders: OpenSliders) -> None:
    """Enter and leaving the field commit; what is no z is said to be none, and the old value comes back."""
    page, _ = open_sliders()
    field = page.get_by_role("textbox", name="Value of z₂")
    field.fill("-1.5")
    field.press("Enter")
    settled(page, 2, "0.00", "-1.50")
    expect(field).to_have_value("−1.50")
    field.fill("4.2")  # beyond the slider, which grows
    field.blur()
    settled(page, 3, "0.00", "4.20")
    expect(slider(page, "z₂")).to_have_attribute("max", "5")
    for nonsense in ("e", "1000", "", "1,5,2", "1e2"):
        field.press("Control+a")
        field.press("Delete")
        field.press_sequentially(nonsense)
        field.press("Tab")
        expect(page.get_by_role("status").filter(has_text="z₂ stays where it is")).to_be_visible()
        expect(field).to_have_value("4.20")
    field.fill("7")
    field.press("Escape")
    expect(field).to_have_value("4.20")
    settled(page, 3, "0.00", "4.20")


@pytest.mark.parametrize("typed", ["-1,5", "−1.5", " -1.50 "])
def test_a_comma_and_a_true_minus_are_taken(open_sliders: OpenSliders, typed: str) -> None:
    """Whichever way a number is written, key by key, it is that number."""
    page, _ = open_sliders()
    field = page.get_by_role("textbox", name="Value of z₂")
    field.press("Control+a")
    field.press_sequentially(typed)
    field.press("Enter")
    assert [0, -1.5] == z_of(page)
    expect(field).to_have_value("−1.50")


def test_far_outside_of_the_prior_a_note_says_so(open_sliders: OpenSliders) -> None:
    """Beyond five standard deviations a typed value is taken, with a word of warning."""
    page, _ = open_sliders()
    field, note = page.get_by_role("textbox", name="Value of z₂"), page.locator(".note")
    field.fill("5.5")
    field.press("Enter")
    assert [0, 5.5] == z_of(page)
    expect(note).to_contain_text("far outside the prior")
    field.fill("5")
    field.press("Enter")
    expect(note).to_have_text("")


def test_what_is_held_stays_under_random_draw_and_reset(open_sliders: OpenSliders) -> None:
    """The held dimension keeps its value, the other one gets a new one, then 0."""
    page, _ = open_sliders()
    page.evaluate(f"{PLACE}.move([1.5, 2.5])")
    hold = page.get_by_role("button", name="Hold z₁")
    hold.click()
    expect(hold).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Random draw").click()
    first, drawn = z_of(page)
    assert 1.5 == first
    assert drawn not in (0.0, 2.5)
    settled(page, 2, "1.50", f"{drawn:.2f}")
    expect(hold).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Reset").click()
    settled(page, 3, "1.50", "0.00")
    hold.click()
    page.get_by_role("button", name="Reset").click()
    settled(page, 4, "0.00", "0.00")


def test_quantiles_are_the_priors(open_sliders: OpenSliders) -> None:
    """On the scale of quantiles the thumb stands at Φ(z), and typed percents are taken back to z."""
    page, _ = open_sliders()
    page.evaluate(f"{PLACE}.move([1, -0.5])")
    page.get_by_role("button", name="Quantiles of the prior").click()
    normal = NormalDist()
    assert pytest.approx(100 * normal.cdf(1), abs=1e-4) == float(slider(page, "z₁").input_value())
    expect(slider(page, "z₂")).to_have_attribute("aria-valuetext", "30.9 %")
    field = page.get_by_role("textbox", name="Value of z₂")
    field.fill("97.5")
    field.press("Enter")
    assert pytest.approx([1, normal.inv_cdf(0.975)], abs=1e-6) == z_of(page)
    field.fill("100")
    field.press("Enter")
    expect(page.get_by_role("status").filter(has_text="between 0 and 100 %")).to_be_visible()
    expect(field).to_have_value("97.5")


def test_arrow_keys_step_and_shift_steps_finer(open_sliders: OpenSliders) -> None:
    """A tenth of σ, with Shift a hundredth, and one rerun when the keys rest; Home goes to the end."""
    page, _ = open_sliders()
    slider(page, "z₁").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    settled(page, 2, "0.29", "0.00")
    page.keyboard.press("Home")
    settled(page, 3, "-3.00", "0.00")


def test_sixteen_dimensions_stand_by_kl_and_the_dead_are_folded(open_sliders: OpenSliders) -> None:
    """The largest KL comes first; the five unused are behind one line, and what is out of sight is not decoded."""
    page, asked = open_sliders("mnist-16d", 16)
    kl = LatentExplorer.load(PROJECT_ROOT / "checkpoints" / "mnist-16d", device="cpu").card.test.kl_per_dimension
    order = sorted((i for i in range(16) if kl[i] >= 0.01), key=lambda i: -kl[i])
    rows = page.locator(".live .row")
    names = [rows.nth(i).get_attribute("aria-label") for i in range(rows.count())]
    digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    assert ["z" + str(i + 1).translate(digits) for i in order] == names
    dead = page.locator(".dead")
    expect(dead.get_by_text("5 unused dimensions (KL below 0.01 nats): they do not change the picture")).to_be_visible()
    expect(dead.locator(".row").first).to_be_hidden()
    page.wait_for_timeout(300)
    varied = {int(i) for batch in asked.batches for i in np.flatnonzero(np.ptp(batch, axis=0))}
    assert varied < set(order)
    assert set(order[:5]) <= varied
    expect(page.locator(".rows")).to_have_attribute("data-below", "")
    dead.locator("summary").click()
    dead.locator(".row").last.scroll_into_view_if_needed()
    expect(dead.locator("canvas[data-n]").last).to_be_visible()
    expect(page.locator(".rows")).to_have_attribute("data-above", "")


def test_without_the_channel_the_strips_fade_and_the_sliders_work_on(open_sliders: OpenSliders) -> None:
    """The strips step back, and what is settled reaches Python all the same."""
    page, _ = open_sliders()
    page.evaluate(f"{PLACE}.channel.say('down')")
    expect(page.locator(".row canvas").first).to_have_css("opacity", "0.4")
    slider(page, "z₂").fill("1")
    settled(page, 2, "0.00", "1.00")
    page.evaluate(f"{PLACE}.channel.say('open')")
    expect(page.locator(".row canvas").first).to_have_css("opacity", "1")


def test_on_a_phone_a_finger_drags_across_and_scrolls_down(chromium: Browser, server: AppServer) -> None:
    """Nothing is wider than the screen or smaller than a fingertip; a swipe up over a slider scrolls and leaves z."""
    with chromium.new_context(viewport={"width": 390, "height": 500}, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(f"{server.url}/?model=mnist-16d")
        expect(page.locator(".row canvas[data-n]").first).to_be_visible(timeout=30_000)
        for target in page.locator(".sliders :is(button, .track input, .value input)").all():
            if target.is_visible():
                box = target.bounding_box()
                assert box is not None
                assert min(box["width"], box["height"]) >= 44
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 390
        touch = context.new_cdp_session(page)

        def swipe(start: dict[str, float], dx: float, dy: float) -> None:
            touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [start]})
            for part in range(1, 11):
                point = {"x": start["x"] + dx * part / 10, "y": start["y"] + dy * part / 10}
                touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
                page.wait_for_timeout(16)
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            page.wait_for_timeout(400)

        first = page.locator(".row").first.get_attribute("aria-label")
        assert first is not None
        start = grip(page, first)
        swipe(start, 80, 0)
        width = page.locator(".row canvas").first.evaluate("canvas => canvas.clientWidth")
        moved = z_of(page)
        assert 1 == np.count_nonzero(moved)
        reach = float(slider(page, first).get_attribute("max") or 0)
        assert pytest.approx(2 * reach * 80 / width, abs=0.3) == max(moved)
        before = grip(page, first)["y"]
        swipe(grip(page, first, 0.2), 0, -200)
        assert moved == z_of(page)
        assert grip(page, first)["y"] < before - 50


def test_what_is_let_go_as_the_sliders_go_reaches_python(open_sliders: OpenSliders) -> None:
    """A move within the 200 ms before they are taken off is not lost, at the latest when they come back."""
    page, _ = open_sliders()
    toggle = page.get_by_text("Here")
    page.evaluate(f"{PLACE}.move([0.25, -1.5]); {PLACE}.settle()")
    toggle.click()
    expect(page.locator(".sliders")).to_have_count(0)
    toggle.click()
    expect(page.get_by_text("settled 0.25 -1.50")).to_be_visible()
    assert [0.25, -1.5] == z_of(page)
