"""A training process: its command line, its place in the queue, its start from the app and its end.

A run is always a process of its own, `python -m vae_core train ...`, whoever starts it. It takes its run folder's lock
first and its device's lock next, and imports torch only when it has both: a waiting run takes about 90 MB (and the
images, where they are one's own and the command line has read them), a training one ten times that.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import Timeout

from vae_core.checkpoints import PROJECT_ROOT, local_dir
from vae_core.config import OPTION_OF, DataConfig, ModelConfig, RunConfig, TrainConfig, default_hidden
from vae_core.data import catalogue, image_shape, is_own, short_name
from vae_core.device import default_threads, resolve_device
from vae_core.errors import CheckpointError, ConfigError
from vae_core.families import check_family, heeds
from vae_core.files import write_atomically
from vae_core.training.hold import hold, let_go
from vae_core.training.run_folder import LIVE_STATES, RunFolder, RunRequest, Status
from vae_core.training.turn import device_turn

if TYPE_CHECKING:
    from vae_core.data import ImageSet
    from vae_core.training.loop import Outcome

LOWER_PRIORITY = 10
"""Niceness of the runs that the app starts, so that pages stay quick beside them."""


class Interrupted(Exception):
    """The process was asked to stop; what there was to save is saved."""


def train_arguments(config: RunConfig, *, complete: bool) -> list[str]:
    """The options of `python -m vae_core train` that ask for this configuration.

    Parameters
    ----------
    complete : bool
        Also those that are the defaults: a record must not change its meaning when a default does.
    """
    arguments = ["--dataset", config.dataset]
    parts = ((config.data, DataConfig()), (config.model, ModelConfig()), (config.training, TrainConfig()))
    for chosen, defaults in parts:
        standard = asdict(defaults)
        for name, value in asdict(chosen).items():
            is_default = value == standard[name] and name not in ("latent_dim", "epochs", "seed")
            idle = not heeds(config.model.family, name) or (name == "sigma" and config.model.likelihood != "gaussian")
            if (is_default and not complete) or idle or value in (None, (), ""):
                continue
            name = OPTION_OF.get(name, name)
            text = ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
            arguments += [f"--{name.replace('_', '-')}", text]
    return arguments


def new_request(
    config: RunConfig,
    device: str,
    data_dir: str | None = None,
    shape: tuple[int, int, int] | None = None,
) -> RunRequest:
    """What run.json records: the configuration with nothing left open, and where it is to run.

    Widths and threads that were left to the defaults are written out, and so is the device that `auto` means here.
    The images' shape (C, H, W) is found out, unless the caller knows it: for data of one's own that means reading.
    """
    resolved = resolve_device(device)
    if not is_own(config.dataset):  # else it is found out when the images are read
        check_family(config.model, len(catalogue.dataset_spec(config.dataset).class_names))
    if shape is None:
        shape = image_shape(config.dataset, options=config.data)
    widths = config.model.hidden or default_hidden(config.model.network, shape)
    settled = replace(
        config,
        model=replace(config.model, hidden=widths),
        training=replace(config.training, threads=config.training.threads or default_threads()),
    )
    return RunRequest(
        config=settled,
        device=resolved,
        data_dir=str(catalogue.data_dir(data_dir).absolute()),
        command=shlex.join(
            ["python", "-m", "vae_core", "train", *train_arguments(settled, complete=True), "--device", resolved]
        ),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def create_run(
    config: RunConfig,
    *,
    name: str | None = None,
    device: str = "auto",
    data_dir: str | None = None,
    checkpoints_dir: str | Path | None = None,
    shape: tuple[int, int, int] | None = None,
) -> RunFolder:
    """Make the folder of a new run; without a name it takes the next free one, whoever else does so at the same time.

    For `shape` see `new_request`.

    Raises
    ------
    VaeCoreError
        When the name is taken or cannot be used, the device is not there, or the folder cannot be made.
    """
    request = new_request(config, device, data_dir, shape)
    while True:
        chosen = name or free_name(f"{short_name(config.dataset)}-{config.model.latent_dim}d", checkpoints_dir)
        try:
            return RunFolder.create(chosen, request, checkpoints_dir)
        except CheckpointError:
            if name or not (local_dir(checkpoints_dir) / chosen).exists():
                raise


def free_name(base: str, checkpoints_dir: str | Path | None = None) -> str:
    """`base-1`, or the first of `base-2`, `base-3`, ... that no run has."""
    number = 1
    while (local_dir(checkpoints_dir) / f"{base}-{number}").exists():
        number += 1
    return f"{base}-{number}"


def launch(folder: RunFolder, command_name: str = "train", *, held: bool = False) -> None:
    """Start, or take up again, a run or a sweep as a process that outlives this one. Returns at once.

    Parameters
    ----------
    folder : RunFolder
        With a run.json or sweep.json; what the process prints goes to its train.log.
    command_name : str
        `train` or `sweep`.
    held : bool
        Whether a run waits before its first step.
    """
    folder.refuse_links()
    command = [sys.executable, "-m", "vae_core", command_name, "--resume", "--name", folder.name]
    command += ["--checkpoints-dir", str(folder.path.parent)]
    folder.clear_stop()
    hold(folder.path) if held else let_go(folder.path)
    folder.write_status(Status(state="starting", updated=time.time()))
    with open(folder.path / "train.log", "ab") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    with suppress(OSError, AttributeError):  # no such call on Windows
        os.setpriority(os.PRIO_PROCESS, process.pid, LOWER_PRIORITY)
    _Reaper.adopt(process)


class _Reaper:
    """Holds the children until they end: a child that nobody waits for stays a zombie, and Python warns."""

    children: list[subprocess.Popen[bytes]] = []  # noqa: RUF012 - process-wide by nature, as children are

    @classmethod
    def adopt(cls, process: subprocess.Popen[bytes]) -> None:
        cls.children = [child for child in cls.children if child.poll() is None] + [process]


def run(
    folder: RunFolder,
    *,
    data: ImageSet | None = None,
    data_dir: str | None = None,
    on_status: Callable[[Status], None],
    on_epoch: Callable[[dict[str, Any]], None],
) -> Outcome:
    """Train a run in this process, from the queue to the checkpoint.

    Parameters
    ----------
    data : ImageSet, optional
        The run's images, where they have been read already; by default they are, when it is the run's turn.
    data_dir : str, optional
        Where the data set lies now; by default where it lay when the run was made.

    Raises
    ------
    Interrupted
        On SIGINT, SIGTERM or a stop file; the state has been saved.
    VaeCoreError
        When it cannot be trained; status.json says why.
    """
    folder.refuse_links()
    launched = folder.status().state == "starting"
    try:
        # Not at the first try: whoever asks whether the run is alive holds this lock for a moment.
        run_lock = folder.lock().acquire(timeout=2, poll_interval=0.05)
    except Timeout:
        raise CheckpointError(f"{folder.name} is being trained by another process already.") from None
    with run_lock, stop_signals() as signalled:
        folder.sweep()
        if not launched:  # `launch` has cleared both, and somebody may have asked since
            folder.clear_stop()
            let_go(folder.path)

        def stop_asked() -> bool:
            return bool(signalled) or folder.stop_asked()

        def report(status: Status) -> None:
            folder.write_status(status)
            on_status(status)

        def wait(message: str) -> None:
            report(Status(state="waiting", epochs=epochs, message=message, updated=time.time()))

        request = folder.request()
        home, epochs = folder.path.parent, request.config.training.epochs
        try:
            with device_turn(home, request.device, folder.name, on_wait=wait, stop_asked=stop_asked) as is_ours:
                if not is_ours:
                    raise Interrupted
                report(Status(state="starting", epochs=epochs, message="Reading the data.", updated=time.time()))
                from vae_core.data import left_out_csv, load_dataset
                from vae_core.data.image_set import LEFT_OUT, left_out_sentence
                from vae_core.training.loop import train

                if data is None:
                    data = load_dataset(request.config.dataset, data_dir or request.data_dir, request.config.data)
                check_family(request.config.model, len(data.class_names))
                if data.left_out:
                    write_atomically(folder.path / LEFT_OUT, left_out_csv(data))
                    said = left_out_sentence(data)
                    report(Status(state="starting", epochs=epochs, message=said, updated=time.time()))
                outcome = train(folder, data, on_status=on_status, on_epoch=on_epoch, stop_asked=stop_asked)
        except Interrupted:
            folder.write_status(
                Status(state="stopped", epochs=epochs, message="Stopped while it waited.", updated=time.time())
            )
            raise
        except OSError as problem:
            message = (
                f"{folder.name}: {problem.strerror or problem}; what was saved before is kept: mend that and resume."
            )
            _close(folder, "failed", message)
            raise CheckpointError(message) from None
        except (MemoryError, RuntimeError) as problem:
            if isinstance(problem, RuntimeError) and "memory" not in str(problem):
                _close(folder, "failed", f"Unexpected {type(problem).__name__}; the log has the details.")
                raise
            message = (
                f"{folder.name}: there is not enough memory for this model; take fewer or narrower hidden layers or "
                "a smaller batch."
            )
            _close(folder, "failed", message)
            raise ConfigError(message) from None
        except BaseException as problem:
            message = str(problem) or type(problem).__name__
            _close(folder, "failed", message.splitlines()[0])
            raise
        if outcome.result == "stopped":
            _close(folder, "stopped", outcome.message or "Stopped; resume to go on from here.")
            raise Interrupted
        _close(folder, "failed" if outcome.result == "diverged" else "finished", outcome.message)
        return outcome


def _close(folder: RunFolder, state: str, message: str) -> None:
    last = folder.status()
    folder.write_status(replace(last, state=state, message=message, seconds_left=None, updated=time.time()))  # type: ignore[arg-type]


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM instead of dying of them; a second one of either kind ends the process at once."""
    received: list[int] = []

    def note(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) > 1:
            raise KeyboardInterrupt

    previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def is_live(folder: RunFolder) -> bool:
    """Whether a run is waiting, running or about to."""
    return folder.status().state in LIVE_STATES
