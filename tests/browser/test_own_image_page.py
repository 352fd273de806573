"""Bring an image, as a user does: drawn digits lie where their class does, a mask is filled in, z follows paint."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE, ready_map, z_of
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.metrics.elbo import posterior_kl

HERE = PLACE.format(page="explore")
Way = Sequence[tuple[float, float]]

ONE: Way = [(0.52, 0.18), (0.48, 0.82)]
ZERO: Way = [
    (0.5 + 0.22 * math.sin(t / 20 * 2 * math.pi), 0.5 - 0.3 * math.cos(t / 20 * 2 * math.pi)) for t in range(21)
]
SEVEN: Way = [(0.3, 0.22), (0.7, 0.22), (0.45, 0.82)]


def opened(app_server: AppServer, open_page: OpenPage, model: str, task: str = "", **look: object) -> Page:
    """The page of that model, its map plotted and the channel open."""
    page = open_page(f"{app_server.url}/own_image?model={model}{task}", **look)
    ready_map(page)
    expect(page.locator(".own-canvas[data-state=open]")).to_be_visible(timeout=20_000)
    return page


def draw(page: Page, way: Way) -> None:
    """Draw a stroke on the board, places as shares of its sides."""
    box = page.locator("canvas.board").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in way]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def brought(page: Page) -> list[dict[str, list[float]]]:
    """The codes of the drawing that the map shows, the encoder's first."""
    codes: list[dict[str, list[float]]] = page.evaluate(f"{HERE}.brought")
    return codes


def wait_for_codes(page: Page, n: int) -> None:
    """Wait until the map shows so many."""
    page.wait_for_function(f"n => {HERE}?.brought.length === n", arg=n, timeout=20_000)


def class_there(explorer: LatentExplorer, z: Sequence[float]) -> int:
    """The class of most of the 25 encoded test images nearest to z."""
    labels = explorer.latents.labels
    assert labels is not None
    near = np.argsort(np.linalg.norm(explorer.latents.mu - np.array(z), axis=1))[:25]
    return int(np.bincount(labels[near]).argmax())


def test_drawn_digits_lie_in_the_region_of_their_class(app_server: AppServer, open_page: OpenPage) -> None:
    """A 1, a 0 and a 7: the ellipse's 25 nearest codes are mostly of that class, while the hand still draws."""
    explorer = LatentExplorer.load("mnist-2d", device="cpu")
    page = opened(app_server, open_page, "mnist-2d")
    for digit, way in ((1, ONE), (0, ZERO), (7, SEVEN)):
        draw(page, way)
        page.wait_for_function(f"{HERE}.brought.length > 0")
        wait_for_codes(page, 2)  # the gradient's has come: this is what was settled
        encoder, optimised = brought(page)
        assert digit == class_there(explorer, encoder["mu"])
        assert digit == class_there(explorer, optimised["mu"])
        assert 0 < max(encoder["sigma"]) < 1
        page.get_by_role("button", name="Clear").click()
        wait_for_codes(page, 0)


def test_what_is_drawn_can_be_taken_away(app_server: AppServer, open_page: OpenPage, tmp_path: Path) -> None:
    """The PNG encodes to the CSV's mu, the JSON's figures add up, the address has z, and another model sees it too."""
    explorer = LatentExplorer.load("mnist-2d", device="cpu")
    page = opened(app_server, open_page, "mnist-2d")
    draw(page, SEVEN)
    wait_for_codes(page, 2)
    files = {}
    for title in ("Image", "z", "Figures"):
        with page.expect_download() as taken:
            page.get_by_role("button", name=title, exact=True).click()
        taken.value.save_as(tmp_path / title)
        files[title] = (tmp_path / title).read_bytes()
    image = np.asarray(Image.open(io.BytesIO(files["Image"])))
    assert (28, 28) == image.shape
    found = explorer.encode(image[None, None])
    rows = list(csv.DictReader(io.StringIO(files["z"].decode())))
    assert ["encoder", "by_gradient"] == [row["code"] for row in rows]
    np.testing.assert_allclose(found.mu[0], [float(rows[0][f"mu_{i}"]) for i in (1, 2)], rtol=1e-4)
    document = json.loads(files["Figures"])
    encoder, best = document["codes"]
    assert found.logvar is not None
    assert pytest.approx(posterior_kl(found.mu, found.logvar)[0], rel=1e-3) == encoder["kl"]
    assert pytest.approx(best["elbo"] - encoder["elbo"]) == document["amortisation_gap"]
    assert document["amortisation_gap"] > -0.2
    np.testing.assert_allclose(found.mu[0], z_of(page), rtol=1e-4)
    page.wait_for_url("**/own_image?*z=*")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name="mnist-2d-ae", exact=True).click()
    page.wait_for_function(f"{HERE}.name !== 'explore {explorer.card.key[:12]} cpu'")
    wait_for_codes(page, 2)
    assert [None, None] == [code["sigma"] for code in brought(page)]
    expect(page.locator(".own-canvas .terms")).to_contain_text("squared error")


def test_a_mask_is_filled_in_and_z_follows_paint(app_server: AppServer, open_page: OpenPage, tmp_path: Path) -> None:
    """Half of a test image covered: the fills keep the rest to the grey value; paint on the output moves z to it."""
    page = opened(app_server, open_page, "digits-2d", "&do=mask&z=0.5,-1")
    page.locator("[name=width]").fill("30")
    for y in (0.1, 0.3):
        draw(page, [(0.0, y), (1.0, y)])
    expect(page.locator(".wall[data-state=ready]")).to_be_visible(timeout=20_000)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Fills").click()
    taken.value.save_as(tmp_path / "fills.png")
    sheet = np.asarray(Image.open(tmp_path / "fills.png"))
    tiles = [sheet[::4, i * 33 : i * 33 + 32 : 4] for i in range((sheet.shape[1] + 1) // 33)]
    image, visible, *fills = tiles
    rows = np.flatnonzero((visible == image).all(1))
    assert 2 <= len(rows) < 8
    assert len(fills) == 8
    for fill in fills:
        assert np.array_equal(image[rows[rows > 4]], fill[rows[rows > 4]])
    page.get_by_text("Paint on the output").click()
    expect(page.locator(".own-canvas[data-mode=follow]")).to_be_visible()
    before = z_of(page)
    row = f"{HERE}.latestPicture[0].pixels.slice(6 * 8, 7 * 8).reduce((sum, value) => sum + value)"
    dark = page.evaluate(row)
    draw(page, [(0.1, 0.8), (0.9, 0.8)])
    page.wait_for_function(f"z => {HERE}.z.some((value, i) => value !== z[i])", arg=before, timeout=20_000)
    page.wait_for_function(f"{HERE}.latestPicture?.[1] === {HERE}.z")
    assert page.evaluate(row) > dark


def test_the_keyboard_draws(app_server: AppServer, open_page: OpenPage) -> None:
    """The space bar puts the pen down, arrows draw, Control Z takes the stroke back."""
    page = opened(app_server, open_page, "digits-2d")
    page.locator("canvas.board").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    wait_for_codes(page, 2)
    page.keyboard.press("Control+z")
    wait_for_codes(page, 0)


def test_a_file_is_made_as_the_data_set_is(app_server: AppServer, open_page: OpenPage, tmp_path: Path) -> None:
    """A dark 1 on light paper, far to one side, lies among the ones; a text file is refused in a sentence."""
    explorer = LatentExplorer.load("mnist-2d", device="cpu")
    paper = np.full((300, 420), 235, np.uint8)
    paper[40:230, 330:352] = 40
    Image.fromarray(paper).save(tmp_path / "one.png")
    (tmp_path / "no.png").write_text("no picture")
    page = opened(app_server, open_page, "mnist-2d")
    page.get_by_text("A file or the camera").click()
    page.locator("input[type=file]").set_input_files(tmp_path / "no.png")
    expect(page.get_by_text("This picture cannot be used")).to_be_visible()
    page.locator("input[type=file]").set_input_files(tmp_path / "one.png")
    wait_for_codes(page, 2)
    assert 1 == class_there(explorer, brought(page)[0]["mu"])
