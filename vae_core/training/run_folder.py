"""The run folder: all that a training process and everybody who watches it share.

    run.json            what is to be trained, and the command that said so; written once
    run.lock            held by the training process while it lives, so that a killed one shows
    status.json         where it is; replaced a few times a second
    history.jsonl       a line an epoch
    snapshots/          what an epoch looked like: fixed.npz once, then epoch-0001.npz ..., thinned with age
    resume.safetensors  the last weights and the optimiser's state (see `state`)
    model.safetensors   the best weights by validation score, else the last
    latents.npz, card.json     written last: with them the folder is a checkpoint
    stop                its presence asks the process to stop
    hold                the step at which the process waits (see `hold`)
    wishes/             settings to change while it trains, and steering.jsonl: those that were (see `steering`)
    batch.npz           what the last single batch of a held run did (see `batch_record`)
    train.log           what the process printed, when the app started it

No torch in here: the app watches runs without it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from vae_core.card import DataCard
from vae_core.checkpoints import CARD, HISTORY, NAME_PATTERN, SHIPPED_DIR, check_name, local_dir, read_card
from vae_core.config import STRICT, RunConfig, parse, to_json
from vae_core.data.image_set import LEFT_OUT, LeftOut, read_left_out
from vae_core.errors import CheckpointError
from vae_core.files import write_atomically
from vae_core.migration import migrated_run
from vae_core.training.records import EPOCH_LINE, LARGEST_HISTORY, FixedSubset, Snapshot, load_npz, save_npz
from vae_core.training.snapshot_files import FIXED, fixed_arrays, fixed_from, snapshot_arrays, snapshot_from
from vae_core.training.thinning import kept, recent_for

RESUME = "resume.safetensors"

State = Literal["starting", "waiting", "running", "held", "evaluating", "finished", "stopped", "interrupted", "failed"]
LIVE_STATES: frozenset[State] = frozenset({"starting", "waiting", "running", "held", "evaluating"})


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class RunRequest:
    """run.json: what to train, with nothing left open, on which device, from which data folder, by which command."""

    schema_version: Literal[2] = 2
    config: RunConfig
    device: str
    data_dir: str
    command: str
    created: str


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class Status:
    """status.json: where a run is.

    Attributes
    ----------
    epoch, step : int
        Epochs done, and steps done of the one under way.
    log_likelihood, kl, loss : float or None
        Means over the current epoch so far, nats per image.
    seconds_left : float or None
        Estimate until the last epoch ends.
    message : str
        A sentence for people: what it waits for, why it failed.
    updated : float
        Seconds since the epoch of the clock, when this was written.
    """

    state: State
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps_per_epoch: int = 0
    images_per_second: float | None = None
    seconds_left: float | None = None
    loss: float | None = None
    log_likelihood: float | None = None
    kl: float | None = None
    message: str = ""
    updated: float = 0.0


class RunFolder:
    """One run's folder. Creating the object touches nothing on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name

    @classmethod
    def create(cls, name: str, request: RunRequest, checkpoints_dir: str | Path | None = None) -> RunFolder:
        """Make the folder of a new run, complete with its run.json in one step.

        Raises
        ------
        CheckpointError
            When the name is taken, or the folder cannot be made.
        """
        home = local_dir(checkpoints_dir)
        target = home / check_name(name)
        if target.exists() or (SHIPPED_DIR / name).exists():
            raise CheckpointError(
                f"There is already a model or run named {name!r}; choose another --name, or "
                "--resume to go on with a stopped one."
            )
        staging = home / f".{name}.{secrets.token_hex(4)}"
        try:
            staging.mkdir(parents=True)
            write_atomically(staging / "run.json", to_json(request))
            os.rename(staging, target)
        except OSError as problem:
            shutil.rmtree(staging, ignore_errors=True)
            if target.exists():
                raise CheckpointError(f"Another run took the name {name!r} just now; choose another.") from None
            raise CheckpointError(f"The run folder {target} cannot be made: {problem.strerror}.") from None
        return cls(target)

    @classmethod
    def find(cls, name: str, checkpoints_dir: str | Path | None = None) -> RunFolder:
        """The folder of an existing run.

        Raises
        ------
        CheckpointError
            When there never was one of that name.
        """
        folder = cls(local_dir(checkpoints_dir) / check_name(name))
        if not (folder.path / "run.json").is_file():
            raise CheckpointError(
                f"There is no run named {name!r} in {folder.path.parent} to resume; start it without --resume."
            )
        return folder

    # -- what was asked for, and where it is ---------------------------------------------------------------------

    def request(self) -> RunRequest:
        """The content of run.json, checked."""
        try:
            text = (self.path / "run.json").read_bytes()
        except OSError as problem:
            raise CheckpointError(f"{self.name}: run.json cannot be read ({problem.strerror}).") from None
        return parse(RunRequest, text, where=f"{self.name}: run.json", error=CheckpointError, migrate=migrated_run)

    def asks_for(self, data: DataCard) -> bool:
        """Whether this run was started with the very data that a card names.

        A card may come from anybody and name any path: data of one's own is read at its word only where the folder's
        run.json, which no checkpoint file brings, says the same.
        """
        try:
            config = self.request().config
        except CheckpointError:
            return False
        return (config.dataset, config.data) == (data.name, data.options)

    def write_status(self, status: Status) -> None:
        """Replace status.json. A full disk must not end a run, so a failure to write is passed over."""
        with suppress(OSError):
            write_atomically(self.path / "status.json", to_json(status))

    def status(self) -> Status:
        """Where the run is; a process that died without saying so shows as `interrupted`."""
        try:
            status = TypeAdapter(Status).validate_json((self.path / "status.json").read_bytes())
        except (OSError, ValidationError):
            status = Status(state="starting")
        if status.state in LIVE_STATES and not self.is_alive():
            begun = max(status.updated, self._modified("run.json"))
            young = time.time() - begun < 20 and status.state == "starting"
            if self.is_done():  # killed between its last file and its last word
                diverged = read_card(self.path).run.outcome == "diverged"
                message = "The loss stopped being a number; the best weights until then were kept." if diverged else ""
                return replace(status, state="failed" if diverged else "finished", message=message)
            if not young:  # a process just started by the app has not taken its lock yet
                message = "The process ended without a word; resume to go on from the last saved step."
                return replace(status, state="interrupted", message=message)
        return status

    def _modified(self, file_name: str) -> float:
        try:
            return (self.path / file_name).stat().st_mtime
        except OSError:
            return 0.0

    # -- one process a run ---------------------------------------------------------------------------------------

    def lock(self) -> FileLock:
        """The lock that the training process holds while it lives; the system frees it however the process ends."""
        return FileLock(self.path / "run.lock")

    def refuse_links(self) -> None:
        """Refuse a folder that leads out of itself; no run makes links, and what is written here must stay here.

        Raises
        ------
        CheckpointError
            When a file or folder in it is a symbolic link.
        """
        for path in self.path.iterdir():
            if path.is_symlink():
                raise CheckpointError(
                    f"{self.name}: {path.name[:60]!r} is a link to somewhere else, which no run makes; remove it first."
                )

    def is_alive(self) -> bool:
        """Whether a training process holds this run."""
        if not (self.path / "run.lock").exists():
            return False
        # Another watcher holds the lock for a moment when it asks the same; a training process keeps it.
        for _ in range(3):
            try:
                with self.lock().acquire(timeout=0):
                    return False
            except Timeout:
                time.sleep(0.005)
            except OSError:
                return False
        return True

    def ask_to_stop(self) -> None:
        """Ask the process to save and leave; it looks several times a second."""
        (self.path / "stop").touch()

    def stop_asked(self) -> bool:
        """Whether somebody has asked the run to stop."""
        return (self.path / "stop").exists()

    def clear_stop(self) -> None:
        """Forget an earlier wish to stop, on resuming."""
        (self.path / "stop").unlink(missing_ok=True)

    def is_checkpoint(self) -> bool:
        """Whether there is a card: then the folder can be loaded."""
        return (self.path / CARD).exists()

    def is_done(self) -> bool:
        """Whether the run has come to its end, good or bad: then there is nothing to resume."""
        try:
            return not (self.path / RESUME).exists() and read_card(self.path).run.outcome != "stopped"
        except CheckpointError:
            return False

    def sweep(self) -> None:
        """Remove the half-written files that a kill left behind; by the process that holds the lock."""
        for path in self.path.rglob(".*.tmp"):
            path.unlink(missing_ok=True)

    def withdraw_card(self) -> None:
        """Make the folder no checkpoint again, before its weights change."""
        (self.path / CARD).unlink(missing_ok=True)

    # -- the record ----------------------------------------------------------------------------------------------

    def history(self) -> list[dict[str, Any]]:
        """The lines of history.jsonl, one an epoch, as far as they are sound: it may be torn, or a stranger's."""
        try:
            with open(self.path / HISTORY, "rb") as file:
                content = file.read(LARGEST_HISTORY)
        except OSError:
            return []
        lines: list[dict[str, Any]] = []
        for line in content.splitlines():
            try:
                entry = EPOCH_LINE.validate_json(line)
            except ValidationError:
                break
            if entry["epoch"] != len(lines) + 1 or not _goes_on(lines, {**entry}):
                break
            lines.append({**entry})
        return lines

    def write_history(self, lines: list[dict[str, Any]]) -> None:
        """Replace the record; it is small, so every epoch writes it whole and no reader sees half a line."""
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        write_atomically(self.path / HISTORY, text.encode())

    def left_out(self) -> tuple[LeftOut, ...]:
        """What of data of one's own the run could not use."""
        try:
            with open(self.path / LEFT_OUT, "rb") as file:
                return read_left_out(file.read(LARGEST_HISTORY))
        except OSError:
            return ()

    def write_fixed(self, fixed: FixedSubset) -> None:
        """Store what all snapshots have in common."""
        self.snapshots.mkdir(exist_ok=True)
        save_npz(self.snapshots / FIXED, fixed_arrays(fixed))

    def write_snapshot(self, snapshot: Snapshot) -> None:
        """Store what an epoch looked like, and let go of older ones that are too many by now (see `thinning`)."""
        arrays = snapshot_arrays(snapshot)
        save_npz(self.snapshot_path(snapshot.epoch), arrays)
        epochs = [epoch for epoch in self.snapshot_epochs() if epoch <= snapshot.epoch]
        recent = recent_for(sum(array.nbytes for array in arrays.values()))
        for epoch in set(epochs).difference(kept(epochs, recent)):
            self.snapshot_path(epoch).unlink(missing_ok=True)

    @property
    def snapshots(self) -> Path:
        """Where the snapshots lie."""
        return self.path / "snapshots"

    def snapshot_path(self, epoch: int) -> Path:
        """The file of an epoch's snapshot, whether there is one or not."""
        return self.snapshots / f"epoch-{epoch:04d}.npz"

    def snapshot_epochs(self) -> list[int]:
        """Epochs of which there is a snapshot, ascending."""
        names = (path.stem.removeprefix("epoch-") for path in self.snapshots.glob("epoch-*.npz"))
        return sorted(int(name) for name in names if name.isdecimal() and name.isascii())

    def fixed(self) -> FixedSubset | None:
        """What all snapshots have in common, or None before the first."""
        return fixed_from(load_npz(self.snapshots / FIXED))

    def snapshot(self, epoch: int) -> Snapshot | None:
        """The snapshot of an epoch, or None when there is none."""
        return snapshot_from(epoch, load_npz(self.snapshot_path(epoch)))


def _goes_on(lines: list[dict[str, Any]], entry: dict[str, Any]) -> bool:
    """Whether a line has the figures that those before it have; the first epoch is always the best so far."""
    if not lines:
        return bool(entry["best"])

    def there(line: dict[str, Any]) -> tuple[object, ...]:
        terms = [*line["train"].items(), *line["validation"].items()]
        return len(line["kl_per_dimension"]), *(name for name, value in terms if value is None)

    return there(entry) == there(lines[0])


def list_runs(checkpoints_dir: str | Path | None = None) -> list[RunFolder]:
    """All runs, newest first."""
    folders = [
        RunFolder(path.parent)
        for path in local_dir(checkpoints_dir).glob("*/run.json")
        if NAME_PATTERN.fullmatch(path.parent.name)
    ]
    return sorted(folders, key=lambda folder: folder._modified("run.json"), reverse=True)
