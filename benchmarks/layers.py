"""How soon a layer stands beneath the map: the first picture, the fine one, and the second time.

    python benchmarks/layers.py [--model NAME] [--rounds N]

Prints a table and, as the last line, one JSON document. What is measured, and the latest figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, sync_playwright

from benchmarks.app import BROWSER_ARGS
from benchmarks.common import machine, machine_line, print_document, summary
from tests.browser.find_chromium import MISSING, find_chromium
from tests.browser.looks import choose, ready
from tests.browser.serving import PROJECT_ROOT, serve_app
from vae_core.device import default_threads
from vae_core.latent.layer_kinds import LAYERS

MARKS = "performance.getEntriesByType('mark').map(({ name, startTime }) => [name, startTime])"
PATIENCE = 120_000
WANTED_SECONDS = 0.5


def milliseconds(page: Page, title: str) -> dict[str, float]:
    """From a click on the layer's name to each of its pictures, by the cells a side."""
    page.evaluate("performance.clearMarks()")
    page.evaluate("""document.addEventListener("click", () => performance.mark("clicked"), { capture: true })""")
    choose(page, "Beneath the points", title)
    page.wait_for_function(f"{MARKS}.some(([name]) => name === 'layer of 128')", timeout=PATIENCE)
    marks = page.evaluate(MARKS)
    clicked = max(at for name, at in marks if name == "clicked")
    return {name.rpartition(" ")[2]: at - clicked for name, at in marks if name.startswith("layer of")}


def measure(model: str, rounds: int) -> list[dict[str, Any]]:
    """All layers, each round on a server that has nothing kept; the second time is in another browser context."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(MISSING)
    found: dict[str, dict[str, list[float]]] = {name: {"32": [], "128": [], "again": []} for name in LAYERS}
    n_points = 0
    for _ in range(rounds):
        with TemporaryDirectory() as folder, sync_playwright() as playwright:
            env = {"VAE_CHECKPOINTS_DIR": folder, "VAE_OFFLINE": "1"}
            as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium, args=[*BROWSER_ARGS, *as_root])
            with serve_app(PROJECT_ROOT / "app.py", env=env) as server:
                for is_again in (False, True):
                    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
                    page.goto(f"{server.url}/?model={model}")
                    ready(page)
                    asked: list[str] = []
                    page.on("request", lambda request, asked=asked: asked.append(request.url))
                    page.get_by_role("button", name="Layer").first.click()
                    for name, layer in LAYERS.items():
                        page.wait_for_timeout(1000)
                        times = milliseconds(page, layer.title)
                        for cells, value in times.items():
                            found[name]["again" if is_again else cells].append(value)
                    n_points += sum("/points/" in url for url in asked)
                    page.context.close()
            browser.close()
    table = [
        {"layer": name, **{kind: summary(values) for kind, values in kinds.items()}} for name, kinds in found.items()
    ]
    return [*table, {"points fetched when layers were switched": n_points}]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="mnist-2d")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    facts = machine(default_threads())
    *rows, points = measure(arguments.model, arguments.rounds)
    print(machine_line(facts))
    print("| layer | 32×32, ms | 128×128, s | the second time, ms |\n| --- | --- | --- | --- |")
    for row in rows:
        first, fine, again = (row[kind] for kind in ("32", "128", "again"))
        print(
            f"| {row['layer']} | {first['median']:.0f} ({first['max']:.0f}) | {fine['median'] / 1000:.1f} "
            f"| {again['median']:.0f} ({again['max']:.0f}) |"
        )
    print(points)
    slowest = max(row["32"]["median"] for row in rows) / 1000
    document = {"machine": facts, "model": arguments.model, "rounds": arguments.rounds, "layers": rows, **points}
    print_document({**document, "slowest_first_seconds": slowest, "wanted_seconds": WANTED_SECONDS})


if __name__ == "__main__":
    main()
