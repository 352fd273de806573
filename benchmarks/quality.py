"""Measure how good the models are: likelihoods beside published ones, disentanglement, classes, samplers.

Trains what has to be trained in run folders of its own (`--runs`): what is finished there is used, what was broken off
is taken up again, so that hours of training can be had in pieces. README.md says how each figure is measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import quality_parts as parts
from benchmarks.common import from_1_to, machine, machine_line, print_document
from benchmarks.quality_runs import BINARIZED
from vae_core.checkpoints import local_dir
from vae_core.errors import VaeCoreError
from vae_core.training.process import Interrupted

PARTS = ("likelihood", "disentanglement", "classes", "samplers")
MODELS = ("mnist-2d", "examples-20d", "20d", *BINARIZED)
WANTED = {
    "minus test ELBO": {"mnist-2d": 131.0, "examples-20d": 105.6, "20d": 105.0},
    "NLL": 88.0,
    "mig": 0.4,
    "recognised": 0.97,
}
PUBLISHED = {
    "mnist-2d": "146.95 (training; convolutional, 30 epochs): Keras example",
    "examples-20d": "105.55: pytorch/examples, run unchanged",
    "20d": "105.55: pytorch/examples, run unchanged",
    **dict.fromkeys(("vae-mlp", "vae-conv"), "89.8: pythae's table"),
    **dict.fromkeys(("iwae-mlp", "iwae-conv"), "87.6 (k = 5), 87.1 (k = 50): pythae's table"),
}
"""On the same data and of the same kind; Burda et al. (2016, table 1) have 86.76 and 84.78 with binarization anew."""


def main() -> None:
    """Measure the parts that were asked for, print a table after each, and the JSON document."""
    options = _options()
    torch.set_flush_denormal(True)
    torch.set_num_threads(options.threads)
    # Into a file or a pipe a table is as wide as it needs to be; rich would fold it at 80.
    console, progress = Console(width=None if sys.stdout.isatty() else 160), Console(stderr=True)
    document: dict[str, Any] = {}
    for part in options.parts:
        # No spinner: the bar of a training has the line. So each thing that is done is one line of its own.
        document[part] = getattr(parts, part)(options, _Said(progress))
        PRINT[part](console, document[part])
    facts = machine(options.threads, options.device)
    console.print(machine_line(facts), soft_wrap=True, highlight=False)
    settings = {"epochs": options.epochs, "seeds": options.seeds, "samples": options.samples, "images": options.images}
    print_document({"benchmark": "quality", "machine": facts, "settings": settings, "wanted": WANTED, **document})


class _Said:
    """Prints what is being done when it changes; of a share only that it began."""

    def __init__(self, console: Console) -> None:
        self._console, self._last = console, ""

    def __call__(self, text: str) -> None:
        what = text.rpartition(", ")[0] if text.endswith("%") else text
        if what != self._last:
            self._last = what
            self._console.print(what, highlight=False)


# -- tables ----------------------------------------------------------------------------------------------------------


def _print_likelihood(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table(
        "model", "figure", "nats", "wanted", "published", "test ELBO", "best epoch", "training, s", "measuring, s"
    )
    for row in rows:
        wanted = WANTED[row["figure"]]
        at_most = wanted[row["model"]] if isinstance(wanted, dict) else wanted
        table.add_row(
            row["model"],
            row["figure"],
            _text(row),
            f"≤ {at_most}",
            PUBLISHED[row["model"]],
            f"{row['test_elbo']:.2f}",
            f"{row['best_epoch']} of {row['epochs']}",
            f"{row['training_seconds']:,.0f}",
            f"{row['measuring_seconds']:,.0f}",
        )
    console.print(table)


def _print_disentanglement(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table("family", *(score.replace("_", " ") for score in parts.SCORES), title="mean ± deviation over seeds")
    for row in rows:
        table.add_row(row["family"], *(_over_seeds(row[score]) for score in parts.SCORES))
    console.print(table)
    by_family = {row["family"]: row for row in rows}
    best = by_family["beta-tcvae"]
    for other in ("beta-vae", "vae"):
        above = [score for score in parts.SCORES if parts.is_above(best[score], by_family[other][score])]
        console.print(
            f"The whole 95 % interval of beta-tcvae is above that of {other} in: {', '.join(above) or 'none'}."
        )


def _print_classes(console: Console, found: dict[str, Any]) -> None:
    accuracy = _text(found["classifier_accuracy"], 4)
    title = f"{found['model']}; the classifier's own test accuracy is {accuracy}"
    table = Table("class", "recognised", "wanted", title=title)
    for name, figure in {**found["per_class"], "all": found["all"]}.items():
        table.add_row(name, _text(figure, 3), f"≥ {WANTED['recognised']}" if name == "all" else "")
    console.print(table)


def _print_samplers(console: Console, rows: list[dict[str, Any]]) -> None:
    names = ("precision", "recall", "density", "coverage", "frechet")
    table = Table("model", "images", *names[:-1], "classifier Fréchet distance")
    for row in rows:
        table.add_row(row["model"], row["images"], *(_text(row[name], 3) for name in names[:-1]), _text(row["frechet"]))
    console.print(table)


PRINT: dict[str, Callable[[Console, Any], None]] = {
    "likelihood": _print_likelihood,
    "disentanglement": _print_disentanglement,
    "classes": _print_classes,
    "samplers": _print_samplers,
}


def _text(figure: dict[str, Any], digits: int = 2) -> str:
    error = figure["standard_error"]
    return f"{figure['value']:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def _over_seeds(found: dict[str, Any]) -> str:
    mean, deviation = found["mean"], found["deviation"]
    return "-" if mean is None else f"{mean:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")


# -- command line ----------------------------------------------------------------------------------------------------


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How good the models are, beside what others have published.")
    parser.add_argument("--parts", type=_some_of(PARTS), default=PARTS, help=f"of {','.join(PARTS)} (default: all)")
    parser.add_argument("--models", type=_some_of(MODELS), default=MODELS, help=f"likelihood: of {','.join(MODELS)}")
    parser.add_argument("--seeds", type=from_1_to(100), default=3, help="disentanglement: models a family (default 3)")
    parser.add_argument(
        "--samples", type=from_1_to(1_000_000), default=5000, help="NLL: draws of z an image (default 5000)"
    )
    parser.add_argument(
        "--images", type=from_1_to(10_000), default=1000, help="NLL: so many of the test split, evenly spread (1000)"
    )
    parser.add_argument("--cvae", default="mnist-2d-cvae", help="classes: the model (default mnist-2d-cvae)")
    parser.add_argument(
        "--per-class", type=from_1_to(100_000), default=1000, help="classes: samples of each (default 1000)"
    )
    parser.add_argument(
        "--epochs", type=from_1_to(10_000), help="of each training, instead of its own number: for a trial"
    )
    parser.add_argument("--threads", type=from_1_to(1_024), default=torch.get_num_threads(), help="CPU threads")
    parser.add_argument("--device", default="cpu", help="cpu, cuda:N or auto (default cpu)")
    parser.add_argument("--checkpoints-dir", help="where the models lie that are not shipped")
    parser.add_argument("--runs", type=Path, help="folder of the trainings (default: .quality in that folder)")
    options = parser.parse_args()
    options.runs = options.runs or local_dir(options.checkpoints_dir) / ".quality"
    return options


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"there is no {min(unknown)!r}; there are {', '.join(known)}")
        return chosen

    return parse


if __name__ == "__main__":
    try:
        main()
    except VaeCoreError as problem:
        sys.exit(f"error: {problem}")
    except (Interrupted, KeyboardInterrupt):
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
