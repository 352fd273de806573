"""The doctor on runs that were made sick on purpose, one for each ailment, and on healthy ones.

    python benchmarks/doctor.py [--only NAME …] [--keep FOLDER]

All are small: 8x8 digits, 6,000 images of MNIST, patches of the two photographs that come with scikit-learn. Which of
them the doctor had not seen while it was written, README.md says. The last line of the output is one JSON document.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import machine, machine_line, print_document
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import load_dataset
from vae_core.doctor.evidence import gather
from vae_core.doctor.examine import Diagnosis, diagnose
from vae_core.doctor.finding import Ailment
from vae_core.errors import VaeCoreError
from vae_core.training.process import create_run, run

N_MNIST, N_PATCHES, SIDE = 6000, 6000, 16


@dataclass(frozen=True)
class Patient:
    """A run, and the ailment that it was given; None: it is healthy."""

    name: str
    ailment: Ailment | None
    data: str
    model: dict[str, Any]
    training: dict[str, Any]
    held_out: bool = False


SMALL: dict[str, Any] = {"hidden": (256, 128)}
CONV: dict[str, Any] = {"network": "conv"}
GAUSSIAN: dict[str, Any] = {"likelihood": "gaussian"}
PER_PIXEL = GAUSSIAN | {"sigma": "per-pixel"}

SEEN = (
    Patient("healthy on MNIST", None, "mnist", SMALL, {"epochs": 20}),
    Patient("healthy on digits", None, "digits", {}, {"epochs": 100}),
    Patient("healthy, Gaussian", None, "mnist", SMALL | GAUSSIAN, {"epochs": 20}),
    Patient("β = 40", "posterior-collapse", "mnist", SMALL, {"epochs": 10, "beta": 40.0}),
    Patient("β = 784, a mean over pixels", "sum-and-mean", "mnist", SMALL, {"epochs": 10, "beta": 784.0}),
    Patient("Bernoulli on photographs", "bernoulli-on-grey", "photographs", SMALL | {"latent_dim": 8}, {"epochs": 15}),
    Patient("σ of each pixel", "sigma-collapse", "mnist", SMALL | PER_PIXEL, {"epochs": 15}),
    Patient("β = 0.02", "prior-apart", "mnist", SMALL, {"epochs": 20, "beta": 0.02}),
    Patient("32-D at β = 4", "dead-dimensions", "mnist", SMALL | {"latent_dim": 32}, {"epochs": 60, "beta": 4.0}),
    Patient("320 images, wide, 150 epochs", "over-fitting", "few", {"hidden": (512, 512)}, {"epochs": 150}),
    Patient(
        "rate 0.03, constant, ReLU",
        "learning-rate",
        "mnist",
        SMALL | {"activation": "relu"},
        {"epochs": 10, "learning_rate": 0.03, "schedule": "constant"},
    ),
    Patient("values from 0.45 to 0.55", "narrow-range", "narrow", SMALL, {"epochs": 10}),
    Patient("96 % of one digit", "one-class", "lopsided", SMALL, {"epochs": 10}),
)  # fmt: skip
"""What the doctor was tried on while it was written."""

HELD_OUT = (
    Patient("conv on MNIST, 5-D", None, "mnist", CONV | {"latent_dim": 5}, {"epochs": 6}, True),
    Patient("CVAE on digits", None, "digits", {"family": "cvae"}, {"epochs": 80}, True),
    Patient("conv on digits, β = 15", "posterior-collapse", "digits", CONV, {"epochs": 40, "beta": 15.0}, True),
    Patient("β = 1/784", "sum-and-mean", "mnist", SMALL, {"epochs": 15, "beta": 1 / 784}, True),
    Patient("σ of each pixel, conv, digits", "sigma-collapse", "digits", CONV | PER_PIXEL, {"epochs": 40}, True),
    Patient("160 photographs, 120 epochs", "over-fitting", "few-photographs", GAUSSIAN, {"epochs": 120}, True),
    Patient("160 photographs, 1,500 epochs", "over-fitting", "few-photographs", GAUSSIAN, {"epochs": 1500}, True),
    Patient(
        "rate 0.3, constant, digits",
        "learning-rate",
        "digits",
        {},
        {"epochs": 40, "learning_rate": 0.3, "schedule": "constant"},
        True,
    ),
    Patient("MNIST from 0.5 to 1", "narrow-range", "halved", SMALL, {"epochs": 10}, True),
)  # fmt: skip
"""Chosen, and trained for the first time, when the doctor's thresholds stood; nothing was changed after them. The one
of 1,500 epochs was added when that of 120, which is still learning at its end, had been missed."""

PATIENTS = SEEN + HELD_OUT


def main() -> None:
    """Train each patient, examine it, print the table and the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=None, metavar="NAME", help="these patients alone")
    parser.add_argument("--keep", default=None, metavar="FOLDER", help="where the runs are kept (default: nowhere)")
    arguments = parser.parse_args()
    facts, rows = machine(1), list[dict[str, Any]]()
    print(machine_line(facts))
    print(f"\n{'patient':34} {'was given':20} {'ailments named':52} notes")
    with TemporaryDirectory() as temporary:
        home = Path(arguments.keep or temporary)
        home.mkdir(parents=True, exist_ok=True)
        for patient in PATIENTS:
            if arguments.only and patient.name not in arguments.only:
                continue
            began = process_time()
            found = examined(patient, home)
            rows.append(_row(patient, found, process_time() - began))
            named, notes = (", ".join(rows[-1][key]) or "–" for key in ("ailments", "notes"))
            told = (patient.ailment or "nothing") + " *" * patient.held_out
            print(
                f"{patient.name:34} {told:20} {named:52} {notes}{'' if rows[-1]['right'] else '   WRONG'}", flush=True
            )
    sick = [row for row in rows if row["given"]]
    summary = {
        "sick": len(sick),
        "named": sum(row["right"] for row in sick),
        "healthy": len(rows) - len(sick),
        "accused": sum(not row["right"] for row in rows if not row["given"]),
        "held_out": sum(row["held_out"] for row in rows),
        "cpu_seconds": sum(row["cpu_seconds"] for row in rows),
    }
    print(f"\n* not seen while the doctor was written\n{summary}")
    print_document({"benchmark": "doctor", "machine": facts, **summary, "runs": rows})


def _row(patient: Patient, found: Diagnosis, seconds: float) -> dict[str, Any]:
    ailments = [finding.ailment for finding in found.findings if finding.severity == "ailment"]
    return {
        "name": patient.name,
        "given": patient.ailment,
        "held_out": patient.held_out,
        "ailments": ailments,
        "notes": [finding.ailment for finding in found.findings if finding.severity == "note"],
        "right": patient.ailment in ailments if patient.ailment else not ailments,
        "sentences": [finding.sentence for finding in found.findings],
        "cpu_seconds": round(seconds, 1),
    }


def examined(patient: Patient, home: Path) -> Diagnosis:
    """Train it, unless that was done in this folder, and look at it."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in patient.name).strip("-")
    if not (home / name).exists():
        config = RunConfig(
            dataset=_dataset(patient.data, home),
            model=ModelConfig(**patient.model),
            training=TrainConfig(threads=1, **patient.training),
        )
        folder = create_run(config, name=name, device="cpu", checkpoints_dir=home)
        with suppress(VaeCoreError):  # a run that diverged says so, and is looked at all the same
            run(folder, on_status=lambda status: None, on_epoch=lambda line: None)
    return diagnose(gather(home / name))


def _dataset(data: str, home: Path) -> str:
    """The name of a data set, which is made in the folder where it is none of the project's."""
    if data not in MADE:
        return data
    file = home / f"{data}.npz"
    if not file.exists():
        np.savez(file, **MADE[data]())  # type: ignore[arg-type]
    return f"npz:{file}"


Arrays = dict[str, np.ndarray[Any, Any]]


def _mnist() -> Arrays:
    train = load_dataset("mnist").train
    assert train.labels is not None
    return {"images": train.images[:N_MNIST, 0], "labels": train.labels[:N_MNIST]}


def _few() -> Arrays:
    return {key: array[:400] for key, array in _mnist().items()}  # 320 of them are for training


def _narrow() -> Arrays:
    found = _mnist()
    return found | {"images": (0.45 + found["images"] / 255 * 0.1).astype(np.float32)}


def _lopsided() -> Arrays:
    train = load_dataset("mnist").train
    assert train.labels is not None
    chosen = np.r_[np.flatnonzero(train.labels == 1)[:4000], np.flatnonzero(train.labels != 1)[:160]]
    return {"images": train.images[chosen, 0], "labels": train.labels[chosen]}


def _photographs() -> Arrays:
    from sklearn.datasets import load_sample_images

    photographs = [photograph.mean(2) for photograph in load_sample_images().images]
    generator = np.random.default_rng(0)
    patches = np.empty((N_PATCHES, SIDE, SIDE), np.uint8)
    for i in range(N_PATCHES):
        grey = photographs[i % len(photographs)]
        y, x = (generator.integers(0, length - SIDE) for length in grey.shape)
        patches[i] = grey[y : y + SIDE, x : x + SIDE].round()
    return {"images": patches}


def _halved() -> Arrays:
    found = _mnist()
    return found | {"images": (0.5 + found["images"] / 255 / 2).astype(np.float32)}


def _few_photographs() -> Arrays:
    return {"images": _photographs()["images"][:200]}  # 160 of them are for training


MADE: dict[str, Callable[[], Arrays]] = {
    "mnist": _mnist,
    "few": _few,
    "narrow": _narrow,
    "lopsided": _lopsided,
    "photographs": _photographs,
    "halved": _halved,
    "few-photographs": _few_photographs,
}


if __name__ == "__main__":
    main()
