"""What the doctor says of one ailment: a sentence, figures with their thresholds, a plot's arrays, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from vae_core.config import RunConfig

Ailment = Literal[
    "posterior-collapse",
    "dead-dimensions",
    "sum-and-mean",
    "bernoulli-on-grey",
    "sigma-collapse",
    "prior-apart",
    "over-fitting",
    "learning-rate",
    "narrow-range",
    "one-class",
]

Severity = Literal["note", "ailment"]
"""A note is worth knowing, and the run is sound; an ailment is a reason to change the run."""

TITLES: dict[Ailment, str] = {
    "posterior-collapse": "Posterior collapse",
    "dead-dimensions": "Dead dimensions",
    "sum-and-mean": "Sum and mean mixed up",
    "bernoulli-on-grey": "Bernoulli on grey values",
    "sigma-collapse": "σ collapses",
    "prior-apart": "Prior and aggregate posterior apart",
    "over-fitting": "Over-fitting",
    "learning-rate": "Learning rate too high",
    "narrow-range": "Data in a narrow range",
    "one-class": "Nearly all of one class",
}


class NotExamined(Exception):
    """What a check would look at is not there: why, in a clause."""


@dataclass(frozen=True)
class Measured:
    """A figure that a finding rests on.

    Attributes
    ----------
    threshold : float or None
        Beyond which it is counted; None for a figure that stands beside the others to be read with them.
    """

    name: str
    value: float
    threshold: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Series:
    """A curve or a row of bars."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Plot:
    """What shows a finding: curves over x, or bars, with a line at `threshold` where there is one."""

    kind: Literal["lines", "bars"]
    x_title: str
    y_title: str
    series: tuple[Series, ...]
    threshold: float | None = None


@dataclass(frozen=True)
class Remedy:
    """What to change.

    Attributes
    ----------
    advice : str
        In a sentence.
    label : str
        What the changed run is, in a few words; empty where no run of these settings would do.
    config : RunConfig or None
        The changed run.
    """

    advice: str
    label: str = ""
    config: RunConfig | None = None


@dataclass(frozen=True)
class Finding:
    """One ailment, or a note on it."""

    ailment: Ailment
    severity: Severity
    sentence: str
    figures: tuple[Measured, ...]
    plot: Plot | None
    remedy: Remedy

    @property
    def title(self) -> str:
        """Its name for people."""
        return TITLES[self.ailment]


def with_training(config: RunConfig, **fields: Any) -> RunConfig:
    """The run with other settings of its training."""
    return replace(config, training=replace(config.training, **fields))


def with_model(config: RunConfig, **fields: Any) -> RunConfig:
    """The run with another model."""
    return replace(config, model=replace(config.model, **fields))


def number(value: float) -> str:
    """A figure for people: three digits, and nothing smaller than they could tell from 0."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    if 0 < abs(value) < 1e-4:
        return "< 0.0001" if value > 0 else "> −0.0001"
    return f"{value:.3g}".replace("-", "−")
