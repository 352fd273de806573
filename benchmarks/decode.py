"""Measure how fast the engine decodes and encodes, without a server and without a browser.

One decode, a grid of 30 by 30 and the encoding of 70,000 images, through the explorer as the app asks it, beside eager
torch with batches of one; and which fraction of the device's own rate of matrix products that is. For a small MLP, the
shipped MNIST model and the default convolutional network. README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import from_1_to, machine, machine_line, print_document, summary
from vae_core.checkpoints import CARD, LATENTS, SHIPPED_DIR, WEIGHTS
from vae_core.config import ModelConfig, to_json
from vae_core.device import resolve_device
from vae_core.errors import VaeCoreError
from vae_core.explorer import LatentExplorer
from vae_core.models import build_model
from vae_core.models.outline import Layer
from vae_core.weights import load_model, save_weights

SHIPPED = "mnist-2d"
UNTRAINED = {
    "mlp 512": ModelConfig(network="mlp", hidden=(512,), latent_dim=2),
    "conv 32-64": ModelConfig(network="conv", hidden=(32, 64), latent_dim=2),
}
GRID = 30
N_ENCODED, N_ENCODED_ONE_BY_ONE = 70_000, 2_000
"""Images that are encoded; one by one fewer of them, and the time is extrapolated."""
BURST = 100
"""Calls that are timed together where one takes a fraction of a millisecond."""
ENGINE, ONE_BY_ONE = "engine", "batches_of_one"


@dataclass(frozen=True)
class Task:
    """Something to do with a model, in two ways.

    Attributes
    ----------
    title : str
    n_images : int
        Images that it is about.
    flops : int
        Of one image, counted from the shapes of the layers with weights.
    ways : dict
        Name -> the work, and how often it makes up the task (a fraction, where it does the task several times).
    """

    title: str
    n_images: int
    flops: int
    ways: dict[str, tuple[Callable[[], object], float]]


def main() -> None:
    """Measure, and print a table and the JSON document."""
    options = _options()
    device = resolve_device(options.device)
    torch.set_num_threads(options.threads)
    console, progress = Console(), Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch, progress.status("Preparing") as status:
        folders = {SHIPPED: SHIPPED_DIR / SHIPPED} | {
            name: untrained(config, Path(scratch) / config.network) for name, config in UNTRAINED.items()
        }
        explorers = {name: LatentExplorer.load(folder, device) for name, folder in folders.items()}
        models = {name: tasks(explorer) for name, explorer in explorers.items()}
        rate, seconds = in_turns(models, options.turns, device, status.update)
    facts = machine(options.threads, device)
    document: dict[str, Any] = {}
    table = Table("model", "task", "engine, ms", "min - max", "one by one, ms", "ratio", "of sgemm")
    for name, its_tasks in models.items():
        document[name] = {"weights": explorers[name].n_parameters, "tasks": {}}
        for key, task in its_tasks.items():
            figures = judged(task, seconds[name, key], rate["median"])
            document[name]["tasks"][key] = figures
            table.add_row(name, *cells(task, figures))
    console.print(table)
    console.print(f"sgemm: {rate['median']:,.0f} GFLOP/s ({rate['min']:,.0f} - {rate['max']:,.0f})", highlight=False)
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    print_document(
        {
            "benchmark": "decode",
            "machine": facts,
            "settings": {"turns": options.turns, "extrapolated_from": N_ENCODED_ONE_BY_ONE},
            "sgemm_gflops": rate,
            "models": document,
        }
    )


# -- what is measured ------------------------------------------------------------------------------------------------


def untrained(config: ModelConfig, folder: Path) -> Path:
    """Write a checkpoint of a network with weights as they are drawn, otherwise that of the shipped model."""
    card = LatentExplorer.load(SHIPPED, "cpu").card
    folder.mkdir()
    shutil.copy(SHIPPED_DIR / SHIPPED / LATENTS, folder)
    weights = save_weights(build_model(config, card.data.image_shape), folder / WEIGHTS, "float32")
    (folder / CARD).write_bytes(to_json(replace(card, model=config, files=replace(card.files, weights=weights))))
    return folder


def tasks(explorer: LatentExplorer) -> dict[str, Task]:
    """The three tasks on one model: as the app asks, and as plain torch does it image by image."""
    rng = np.random.default_rng(0)
    grid = rng.standard_normal((GRID * GRID, explorer.latent_dim), dtype=np.float32)
    images = rng.integers(0, 256, (N_ENCODED, *explorer.image_shape), np.uint8)
    plain = load_model(explorer.path, explorer.card).to(explorer.device)
    one_z = torch.from_numpy(grid).to(explorer.device).split(1)
    one_image = torch.from_numpy(images[:N_ENCODED_ONE_BY_ONE]).split(1)

    @torch.inference_mode()
    def decode_one() -> object:
        return plain.likelihood.mean(plain.decode(one_z[0])).cpu().numpy()

    @torch.inference_mode()
    def decode_one_by_one() -> object:
        return [plain.likelihood.mean(plain.decode(z)).cpu().numpy() for z in one_z]

    @torch.inference_mode()
    def encode_one_by_one() -> object:
        found = [plain.encode(x.to(explorer.device).to(torch.float32).div_(255)) for x in one_image]
        return [(posterior.mu.cpu().numpy(), posterior.logvar.cpu().numpy()) for posterior in found]

    decoding, encoding = (sum(flops(layer) for layer in explorer.layers if layer.part == part) for part in PARTS)
    one = {
        ENGINE: (lambda: [explorer.decode_uint8(grid[:1]) for _ in range(BURST)], 1 / BURST),
        ONE_BY_ONE: (lambda: [decode_one() for _ in range(BURST)], 1 / BURST),
    }
    many = {ENGINE: (lambda: explorer.decode_uint8(grid), 1.0), ONE_BY_ONE: (decode_one_by_one, 1.0)}
    encode = {
        ENGINE: (lambda: explorer.encode(images), 1.0),
        ONE_BY_ONE: (encode_one_by_one, N_ENCODED / N_ENCODED_ONE_BY_ONE),
    }
    return {
        "one": Task("one decode", 1, decoding, one),
        "grid": Task(f"grid of {GRID}×{GRID}", GRID * GRID, decoding, many),
        "encode": Task(f"encode {N_ENCODED:,}", N_ENCODED, encoding, encode),
    }


PARTS = ("decoder", "encoder")


def flops(layer: Layer) -> int:
    """Floating point operations of a layer for one image: two for each weight and each place where it is used."""
    if "convolution" not in layer.kind:
        return 2 * prod(layer.before) * prod(layer.after)
    weights = layer.n_parameters - layer.after[0]  # without the biases, one a channel
    # A convolution's kernel is laid once for each pixel that comes out, a transposed one's for each that goes in.
    return 2 * weights * prod((layer.before if "transposed" in layer.kind else layer.after)[1:])


def in_turns(
    models: dict[str, dict[str, Task]], turns: int, device: str, report: Callable[[str], None]
) -> tuple[dict[str, Any], dict[tuple[str, str], dict[str, Any]]]:
    """Everything once a turn, after one that is not counted: GFLOP/s of a matrix product, and seconds of each task."""
    side = 2048 if device == "cpu" else 8192
    a, b = (torch.randn(side, side, device=device) for _ in range(2))
    products: list[float] = []
    measured: dict[tuple[str, str], dict[str, list[float]]] = {}
    for turn in range(turns + 1):
        report(f"Turn {turn} of {turns}" if turn else "Warming up")
        products.append(2e-9 * side**3 / timed(lambda: torch.mm(a, b), device))
        for name, its_tasks in models.items():
            for key, task in its_tasks.items():
                for way, (work, times) in task.ways.items():
                    found = measured.setdefault((name, key), {}).setdefault(way, [])
                    found.append(timed(work, device) * times)
    seconds = {task: {way: summary(values[1:]) for way, values in ways.items()} for task, ways in measured.items()}
    return summary(products[1:]), seconds


def timed(work: Callable[[], object], device: str) -> float:
    """Seconds until the work is done, on the device too."""
    began = time.perf_counter()
    work()
    if device != "cpu":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


# -- output ----------------------------------------------------------------------------------------------------------


def judged(task: Task, seconds: dict[str, Any], rate: float) -> dict[str, Any]:
    """Medians and their ranges in ms, the ratio of the two ways, and the fraction of the matrix product's rate."""
    ways = {way: summary([1000 * value for value in found["values"]]) for way, found in seconds.items()}
    gflops = task.n_images * task.flops / ways[ENGINE]["median"] / 1e6
    return {
        "images": task.n_images,
        "flops_per_image": task.flops,
        **{f"{way}_ms": found for way, found in ways.items()},
        "ratio": ways[ONE_BY_ONE]["median"] / ways[ENGINE]["median"],
        "fraction_of_sgemm": gflops / rate,
    }


def cells(task: Task, figures: dict[str, Any]) -> list[str]:
    """A task's line of the table, without the model."""
    engine, other = figures[f"{ENGINE}_ms"], figures[f"{ONE_BY_ONE}_ms"]
    digits = 3 if engine["median"] < 1 else 1 if engine["median"] < 100 else 0
    about = "" if task.ways[ONE_BY_ONE][1] <= 1 else "about "
    return [
        task.title,
        f"{engine['median']:,.{digits}f}",
        f"{engine['min']:,.{digits}f} - {engine['max']:,.{digits}f}",
        f"{about}{other['median']:,.{digits}f}",
        f"{figures['ratio']:.1f}",
        f"{figures['fraction_of_sgemm']:.0%}",
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed of decoding and encoding beside eager batches of one.")
    parser.add_argument("--turns", type=from_1_to(1024), default=7, help="times everything is measured (default 7)")
    parser.add_argument(
        "--threads", type=from_1_to(1024), default=torch.get_num_threads(), help="CPU threads (default: torch's own)"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:N or auto (default cpu)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except VaeCoreError as problem:
        sys.exit(f"error: {problem}")
