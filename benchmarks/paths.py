"""Measure the paths between pairs of test images: how far the picture travels on each, and how long a search takes.

For a shipped model and random pairs of its test images: the straight line, the arc, the shortest path on the graph of
the data, the geodesic and the cross-fade of pixels. README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table
from scipy.stats import bootstrap

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import machine, machine_line, print_document, summary
from vae_core.device import resolve_device
from vae_core.errors import VaeCoreError
from vae_core.explorer import LatentExplorer
from vae_core.latent.density import region_of
from vae_core.latent.paths import METHODS
from vae_core.latent.paths.find import Cost, cost_of, find_path
from vae_core.latent.paths.graph import graph_of

N_STEPS = 11
SEED = 0


def main() -> None:
    """Measure, and print a table and the JSON document."""
    options = _options()
    device = resolve_device(options.device)
    torch.set_num_threads(options.threads)
    explorer = LatentExplorer.load(options.model, device)
    label = 0 if explorer.can.label else None
    began = time.perf_counter()
    graph = graph_of(explorer, label)
    built = time.perf_counter() - began
    generator = np.random.default_rng(SEED)
    pairs = [generator.choice(len(explorer.latents.mu), 2, replace=False) for _ in range(options.pairs)]
    costs: dict[str, list[Cost]] = {method: [] for method in METHODS}
    with Console(stderr=True).status("Warming up") as status:
        _walk(explorer, explorer.latents.mu[pairs[0]], label)
        for number, pair in enumerate(pairs, start=1):
            status.update(f"Pair {number} of {len(pairs)}")
            for method, cost in _walk(explorer, explorer.latents.mu[pair], label).items():
                costs[method].append(cost)
    straight = np.array([cost.length for cost in costs["linear"]])
    threshold = region_of(explorer, label).threshold
    figures = {method: figures_of(found, straight, threshold) for method, found in costs.items()}
    facts = machine(options.threads, device)
    console = Console()
    console.print(table_of(figures))
    worst = figures["geodesic"]["length_over_straight"]["max"]
    console.print(
        f"geodesic at most as long as the straight line for {figures['geodesic']['not_longer']} of {len(pairs)} pairs "
        f"(largest ratio {worst:.4f}); graph of {len(graph.codes):,} codes and {len(graph.edges):,} edges built in "
        f"{built:.2f} s",
        soft_wrap=True,
        highlight=False,
    )
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    print_document(
        {
            "benchmark": "paths",
            "machine": facts,
            "settings": {"model": explorer.name, "pairs": len(pairs), "steps": N_STEPS, "seed": SEED},
            "graph": {"codes": len(graph.codes), "edges": len(graph.edges), "seconds": built},
            "support_threshold": threshold,
            "methods": figures,
        }
    )


def _walk(explorer: LatentExplorer, ends: npt.NDArray[np.float32], label: int | None) -> dict[str, Cost]:
    paths = {method: find_path(explorer, ends, N_STEPS, method=method, label=label) for method in METHODS}
    return {method: cost_of(explorer, path, label) for method, path in paths.items()}


def figures_of(costs: list[Cost], straight: npt.NDArray[np.float64], threshold: float) -> dict[str, Any]:
    """What is said of a method: means with 95 % intervals, over the pairs."""
    length = np.array([cost.length for cost in costs])
    densities = [cost.lowest_density for cost in costs if cost.lowest_density is not None]
    return {
        "length": interval(length),
        "length_over_straight": {**interval(length / straight), "max": float((length / straight).max())},
        "not_longer": int((length <= straight).sum()),
        "unevenness": interval(np.array([cost.unevenness for cost in costs])),
        "lowest_density": interval(np.array(densities)) if densities else None,
        "off_support": float(np.mean(np.array(densities) < threshold)) if densities else None,
        "seconds": summary([cost.seconds for cost in costs]),
    }


def interval(values: npt.NDArray[np.float64]) -> dict[str, float]:
    """Mean over the pairs, and its 95 % interval by the bootstrap (bias corrected and accelerated, Efron 1987)."""
    if np.ptp(values) == 0:
        low = high = float(values[0])
    else:
        found = bootstrap((values,), np.mean, rng=np.random.default_rng(SEED)).confidence_interval
        low, high = float(found.low), float(found.high)
    return {"mean": float(values.mean()), "low": low, "high": high}


def table_of(figures: dict[str, Any]) -> Table:
    """The table for people."""
    table = Table(
        "path", "length", "of the straight line's", "unevenness", "lowest density", "off", "median, ms", "max, ms"
    )
    for method, found in figures.items():
        density = found["lowest_density"]
        table.add_row(
            method,
            _cell(found["length"], 1),
            _cell(found["length_over_straight"], 3),
            _cell(found["unevenness"], 2),
            "" if density is None else _cell(density, 1),
            "" if density is None else f"{found['off_support']:.0%}",
            f"{1000 * found['seconds']['median']:.1f}",
            f"{1000 * found['seconds']['max']:.1f}",
        )
    return table


def _cell(found: dict[str, float], digits: int) -> str:
    return f"{found['mean']:.{digits}f} ({found['low']:.{digits}f} - {found['high']:.{digits}f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Length and time of paths between pairs of test images.")
    parser.add_argument("--model", default="mnist-2d", help="a checkpoint (default mnist-2d)")
    parser.add_argument("--pairs", type=_positive, default=100, help="random pairs of test images (default 100)")
    parser.add_argument(
        "--threads", type=_positive, default=torch.get_num_threads(), help="CPU threads (default: torch's own)"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:N or auto (default cpu)")
    return parser.parse_args()


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 10,000 is expected, not {text!r}")
    return int(text)


if __name__ == "__main__":
    try:
        main()
    except VaeCoreError as problem:
        sys.exit(f"error: {problem}")
