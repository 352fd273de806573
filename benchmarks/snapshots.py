"""What recording a run's snapshots costs: training with them and without, in turns, and the bytes that they take.

    python benchmarks/snapshots.py [--dataset NAME] [--rounds N] [--epochs N] [--latent-dim D]

Prints a table and, as the last line, one JSON document. What is measured, and the latest figures: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import from_1_to, machine, machine_line, print_document, summary
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, load_dataset
from vae_core.training import loop
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder
from vae_core.training.snapshot_files import snapshot_arrays
from vae_core.training.thinning import LONG_RUN, kept, recent_for

WANTED_SHARE = 0.05
WANTED_BYTES = 20_000_000


def seconds_an_epoch(run: RunFolder, data: ImageSet, *, recording: bool) -> tuple[float, float, list[float]]:
    """Train a run; seconds of an epoch from the first one's end to the last one's, and of each snapshot's recording.

    Both by the clock and of this process, which others on the machine do not lengthen.
    """
    ends: list[tuple[float, float]] = []
    recordings: list[float] = []
    make, write = loop.snapshot, RunFolder.write_snapshot

    def timed_make(*arguments: Any, **options: Any) -> Any:
        recordings.append(-time.perf_counter())
        return make(*arguments, **options)

    def timed_write(self: RunFolder, snapshot: Any) -> None:
        write(self, snapshot)
        recordings[-1] += time.perf_counter()

    def nothing(*_: Any, **__: Any) -> None:
        return None

    with ExitStack() as stack:
        stack.enter_context(patch.object(loop, "snapshot", timed_make if recording else nothing))
        stack.enter_context(patch.object(RunFolder, "write_snapshot", timed_write if recording else nothing))
        loop.train(
            run, data, on_status=nothing, on_epoch=lambda _: ends.append((time.perf_counter(), time.process_time()))
        )
    wall, own = ((last - first) / (len(ends) - 1) for first, last in zip(ends[0], ends[-1], strict=True))
    return wall, own, recordings


def measure(config: RunConfig, data: ImageSet, rounds: int) -> dict[str, Any]:
    """All rounds, each with both in turns, the one that begins changing; the first round is not counted."""
    times: dict[bool, list[float]] = {True: [], False: []}
    own_times: dict[bool, list[float]] = {True: [], False: []}
    recordings: list[float] = []
    folder_bytes = n_kept = 0
    with TemporaryDirectory() as home:
        for number in range(rounds + 1):
            for recording in (True, False) if number % 2 else (False, True):
                name = f"{number}-{'with' if recording else 'without'}"
                run = RunFolder.create(name, new_request(config, "cpu"), home)
                seconds, own, found = seconds_an_epoch(run, data, recording=recording)
                if number:
                    times[recording].append(seconds)
                    own_times[recording].append(own)
                    recordings += found
                if recording:
                    last = run.snapshot(run.snapshot_epochs()[-1])
                    assert last is not None
                    n_kept = len(kept(range(1, LONG_RUN + 1), recent_for(_n_bytes(last))))
                    fixed = (run.snapshots / "fixed.npz").stat().st_size
                    sizes = [path.stat().st_size for path in run.snapshots.glob("epoch-*.npz")]
                    folder_bytes = fixed + n_kept * max(sizes)
    with_, without = (statistics.median(times[recording]) for recording in (True, False))
    own_with, own_without = (statistics.median(own_times[recording]) for recording in (True, False))
    return {
        "with": summary(times[True]),
        "without": summary(times[False]),
        "share": with_ / without - 1,
        "processor_seconds": {"with": summary(own_times[True]), "without": summary(own_times[False])},
        "processor_share": own_with / own_without - 1,
        "recording_seconds": summary(recordings),
        "recording_share": statistics.median(recordings) / without,
        "kept_of_200": n_kept,
        "bytes_of_200_epochs": folder_bytes,
    }


def _n_bytes(snapshot: Any) -> int:
    return sum(array.nbytes for array in snapshot_arrays(snapshot).values())


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dataset", default="mnist")
    parser.add_argument("--rounds", type=from_1_to(50), default=5)
    parser.add_argument("--epochs", type=from_1_to(50), default=3)
    parser.add_argument("--latent-dim", type=from_1_to(512), default=2)
    arguments = parser.parse_args()
    training = TrainConfig(epochs=max(2, arguments.epochs), threads=1)
    config = RunConfig(dataset=arguments.dataset, model=ModelConfig(latent_dim=arguments.latent_dim), training=training)
    facts = machine(training.threads)
    found = measure(config, load_dataset(arguments.dataset), arguments.rounds)
    print(machine_line(facts))
    print("| | seconds an epoch: median (smallest to largest) |\n| --- | --- |")
    for name in ("with", "without"):
        row = found[name]
        print(f"| {name} snapshots | {row['median']:.3f} ({row['min']:.3f} to {row['max']:.3f}) |")
    recording = found["recording_seconds"]
    print(
        f"one recording {1000 * recording['median']:.1f} ms ({100 * found['recording_share']:.2f} % of an epoch); "
        f"in turns {100 * found['share']:+.2f} % by the clock, {100 * found['processor_share']:+.2f} % in processor "
        f"time; {found['kept_of_200']} of 200 snapshots kept, "
        f"{found['bytes_of_200_epochs'] / 1e6:.1f} MB"
    )
    wanted = {"wanted_share": WANTED_SHARE, "wanted_bytes": WANTED_BYTES}
    print_document({"machine": facts, "dataset": arguments.dataset, **found, **wanted})


if __name__ == "__main__":
    main()
