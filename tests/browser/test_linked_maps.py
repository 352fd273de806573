"""Linked maps in a browser: one hand, and the same image, z, group and view in all, without a run of the script."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looks import count_messages
from tests.browser.serving import AppServer
from vae_core import LatentExplorer

MODELS = ("mnist-2d", "mnist-2d-beta8", "mnist-2d-gan")
PLACES = """["mnist-2d", "mnist-2d-beta8", "mnist-2d-gan"].flatMap(name =>
    [...window[Symbol.for("latent space explorer")].places.values()].filter(
        place => place.name.startsWith(`compare ${name} `)))"""
QUIET_SECONDS = 0.8
"""Without a message to Python: a hand that moves sends none, and one that came late would be seen."""


@pytest.fixture(scope="module")
def explorers() -> list[LatentExplorer]:
    """Two that have encoded the same images, and one without an encoder."""
    return [LatentExplorer.load(name, device="cpu") for name in MODELS]


def number_of(page: Page, i: int, name: str) -> list[float]:
    """The numbers that a map keeps in an attribute."""
    return [float(part) for part in (page.locator(".latent-map").nth(i).get_attribute(f"data-{name}") or "").split()]


def spot(page: Page, i: int, zx: float, zy: float) -> tuple[float, float]:
    """Pixel in the window of a place on a map."""
    x, y, half = number_of(page, i, "view")
    box = page.locator(".latent-map .surface").nth(i).bounding_box()
    assert box is not None
    share = box["width"] / 2 / half
    return box["x"] + (zx - x + half) * share, box["y"] + (y + half - zy) * share


def same(page: Page, i: int, index: int) -> list[float]:
    """Where a map marks that image, once it does."""
    expect(page.locator(".latent-map").nth(i)).to_have_attribute("data-same", re.compile(rf"^{index} "))
    return number_of(page, i, "same")[1:]


def test_one_hand_moves_all_maps(app_server: AppServer, open_page: OpenPage, explorers: list[LatentExplorer]) -> None:
    """Pointed at, marked, pinned, chosen, zoomed in one map: the very same image, z, group and part in the others."""
    first, second, _ = (explorer.latents for explorer in explorers)
    page = open_page(f"{app_server.url}/_stcore/health")
    sent = count_messages(page)
    page.goto(f"{app_server.url}/compare?models={','.join(MODELS)}&image=7&anchors=3,8,15&leader=2")
    maps = page.locator(".latent-map[data-state=ready]")
    expect(maps).to_have_count(3, timeout=90_000)
    assert np.allclose(second.mu[7], same(page, 1, 7), atol=1e-4)
    expect(page.get_by_text("mnist-2d-gan is a GAN without an encoder")).to_be_visible()
    page.wait_for_function(f"{PLACES}.length === 3 && {PLACES}.every(place => place.channel.status === 'open')")

    far = int(np.linalg.norm(first.mu, axis=1).argmax())  # alone: no other point is under the pointer
    maps.first.scroll_into_view_if_needed()
    time.sleep(QUIET_SECONDS)
    before = sent.to_python
    page.mouse.move(*spot(page, 0, *map(float, first.mu[far])), steps=4)
    assert np.allclose(second.mu[far], same(page, 1, far), atol=1e-4)
    page.wait_for_function(f"{PLACES}.every(place => place.z.every((value, i) => value === {PLACES}[0].z[i]))")
    page.wait_for_function(f"{PLACES}.slice(0, 2).every(place => place.latestRecord[1].index === {far})")
    page.wait_for_function(f"{PLACES}.every(place => place.latestPicture[1] === place.z)")
    time.sleep(QUIET_SECONDS)
    assert before == sent.to_python

    page.mouse.move(10, 10)
    assert np.allclose(first.mu[7], same(page, 0, 7), atol=1e-4)  # back to the marked one
    page.mouse.click(*spot(page, 1, *map(float, second.mu[far])))
    page.wait_for_url(f"**image={far}*")
    pins = page.evaluate(f"{PLACES}.map(place => Array.from(place.pin))")
    assert np.allclose([second.mu[far]] * 3, pins, atol=1e-4)
    assert np.allclose(first.mu[far], same(page, 0, far), atol=1e-4)

    page.locator("[data-tool=box]").first.click()
    page.mouse.move(*spot(page, 0, 1.0, 1.0))
    page.mouse.down()
    page.mouse.move(*spot(page, 0, 2.0, 2.0), steps=4)
    inside = ((first.mu >= 1.0) & (first.mu <= 2.0)).all(axis=1).sum()
    lit = number_of(page, 1, "lit")[0]  # while the hand still draws
    assert abs(lit - inside) < 0.1 * inside
    page.mouse.up()
    page.wait_for_url("**chosen=1*")
    assert [lit] == number_of(page, 0, "chosen")
    assert [] == number_of(page, 2, "lit")

    expect(page.locator(".latent-map").nth(1)).to_have_attribute("data-lit", str(int(lit)))
    page.get_by_text("Pan and zoom together").click()
    page.wait_for_url("**together=1*")
    whole = [number_of(page, i, "view") for i in (0, 1)]
    page.locator("[data-do=in]").first.click()
    expect(page.locator(".latent-map").nth(1)).not_to_have_attribute("data-view", " ".join(map(str, whole[1])))
    now = [number_of(page, i, "view") for i in (0, 1)]
    assert now[0][2] < whole[0][2]
    assert now[0][2] / whole[0][2] == pytest.approx(now[1][2] / whole[1][2])
