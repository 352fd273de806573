"""What a sweep trains: one configuration with some of its settings varied, a run for every combination of values.

No torch in here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Literal, TypeVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.checkpoints import NAME_PATTERN
from vae_core.config import STRICT, ModelConfig, RunConfig, TrainConfig, build, check_depth, default_hidden
from vae_core.errors import ConfigError
from vae_core.families import heeds

MOST_RUNS = 100
FIELDS = tuple(
    name
    for part in (ModelConfig, TrainConfig)
    for name in part.__dataclass_fields__
    if name not in ("threads", "weights_dtype")
)
"""What can be varied: all that makes another model of the same data."""

Part = TypeVar("Part", ModelConfig, TrainConfig)
Value = int | float | str | tuple[int, ...]
"""A setting's value; widths of hidden layers are several numbers."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Axis:
    """A setting and the values that it takes."""

    field: Annotated[str, Field(max_length=64)]
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=MOST_RUNS)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SweepPlan:
    """sweep.json: what is trained.

    Attributes
    ----------
    base : RunConfig
        What all runs have in common; its own values of what is varied do not count.
    axes : tuple of Axis
        The values of the last one change from one run to the next.
    image_shape : tuple of int
        (C, H, W), for the widths that are left to the network's default.
    devices : tuple of str
        One run at a time on each.
    runs : tuple of str
        Names of the runs, in the order of the combinations.
    """

    schema_version: Literal[1] = 1
    base: RunConfig
    axes: Annotated[tuple[Axis, ...], Field(min_length=1, max_length=8)]
    image_shape: tuple[Literal[1, 3], Annotated[int, Field(ge=8, le=64)], Annotated[int, Field(ge=8, le=64)]]
    devices: Annotated[tuple[Annotated[str, Field(max_length=16)], ...], Field(min_length=1, max_length=64)]
    data_dir: Annotated[str, Field(max_length=4000)]
    command: Annotated[str, Field(max_length=20_000)]
    created: Annotated[str, Field(max_length=64)]
    runs: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(min_length=1, max_length=MOST_RUNS)]


@dataclass(frozen=True)
class Member:
    """One run of a sweep: its name, its values of what is varied, in the axes' order, and all that it asks for."""

    name: str
    values: tuple[Value, ...]
    config: RunConfig


def combinations(
    base: RunConfig, axes: tuple[Axis, ...], shape: tuple[int, int, int]
) -> list[tuple[tuple[Value, ...], RunConfig]]:
    """Every combination of the axes' values and the configuration that it makes, the last axis changing fastest.

    Raises
    ------
    ConfigError
        When a setting cannot be varied, is given twice, or makes no difference to a run; a value is given twice or is
        refused; or there are too many runs.
    """
    fields = [axis.field for axis in axes]
    for axis in axes:
        _check_field(axis.field)
        if fields.count(axis.field) > 1:
            raise ConfigError(f"A sweep varies {option_of(axis.field)} twice; give all its values at once.")
        if len({(value, type(value) is str) for value in axis.values}) < len(axis.values):
            raise ConfigError(f"A sweep varies {option_of(axis.field)} over the same value twice.")
    n_runs = math.prod(len(axis.values) for axis in axes)
    if n_runs > MOST_RUNS:
        raise ConfigError(f"A sweep has at most {MOST_RUNS} runs, but these values make {n_runs:,}; vary fewer.")
    found = []
    for values in itertools.product(*(axis.values for axis in axes)):
        changes = dict(zip(fields, values, strict=True))
        config = _changed(base, changes)
        widths = config.model.hidden or default_hidden(config.model.network, shape)
        config = replace(config, model=replace(config.model, hidden=widths))
        check_depth(config.model, shape)
        _check_difference(config, fields)
        found.append((values, config))
    return found


def _check_field(field: str) -> None:
    if field not in FIELDS:
        known = ", ".join(map(option_of, FIELDS))
        raise ConfigError(f"A sweep cannot vary {field[:40]!r}; it can vary {known}.")


def _changed(base: RunConfig, changes: dict[str, Value]) -> RunConfig:
    return replace(base, model=_part(base.model, changes), training=_part(base.training, changes))


def _part(part: Part, changes: dict[str, Value]) -> Part:
    own = {field: getattr(part, field) for field in part.__dataclass_fields__}
    own |= {field: value for field, value in changes.items() if field in own}
    return build(type(part), own, where="sweep")


def _check_difference(config: RunConfig, fields: list[str]) -> None:
    """Refuse to vary what this configuration does not heed: the same model would be trained several times."""
    family, model = config.model.family, config.model
    for field in fields:
        if not heeds(family, field):
            raise ConfigError(
                f"A sweep cannot vary {option_of(field)} here: it makes no difference to family {family}."
            )
    if "sigma" in fields and model.likelihood != "gaussian":
        raise ConfigError(f"A sweep cannot vary sigma here: the likelihood is {model.likelihood}, not gaussian.")
    if "kl_warmup" in fields and config.training.kl_cycles:
        raise ConfigError("A sweep cannot vary kl-warmup here: kl-cycles takes its place.")


def settled_axis(field: str, values: tuple[Value, ...], base: RunConfig) -> Axis:
    """An axis whose values are what the configuration makes of them: 1 is 1.0 where a number need not be whole.

    Raises
    ------
    ConfigError
        When the field cannot be varied, or a value is refused.
    """
    _check_field(field)
    part = "model" if field in ModelConfig.__dataclass_fields__ else "training"
    settled = [getattr(getattr(_changed(base, {field: value}), part), field) for value in values]
    return build(Axis, {"field": field, "values": tuple(settled)}, where="sweep")


def option_of(field: str) -> str:
    """What the command line calls a field."""
    return field.replace("_", "-")


def value_text(value: Value) -> str:
    """A value as the command line takes it within a list, and as names have it: 512-256, 0.5, 4, one-cycle."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def parse_value(field: str, text: str) -> Value:
    """The inverse of `value_text`; whether the value is allowed is the configuration's to say."""
    text = text.strip()
    kinds: tuple[Callable[[str], Value], ...] = (_widths,) if field == "hidden" else (int, float)
    for kind in kinds:
        with suppress(ValueError):
            return kind(text)
    return text


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("-"))


def run_names(sweep: str, axes: tuple[Axis, ...]) -> tuple[str, ...]:
    """Names of the runs: by their values, as `tour-beta-0.5-latent-dim-2`, or numbered where that is too long."""
    points = itertools.product(*(axis.values for axis in axes))
    names = tuple(
        "-".join([sweep, *(f"{option_of(a.field)}-{value_text(v)}" for a, v in zip(axes, point, strict=True))])
        for point in points
    )
    if all(NAME_PATTERN.fullmatch(name) for name in names):
        return names
    return tuple(f"{sweep}-{number:03d}" for number in range(1, len(names) + 1))
