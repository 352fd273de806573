"""What t-SNE and UMAP of a model's 10,000 test codes cost, how true they are, and how soon a stop ends them.

Each is made by the command that the page starts, on one thread. Seconds of the processor beside those of the clock:
on a shared machine only the first say what the work is.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, print_document
from ui.projections.making import run_command
from ui.stoppable import StoppedError
from vae_core.checkpoints import PROJECT_ROOT
from vae_core.latent.projections import METHODS

STOP_AT = 0.0, 0.1, 0.5
"""Shares at which somebody presses Stop: while it starts, once it has begun, in the middle."""


def measure(model: str, method: str) -> dict[str, Any]:
    """Make it once, from a process's start to its end."""
    with TemporaryDirectory() as folder:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [*command_of(model, method), "--json", "--checkpoints-dir", folder]
        done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout.splitlines()[-1])
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {
        "method": method,
        "codes": found["codes"],
        "processor_seconds": processor,
        "seconds": seconds,
        "trustworthiness": found["trustworthiness"],
    }


def stop_seconds(model: str, method: str, share: float) -> float:
    """From the press on Stop to the process's end, as the page's thread sees it."""
    pressed = 0.0

    def told(now: float) -> None:
        nonlocal pressed
        if now >= share and time.perf_counter() - began > 1.0:
            pressed = time.perf_counter()
            raise StoppedError

    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        try:
            run_command([*command_of(model, method), "--checkpoints-dir", folder], told)
        except StoppedError:
            return time.perf_counter() - pressed
    raise RuntimeError(f"{method} ended before it could be stopped at {share:.0%}")


def command_of(model: str, method: str) -> list[str]:
    """The command that makes it."""
    return [sys.executable, "-m", "vae_core", "project", model, "--method", method]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist-16d")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = []
    print("| projection | codes | s of one core | s by the clock | trustworthiness | s from Stop to stopped |")
    print("| --- | --- | --- | --- | --- | --- |")
    for method in METHODS:
        row = measure(arguments.model, method)
        row["stop_seconds"] = [stop_seconds(arguments.model, method, at) for at in STOP_AT] if method != "pca" else []
        rows.append(row)
        stops = ", ".join(f"{seconds:.2f}" for seconds in row["stop_seconds"]) or "–"
        trust = row["trustworthiness"]
        print(
            f"| {method} | {row['codes']} | {row['processor_seconds']:.1f} | {row['seconds']:.1f} | "
            f"{trust['value']:.3f} ± {trust['standard_error']:.3f} | {stops} |"
        )
    print_document({"benchmark": "projections", "model": arguments.model, "machine": machine(1), "rows": rows})


if __name__ == "__main__":
    main()
