"""Directions in a real browser: found, dragged along, drawn, brought, and every file that it hands out opened again."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE
from tests.browser.map_page import numbers, window_spot
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.images import to_uint8
from vae_core.latent.directions import class_question, find_direction, read_directions

HERE = PLACE.format(page="explore")  # the session's own place, which Explore shows too


def z_now(page: Page) -> list[float]:
    """Give the z of the place."""
    z: list[float] = page.evaluate(f"Array.from({HERE}.z)")
    return z


def download(page: Page, label: str) -> bytes:
    """Press a button and give the file that comes."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=label).click()
    return Path(coming.value.path()).read_bytes()


def test_a_user_finds_drags_takes_away_and_brings_back(
    app_server: AppServer, open_page: OpenPage, tmp_path: Path
) -> None:
    """A class gives a slider that moves z along it alone while it is dragged; files hold what the page shows."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    expected = find_direction(explorer.latents.mu, class_question(explorer, 0), name="class 0")
    page = open_page(f"{app_server.url}/directions?model=digits-2d")
    expect(page.locator(".latent-map")).to_have_attribute("data-state", "ready", timeout=60_000)
    page.get_by_role("button", name="Find", exact=True).click()
    slider = page.get_by_role("slider", name="class 0", exact=True)
    expect(slider).to_be_visible()
    expect(page.locator(".mark")).to_have_count(2)
    page.wait_for_url("**directions=*")

    before = np.array(z_now(page))
    track = page.locator(".row .track").bounding_box()
    assert track is not None
    middle = track["y"] + track["height"] / 2
    page.mouse.move(track["x"] + 0.5 * track["width"], middle)
    page.mouse.down()
    page.mouse.move(track["x"] + 0.7 * track["width"], middle, steps=6)
    moved = np.array(z_now(page)) - before  # the button is still down
    assert abs(moved @ expected.unit) > 0.3
    assert abs(moved - (moved @ expected.unit) * expected.unit).max() < 1e-4
    page.mouse.up()
    page.wait_for_function("n => !location.search.includes(n)", arg="z=0,0")

    pin = np.array(z_now(page), np.float32)
    shown = np.array([float(part) for part in parse_qs(urlsplit(page.url).query)["z"][0].split(",")])
    assert np.allclose(pin, shown, atol=1e-3)
    expect(page.locator(".row .value input")).not_to_have_value("")
    page.wait_for_timeout(500)  # Python has heard of it
    table = list(csv.reader(io.StringIO(download(page, "Its z, CSV").decode())))
    assert ["t_in_sd", "z_1", "z_2"] == table[0]
    path = np.array(table[1:], float)
    assert np.allclose(pin + path[:, :1] * expected.spread * expected.unit, path[:, 1:], atol=1e-5)
    strip = np.asarray(Image.open(io.BytesIO(download(page, "Film strip, PNG"))).convert("L"))
    pictures = to_uint8(explorer.decode(path[:, 1:]))[:, 0]
    side, scale = strip.shape[0], 4
    assert 8 * scale <= side < 9 * scale
    edge = (side - 8 * scale) // 2
    first = strip[edge + scale // 2 :: scale, edge + scale // 2 :: scale][:8, :8]
    assert np.abs(first.astype(int) - pictures[0]).max() <= 1
    content = download(page, "All directions, JSON")
    (taken,) = read_directions(content, explorer)
    assert expected.vector == taken.vector
    assert expected.effect.d == taken.effect.d

    page.get_by_role("button", name="Delete", exact=True).click()
    expect(slider).to_have_count(0)
    forged = content.replace(b'"version": 1', b'"version": 2')
    page.locator("input[type=file]").last.set_input_files(
        {"name": "forged.json", "mimeType": "application/json", "buffer": forged}
    )
    expect(page.get_by_text("The file of directions: version")).to_be_visible()
    page.locator("input[type=file]").last.set_input_files(
        {"name": "zeros.json", "mimeType": "application/json", "buffer": content}
    )
    expect(slider).to_be_visible()
    assert json.loads(content)["weights"] == explorer.card.files.weights


def test_a_group_and_a_table_give_directions(app_server: AppServer, open_page: OpenPage) -> None:
    """A box drawn on the map, then a column of a table that is brought; the map is laid onto both."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    page = open_page(f"{app_server.url}/directions?model=digits-2d")
    expect(page.locator(".latent-map")).to_have_attribute("data-state", "ready", timeout=60_000)
    page.get_by_role("radio", name="Group on the map").click()
    page.get_by_role("button", name="Box", exact=True).click()
    x, y, half = numbers(page, "view")
    page.mouse.move(*window_spot(page, x, y))
    page.mouse.down()
    page.mouse.move(*window_spot(page, x + 0.8 * half, y + 0.8 * half), steps=5)
    page.mouse.up()
    expect(page.get_by_text("images chosen")).to_be_visible()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_role("slider", name="group", exact=True)).to_be_visible()

    page.get_by_role("radio", name="Table", exact=True).click()
    page.get_by_text("Table (.csv)").wait_for()  # the other uploader comes first until then
    rows = "\n".join(f"{i},{value:.4f}" for i, value in enumerate(explorer.latents.mu[:200, 0]))
    page.locator("input[type=file]").first.set_input_files(
        {"name": "first.csv", "mimeType": "text/csv", "buffer": f"index,width\n{rows}\n".encode()}
    )
    page.get_by_role("combobox", name="Column").wait_for()
    page.get_by_role("button", name="Find", exact=True).click()
    slider = page.get_by_role("slider", name="width", exact=True)
    expect(slider).to_be_visible()
    expect(page.get_by_role("combobox", name="Map")).to_be_visible()
    slider.focus()
    before = z_now(page)
    slider.press("ArrowRight")
    page.wait_for_function(f"z => {HERE}.z[0] > z", arg=before[0])
