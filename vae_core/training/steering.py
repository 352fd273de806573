"""Settings changed by hand while a run goes on: the wishes, the record of those that took effect, and what is in force.

    wishes/           a file a wish, left by whoever watches; taken in the order of their names, then removed
    steering.jsonl    the record: a line a change, with the step from which on it holds

Whoever watches only wishes. The process looks a few times a second, writes what it takes into the record with the
number of the step that comes next, and only then trains that step: so the record is exact, and a run that was killed
and resumed replays it. While a resumed run is behind its own record, wishes wait until it has caught up.

A changed value stands as if the run had had it from its first step on, in every function of `schedule`: a new learning
rate replaces the peak of a one-cycle schedule, whose shape stays, and a warm-up counts from the beginning of the run.

No torch in here: the app reads this.
"""

from __future__ import annotations

import json
import secrets
import time
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from vae_core.config import STRICT, Family, TrainConfig, build, first_sentence, parse
from vae_core.errors import CheckpointError, ConfigError
from vae_core.families import heeds
from vae_core.files import write_atomically

RECORD, WISHES = "steering.jsonl", "wishes"
LARGEST_RECORD, LARGEST_WISH = 1 << 20, 4096
"""Bytes that are read of the record, and of a wish."""
MOST_CHANGES = 2000

Setting = Literal["beta", "learning_rate", "kl_warmup"]
WISH = TypeAdapter(Annotated[dict[Setting, float], Field(min_length=1)], config=STRICT)


@checked_dataclass(frozen=True, kw_only=True, config=STRICT)
class Change:
    """A line of the record.

    Attributes
    ----------
    step : int
        The first step that was trained with it, counted from 0 over the whole run.
    epoch : float
        The same in epochs done by then: for people, and for the curves.
    value : float
        Within the bounds that TrainConfig has for the setting.
    """

    step: Annotated[int, Field(ge=0)]
    epoch: Annotated[float, Field(ge=0.0)]
    setting: Setting
    value: float


@dataclass(frozen=True)
class Course:
    """The settings in force at each step: those that the run began with, and from each change on the changed ones.

    Attributes
    ----------
    configs : tuple of TrainConfig
        Before the first change, after it, after the second ...; one more than there are changes.
    """

    changes: tuple[Change, ...]
    configs: tuple[TrainConfig, ...]

    @classmethod
    def of(cls, config: TrainConfig) -> Course:
        """The course of a run that began with `config`, before any change."""
        return cls((), (config,))

    def changed_by(self, change: Change, *, where: str) -> Course:
        """The course with one change more, which lies at or after the last.

        Raises
        ------
        ConfigError
            When its value is out of bounds; `where` opens the message.
        """
        config = _changed(self.now, {change.setting: change.value}, where=where)
        return Course((*self.changes, change), (*self.configs, config))

    def at(self, step: int) -> TrainConfig:
        """What is in force at a step."""
        return self.configs[bisect_right(self.changes, step, key=lambda change: change.step)]

    @property
    def now(self) -> TrainConfig:
        """What is in force after the last change."""
        return self.configs[-1]

    @property
    def in_words(self) -> list[str]:
        """Each change as `beta 1 → 8`."""
        return [
            f"{change.setting.replace('kl_', '').replace('_', ' ')} "
            f"{getattr(before, change.setting):g} → {change.value:g}"
            for change, before in zip(self.changes, self.configs[:-1], strict=True)
        ]


def steerable(family: Family, config: TrainConfig) -> tuple[Setting, ...]:
    """The settings that make a difference to a run: a warm-up makes none beside cycles."""
    return tuple(
        name for name in get_args(Setting) if heeds(family, name) and not (name == "kl_warmup" and config.kl_cycles)
    )


def wish(folder: Path, family: Family, course: Course, values: Mapping[Setting, float]) -> None:
    """Ask a run to change settings, all at the same step.

    Raises
    ------
    ConfigError
        When the run does not heed one of them, or a value is out of its bounds.
    OSError
        When it cannot be written into the folder.
    """
    _check(family, course, values, where=folder.name)
    (folder / WISHES).mkdir(exist_ok=True)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    write_atomically(folder / WISHES / name, json.dumps(dict(values)).encode())


def waiting_wishes(folder: Path) -> int:
    """How many wishes have not been taken yet."""
    return len(_wishes(folder))


def take_wishes(
    folder: Path, family: Family, course: Course, step: int, steps_per_epoch: int
) -> tuple[Course, list[str]]:
    """By the training process alone: record the wishes there are as changes from `step` on, the next one to be trained.

    A wish for what is in force already changes nothing, one that cannot be heeded is dropped.

    Returns
    -------
    Course
        With the changes, which are on the disk by then.
    list of str
        A sentence on each wish that was dropped.
    """
    if course.changes and course.changes[-1].step > step:
        return course, []  # a resumed run that has yet to reach where it was
    taken, dropped, before = _wishes(folder), [], course
    for path in taken:
        try:
            with open(path, "rb") as file:
                values = _read_wish(file.read(LARGEST_WISH))
            _check(family, course, values, where="A wish")
        except (OSError, ConfigError) as problem:
            dropped.append(f"{problem} It was dropped.")
            continue
        for setting, value in values.items():
            if getattr(course.now, setting) != value:
                change = Change(step=step, epoch=round(step / steps_per_epoch, 6), setting=setting, value=value)
                course = course.changed_by(change, where="A wish")
    if course is not before:
        write_course(folder, course)
    for path in taken:  # not before they are recorded: a wish must not be lost to a kill
        with suppress(OSError):
            path.unlink()
    return course, dropped


def write_course(folder: Path, course: Course) -> None:
    """Put a course's changes into a run's folder, as its record."""
    lines = (json.dumps(asdict(change)) + "\n" for change in course.changes)
    write_atomically(folder / RECORD, "".join(lines).encode())


def read_course(folder: Path, family: Family, config: TrainConfig) -> Course:
    """The course of a run, or of the run that a checkpoint came from; without a record it has no changes.

    Parameters
    ----------
    folder : Path
        A run's or a checkpoint's.
    family : str
    config : TrainConfig
        What the run began with.

    Raises
    ------
    CheckpointError
        When the record does not fit.
    """
    if not (folder / RECORD).exists():
        return Course.of(config)
    return read_record(folder / RECORD, family, config, where=f"{folder.name}: {RECORD}")


def read_record(path: Path, family: Family, config: TrainConfig, *, where: str) -> Course:
    """As `read_course`, of a record wherever it lies; `where` opens the message when it does not fit."""
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST_RECORD + 1)
    except OSError as problem:
        raise CheckpointError(f"{where} cannot be read ({problem.strerror}).") from None
    lines = text.splitlines()
    if len(text) > LARGEST_RECORD or len(lines) > MOST_CHANGES:
        raise CheckpointError(f"{where} is too long for a record of changes by hand: it is none.")
    course = Course.of(config)
    for number, line in enumerate(lines, start=1):
        at = f"{where}, line {number}"
        change = parse(Change, line, where=at, error=CheckpointError)
        if course.changes and (change.step, change.epoch) < (course.changes[-1].step, course.changes[-1].epoch):
            raise CheckpointError(f"{at}: step {change.step} lies before that of the line above; it is damaged.")
        try:
            _check_heeded(family, config, change.setting, where=at)
            course = course.changed_by(change, where=at)
        except ConfigError as problem:
            raise CheckpointError(str(problem)) from None
    return course


def _wishes(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in (folder / WISHES).glob("[0-9]*.json") if path.is_file())
    except OSError:
        return []


def _read_wish(text: bytes) -> Mapping[Setting, float]:
    try:
        return WISH.validate_json(text)
    except ValidationError as problem:
        raise ConfigError(first_sentence(problem, "A wish")) from None


def _check(family: Family, course: Course, values: Mapping[Setting, float], *, where: str) -> None:
    for setting in values:
        _check_heeded(family, course.now, setting, where=where)
    _changed(course.now, values, where=where)
    if len(course.changes) + len(values) > MOST_CHANGES:
        raise ConfigError(f"{where}: the record has {len(course.changes):,} changes already, which is enough.")


def _check_heeded(family: Family, config: TrainConfig, setting: str, *, where: str) -> None:
    if setting not in (known := steerable(family, config)):
        raise ConfigError(f"{where}: {setting} changes nothing in this run ({family}); {', '.join(known)} would.")


def _changed(config: TrainConfig, values: Mapping[Setting, float], *, where: str) -> TrainConfig:
    return build(TrainConfig, asdict(config) | {str(name): value for name, value in values.items()}, where=where)
