"""A sweep's runs as a table: their figures, runs that differ in the seed alone taken together, the best on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from vae_core.card import Card, Measure
from vae_core.checkpoints import read_card
from vae_core.errors import CheckpointError
from vae_core.metrics.catalogue import DEFINITIONS, elbo_figures
from vae_core.metrics.store import read_figures
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.sweep import Member, Value
from vae_core.training.sweep_folder import SweepFolder

SECONDS, SEED = "seconds", "seed"
LOWER_FIRST = frozenset({SECONDS, *(name for name, what in DEFINITIONS.items() if what.better != "higher")})
"""Figures by which the lowest stands on top; of one that says nothing of better or worse, such as KL, too."""


@dataclass(frozen=True)
class SweepRow:
    """One run of a sweep as it stands.

    Attributes
    ----------
    run : RunFolder or None
        None while it has not begun.
    status : Status or None
        Likewise.
    card : Card or None
        None until it is a checkpoint.
    figures : dict
        Of the test split, those that are known of its model; and `seconds` that it was trained.
    """

    member: Member
    run: RunFolder | None
    status: Status | None
    card: Card | None
    figures: dict[str, float]


@dataclass(frozen=True)
class SweepGroup:
    """Rows of the same values but for the seed.

    Attributes
    ----------
    values : tuple
        Theirs, without the seed.
    mean, spread : dict
        Of the rows that have the figure; the spread is the standard deviation (n - 1), and there is none of one row.
    """

    values: tuple[Value, ...]
    rows: tuple[SweepRow, ...]
    mean: dict[str, float]
    spread: dict[str, float]


def sweep_rows(sweep: SweepFolder) -> list[SweepRow]:
    """All runs of a sweep, in its own order.

    Raises
    ------
    CheckpointError
        When its sweep.json is damaged, or a run of such a name is another's.
    """
    return [_row(member, sweep.run_of(member)) for member in sweep.members()]


def _row(member: Member, run: RunFolder | None) -> SweepRow:
    if run is None:
        return SweepRow(member, None, None, None, {})
    try:
        card = read_card(run.path)
    except CheckpointError:
        return SweepRow(member, run, run.status(), None, {})
    return SweepRow(member, run, run.status(), card, figures_of(run, card))


def figures_of(run: RunFolder, card: Card) -> dict[str, float]:
    """Figures of a run's model by their names in the catalogue, those measured since it was trained among them."""
    try:
        stored = read_figures(run.path, card)
    except CheckpointError:  # the page Model says what is wrong with it
        stored = {}
    known = stored | elbo_figures(card.test, card.model.family)
    values = {name: known[name] for name in DEFINITIONS if name in known}
    figures = {name: figure.value for name, figure in values.items() if isinstance(figure, Measure)}
    return figures | {SECONDS: card.run.seconds}


def grouped(rows: Sequence[SweepRow], fields: Sequence[str]) -> list[SweepGroup]:
    """The rows, those together that differ in the seed alone, in the order in which each first comes.

    Parameters
    ----------
    fields : sequence of str
        The settings that the rows' values are of.
    """
    kept = [i for i, field in enumerate(fields) if field != SEED]
    by_values: dict[tuple[Value, ...], list[SweepRow]] = {}
    for row in rows:
        by_values.setdefault(tuple(row.member.values[i] for i in kept), []).append(row)
    return [_group(values, members) for values, members in by_values.items()]


def _group(values: tuple[Value, ...], rows: Sequence[SweepRow]) -> SweepGroup:
    names = dict.fromkeys(name for row in rows for name in row.figures)
    found = {name: [row.figures[name] for row in rows if name in row.figures] for name in names}
    return SweepGroup(
        values,
        tuple(rows),
        {name: fmean(numbers) for name, numbers in found.items()},
        {name: stdev(numbers) for name, numbers in found.items() if len(numbers) > 1},
    )


def ranked(groups: Sequence[SweepGroup], figure: str) -> list[SweepGroup]:
    """The groups with the best by a figure first, and those that have not got it last, in their order."""
    sign = 1 if figure in LOWER_FIRST else -1
    having = [group for group in groups if figure in group.mean]
    return sorted(having, key=lambda group: sign * group.mean[figure]) + [
        group for group in groups if figure not in group.mean
    ]
