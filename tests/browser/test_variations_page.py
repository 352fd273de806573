"""The page Variations and the grid of styles in a browser, as a user goes about it."""

from __future__ import annotations

import csv
import io
import re
import zipfile

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import count_messages, downloaded, ready, z_of
from tests.browser.serving import AppServer
from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.images import montage, to_uint8
from vae_core.latent.neighbours import nearest
from vae_core.latent.variation_sources import sources_of_codes
from vae_core.latent.variations import vary


def take(page: Page, title: str) -> bytes:
    """Give what a download button hands out."""
    return downloaded(page, lambda: page.get_by_role("button", name=re.compile(f"{title}$")).click())


def test_vary_an_image_and_take_it_away(app_server: AppServer, open_page: OpenPage) -> None:
    """Choose, widen, look, pin; the zip holds what is shown, and its table how it was made; the address restores it."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    page = open_page(f"{app_server.url}/variations?model=digits-2d&source=7&spread=3&count=25")
    ready(page, "variations")
    expect(wall := page.locator(".wall[data-state='ready']")).to_be_visible()
    expect(wall.locator(".note")).to_have_text("Point at a picture for its figures.")
    sources = sources_of_codes(explorer, [7])
    expected = vary(explorer, sources, 25, spread=3, generator=np.random.default_rng(0))
    box = wall.locator(".tiles").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.1 * box["height"])
    expect(wall.locator(".note")).to_contain_text(
        re.compile(r"^2: support \d+%.* from the source .*training image \d+")
    )
    np.testing.assert_allclose(expected.z[1], z_of(page, "variations"), rtol=1e-5, atol=1e-6)
    page.mouse.down()
    page.mouse.up()
    expect(wall.locator(".pinned")).to_be_visible()
    with zipfile.ZipFile(io.BytesIO(take(page, "ZIP"))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("variations.csv").decode())))
        assert [row["file"] for row in rows] == sorted(name for name in archive.namelist() if name.endswith(".png"))
        z = np.array([[row["z_1"], row["z_2"]] for row in rows], np.float32)
        np.testing.assert_allclose(expected.z, z, rtol=1e-6)
        pictures = [np.asarray(Image.open(io.BytesIO(archive.read(row["file"])))) for row in rows]
    decoded = to_uint8(explorer.decode(z))
    assert np.abs(decoded[:, 0].astype(int) - np.stack(pictures)).max() <= 1
    train = load_dataset("digits").train.images
    indices, _ = nearest(train.reshape(len(train), -1), np.stack(pictures).reshape(25, -1))
    assert indices.tolist() == [int(row["nearest_training"]) for row in rows]
    picture = np.asarray(Image.open(io.BytesIO(take(page, "PNG"))))
    assert np.array_equal(montage(np.stack(pictures)[:, None], scale=4)[..., 0], picture)
    page.get_by_text("Supported only").click()
    page.wait_for_function("location.search.includes('only=1')")
    expect(page.get_by_text(re.compile(r"25 variations · 0 off the data · \d+ thrown away"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(r"25 variations · 0 off the data · \d+ thrown away"))).to_be_visible()


def grid_pixels(page: Page, n: int) -> np.ndarray:
    """The grid's pictures, (n, H, W), one pixel of each of theirs, as they are on the canvas."""
    side, columns = 8, 10
    found = page.locator(".class-grid canvas").evaluate(
        """(canvas, [side, columns, n]) => {
            const pen = canvas.getContext("2d")
            const gap = [...Array(12).keys()].find(gap => (canvas.width + gap) / columns % 1 === 0
                && ((canvas.width + gap) / columns - gap) % side === 0)
            const wide = (canvas.width + gap) / columns - gap
            const [scale, found] = [wide / side, []]
            for (let i = 0; i < n; i++) for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
                const left = (i % columns) * (wide + gap) + (x + 0.5) * scale
                const top = Math.floor(i / columns) * (wide + gap) + (y + 0.5) * scale
                found.push(pen.getImageData(Math.floor(left), Math.floor(top), 1, 1).data[0])
            }
            return found
        }""",
        [side, columns, n],
    )
    return np.array(found).reshape(n, side, side)


def test_styles_by_classes_follow_z_live(app_server: AppServer, open_page: OpenPage) -> None:
    """One request gives each row as all classes; the hand on a slider moves all; a click takes z and class; PNG."""
    home = app_server.checkpoints_dir
    assert home is not None
    train_here(new_run(home, "styles", {"family": "cvae"}, epochs=1), load_dataset("digits"))
    explorer = LatentExplorer.load(str(home / "styles"), device="cpu")
    page = open_page(f"{app_server.url}/?model=styles&z=0.5,-1&class=3")
    ready(page)
    page.get_by_role("button", name="Styles × classes").click()
    expect(grid := page.locator(".class-grid[data-state='ready']")).to_be_visible()

    def shows(z: list[float]) -> None:
        rows = np.array(z) + np.array([[step, 0] for step in (-2, -1, 0, 1, 2)])
        every = explorer.decode(np.repeat(rows, 10, axis=0), np.tile(np.arange(10), 5))
        for _ in range(50):
            if (off := np.abs(to_uint8(every)[:, 0].astype(int) - grid_pixels(page, 50)).max()) <= 1:
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"off by {off}")

    shows([0.5, -1])
    messages = count_messages(page)
    thumb = page.locator(".sliders input[type=range]").first.bounding_box()
    assert thumb is not None
    page.mouse.move(thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2)
    page.mouse.down()
    page.mouse.move(thumb["x"] + 0.7 * thumb["width"], thumb["y"] + thumb["height"] / 2, steps=3)
    shows(moved := z_of(page))
    assert moved != [0.5, -1]
    assert 0 == messages.to_python, "no script ran while the hand moved"
    page.mouse.up()
    box = grid.locator(".cells").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.9 * box["height"])
    page.wait_for_function("location.search.includes('class=7')")
    np.testing.assert_allclose([moved[0] + 2, moved[1]], z_of(page), rtol=1e-5)
    shows(z_of(page))
    picture = np.asarray(Image.open(io.BytesIO(take(page, "PNG"))))
    assert (3 * (5 * 8) + 4, 3 * (10 * 8) + 9) == picture.shape
