"""Measure the app in a real Chromium: its start, a rerun, a page switch; alone, and beside a training run.

README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.common import machine, machine_line, print_document
from tests.browser.find_chromium import MISSING, find_chromium
from vae_core.data import is_available

BROWSER_ARGS = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
READY_MAP = ".latent-map[data-state='ready']"
WANTED = {"start_s": 15.0, "rerun_p95_ms": 100.0, "rerun_training_p95_ms": 250.0, "page_switch_s": 1.0}

DRAW_AGAIN = """
() => new Promise((resolve, reject) => {
  const said = () => [...document.querySelectorAll("[data-testid=stCaptionContainer]")].at(-1)?.textContent
  const before = said()
  const button = [...document.querySelectorAll("button")].find(button => button.textContent.includes("Draw again"))
  const began = performance.now()
  const observer = new MutationObserver(() => {
    if (!said() || said() === before) return
    observer.disconnect()
    requestAnimationFrame(() => resolve(performance.now() - began))
  })
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  setTimeout(() => reject(new Error("no new caption within 10 s")), 10000)
  button.click()
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
        args = [*BROWSER_ARGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=args)
        starts = []
        for _ in range(options.starts - 1):
            with app(scratch) as address:
                starts.append(seconds_to_map(browser, address)[0])
        with app(scratch) as address:
            seconds, page = seconds_to_map(browser, address)
            starts.append(seconds)
            alone = reruns(page, options.reruns)
            switches = page_switches(page, options.switches)
            with training(scratch) as dataset:
                beside = reruns(page, options.reruns)
        browser.close()
    result: dict[str, Any] = {
        "start_s": spread(starts),
        "rerun_ms": spread(alone),
        "rerun_training_ms": spread(beside),
        "page_switch_s": spread(switches),
    }
    table = Table("", "median", "p95", "max", "n", "wanted", box=None, pad_edge=False)
    rows = (
        ("start to plotted map, s", "start_s", f"max ≤ {WANTED['start_s']:g}"),
        ("rerun of a fragment, ms", "rerun_ms", f"p95 ≤ {WANTED['rerun_p95_ms']:g}"),
        (f"the same while {dataset} trains, ms", "rerun_training_ms", f"p95 ≤ {WANTED['rerun_training_p95_ms']:g}"),
        ("page switch to plotted map, s", "page_switch_s", f"max ≤ {WANTED['page_switch_s']:g}"),
    )
    for title, key, wanted in rows:
        figures = result[key]
        digits = 2 if key.endswith("_s") else 0
        table.add_row(
            title, *(f"{figures[part]:.{digits}f}" for part in ("median", "p95", "max")), str(figures["n"]), wanted
        )
    console.print(table)
    facts = machine(1)
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    print_document({"benchmark": "app", "machine": facts, **result, "wanted": WANTED})


def spread(values: list[float]) -> dict[str, float | int]:
    """Median, 95th percentile, largest and number of some measurements."""
    return {
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "max": max(values),
        "n": len(values),
    }


@contextmanager
def app(scratch: str) -> Iterator[str]:
    """`make app` on a free port, from the moment of its start; yields the address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["make", "app", f"PORT={port}"],
        cwd=ROOT,
        env={**os.environ, "VAE_CHECKPOINTS_DIR": scratch},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a group of its own: make's child, the server, has to end too
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def seconds_to_map(browser: Browser, address: str) -> tuple[float, Page]:
    """Wait until the server answers, open the app in a fresh context, and wait for the plotted map."""
    began = time.perf_counter()
    while True:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                break
        except (urllib.error.URLError, OSError):
            if time.perf_counter() - began > 120:
                raise
            time.sleep(0.05)
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector(READY_MAP, timeout=60_000)
    return time.perf_counter() - began, page


def reruns(page: Page, n: int) -> list[float]:
    """Milliseconds from a click on Sample's "Draw again" to the frame with what it says of the new draws.

    Three before are not counted. The caption's median distance is computed from the draws, new each time.
    """
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Sample").click()
    page.get_by_role("button", name="Draw again").wait_for()
    page.wait_for_timeout(1500)
    times = []
    for turn in range(n + 3):
        milliseconds = page.evaluate(DRAW_AGAIN)
        if turn >= 3:
            times.append(float(milliseconds))
        page.wait_for_timeout(150)
    return times


def page_switches(page: Page, n: int) -> list[float]:
    """Seconds from a click in the navigation to the other page's plotted map, after a first round of all pages."""
    titles = ("Interpolate", "Sample", "Explore")
    times = []
    for turn in range(n + len(titles)):
        # The map that is there is marked, so that it is not taken for the one that comes.
        page.locator(".latent-map").evaluate_all("maps => maps.forEach(map => map.classList.add('before'))")
        link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=titles[turn % len(titles)])
        began = time.perf_counter()
        link.click()
        page.wait_for_selector(f"{READY_MAP}:not(.before)")
        if turn >= len(titles):
            times.append(time.perf_counter() - began)
        page.wait_for_timeout(300)
    return times


@contextmanager
def training(scratch: str) -> Iterator[str]:
    """A run beside the app, as the app starts one: a process of lower priority; yields its data set's name."""
    dataset = "mnist" if is_available("mnist") else "digits"
    command = [
        sys.executable,
        "-m",
        "vae_core",
        "train",
        "--dataset",
        dataset,
        "--epochs",
        "100000",
        "--name",
        "beside",
    ]
    with (Path(scratch) / "beside.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--checkpoints-dir", scratch], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    os.setpriority(os.PRIO_PROCESS, process.pid, 10)
    try:
        deadline = time.monotonic() + 120
        while not (Path(scratch) / "beside" / "snapshots").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(3)
        yield dataset
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=3, help="starts of the app (default: 3)")
    parser.add_argument("--reruns", type=int, default=60, help="reruns, alone and beside a run each (default: 60)")
    parser.add_argument("--switches", type=int, default=15, help="page switches (default: 15)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
