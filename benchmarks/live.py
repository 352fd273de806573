"""Measure what the pages do under a moving hand, in a real Chromium, and what the live channel does for a crowd.

README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from playwright.async_api import async_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import live_parts as parts
from benchmarks.app import BROWSER_ARGS
from benchmarks.common import machine, machine_line, print_document
from benchmarks.crowd import RATE
from tests.browser.find_chromium import MISSING, find_chromium
from tests.browser.serving import serve_app
from vae_core.device import default_threads, resolve_device

PARTS: dict[str, Callable[[parts.Bench], Awaitable[dict[str, Any] | None]]] = {
    "models": parts.measure_models,
    "training": parts.measure_training,
    "clients": parts.measure_clients,
    "abuse": parts.measure_abuse,
    "map": parts.measure_map,
    "memory": parts.measure_memory,
    "gpu": parts.measure_gpu,
}
WANTED: dict[str, dict[str, float]] = {
    "models": {"p95_ms": 8, "presented_p95_ms": 20, "fps": 58, "long_tasks": 0, "lost": 0},
    "training": {"p95_ms": 33, "fps": 50, "lost": 0},
    "clients": {"p95_ms": 33, "slowest_over_median": 2, "failed": 0},
    "abuse": {"ratio": 2},
    "map": {"warm_s": 1.8, "cold_s": 5, "fps": 58},
    "memory": {"ratio": 1.1},
    "gpu": {"p95_ms": parts.GPU_P95_MS},
}

HAND_COLUMNS = {
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "input_p95_ms": "from the input, p95",
    "presented_p95_ms": "presented, p95",
    "fps": "frames/s",
    "frame_gap_p95_ms": "gap p95, ms",
    "long_tasks": "long tasks",
    "moves": "moves",
    "painted": "painted",
    "superseded": "superseded",
    "lost": "lost",
    "bytes_sent": "bytes out",
    "bytes_received": "bytes in",
}
CROWD_COLUMNS = {
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "slowest_p95_ms": "slowest client's p95",
    "median_p95_ms": "median client's p95",
    "answered": "answered",
    "superseded": "superseded",
    "failed": "failed",
    "cpu": "clients' CPU",
}


def main() -> None:
    """Measure, and print tables and the JSON document."""
    options = _options()
    chromium = find_chromium()
    if chromium is None:
        sys.exit(f"error: {MISSING}")
    os.environ["VAE_LIVE_SECRET"] = token_hex(32)  # the server's and this process's, so that this one can sign tokens
    if options.device != "auto":  # for the server, whatever it starts, and this process
        kind, _, number = options.device.partition(":")
        os.environ["CUDA_VISIBLE_DEVICES"] = "" if kind == "cpu" else number or "0"
    device = resolve_device("auto")
    if options.device.startswith("cuda") and device == "cpu":
        sys.exit(f"error: {options.device} is not there; use --device auto or cpu.")
    result = asyncio.run(_measure(options, chromium))
    console = Console(width=160)
    for table in _tables(result):
        console.print(table, end="\n\n")
    if result["gpu"] is None:
        console.print("How many clients a GPU holds: not measured, no GPU here (or the part was left out).")
    facts = machine(default_threads(), device)
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    print_document({"benchmark": "live", "machine": facts, **result, "wanted": WANTED})


async def _measure(options: argparse.Namespace, chromium: str) -> dict[str, Any]:
    args = [*BROWSER_ARGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    result: dict[str, Any] = dict.fromkeys(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if "models" in options.parts:
            parts.train_conv(scratch)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, headless=True, args=args)
            with serve_app(ROOT / "app.py", env={"VAE_CHECKPOINTS_DIR": folder}) as server:
                bench = parts.Bench(browser, chromium, server, scratch, options.seconds, options.minutes)
                for name in options.parts:
                    print(f"measuring: {name}", file=sys.stderr, flush=True)
                    result[name] = await PARTS[name](bench)
            await browser.close()
    return result


def _tables(result: dict[str, Any]) -> Iterator[Table]:
    hands = dict(result["models"] or {})
    if result["training"]:
        hands[f"{parts.MODEL} while {result['training']['dataset']} trains"] = result["training"]
    maps = {name: figures for name, figures in (result["map"] or {}).items() if figures}
    hands |= {f"map of {name}": figures for name, figures in maps.items()}
    if hands:
        yield _table("pointer move to written canvas", hands, HAND_COLUMNS)
    gpu = result["gpu"] or {"rounds": {}}
    crowds = {f"{n} clients": figures for n, figures in (result["clients"] or {}).items()}
    crowds |= {f"{n} clients, {gpu.get('model')}": figures for n, figures in gpu["rounds"].items()}
    if crowds:
        yield _table(f"crowds of clients at {RATE:g} requests a second", crowds, CROWD_COLUMNS)
    if result["abuse"]:
        columns = {"alone_p95_ms": "p95 alone, ms", "p95_ms": "p95 beside, ms", "ratio": "ratio", "failed": "failed"}
        columns |= {"server_mib": "server, MiB", "abuser": "what became of it"}
        yield _table("4 clients beside one that misbehaves", result["abuse"], columns)
    if maps:
        rows = {name: {key: figures[key]["max"] for key in ("cold_s", "warm_s")} for name, figures in maps.items()}
        yield _table("navigation to plotted map, slowest", rows, {"cold_s": "cold, s", "warm_s": "warm, s"})
    if result["memory"]:
        rows = {name: _memory_row(result["memory"], name) for name in ("page", "server")}
        columns = {"first": "after 1 minute, MiB", "last": "at the end, MiB", "ratio": "ratio"}
        yield _table(f"memory, {result['memory']['minutes']:g} minutes of dragging", rows, columns)


def _memory_row(memory: dict[str, Any], name: str) -> dict[str, Any]:
    first, last = memory[f"{name}_mib"]
    return {"first": first, "last": last, "ratio": memory[f"{name}_ratio"]}


def _table(title: str, rows: dict[str, dict[str, Any]], columns: dict[str, str]) -> Table:
    table = Table(title, *columns.values(), box=None, pad_edge=False)
    for name, figures in rows.items():
        table.add_row(name, *(_text(figures[key]) for key in columns))
    return table


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}" if value < 10 else f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _options() -> argparse.Namespace:
    def part_names(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in PARTS]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PARTS)}")
        return names

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=part_names, default=list(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--seconds", type=float, default=5.0, help="of movement, and of each crowd (default: 5)")
    parser.add_argument("--minutes", type=float, default=0.0, help="of dragging for the memory (default: 0, left out)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N (default: auto)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
