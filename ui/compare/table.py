"""The table of a comparison as the page shows it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.compare.choice import Compared
from ui.compare.rows import FACTS, Cell, FigureRow, csv_bytes, figure_rows, why_not_comparable
from ui.figure_tables import FIRM_SPACE, definition_text, reasons
from ui.known_figures import GROUP_TITLES, TITLES
from ui.model_card import measure_text
from ui.text import plain
from vae_core.card import Measure
from vae_core.metrics.catalogue import DEFINITIONS, GROUPS, NotMeasured, names_of

ARROWS = {"higher": " ↑", "lower": " ↓", "neither": ""}


def show_table(models: Sequence[Compared]) -> None:
    """What the models are and their figures, a column a model; which is better is marked where that can be said."""
    titles, columns = list[str](), [list[str]() for _ in models]

    def add(title: str, cells: Sequence[str]) -> None:
        titles.append(title)
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)

    for title, fact in FACTS.items():
        add(title.replace("|", "\\|"), [fact(one) for one in models])
    for group in GROUPS:
        rows = figure_rows(models, group)
        if rows:
            add(f"**{GROUP_TITLES[group]}**", [""] * len(models))
        for row in rows:
            add(_title(row), [_cell_text(cell, best=i == row.best) for i, cell in enumerate(row.cells)])
    table = {"": titles} | {plain(one.name): column for one, column in zip(models, columns, strict=True)}
    st.table(table, border="horizontal", hide_index=True, alt="The models and their figures, a column each.")
    _show_notes(models)


def _show_notes(models: Sequence[Compared]) -> None:
    st.caption(
        "↑ higher is better, ↓ lower is better. Marked :material/check: is what is better by more "
        "than two standard errors of the difference. ELBOs of different likelihoods, or of different data (binarized "
        "or not), cannot be compared."
    )
    if why := why_not_comparable(models, "samples"):
        st.caption(f":material/info: No figure is marked: {why}")
    elif why := why_not_comparable(models, "elbo"):
        st.caption(f":material/info: ELBO, log-likelihood and NLL are not marked: {why}")
    for one in models:
        if one.known.problem:
            st.warning(plain(one.known.problem), icon=":material/broken_image:")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "CSV",
            csv_bytes(models),
            "-".join(one.name for one in models)[:100] + ".csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="comparison as CSV",
        )
        shown = [name for group in GROUPS for name in names_of([group]) if _any_has(models, name)]
        with st.popover("What the figures mean", type="tertiary"):
            st.markdown("\n".join(f"- {definition_text(name)}" for name in shown))
        if lacking := _why_lacking(models):
            with st.popover("What does not apply", type="tertiary"):
                st.markdown("\n".join(f"- {line}" for line in lacking))


def _title(row: FigureRow) -> str:
    what = DEFINITIONS[row.name]
    return TITLES[row.name] + ARROWS[what.better] + (f" :small[:gray[{what.unit}]]" if what.unit else "")


def _cell_text(cell: Cell, *, best: bool) -> str:
    if isinstance(cell, Measure):
        text = measure_text(cell).replace(" ", FIRM_SPACE)
        return f":green-badge[:material/check: {text}]" if best else text
    return ":gray[not measured]" if cell is None else ":gray[does not apply]"


def _any_has(models: Sequence[Compared], name: str) -> bool:
    return any(isinstance(one.known.figures.get(name), Measure) for one in models)


def _why_lacking(models: Sequence[Compared]) -> list[str]:
    """Lines of markdown: which figures of which models do not apply, and why."""
    lines = []
    for one in models:
        missing = {name: figure for name, figure in one.known.figures.items() if isinstance(figure, NotMeasured)}
        for reason, names in reasons(missing).items():
            groups = dict.fromkeys(DEFINITIONS[name].group for name in names)
            parts = [
                GROUP_TITLES[group]
                if set(names_of([group])) <= set(names)
                else ", ".join(TITLES[name] for name in names if DEFINITIONS[name].group == group)
                for group in groups
            ]
            lines.append(f"**{plain(one.name)}**, {', '.join(parts)}: {plain(reason)}")
    return lines
