"""A browser, the served app, and pages that report what goes wrong inside them.

`open_page(url)` gives a Playwright page. Its test fails when the page raises, logs an error, or asks another host for
anything; a failing test leaves a screenshot of each page, and its report says where.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.browser.find_chromium import MISSING, find_chromium
from tests.browser.serving import PROJECT_ROOT, AppServer, serve_app

BROWSER_ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

HARMLESS = re.compile(r"^https?://[^/]+/.+/_stcore/(health|host-config)$")
"""On a deep link Streamlit's front end asks for these below the page's path first, and gets two 404s."""

OpenPage = Callable[..., Page]
_pages = pytest.StashKey[list[Page]]()
_shots_folder = pytest.StashKey[Path]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder `browser`, and ask for one process to do it all (two were seen to share it)."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Give a headless Chromium, shared by the tests of this folder."""
    path = find_chromium()
    if path is None:
        # A gate that went green without its browser tests would promise too much.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        args = [*BROWSER_ARGS, *(["--no-sandbox"] if as_root else [])]
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=args)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """Serve the project's app; new runs go to a temporary folder, data sets come from where they are."""
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    env = {"VAE_CHECKPOINTS_DIR": str(checkpoints), "VAE_OFFLINE": "1"}
    with serve_app(PROJECT_ROOT / "app.py", env=env) as server:
        yield replace(server, checkpoints_dir=checkpoints)


@pytest.fixture
def open_page(chromium: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenPage]:
    """Give a function that opens `url`, each time in a fresh context: `open_page(url, size=(390, 844), dark=True)`."""
    pages: list[Page] = []
    request.node.stash[_pages], request.node.stash[_shots_folder] = pages, tmp_path
    complaints: list[str] = []

    def open_page(url: str, *, size: tuple[int, int] = (1440, 900), dark: bool = False) -> Page:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        page = context.new_page()
        own = urlsplit(url).netloc

        def note_message(message: ConsoleMessage) -> None:
            if message.type == "error" and not HARMLESS.match(message.location.get("url", "")):
                complaints.append(f"console error: {message.text} ({message.location.get('url', '')})")

        def note_request(asked: Request) -> None:
            parts = urlsplit(asked.url)
            if parts.scheme not in ("data", "blob", "about") and parts.netloc != own:
                complaints.append(f"request to another host: {asked.url}")

        page.on("console", note_message)
        page.on("pageerror", lambda error: complaints.append(f"page exception: {error}"))
        page.on("request", note_request)
        pages.append(page)
        page.goto(url)
        return page

    yield open_page
    shots = _screenshots(request.node) if complaints else []
    for page in pages:
        page.context.close()
    if complaints:
        pytest.fail("\n".join([*complaints, *shots]), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add the pages' screenshots to the report of a failed test."""
    report = yield
    if report.when == "call" and report.failed and (shots := _screenshots(item)):
        report.sections.append(("Screenshots", "\n".join(shots)))
    return report


def _screenshots(item: pytest.Item) -> list[str]:
    paths = []
    for number, page in enumerate(item.stash.get(_pages, [])):
        if not page.is_closed():
            path = item.stash[_shots_folder] / f"page-{number}.png"
            page.screenshot(path=path)
            paths.append(str(path))
    return paths
