"""How a ledger is looked at: its order, which rows, which row is chosen; in the session and in the address."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address, state
from ui.classes import note_class
from vae_core import LatentExplorer
from vae_core.data.image_set import SPLIT_NAMES
from vae_core.latent.ledger import Ledger

Rows = npt.NDArray[np.int64]
MOST_LETTERS = 2000
"""Of an address: more is no filter of ours."""


@dataclass(frozen=True)
class Where:
    """Which rows are shown.

    Attributes
    ----------
    classes, splits : tuple of int
        Those that are shown; empty: all.
    odd : bool
        Only rows whose neighbours are mostly of another class.
    ranges : dict
        Lowest and highest value of a figure, by its name; infinite where there is none.
    """

    classes: tuple[int, ...] = ()
    splits: tuple[int, ...] = ()
    odd: bool = False
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def text(self) -> str:
        """As it stands in an address: `class:0,3;split:test;odd;elbo:-200..-100`."""
        parts = [f"class:{','.join(map(str, self.classes))}"] if self.classes else []
        parts += [f"split:{','.join(SPLIT_NAMES[i] for i in self.splits)}"] if self.splits else []
        parts += ["odd"] if self.odd else []
        ends = {name: [f"{v:.6g}" if math.isfinite(v) else "" for v in pair] for name, pair in self.ranges.items()}
        return ";".join([*parts, *(f"{name}:{low}..{high}" for name, (low, high) in ends.items())])


def parse_where(text: str, ledger: Ledger, n_classes: int) -> Where:
    """The filter of an address; what is not a filter of this ledger is left out."""
    found, ranges = Where(), dict[str, tuple[float, float]]()
    for part in text[:MOST_LETTERS].split(";"):
        name, _, value = part.partition(":")
        if name == "odd":
            found = Where(found.classes, found.splits, odd=True)
        elif name == "class":
            named = {int(word) for word in value.split(",") if word.isascii() and word.isdigit() and len(word) < 4}
            found = Where(tuple(sorted(label for label in named if label < n_classes)), found.splits, found.odd)
        elif name == "split":
            splits = tuple(i for i, split in enumerate(SPLIT_NAMES) if split in value.split(","))
            found = Where(found.classes, splits, found.odd)
        elif name in ledger.figures:
            low, _, high = value.partition("..")
            ranges[name] = (_number(low, -math.inf), _number(high, math.inf))
    return Where(found.classes, found.splits, found.odd, ranges)


def _number(text: str, otherwise: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return otherwise
    return value if math.isfinite(value) else otherwise


def columns_of(ledger: Ledger) -> dict[str, npt.NDArray[Any]]:
    """What a ledger can be ordered by, (N,) each, by name."""
    found: dict[str, npt.NDArray[Any]] = {"image": np.arange(len(ledger))}
    if ledger.labels is not None:
        found["class"] = ledger.labels
    if ledger.near_class is not None:
        found["near_class"] = ledger.near_class
    found |= ledger.figures
    if ledger.kl_by_dimension is not None:
        found |= {f"kl_{i + 1}": values for i, values in enumerate(ledger.kl_by_dimension.T)}
    return found


def first_order(ledger: Ledger) -> str:
    """Worst first: the lowest ELBO, else the lowest log-likelihood, else the highest KL, else as they come."""
    for order in ("elbo", "log_likelihood", "-kl"):
        if order.lstrip("-") in ledger.figures:
            return order
    return "image"


def chosen_rows(ledger: Ledger, where: Where, order: str) -> Rows:
    """The rows that are shown, in their order: `elbo` ascending, `-elbo` descending, equal ones as they come."""
    shown = np.ones(len(ledger), np.bool_)
    if where.classes and ledger.labels is not None:
        shown &= np.isin(ledger.labels, where.classes)
    if where.splits:
        shown &= np.isin(ledger.splits, where.splits)
    if where.odd:
        shown &= ledger.disagrees
    for name, (low, high) in where.ranges.items():
        shown &= (ledger.figures[name] >= low) & (ledger.figures[name] <= high)
    rows = np.flatnonzero(shown)
    values = columns_of(ledger)[order.lstrip("-")][rows]
    return rows[np.argsort(-values if order.startswith("-") else values, kind="stable")]


def current_order(explorer: LatentExplorer, ledger: Ledger) -> str:
    """The order of this session: of the address, else of the last click, else the first one."""
    key = f"ledger order of {explorer.card.key}"
    if (wish := address.asked("order")) is not None:
        st.session_state[key] = wish
    order = str(st.session_state.get(key, ""))
    if order.removeprefix("-") not in columns_of(ledger):
        order = first_order(ledger)
    address.write("order", None if order == first_order(ledger) else order)
    return order


def set_order(explorer: LatentExplorer, order: str) -> None:
    """Note the order that a hand has chosen."""
    st.session_state[f"ledger order of {explorer.card.key}"] = order


def current_row(explorer: LatentExplorer, ledger: Ledger) -> int | None:
    """The row that is chosen; None while z is wherever the pin was put."""
    key = _row_key(explorer)
    if (wish := address.asked("row")) is not None:
        given = wish.isascii() and wish.isdigit() and len(wish) < 10 and int(wish) < len(ledger)
        if given:
            choose_row(explorer, ledger, int(wish))
    row: int | None = st.session_state.get(key)
    row = row if row is not None and row < len(ledger) else None
    address.write("row", None if row is None else str(row))
    return row


def choose_row(explorer: LatentExplorer, ledger: Ledger, row: int) -> None:
    """Choose a row: z goes to its mu, and a model that takes a class is asked for its class."""
    st.session_state[_row_key(explorer)] = row
    if ledger.labels is not None:
        note_class(explorer, int(ledger.labels[row]))
    state.set_z(explorer, ledger.mu[row])


def forget_row(explorer: LatentExplorer) -> None:
    """The pin has been moved away."""
    st.session_state.pop(_row_key(explorer), None)


def _row_key(explorer: LatentExplorer) -> str:
    return f"ledger row of {explorer.card.key}"
