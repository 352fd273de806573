"""The class of a conditional model in a real browser: chosen live, in the address, restored elsewhere and by Back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.app.families import bring_family
from tests.browser.conftest import OpenPage
from tests.browser.looks import PLACE, go_to, ready, wait_for_address, z_of
from tests.browser.map_page import window_spot
from tests.browser.one_place import pixels
from tests.browser.serving import AppServer
from vae_core import LatentExplorer
from vae_core.images import to_uint8

EXPLORE = PLACE.format(page="explore")


@pytest.fixture(scope="module")
def conditional() -> LatentExplorer:
    """The shipped conditional model."""
    return LatentExplorer.load("mnist-2d-cvae", device="cpu")


def choose_class(page: Page, name: str) -> None:
    """Click a pill of the chooser."""
    page.locator(".class-chooser label").get_by_text(name, exact=True).click()


def shows(page: Page, explorer: LatentExplorer, label: int, page_name: str = "explore") -> None:
    """Wait for the picture of the class, and check that its grey values are torch's own."""
    place = PLACE.format(page=page_name)
    page.wait_for_function(f"{place}.label === {label} && {place}.latestPicture?.[1] === {place}.z")
    drawn = to_uint8(explorer.decode([z_of(page, page_name)], label))[0, 0].astype(int)
    for _ in range(100):  # a page that was left may still be on the screen
        if np.abs(drawn - pixels(page)).max() <= 1:
            break
        page.wait_for_timeout(50)
    assert np.abs(drawn - pixels(page)).max() <= 1
    expect(page.locator(".class-chooser input").nth(label)).to_be_checked()


def test_a_class_is_chosen_live_and_comes_back(
    app_server: AppServer, open_page: OpenPage, conditional: LatentExplorer
) -> None:
    """The picture is the class's before Python hears of it, z stays; another browser and Back show the class again."""
    page = open_page(f"{app_server.url}/?model=mnist-2d-cvae")
    ready(page)
    shows(page, conditional, 0)
    page.mouse.click(*window_spot(page, 0.4, -0.3))
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)  # beside a data point, until that is known, and the pin goes there
    z = z_of(page)
    wait_for_address(page, z)
    page.evaluate(f"""() => {{
        const place = {EXPLORE}
        place.onPicture(() => {{ if (place.label === 7) window.knownToPython ??= place.data.label }})
    }}""")
    choose_class(page, "7")
    shows(page, conditional, 7)
    assert 0 == page.evaluate("window.knownToPython")
    page.wait_for_url("**class=7*")
    assert z == z_of(page)

    wait_for_address(page, z)  # Python, who wrote the class, knows no z: the browser puts it back
    other = open_page(page.url)
    ready(other)
    shows(other, conditional, 7)
    assert pytest.approx(z, rel=1e-3) == z_of(other)

    page.locator(".class-chooser input").nth(7).press("ArrowRight")
    shows(page, conditional, 8)
    page.wait_for_url("**class=8*")
    page.wait_for_timeout(2500)  # an address that is younger may be one that is underway
    page.go_back()
    shows(page, conditional, 7)
    page.wait_for_url("**class=7*")
    go_to(page, "Interpolate")
    ready(page, "interpolate")
    shows(page, conditional, 7, "interpolate")
    choose_class(page, "2")
    shows(page, conditional, 2, "interpolate")
    page.wait_for_url("**class=2*")
    go_to(page, "Explore")
    ready(page)
    shows(page, conditional, 2)


@pytest.fixture
def generator(app_server: AppServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LatentExplorer]:
    """A tiny model without an encoder, among the server's for as long as it is needed."""
    assert app_server.checkpoints_dir is not None
    name = bring_family(tmp_path_factory.mktemp("families"), app_server.checkpoints_dir, "gan")
    yield LatentExplorer.load(app_server.checkpoints_dir / name, device="cpu")
    shutil.rmtree(app_server.checkpoints_dir / name)


def test_a_map_without_data_decodes(app_server: AppServer, open_page: OpenPage, generator: LatentExplorer) -> None:
    """Of a model without an encoder the plane is there: hover and pin decode, and nobody asks for data points."""
    explorer = generator
    page = open_page(f"{app_server.url}/?model={explorer.name}")
    ready(page)
    page.mouse.move(*window_spot(page, 1.2, -0.8), steps=5)
    page.wait_for_function(f"{EXPLORE}.latestPicture?.[1] === {EXPLORE}.z")
    assert pytest.approx([1.2, -0.8], abs=0.02) == z_of(page)
    assert np.abs(to_uint8(explorer.decode([z_of(page)]))[0, 0].astype(int) - pixels(page)).max() <= 1
    page.mouse.click(*window_spot(page, -1.5, 1.0))
    page.wait_for_url("**z=*")
    assert page.evaluate(f"{EXPLORE}.latestRecord") is None
    expect(page.locator(".readout")).not_to_contain_text("nearest")
