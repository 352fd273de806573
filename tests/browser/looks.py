"""How the browser tests look at the app's pages: what is ready, which z is shown, what its picture's pixels are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
from playwright.sync_api import Locator, Page, WebSocket, expect
from playwright.sync_api import TimeoutError as NothingCameError

from tests.browser.one_place import decoded, pixels
from vae_core import LatentExplorer

PLACE = """[...window[Symbol.for("latent space explorer")].places.values()]
    .filter(place => place.name.startsWith("{page} ")).at(-1)"""
"""The place that Explore ("explore"), Interpolate or Sample shows: of several models' the one opened last."""


@dataclass
class Messages:
    """How many messages a page has sent: to Python, each of which runs the script, and over the live channel."""

    to_python: int = 0
    live: int = 0


def count_messages(page: Page) -> Messages:
    """Count from now on what the page sends; the pages it goes to from here are counted, not the one it shows."""
    sent = Messages()

    def to_python(_: object) -> None:
        sent.to_python += 1

    def live(_: object) -> None:
        sent.live += 1

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", live if urlsplit(socket.url).path.endswith("/live") else to_python)

    page.on("websocket", listen)
    return sent


def ready_map(page: Page, timeout: float = 30_000) -> Locator:
    """Wait until the page's map is plotted."""
    drawn = page.locator(".latent-map[data-state='ready']").first
    expect(drawn).to_be_visible(timeout=timeout)
    return drawn


def ready(page: Page, name: str = "explore") -> None:
    """Wait until the map and the picture of the page of that name are there, and it decodes live."""
    ready_map(page)
    expect(page.locator(".view[data-state=ready]")).to_be_visible()
    page.wait_for_function(f"{PLACE.format(page=name)}?.channel.status === 'open'")


def z_of(page: Page, name: str = "explore") -> list[float]:
    """The z that the page shows."""
    z: list[float] = page.evaluate(f"Array.from({PLACE.format(page=name)}.z)")
    return z


def assert_shows_what_torch_says(page: Page, explorer: LatentExplorer, name: str = "explore") -> None:
    """Wait for the picture of the z that the page shows, and check that its grey values are torch's own."""
    place = PLACE.format(page=name)
    page.wait_for_function(f"{place}.latestPicture?.[1] === {place}.z")
    assert np.abs(decoded(explorer, z_of(page, name)).astype(int) - pixels(page)).max() <= 1


def z_in_address(page: Page) -> list[float]:
    """The z of the page's address."""
    return [float(value) for value in parse_qs(urlsplit(page.url).query)["z"][0].split(",")]


def wait_for_address(page: Page, z: list[float]) -> None:
    """Wait until the page's address has that z, to its four digits."""
    page.wait_for_function(
        """z => {
            const told = new URL(location).searchParams.get("z")?.split(",").map(Number) ?? []
            return told.length === z.length && told.every((value, i) => Math.abs(value - z[i]) <= 1e-3 * Math.abs(z[i]))
        }""",
        arg=z,
    )


def go_to(page: Page, title: str) -> None:
    """Switch pages as a person does."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()


def choose(page: Page, box: str, option: str) -> None:
    """Choose from a select box by its name and the option's text."""
    page.get_by_role("combobox", name=box).click()
    page.get_by_role("option", name=option, exact=True).click()


def downloaded(page: Page, press: Callable[[], None]) -> bytes:
    """Give what a press hands out; one that falls into a rerun of the page is lost, and a person would press again."""
    for _ in range(2):
        try:
            with page.expect_download(timeout=10_000) as coming:
                press()
            return Path(coming.value.path()).read_bytes()
        except NothingCameError:
            continue
    with page.expect_download() as coming:
        press()
    return Path(coming.value.path()).read_bytes()
