"""The page Projections in a browser: made and stopped, pointed at, pinned, taken away; a pair opened on Explore."""

from __future__ import annotations

import csv
import io
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE, downloaded
from tests.browser.map_page import window_spot
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.latent.projection_files import keep_projection, make_projection, projection_file
from vae_core.latent.projections import Projection, Settings

HERE = PLACE.format(page="explore")
MODEL = "mnist-16d"
STOP_SECONDS = 5.0


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped model of 16 dimensions."""
    return LatentExplorer.load(MODEL, device="cpu")


@pytest.fixture
def kept(app_server: AppServer, explorer: LatentExplorer) -> Projection:
    """A map without an inverse, as if UMAP had made it: the components, turned by a right angle."""
    made = make_projection(explorer.latents, Settings.of("pca"))
    turned = np.ascontiguousarray(made.xy[:, ::-1])
    projection = Projection(Settings.of("umap", 12, 5), turned, made.rows, made.trust, 1.0)
    keep_projection(explorer.path, explorer.card, projection, app_server.checkpoints_dir)
    return projection


def download(page: Page, label: str) -> bytes:
    """Press a button and give the file that comes."""
    return downloaded(page, lambda: page.get_by_role("button", name=label).click())


def test_a_projection_is_begun_and_stopped(
    app_server: AppServer, open_page: OpenPage, explorer: LatentExplorer
) -> None:
    """t-SNE of 10,000 codes shows a bar; a press on Stop ends it within seconds, and nothing was kept."""
    page = open_page(f"{app_server.url}/projections?model={MODEL}")
    page.get_by_text("t-SNE", exact=True).click()
    page.get_by_role("button", name="Project 10,000 codes").click()
    expect(page.get_by_role("progressbar")).to_be_visible(timeout=20_000)
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    began = time.monotonic()
    stop.click()
    expect(page.get_by_role("button", name="Project 10,000 codes")).to_be_visible(timeout=15_000)
    assert time.monotonic() - began < STOP_SECONDS
    assert "projection=tsne,30,0" in page.url.replace("%2C", ",")
    settings = Settings.of("tsne")
    assert not projection_file(explorer.path, explorer.card, settings, app_server.checkpoints_dir).exists()


def test_a_map_without_an_inverse_shows_codes_that_were_there(
    app_server: AppServer, open_page: OpenPage, explorer: LatentExplorer, kept: Projection
) -> None:
    """The pointer far from any point decodes the nearest code, a click pins it; files and Explore follow."""
    mu = explorer.latents.mu
    page = open_page(f"{app_server.url}/projections?model={MODEL}&projection=umap,12,5")
    board = page.locator(".latent-map")
    expect(board).to_have_attribute("data-state", "ready", timeout=60_000)
    low = kept.xy.min(0) + 0.02 * np.ptp(kept.xy, axis=0)
    nearest = int(((kept.xy - low) ** 2).sum(1).argmin())
    assert np.hypot(*(kept.xy[nearest] - low)) > 0.3  # nothing lies there
    spot = window_spot(page, float(low[0]), float(low[1]))
    page.mouse.move(*spot)
    page.wait_for_function(f"z => {HERE}.z.every((value, i) => value === Math.fround(z[i]))", arg=mu[nearest].tolist())
    expect(page.locator(".latent-map .tip")).to_contain_text(f"no. {nearest}")
    page.mouse.click(*spot)
    page.wait_for_function("() => location.search.includes('z=') && !location.search.includes('z=0,0')")
    shown = [float(part) for part in parse_qs(urlsplit(page.url).query)["z"][0].split(",")]
    assert np.allclose(mu[nearest], shown, rtol=1e-3, atol=1e-3)
    at = [float(part) for part in (board.get_attribute("data-at") or "").split()]
    assert np.allclose(kept.xy[nearest], at, atol=1e-4)

    table = list(csv.DictReader(io.StringIO(download(page, "CSV of the map").decode())))
    assert np.allclose(kept.xy, [[float(row["x"]), float(row["y"])] for row in table], atol=1e-3)
    for label in ("PNG of the map", "PNG of the pairs"):
        with Image.open(io.BytesIO(download(page, label))) as picture:
            picture.load()
            assert min(picture.size) > 900

    expect(page.locator(".pairs")).to_have_attribute("data-state", "ready")
    button = page.locator(".pairs button[data-across='1'][data-up='2']")
    inked = button.locator("canvas").evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)"
    )
    assert inked
    button.click()
    kl = np.array(explorer.card.test.kl_per_dimension)
    order = np.argsort(-kl, kind="stable") + 1
    page.wait_for_url(lambda url: f"axes={order[1]},{order[2]}" in url.replace("%2C", ","), timeout=20_000)
    expect(page.locator(".latent-map")).to_have_attribute("data-state", "ready", timeout=30_000)
