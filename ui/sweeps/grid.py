"""The small maps of a sweep: two of its settings across and down, the others held at a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ui.sweep_grid import Cell, sweep_grid
from ui.sweeps.axes import label_of, said
from ui.sweeps.figures import figure_text
from ui.sweeps.small_maps import small_map
from vae_core.training.sweep import Axis, Value
from vae_core.training.sweep_table import LOWER_FIRST, SEED, SweepGroup, SweepRow, ranked


def show_grid(
    name: str, axes: Sequence[Axis], groups: Sequence[SweepGroup], figure: str, on_open: Callable[[str], None]
) -> None:
    """Draw the maps; of runs that differ in the seed alone that of the best one, with their mean below it.

    Parameters
    ----------
    name : str
        The sweep's.
    """
    own = [axis for axis in axes if axis.field != SEED]
    if not own:  # seeds alone: each is a cell of its own
        (axis,) = axes
        own = [axis]
        groups = [SweepGroup(row.member.values, (row,), row.figures, {}) for group in groups for row in group.rows]
    *down, across = own[:2]
    held: dict[str, Value] = {}
    if len(own) > 2:
        with st.container(horizontal=True):
            for axis in own[2:]:
                held[axis.field] = st.selectbox(
                    label_of(axis.field), axis.values, format_func=partial(said, axis.field),
                    key=f"sweep {name} held {axis.field}", width=150,
                )  # fmt: skip
    by_values = {group.values: group for group in groups}
    best = ranked(groups, figure)[0] if groups else None
    rows = down[0].values if down else ("",)
    rest = tuple(held[axis.field] for axis in own[2:])
    cells = [
        [_cell(by_values[(*((row,) if down else ()), column, *rest)], figure, best) for column in across.values]
        for row in rows
    ]
    sweep_grid(
        cells,
        row_title=label_of(down[0].field) if down else "",
        rows=[said(down[0].field, row) for row in rows] if down else [""],
        column_title=label_of(across.field),
        columns=[said(across.field, value) for value in across.values],
        key=f"sweep {name} maps",
        on_open=on_open,
    )


def best_of(group: SweepGroup, figure: str) -> SweepRow | None:
    """The run of a group that is a model and the best by a figure; the first where none has it."""
    models = [row for row in group.rows if row.card is not None]
    sign = 1 if figure in LOWER_FIRST else -1
    return min(models, key=lambda row: sign * row.figures.get(figure, sign * float("inf")), default=None)


def _cell(group: SweepGroup, figure: str, best: SweepGroup | None) -> Cell:
    row = best_of(group, figure)
    if row is None:
        return Cell(note=_how_far(group))
    is_best = best is not None and group.values == best.values and figure in group.mean
    return Cell(row.member.name, figure_text(group, figure), small_map(row), is_best)


def _how_far(group: SweepGroup) -> str:
    """How far the runs of a group are while none is a model."""
    status = next((row.status for row in group.rows if row.status is not None), None)
    if status is None:
        return "to come"
    if status.state == "running":
        return f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
    return status.state
