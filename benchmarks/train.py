"""Measure how fast the training loop is, and how good a model it leaves.

The same model (784-400-20-400-784, ReLU, Bernoulli), the same data, batch and number of threads, in turns in one
process: this project's loop, the data path of the pytorch/examples VAE, and pythae's trainer where it is installed.
Then the test loss of that model after ten epochs. README.md says how each is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import from_1_to, machine, machine_line, print_document, summary
from benchmarks.references import BATCH_SIZE, LATENT_DIM, LEARNING_RATE, WIDTH, Burst, examples_path, pythae_trainer
from vae_core.checkpoints import CARD
from vae_core.config import ModelConfig, RunConfig, Schedule, TrainConfig
from vae_core.data import ImageSet, Split, load_dataset
from vae_core.device import resolve_device
from vae_core.errors import VaeCoreError
from vae_core.training.loop import _Run, train
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder

MODEL = ModelConfig(hidden=(WIDTH,), activation="relu", latent_dim=LATENT_DIM)
WANTED_RATIO, WANTED_TEST_LOSS, PUBLISHED_TEST_LOSS = 2.5, 105.6, 105.55
OURS, EXAMPLES, PYTHAE = "vae_core", "pytorch_examples", "pythae"
TITLES = {OURS: "this loop", EXAMPLES: "pytorch/examples", PYTHAE: "pythae's trainer"}


def main() -> None:
    """Measure, and print a table and the JSON document."""
    options = _options()
    # Before the first parallel operation: threads take the setting over when they are made, as in a training process.
    torch.set_flush_denormal(True)
    device = resolve_device(options.device)
    data = load_dataset("mnist")
    console, progress = Console(), Console(stderr=True)
    with tempfile.TemporaryDirectory() as scratch:
        columns = {
            OURS: our_loop(data, options, device, Path(scratch)),
            EXAMPLES: examples_path(options.images, device, Path(scratch)),
        }
        try:
            columns[PYTHAE] = pythae_trainer(data.train.images[: options.images], device, Path(scratch))
        except ImportError:
            console.print("pythae is not installed, so its column is left out (pip install pythae).")
        # The last word on both settings, which are the process's: the loop sets them when it is made.
        torch.set_num_threads(options.threads)
        with progress.status("Training in turns") as status:
            speed = in_turns(columns, options, device, status.update)
        loss = None
        if not options.skip_loss:
            schedules: tuple[Schedule, ...] = ("constant", "one-cycle")
            with progress.status(f"Training for {options.epochs} epochs, twice"):
                loss = {schedule: test_loss(data, schedule, options, device, Path(scratch)) for schedule in schedules}
    facts = machine(options.threads, device)
    ratios = {name: speed[OURS]["median"] / figures["median"] for name, figures in speed.items() if name != OURS}
    _print_tables(console, speed, loss, options)
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    print_document(
        {
            "benchmark": "train",
            "machine": facts,
            "settings": {"bursts": options.bursts, "images": options.images, "epochs": options.epochs},
            "images_per_second": {**dict.fromkeys((OURS, EXAMPLES, PYTHAE)), **speed},
            "ratio": {**dict.fromkeys((EXAMPLES, PYTHAE)), **ratios},
            "test_loss": loss,
            "wanted": {"ratio": {EXAMPLES: WANTED_RATIO}, "test_loss": WANTED_TEST_LOSS},
        }
    )


def in_turns(
    columns: dict[str, Burst], options: argparse.Namespace, device: str, report: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Images per second of each column over the bursts, after one round that is not counted."""
    measured: dict[str, list[float]] = {name: [] for name in columns}
    for turn in range(options.bursts + 1):
        for name, burst in columns.items():
            report(f"Burst {turn} of {options.bursts}: {name}" if turn else f"Warming up: {name}")
            began = time.perf_counter()
            burst()
            if device != "cpu":
                torch.cuda.synchronize(device)
            if turn:
                measured[name].append(options.images / (time.perf_counter() - began))
    return {name: summary(values) for name, values in measured.items()}


# -- this loop -------------------------------------------------------------------------------------------------------


class _StepsOnly(_Run):
    """The real loop, an epoch of which ends without validation, history and snapshot: no column has these."""

    def _end_of_epoch(self) -> None:
        self.position.epoch += 1
        self.position.step = self.position.n_seen = 0
        self.learner.sums.zero_()


def our_loop(data: ImageSet, options: argparse.Namespace, device: str, scratch: Path) -> Burst:
    """The loop of this project, its looks at the stop file and its writing of status.json included."""
    fewer = Split(data.train.images[: options.images], None)
    folder = _new_run("steps-only", "constant", options.bursts + 1, options.threads, device, scratch)
    run = _StepsOnly(folder, replace(data, train=fewer), lambda status: None, lambda line: None, lambda: False)

    def burst() -> None:
        if not run._epoch():
            raise RuntimeError("the loop was asked to stop in the middle of a burst")

    return burst


# -- the test loss ---------------------------------------------------------------------------------------------------


def test_loss(
    data: ImageSet, schedule: Schedule, options: argparse.Namespace, device: str, scratch: Path
) -> dict[str, Any]:
    """Minus the ELBO on the test split, nats per image, one draw of z each, with its standard error."""
    folder = _new_run(schedule, schedule, options.epochs, options.threads, device, scratch)
    began = time.perf_counter()
    train(folder, data, on_status=lambda status: None)
    card = json.loads((folder.path / CARD).read_bytes())
    elbo = card["test"]["elbo"]
    return {
        "value": -elbo["value"],
        "standard_error": elbo["standard_error"],
        "best_epoch": card["run"]["best_epoch"],
        "seconds": time.perf_counter() - began,
    }


def example_config(schedule: Schedule, epochs: int, threads: int) -> RunConfig:
    """The example's model and settings as a run of this project; `quality.py` trains it too."""
    training = TrainConfig(
        epochs=epochs, batch_size=BATCH_SIZE, learning_rate=LEARNING_RATE, schedule=schedule, threads=threads
    )
    return RunConfig(dataset="mnist", model=MODEL, training=training)


def _new_run(name: str, schedule: Schedule, epochs: int, threads: int, device: str, scratch: Path) -> RunFolder:
    return RunFolder.create(name, new_request(example_config(schedule, epochs, threads), device), scratch)


# -- command line and output -----------------------------------------------------------------------------------------


def _print_tables(
    console: Console,
    speed: dict[str, dict[str, Any]],
    loss: dict[str, dict[str, Any]] | None,
    options: argparse.Namespace,
) -> None:
    table = Table("training", "images/s", "min - max", "this loop is faster by")
    for name, figures in speed.items():
        ratio = speed[OURS]["median"] / figures["median"]
        wanted = f" (wanted: {WANTED_RATIO})" if name == EXAMPLES else ""
        spread = f"{figures['min']:,.0f} - {figures['max']:,.0f}"
        table.add_row(TITLES[name], f"{figures['median']:,.0f}", spread, "" if name == OURS else f"{ratio:.2f}{wanted}")
    console.print(table)
    if loss is None:
        return
    title = f"After {options.epochs} epochs (wanted: {WANTED_TEST_LOSS}; published: {PUBLISHED_TEST_LOSS})"
    table = Table("schedule", "test loss, nats", "standard error", "best epoch", "seconds", title=title)
    for name, figures in loss.items():
        value, error, seconds = (f"{figures[key]:.2f}" for key in ("value", "standard_error", "seconds"))
        table.add_row(name, value, error, str(figures["best_epoch"]), seconds)
    console.print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Training speed beside pytorch/examples and pythae; test loss.")
    parser.add_argument("--bursts", type=from_1_to(1000), default=5, help="epochs timed of each column (default 5)")
    parser.add_argument("--images", type=from_1_to(55_000), default=20_000, help="images a burst (default 20000)")
    parser.add_argument(
        "--threads", type=from_1_to(1024), default=torch.get_num_threads(), help="CPU threads (default: torch's own)"
    )
    parser.add_argument("--epochs", type=from_1_to(1000), default=10, help="epochs before the test loss (default 10)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:N or auto (default cpu)")
    parser.add_argument("--skip-loss", action="store_true", help="measure the speed alone")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except VaeCoreError as problem:
        sys.exit(f"error: {problem}")
