"""Measure the page Ledger in a real Chromium: how soon 70,000 rows are there, how soon they are in another order.

README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.app import BROWSER_ARGS, READY_MAP
from benchmarks.common import machine, machine_line, print_document, summary
from tests.browser.find_chromium import MISSING, find_chromium
from tests.browser.serving import serve_app
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.latent.ledger_pass import make_ledger
from vae_core.latent.ledger_store import load_ledger, save_ledger
from vae_core.latent.pixel_neighbours import PixelNeighbours

WANTED = {"open_s": 2.0, "sort_ms": 200.0, "pixel_neighbours_ms": 500.0}
READY = ".ledger-table[data-state='ready']"
COLUMNS = ("log_likelihood", "kl", "bound", "gap", "near_class", "image", "elbo")

SORT = """
(root, column) => new Promise((resolve, reject) => {
  const began = performance.now()
  const before = root.dataset.order
  const look = () => {
    if (root.dataset.order !== before) return requestAnimationFrame(() => resolve(performance.now() - began))
    if (performance.now() - began > 10000) return reject(new Error("no other order within 10 s"))
    requestAnimationFrame(look)
  }
  root.querySelector(`[data-column="${column}"]`).click()
  look()
})
"""


def main() -> None:
    """Measure, and print a table and the JSON document."""
    options = _options()
    chromium = find_chromium()
    if chromium is None:
        sys.exit(f"error: {MISSING}")
    console = Console()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = options.checkpoints_dir or scratch
        explorer = LatentExplorer.load(options.model, device="cpu")
        made = _made(explorer, folder)
        neighbours = _pixel_neighbours(explorer)
        args = [*BROWSER_ARGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=args)
        with serve_app(ROOT / "app.py", env={"VAE_CHECKPOINTS_DIR": folder, "VAE_OFFLINE": "1"}) as server:
            page = _page(browser, f"{server.url}/?model={explorer.name}", READY_MAP)
            first, *opens = [_opened(page) for _ in range(options.opens + 1)]
            page.locator("[data-testid=stSidebarNav]").get_by_role("link", name="Ledger").click()
            page.wait_for_selector(READY)
            page.wait_for_timeout(2000)
            n_rows = int(page.locator(READY).get_attribute("data-rows") or 0)
            sorts = _sorts(page, options.sorts)
            links = [_linked(browser, f"{server.url}/ledger?model={explorer.name}") for _ in range(3)]
        browser.close()
    document: dict[str, Any] = {
        "machine": machine(1),
        "model": explorer.name,
        "rows": n_rows,
        "made_s": made,
        "first_open_s": first,
        "open_s": summary(opens),
        "link_s": summary(links),
        "sort_ms": summary(sorts) | {"p95": float(np.quantile(sorts, 0.95))},
        "pixel_neighbours_ms": summary(neighbours),
        "wanted": WANTED,
    }
    console.print(_table(document))
    console.print(f"Measured {machine_line(document['machine'])}.")
    print_document(document)


def _made(explorer: LatentExplorer, folder: str) -> float | None:
    """Seconds that the ledger took to make; None where it was there."""
    if load_ledger(explorer.path, explorer.card, folder) is not None:
        return None
    data = load_dataset(explorer.card.data.name)
    splits = (data.train, data.validation, data.test)
    labels = [split.labels for split in splits if split.labels is not None]
    began = time.perf_counter()
    ledger = make_ledger(
        explorer,
        np.concatenate([split.images for split in splits]),
        np.concatenate(labels) if labels else None,
        (len(data.train), len(data.validation), len(data.test)),
    )
    seconds = time.perf_counter() - began
    save_ledger(explorer.path, ledger, explorer.card, folder)
    return seconds


def _pixel_neighbours(explorer: LatentExplorer) -> list[float]:
    data = load_dataset(explorer.card.data.name)
    search, times = PixelNeighbours(data.train.images), []
    for image in data.test.images[:20]:
        began = time.perf_counter()
        search.nearest(image[None], 10)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _page(browser: Browser, address: str, ready: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector(ready, timeout=60_000)
    page.wait_for_timeout(2000)
    return page


def _opened(page: Page) -> float:
    """Seconds from a click on the page's name, on Explore, to its rows."""
    links = page.locator("[data-testid=stSidebarNav]")
    began = time.perf_counter()
    links.get_by_role("link", name="Ledger").click()
    page.wait_for_selector(READY, timeout=60_000)
    seconds = time.perf_counter() - began
    page.wait_for_timeout(2000)
    links.get_by_role("link", name="Explore").click()
    page.wait_for_selector(READY, state="detached", timeout=60_000)
    page.wait_for_selector(READY_MAP, timeout=60_000)
    page.wait_for_timeout(2000)
    return seconds


def _linked(browser: Browser, address: str) -> float:
    """Seconds from a navigation to the page's own address, in a fresh context, to its rows."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        page = context.new_page()
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(READY, timeout=60_000)
        return time.perf_counter() - began


def _sorts(page: Page, n: int) -> list[float]:
    """Milliseconds from a click on a column's head to the frame with the rows in their new order."""
    root: Locator = page.locator(READY)
    times = []
    for turn in range(n + 2):
        milliseconds = float(root.evaluate(SORT, COLUMNS[turn % len(COLUMNS)]))
        if turn >= 2:  # the first ones warm up
            times.append(milliseconds)
        page.wait_for_timeout(400)
    return times


def _table(document: dict[str, Any]) -> Table:
    table = Table(title=f"Ledger of {document['rows']:,} rows, {document['model']}")
    for column in ("what", "median", "smallest", "largest", "wanted"):
        table.add_column(column)
    for name, unit, title in (
        ("open_s", "s", "page switch to rows"),
        ("link_s", "s", "address to rows, fresh browser context"),
        ("sort_ms", "ms", "click on a head to sorted rows"),
        ("pixel_neighbours_ms", "ms", "10 nearest training images, exact"),
    ):
        figures, digits = document[name], 2 if unit == "s" else 0
        values = (f"{figures[key]:.{digits}f} {unit}" for key in ("median", "min", "max"))
        table.add_row(title, *values, f"{WANTED[name]:g} {unit}" if name in WANTED else "")
    table.add_row("first switch after the server's start", f"{document['first_open_s']:.2f} s", "", "", "")
    if document["made_s"] is not None:
        table.add_row("making it, once", f"{document['made_s']:.0f} s", "", "", "")
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist-2d", help="a shipped model (default: mnist-2d)")
    parser.add_argument("--checkpoints-dir", help="where its ledger is, or is to be kept (default: made anew)")
    parser.add_argument("--opens", type=int, default=8, help="page switches (default: 8)")
    parser.add_argument("--sorts", type=int, default=30, help="sorts (default: 30)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
