"""The table of a comparison: what each model is, its figures, and which one is better where that can be said."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ui.compare.choice import Compared
from ui.kinds import KINDS, NETWORKS, likelihood_text
from ui.known_figures import GROUP_TITLES, TITLES
from ui.text import plain
from vae_core.card import Measure
from vae_core.families import heeds
from vae_core.metrics.catalogue import DEFINITIONS, GROUPS, NotMeasured, names_of

ERRORS_APART = 2.0
"""Standard errors of the difference beyond which one figure counts as better: chance alone does that in a twentieth."""

Cell = Measure | NotMeasured | None
"""None: not measured yet."""

FACTS: dict[str, Callable[[Compared], str]] = {
    "Family": lambda one: KINDS[one.card.model.family].removeprefix("An ").removeprefix("A ").capitalize(),
    "Data": lambda one: _data_text(one),
    "Likelihood p(x|z)": lambda one: likelihood_text(one.explorer) if one.explorer.can.likelihood else "none",
    "β in training": lambda one: f"{one.card.training.beta:g}" if heeds(one.card.model.family, "beta") else "none",
    "Network": lambda one: f"{NETWORKS[one.card.model.network]} {'-'.join(map(str, one.card.model.hidden))}",
    "Latent dimensions": lambda one: str(one.card.model.latent_dim),
    "Weights": lambda one: f"{one.explorer.n_parameters:,}",
    "Epochs": lambda one: f"{one.card.run.epochs_done:g}",
}


@dataclass(frozen=True)
class FigureRow:
    """One figure of all models; `best` is the place of the better one, None where none is."""

    name: str
    cells: tuple[Cell, ...]
    best: int | None


def figure_rows(models: Sequence[Compared], group: str) -> list[FigureRow]:
    """The figures of a group that any of the models has, in the catalogue's order."""
    rows = []
    for name in names_of([group]):
        cells = tuple(one.known.figures.get(name) for one in models)
        if any(isinstance(cell, Measure) for cell in cells):
            way = DEFINITIONS[name].better if why_not_comparable(models, group) is None else "neither"
            rows.append(FigureRow(name, cells, better_one(cells, way)))
    return rows


def better_one(cells: Sequence[Cell], better: str) -> int | None:
    """The place of the figure that is better than every other one by more than chance.

    That is by more than two standard errors of the difference, those of the two figures taken for independent; on the
    same images they go together, so that this asks for more than it need.

    Parameters
    ----------
    cells : sequence
        What was not measured is passed over.
    better : str
        `higher`, `lower`, or `neither`: then none is better.
    """
    sign = {"higher": 1.0, "lower": -1.0, "neither": 0.0}[better]
    known = [(i, cell.value, cell.standard_error) for i, cell in enumerate(cells) if isinstance(cell, Measure)]
    if not sign or len(known) < 2:
        return None
    place, value, error = max(known, key=lambda one: sign * one[1])
    for i, other, its_error in known:
        if i == place:
            continue
        if error is None or its_error is None:
            return None
        if not sign * (value - other) > ERRORS_APART * math.hypot(error, its_error):
            return None
    return place


def why_not_comparable(models: Sequence[Compared], group: str) -> str | None:
    """Why no model can be called better by the figures of a group, in a sentence; None when one can."""
    if len({one.card.data.checksum for one in models}) > 1:
        return "these models were measured on different images (another set, another size, or binarized or not)."
    if group in ("elbo", "bound"):
        if len({one.card.model.likelihood for one in models if one.explorer.can.likelihood}) > 1:
            return "their likelihoods differ, and so does what a nat of them means."
        if len({one.explorer.can.label for one in models}) > 1:
            return "some are told the class and some are not."
        if len({one.explorer.can.posterior for one in models if one.explorer.can.likelihood}) > 1:
            return "some draw z from a distribution and some take a point."
    return None


def csv_bytes(models: Sequence[Compared]) -> bytes:
    """The whole table, a row a fact or figure, with value and standard error of each model in columns of their own."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["", "unit", *(column for one in models for column in (one.name, f"{one.name} standard error"))])
    for title, fact in FACTS.items():
        writer.writerow([title, "", *(cell for one in models for cell in (_harmless(fact(one)), ""))])
    for group in GROUPS:
        for row in figure_rows(models, group):
            known = [cell if isinstance(cell, Measure) else None for cell in row.cells]
            numbers = [n for cell in known for n in ((cell.value, cell.standard_error) if cell else (None, None))]
            writer.writerow([f"{GROUP_TITLES[group]}: {TITLES[row.name]}", DEFINITIONS[row.name].unit, *numbers])
    return text.getvalue().encode("utf-8-sig")  # spreadsheets take plain UTF-8 for something else


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text  # a spreadsheet would compute it


def _data_text(one: Compared) -> str:
    data = one.card.data
    return plain(data.title) + ("" if data.options.binarize == "no" else ", binarized")
