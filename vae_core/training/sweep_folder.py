"""A sweep's folder: what it is to train, and what its process and those who watch it share.

    sweep.json     see `sweep.SweepPlan`; written once
    run.lock, status.json, stop, train.log    of the process that sees to its runs, as in the folder of a run

The runs are ordinary ones, in folders of their own beside it. No torch in here.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from vae_core.checkpoints import NAME_PATTERN, SHIPPED_DIR, check_name, local_dir
from vae_core.config import RunConfig, parse, to_json
from vae_core.data import catalogue
from vae_core.device import available_devices, default_threads, resolve_device
from vae_core.errors import CheckpointError, ConfigError
from vae_core.families import check_family
from vae_core.files import write_atomically
from vae_core.training.process import train_arguments
from vae_core.training.run_folder import RunFolder
from vae_core.training.sweep import (
    Axis,
    Member,
    SweepPlan,
    Value,
    combinations,
    option_of,
    run_names,
    settled_axis,
    value_text,
)

SWEEP = "sweep.json"
LARGEST_SWEEP = 1 << 20
"""Bytes of a sweep.json that are looked at: many times what the largest sweep takes."""


class SweepFolder:
    """One sweep's folder. Creating the object touches nothing on the disk.

    `process` is its lock, its status and the wish that it stop: those of a run's folder.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.process = RunFolder(path)

    @classmethod
    def create(cls, name: str, plan: SweepPlan, checkpoints_dir: str | Path | None = None) -> SweepFolder:
        """Make the folder of a new sweep, complete with its sweep.json in one step; its runs are made when they begin.

        Raises
        ------
        VaeCoreError
            When its name or that of one of its runs is taken or cannot be used, or the folder cannot be made.
        """
        home = local_dir(checkpoints_dir)
        for each in (name, *plan.runs):
            if (home / check_name(each)).exists() or (SHIPPED_DIR / each).exists():
                raise CheckpointError(
                    f"There is already a model, run or sweep named {each!r}; choose another --name, or --resume to go "
                    "on with a stopped sweep."
                )
        target, staging = home / name, home / f".{name}.{secrets.token_hex(4)}"
        try:
            staging.mkdir(parents=True)
            write_atomically(staging / SWEEP, to_json(plan))
            os.rename(staging, target)
        except OSError as problem:
            shutil.rmtree(staging, ignore_errors=True)
            raise CheckpointError(f"The sweep's folder {target} cannot be made: {problem.strerror}.") from None
        return cls(target)

    @classmethod
    def find(cls, name: str, checkpoints_dir: str | Path | None = None) -> SweepFolder:
        """The folder of an existing sweep.

        Raises
        ------
        VaeCoreError
            When there is none of that name.
        """
        folder = cls(local_dir(checkpoints_dir) / check_name(name))
        if not (folder.path / SWEEP).is_file():
            raise CheckpointError(
                f"There is no sweep named {name!r} in {folder.path.parent}; start it without --resume."
            )
        return folder

    def plan(self) -> SweepPlan:
        """The content of sweep.json, checked.

        Raises
        ------
        CheckpointError
            When it cannot be read or does not fit.
        """
        try:
            with open(self.path / SWEEP, "rb") as file:
                text = file.read(LARGEST_SWEEP + 1)
        except OSError as problem:
            raise CheckpointError(f"{self.name}: {SWEEP} cannot be read ({problem.strerror}).") from None
        if len(text) > LARGEST_SWEEP:
            raise CheckpointError(f"{self.name}: {SWEEP} is larger than {LARGEST_SWEEP:,} bytes: it is no sweep.")
        return parse(SweepPlan, text, where=f"{self.name}: {SWEEP}", error=CheckpointError)

    def members(self) -> list[Member]:
        """The runs that it consists of, whether they have begun or not.

        Raises
        ------
        CheckpointError
            As `plan`; or what it asks for cannot be.
        """
        plan = self.plan()
        try:
            points = combinations(plan.base, plan.axes, plan.image_shape)
        except ConfigError as problem:
            raise CheckpointError(f"{self.name}: {SWEEP}: {problem}") from None
        usable = all(NAME_PATTERN.fullmatch(name) and name not in ("local", self.name) for name in plan.runs)
        if len(plan.runs) != len(points) or len(set(plan.runs)) != len(plan.runs) or not usable:
            raise CheckpointError(
                f"{self.name}: {SWEEP}: runs: {len(points)} different names were expected that folders can have."
            )
        return [Member(name, values, config) for name, (values, config) in zip(plan.runs, points, strict=True)]

    def run_of(self, member: Member) -> RunFolder | None:
        """The folder of a run, or None while it has not begun.

        Raises
        ------
        CheckpointError
            When there is a run of that name that asks for something else: it is not the sweep's.
        """
        run = RunFolder(self.path.parent / member.name)
        if not run.path.exists():
            return None
        if not (run.path / "run.json").is_file() or run.request().config != member.config:
            raise CheckpointError(
                f"{self.name}: {member.name} is not the run that this sweep asks for; rename or delete that folder."
            )
        return run


def list_sweeps(checkpoints_dir: str | Path | None = None) -> list[SweepFolder]:
    """All sweeps, newest first."""
    found = [path for path in local_dir(checkpoints_dir).glob(f"*/{SWEEP}") if NAME_PATTERN.fullmatch(path.parent.name)]
    return [SweepFolder(path.parent) for path in sorted(found, key=_modified, reverse=True)]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def create_sweep(
    config: RunConfig,
    varied: dict[str, tuple[Value, ...]],
    *,
    name: str,
    image_shape: tuple[int, int, int],
    n_classes: int,
    device: str = "auto",
    data_dir: str | None = None,
    checkpoints_dir: str | Path | None = None,
) -> SweepFolder:
    """Make the folder of a new sweep; nothing is trained yet.

    Parameters
    ----------
    config : RunConfig
        What its runs have in common.
    varied : dict
        Values by the name of a field of ModelConfig or TrainConfig.
    image_shape, n_classes
        Of the data, (C, H, W), with its options applied.
    device : str
        As for a run, or several between commas; `auto` takes all GPUs, else the CPU.

    Raises
    ------
    VaeCoreError
        When a name is taken or cannot be used, a value is refused, or a device is not there.
    """
    axes = tuple(settled_axis(field, values, config) for field, values in varied.items())
    base = replace(config, training=replace(config.training, threads=config.training.threads or default_threads()))
    for _, member in combinations(base, axes, image_shape):
        check_family(member.model, n_classes)
    devices = devices_of(device)
    plan = SweepPlan(
        base=base,
        axes=axes,
        image_shape=image_shape,  # type: ignore[arg-type]  # checked where the data was read
        devices=devices,
        data_dir=str(catalogue.data_dir(data_dir).absolute()),
        command=shlex.join([*sweep_command(base, axes, complete=True), "--device", ",".join(devices)]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        runs=run_names(name, axes),
    )
    return SweepFolder.create(name, plan, checkpoints_dir)


def devices_of(text: str) -> tuple[str, ...]:
    """Devices by their names between commas; `auto` means all GPUs, or the CPU where there is none.

    Raises
    ------
    ConfigError
        When one is not there or is given twice.
    """
    if text == "auto":
        return tuple(device for device in available_devices() if device != "cpu") or ("cpu",)
    devices = tuple(resolve_device(part) for part in text.split(","))
    if len(set(devices)) < len(devices):
        raise ConfigError(f"device: {text[:80]!r} names a device twice; each takes one run at a time.")
    return devices


def sweep_command(base: RunConfig, axes: tuple[Axis, ...], *, complete: bool) -> list[str]:
    """The command line that asks for the same sweep, but for its name and its devices; `complete` as for a run."""
    given, options = train_arguments(base, complete=complete), list[str]()
    varied = {f"--{option_of(axis.field)}" for axis in axes}
    for option, value in zip(given[::2], given[1::2], strict=True):
        options += [] if option in varied else [option, value]
    for axis in axes:
        options += ["--over", f"{option_of(axis.field)}={','.join(map(value_text, axis.values))}"]
    return ["python", "-m", "vae_core", "sweep", *options]
