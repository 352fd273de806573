"""Where things are on a latent map, for the browser tests: all worked out from the view that the map tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.serving import AppServer, serve_app

LAUNCHER = """
import streamlit as st
from ui import live
from ui.routes import ROUTES
app = st.App({shell!r}, routes=[*ROUTES, live.ROUTE])
"""


@contextmanager
def serve_shell(folder: Path, script: str) -> Iterator[AppServer]:
    """Serve one page, made by `script`, with what a map fetches and the live channel; `folder` is for its files."""
    shell, launcher = folder / "shell.py", folder / "app.py"
    shell.write_text(script)
    launcher.write_text(LAUNCHER.format(shell=str(shell)))
    with serve_app(launcher) as running:
        yield running


def wait_for(page: Page, state: str) -> Locator:
    """Give the map once it is in that state."""
    expect(root := page.locator(".latent-map")).to_have_attribute("data-state", state, timeout=60_000)
    return root


def numbers(page: Page, name: str) -> list[float]:
    """Read the numbers that the map keeps in an attribute: its view (x, y, half a side), or where the pin stands."""
    return [float(part) for part in (page.locator(".latent-map").get_attribute(f"data-{name}") or "").split()]


def spot(page: Page, zx: float, zy: float) -> dict[str, float]:
    """Pixel on the map of a place on its plane."""
    x, y, half = numbers(page, "view")
    box = page.locator(".surface").bounding_box()
    assert box is not None
    share = box["width"] / 2 / half
    return {"x": (zx - x + half) * share, "y": (y + half - zy) * share}


def window_spot(page: Page, zx: float, zy: float) -> tuple[float, float]:
    """Pixel in the window of a place on the map's plane."""
    box, place = page.locator(".surface").bounding_box(), spot(page, zx, zy)
    assert box is not None
    return box["x"] + place["x"], box["y"] + place["y"]
