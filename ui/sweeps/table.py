"""The table of a sweep, the best on top: one line for runs that differ in the seed alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.sweeps.axes import label_of, said
from ui.sweeps.figures import TITLE_OF
from vae_core.training.sweep import value_text
from vae_core.training.sweep_table import SEED, SweepGroup, SweepRow

SHOWN = 6
"""Figures in the table at most; the CSV has all."""


def show_table(name: str, fields: Sequence[str], groups: Sequence[SweepGroup], figure: str) -> list[SweepGroup]:
    """Draw the table; returns the lines that are marked, in its order.

    Parameters
    ----------
    name : str
        The sweep's.
    fields : sequence of str
        What is varied.
    """
    own = [field for field in fields if field != SEED]
    several = any(len(group.rows) > 1 for group in groups)
    columns: dict[str, list[Any]] = {
        label_of(field): [said(field, group.values[i]) for group in groups] for i, field in enumerate(own)
    }
    if several:
        columns["Runs"] = [
            f"{sum(row.card is not None for row in group.rows)} of {len(group.rows)}" for group in groups
        ]
    known = {name for group in groups for name in group.mean}
    names = [figure, *(name for name in TITLE_OF if name in known and name != figure)][:SHOWN]
    for each in names:
        columns[TITLE_OF[each]] = [group.mean.get(each) for group in groups]
        if each == figure and any(group.spread for group in groups):
            columns["± over seeds"] = [group.spread.get(each) for group in groups]
    columns["State"] = [states(group) for group in groups]
    numbers = [*(TITLE_OF[each] for each in names), "± over seeds"]
    event = st.dataframe(
        columns,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"sweep {name} table",
        column_config={title: st.column_config.NumberColumn(format="%.3f") for title in numbers},
        height="content" if len(groups) <= 10 else 380,
    )
    marked = event.selection.rows
    return [groups[i] for i in sorted(marked) if i < len(groups)]


def states(group: SweepGroup) -> str:
    """Each state that runs of a group are in, once."""
    found = dict.fromkeys(row.status.state if row.status else "to come" for row in group.rows)
    return ", ".join(found)


def csv_of(fields: Sequence[str], rows: Sequence[SweepRow]) -> bytes:
    """A line for every run, with all figures that are known of one."""
    figures = [name for name in TITLE_OF if any(name in row.figures for row in rows)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", *fields, "state", *figures])
    for row in rows:
        values = [value_text(value) for value in row.member.values]
        state = row.status.state if row.status else ""
        writer.writerow([row.member.name, *values, state, *(row.figures.get(name, "") for name in figures)])
    return out.getvalue().encode()
