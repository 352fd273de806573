"""A run that was killed, at whatever moment, and resumed ends in the bits of one that was not."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vae_core.runs import first_of, new_run, run_command, small_config, timeless, train_here
from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError
from vae_core.explorer import LatentExplorer
from vae_core.training import loop
from vae_core.training.learner import Learner
from vae_core.training.process import train_arguments
from vae_core.training.run_folder import RESUME, RunFolder


class Killed(BaseException):
    """Stands for a death that the program cannot answer."""


def left_behind(folder: RunFolder) -> dict[str, Any]:
    """What two runs must have in common: weights, latents, snapshots byte by byte, and the history."""
    found: dict[str, Any] = {name: (folder.path / name).read_bytes() for name in ("model.safetensors", "latents.npz")}
    found |= {path.name: path.read_bytes() for path in sorted((folder.path / "snapshots").iterdir())}
    found["history"] = timeless(folder.history())
    return found


def loads_or_is_refused(path: Path) -> bool:
    """Whether the folder is a checkpoint now; anything but a clear refusal, or a whole model, fails the test."""
    try:
        explorer = LatentExplorer.load(path, "cpu")  # compares the sha256 of weights and latents with the card's
    except CheckpointError:
        return False
    return bool(np.isfinite(explorer.decode(np.zeros((1, explorer.latent_dim)))).all())


# -- in this process: a death at every single moment that matters ------------------------------------------------------


@pytest.fixture(scope="module")
def few(digits: ImageSet) -> ImageSet:
    """Three steps of 16 images an epoch."""
    return first_of(digits, 40, 30)


@pytest.fixture(scope="module")
def uninterrupted(few: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the run of this module leaves behind when nothing happens to it."""
    folder = short_run(tmp_path_factory.mktemp("whole"), "whole")
    train_here(folder, few)
    return left_behind(folder)


def short_run(home: Path, name: str) -> RunFolder:
    """A run of two epochs and six steps."""
    return new_run(home, name, batch_size=16, kl_warmup=1.5)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Arrange one death: before or after the n-th file gets its name, or after the n-th step."""
    replace, step = os.replace, Learner.step
    left = {"before": 0, "after": 0, "step": 0}

    def counted(kind: str) -> None:
        left[kind] -= 1
        if left[kind] == 0:
            raise Killed(kind)

    def replace_or_die(*arguments: Any, **options: Any) -> None:
        counted("before")
        replace(*arguments, **options)
        counted("after")

    def step_or_die(learner: Learner, *arguments: Any) -> Any:
        norm = step(learner, *arguments)
        counted("step")
        return norm

    monkeypatch.setattr(os, "replace", replace_or_die)
    monkeypatch.setattr(Learner, "step", step_or_die)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_SAVES", 0.0)  # the state is saved after every step
    return left.__setitem__


@pytest.mark.parametrize("kind", ["before", "after", "step"])
def test_a_death_at_any_moment_changes_nothing(
    kind: str, isolated: Path, few: ImageSet, uninterrupted: dict[str, Any], dying: Callable[[str, int], None]
) -> None:
    """Dying at each file written, and at each step, then resuming, gives the same bytes every time."""
    for n in range(1, 100):
        folder = short_run(isolated, f"{kind}-{n}")
        dying(kind, n)
        try:
            train_here(folder, few)
        except Killed:
            loads_or_is_refused(folder.path)
        else:
            break
        dying(kind, 0)
        train_here(folder, few)
        assert uninterrupted == left_behind(folder), f"differs after a death {kind} number {n}"
        assert loads_or_is_refused(folder.path)
    assert n - 1 >= {"step": 6, "before": 15, "after": 15}[kind]


def test_dying_again_and_again_still_ends(
    isolated: Path, few: ImageSet, uninterrupted: dict[str, Any], dying: Callable[[str, int], None]
) -> None:
    """A run that dies after every single step gets to its end, a step a life."""
    folder = short_run(isolated, "unlucky")
    for _ in range(30):
        dying("step", 2)  # what was trained since the last save is lost, so each life must manage one step more
        try:
            train_here(folder, few)
            break
        except Killed:
            pass
    assert uninterrupted == left_behind(folder)


@pytest.mark.parametrize("n_steps", range(1, 7))
def test_a_stop_at_any_step_changes_nothing(
    n_steps: int, isolated: Path, few: ImageSet, uninterrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after any step, the last of an epoch among them, then resumed: the same bytes and the same history."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    folder = short_run(isolated, "stopped")
    looks: list[None] = []

    def stop_asked() -> bool:
        looks.append(None)
        return len(looks) == n_steps

    assert "stopped" == train_here(folder, few, stop_asked=stop_asked).result
    assert (n_steps > 3) == loads_or_is_refused(folder.path)
    was_checkpoint: list[bool] = []
    hook = {"on_epoch": lambda _: was_checkpoint.append(folder.is_checkpoint())}
    assert "finished" == train_here(folder, few, **hook).result
    assert {False} == set(was_checkpoint)  # from the first step on, until the end, it says that it is none
    assert uninterrupted == left_behind(folder)
    assert 2.0 == LatentExplorer.load(folder.path, "cpu").card.run.epochs_done


@pytest.mark.parametrize("damage", ["truncated", "empty", "of another model", "without history"])
def test_a_damaged_state_is_refused_and_costs_nothing(
    damage: str, isolated: Path, few: ImageSet, uninterrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence names the file and the way out; the model there was stays; without the file the run begins anew."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    folder = short_run(isolated, "damaged")
    epochs: list[Any] = []
    train_here(folder, few, on_epoch=epochs.append, stop_asked=lambda: bool(epochs))
    state = folder.path / RESUME
    if damage == "without history":
        (folder.path / "history.jsonl").write_text('{"epoch": 1, "tra')
    elif damage == "of another model":
        other = new_run(isolated, "other", model={"hidden": (5,)}, batch_size=16)
        others: list[Any] = []
        train_here(other, few, on_epoch=others.append, stop_asked=lambda: bool(others))
        shutil.copy(other.path / RESUME, state)
    else:
        state.write_bytes(b"" if damage == "empty" else state.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"^damaged: [^\n]+$"):
        train_here(folder, few)
    assert loads_or_is_refused(folder.path)
    state.unlink()
    train_here(folder, few)
    assert uninterrupted == left_behind(folder)


# -- real processes, really killed -------------------------------------------------------------------------------------

LONG = {"epochs": 40, "batch_size": 32}
"""About two seconds of training on one core."""


class Kills:
    """Starts, kills and resumes one run by its command line."""

    # Forked from a server that has imported torch already: a start takes a moment instead of seconds, so more can die.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sklearn.datasets", "vae_core.cli", "vae_core.data.load", "vae_core.training.loop"])

    def __init__(self, home: Path, name: str, config: RunConfig) -> None:
        self.home, self.config, self.folder = home, config, RunFolder(home / name)
        self.log = home / f"{name}.log"
        self.counts = {"starts": 0, "kills": 0, "too late": 0, "loadable after a kill": 0}

    def start(self) -> multiprocessing.process.BaseProcess:
        """Begin the run, or go on with it where it has a run.json."""
        self.counts["starts"] += 1
        options = (
            ["--resume"] if (self.folder.path / "run.json").exists() else train_arguments(self.config, complete=False)
        )
        options += ["--device", "cpu", "--json", "--name", self.folder.name, "--checkpoints-dir", str(self.home)]
        process = self.context.Process(target=run_command, args=(["train", *options], self.log), daemon=True)
        process.start()
        return process

    def to_the_end(self) -> None:
        """Let the run finish, or say what it printed when it does not."""
        process = self.start()
        process.join(100)
        if process.exitcode != 0:
            process.kill()
            pytest.fail(f"exit {process.exitcode}: {self.log.read_text()}")

    def killed(self, wait: Callable[[], bool], delay: float) -> None:
        """Start, wait for a moment of the run's life and a little longer, and kill."""
        process = self.start()
        deadline = time.monotonic() + 60
        while process.is_alive() and not wait() and time.monotonic() < deadline:
            time.sleep(0.001)
        process.join(delay)
        process.kill()
        process.join()
        self.counts["kills" if process.exitcode == -signal.SIGKILL else "too late"] += 1
        self.counts["loadable after a kill"] += loads_or_is_refused(self.folder.path)

    def evaluating(self) -> bool:
        """Whether the last epoch is done and the checkpoint is being written."""
        # Not `folder.status()`: that takes the lock, which the process may be about to take.
        status = self.folder.path / "status.json"
        return status.exists() and b'"evaluating"' in status.read_bytes()

    def has_done(self, n_epochs: int) -> bool:
        """Whether so many epochs are in the history."""
        return len(self.folder.history()) >= n_epochs


def test_killed_processes_resume_to_the_same_bits(tmp_path: Path, digits: ImageSet) -> None:
    """A real run, killed by SIGKILL in its training and again at its end, is bit-identical to one left in peace."""
    whole = new_run(tmp_path, "whole", **LONG)
    train_here(whole, digits)
    kills = Kills(tmp_path, "killed", small_config(**LONG))
    kills.killed(lambda: kills.has_done(11), 0.01)
    kills.killed(kills.evaluating, 0.01)
    kills.to_the_end()
    assert left_behind(whole) == left_behind(kills.folder)
    assert kills.counts["kills"] >= 1, kills.counts
    assert [] == list(kills.folder.path.rglob(".*.tmp"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_killed_runs_are_bit_identical(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty runs, killed up to five times over their whole lives, finish in the bits of one left in peace."""
    whole = Kills(tmp_path, "whole", small_config(**LONG))
    whole.to_the_end()
    expected = left_behind(whole.folder)
    moments = random.Random(0)
    totals: Counter[str] = Counter()
    for i in range(20):
        kills = Kills(tmp_path, f"killed-{i}", whole.config)
        for _ in range(moments.randint(1, 5)):
            n_epochs = moments.randint(0, LONG["epochs"] - 1)
            match moments.choice(("start", "training", "training", "finishing")):
                case "start":
                    kills.killed(lambda: True, moments.uniform(0, 0.5))
                case "training":
                    kills.killed(partial(kills.has_done, n_epochs), moments.uniform(0, 0.1))
                case "finishing":
                    kills.killed(kills.evaluating, moments.uniform(0, 0.03))
        kills.to_the_end()
        assert expected == left_behind(kills.folder), f"run {i} differs: {kills.counts}"
        assert [] == list(kills.folder.path.rglob(".*.tmp"))
        totals.update(kills.counts, identical=1)
    with capsys.disabled():
        sys.stdout.write(f"\n20 runs, killed and resumed: {dict(totals)}\n")
    assert totals["kills"] >= 20
