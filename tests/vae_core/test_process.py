"""A run as a process: its command line, its place in the queue, its start by the app and its end."""

from __future__ import annotations

import json
import os
import platform
import shlex
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from tests.vae_core.runs import new_run, small_config
from vae_core import cli
from vae_core.arguments import build_parser
from vae_core.config import DataConfig, Family, LikelihoodName, ModelConfig, Network, RunConfig, TrainConfig
from vae_core.errors import CheckpointError
from vae_core.explorer import LatentExplorer
from vae_core.families import heeds
from vae_core.training import loop, process
from vae_core.training.process import Interrupted, launch, new_request, train_arguments
from vae_core.training.run_folder import RunFolder, Status

CPU_SLOT = f"{platform.node() or 'host'}-cpu"
"""Whatever several hosts share, each has a CPU of its own."""

numbers = st.floats(0.001, 1.0)
models = st.builds(
    ModelConfig,
    family=st.sampled_from(get_args(Family)),
    network=st.sampled_from(get_args(Network)),
    hidden=st.lists(st.integers(1, 8192), max_size=8).map(tuple),
    activation=st.sampled_from(["silu", "relu"]),
    latent_dim=st.integers(1, 512),
    likelihood=st.sampled_from(get_args(LikelihoodName)),
    sigma=st.sampled_from(["learned", "per-pixel"]) | numbers,
)
trainings = st.builds(
    TrainConfig,
    epochs=st.integers(1, 100_000),
    batch_size=st.integers(1, 65_536),
    learning_rate=numbers,
    schedule=st.sampled_from(["one-cycle", "constant"]),
    beta=st.floats(0, 1000),
    kl_warmup=st.floats(0, 1000),
    kl_cycles=st.integers(0, 10),
    free_bits=numbers,
    capacity=numbers,
    importance_samples=st.integers(1, 10),
    mmd_weight=numbers,
    noise=st.sampled_from(["masking", "gaussian"]),
    noise_level=numbers,
    patience=st.integers(0, 100),
    seed=st.integers(0, 2**31 - 1),
    threads=st.integers(0, 8),
    weights_dtype=st.sampled_from(["float32", "float16"]),
)
datas = st.builds(
    DataConfig,
    side=st.none() | st.integers(8, 64),
    colour=st.sampled_from(["auto", "grey", "rgb"]),
    labels=st.sampled_from(["", "my labels.csv"]),
    binarize=st.sampled_from(["no", "fixed", "dynamic"]),
)


@given(data=datas, model=models, training=trainings)
def test_a_configuration_survives_its_command_line(data: DataConfig, model: ModelConfig, training: TrainConfig) -> None:
    """The command that a card records asks for the same configuration again, and for nothing that has no effect."""
    if model.likelihood != "gaussian":
        model = replace(model, sigma="learned")
    if model.family == "gan":
        model = replace(model, likelihood="bernoulli", sigma="learned")
    idle = {name: value for name, value in asdict(TrainConfig()).items() if not heeds(model.family, name)}
    training = replace(training, **idle)
    config = RunConfig(dataset="digits", data=data, model=model, training=training)
    request = new_request(config, "cpu")
    command, settled = shlex.split(request.command), request.config
    assert ["python", "-m", "vae_core"] == command[:3]
    given = vars(build_parser().parse_args(command[3:]))
    assert data == DataConfig(**{name: given[name] for name in cli.DATA_OPTIONS if name in given})
    assert settled.model == ModelConfig(**{name: given[name] for name in cli.MODEL_OPTIONS if name in given})
    assert settled.training == TrainConfig(**{name: given[name] for name in cli.TRAIN_OPTIONS if name in given})
    assert ("digits", "cpu") == (given["dataset"], given["device"])
    assert model == replace(settled.model, hidden=model.hidden)
    assert training == replace(settled.training, threads=training.threads)


def test_defaults_stay_out_of_the_command() -> None:
    """Only what matters to a reader is spelled out."""
    expected = ["--dataset", "digits", "--latent-dim", "2", "--epochs", "30", "--seed", "0"]
    assert expected == train_arguments(RunConfig(dataset="digits"), complete=False)


def run_here(folder: RunFolder, **hooks: Callable[[Any], None]) -> loop.Outcome:
    """Be the training process."""
    nothing: dict[str, Callable[[Any], None]] = {"on_status": lambda _: None, "on_epoch": lambda _: None}
    return process.run(folder, data_dir=None, **{**nothing, **hooks})


def test_a_run_says_what_it_does(run: RunFolder) -> None:
    """It starts, trains, evaluates and has finished, and the counts only grow."""
    seen: list[Status] = []
    assert "finished" == run_here(run, on_status=seen.append).result
    states = list(dict.fromkeys(status.state for status in seen))
    assert ["starting", "running", "evaluating"] == states
    assert sorted(status.epoch for status in seen) == [status.epoch for status in seen]
    last = run.status()
    assert ("finished", 2, 2, None) == (last.state, last.epoch, last.epochs, last.seconds_left)


def test_one_process_a_run(run: RunFolder) -> None:
    """A second one is refused while the first holds the lock, and changes nothing."""
    with run.lock(), pytest.raises(CheckpointError, match="being trained by another process already"):
        run_here(run)
    assert not (run.path / "status.json").exists()


def test_a_glance_at_the_lock_does_not_stop_a_run(run: RunFolder) -> None:
    """Who asks whether the run is alive holds its lock for a moment; the run waits that long."""
    held, seen = FileLock(run.path / "run.lock", thread_local=False), threading.Event()
    held.acquire()
    threading.Timer(0.3, lambda: (held.release(), seen.set())).start()
    assert "finished" == run_here(run).result
    assert seen.is_set()


def test_the_second_run_of_a_device_waits(isolated: Path) -> None:
    """It says for whom it waits, can be stopped while it does, and runs when the device is free."""
    folder = new_run(isolated, "second")
    (isolated / ".locks").mkdir()
    holder = isolated / ".locks" / f"{CPU_SLOT}.json"
    holder.write_text(json.dumps({"name": "first"}))
    messages: list[str] = []

    def note(status: Status) -> None:
        messages.append(status.message)
        if status.state == "waiting":
            assert "waiting" == folder.status().state
            folder.ask_to_stop()

    device = FileLock(isolated / ".locks" / f"{CPU_SLOT}.lock", thread_local=False)
    with device, pytest.raises(Interrupted):
        run_here(folder, on_status=note)
    assert "Waiting for cpu, which the run 'first' is using." in messages
    assert "stopped" == folder.status().state
    device.acquire()
    threading.Timer(0.3, device.release).start()
    messages.clear()
    assert "finished" == run_here(folder, on_status=lambda status: messages.append(status.message)).result
    assert messages[0].startswith("Waiting for cpu")
    assert {"name": "second"} == json.loads(holder.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_leaves(number: signal.Signals, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After SIGINT or SIGTERM the run is stopped, can be loaded and resumed, and the old handlers are back."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    before = signal.getsignal(number)
    folder = new_run(isolated, "signalled", epochs=3)
    with pytest.raises(Interrupted):
        run_here(folder, on_epoch=lambda _: signal.raise_signal(number))
    assert ("stopped", before) == (folder.status().state, signal.getsignal(number))
    assert "stopped" == LatentExplorer.load(folder.path, "cpu").card.run.outcome
    assert "finished" == run_here(folder).result


def test_a_failure_is_recorded(isolated: Path) -> None:
    """status.json holds the sentence that the process ended with, and both locks are free."""
    folder = new_run(isolated, "deep", model={"network": "conv", "hidden": (2, 2, 2, 2)})
    with pytest.raises(Exception, match="at most 3 channels"):
        run_here(folder)
    assert "failed" == folder.status().state
    assert "at most 3 channels" in folder.status().message
    assert not folder.is_alive()
    with FileLock(isolated / ".locks" / f"{CPU_SLOT}.lock").acquire(timeout=0):
        pass


def test_an_earlier_wish_to_stop_is_forgotten(run: RunFolder) -> None:
    """A stop file left behind by a process that died does not end the next one."""
    run.write_status(Status(state="running", updated=1.0))
    run.ask_to_stop()
    assert "finished" == run_here(run).result


def test_a_stop_right_after_the_start_is_heard(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts a run from the app and stops it before its process is up is not ignored."""
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_LOOKS", 0.0)
    folder = new_run(isolated, "regretted")
    folder.write_status(Status(state="starting", updated=time.time()))  # as `launch` does
    folder.ask_to_stop()
    with pytest.raises(Interrupted):
        run_here(folder)


@pytest.mark.timeout(300)
def test_launched_runs_live_on_their_own(isolated: Path) -> None:
    """`launch` returns at once; the process trains, at a lower priority, and its last word is in the folder."""
    folder = RunFolder.create("launched", new_request(small_config(), "cpu"), isolated)
    folder.ask_to_stop()  # of an earlier life
    began = time.monotonic()
    launch(folder)
    assert time.monotonic() - began < 5
    assert process.is_live(folder)
    (child,) = [child for child in process._Reaper.children if child.args[6] == "launched"]  # type: ignore[index]
    assert process.LOWER_PRIORITY <= os.getpriority(os.PRIO_PROCESS, child.pid)
    assert 0 == child.wait(timeout=280), (folder.path / "train.log").read_text()
    assert "finished" == folder.status().state
    assert not process.is_live(folder)
    assert "epoch    2" in (folder.path / "train.log").read_text()
    LatentExplorer.load("launched", "cpu")
