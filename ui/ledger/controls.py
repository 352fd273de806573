"""What stands above the ledger: which rows are shown, which columns, and the rows as a file."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from ui import address
from ui.ledger.columns import title_of
from ui.ledger.looks import Rows, Where, columns_of, parse_where
from vae_core import LatentExplorer
from vae_core.latent.ledger import Ledger
from vae_core.tables import csv_text

TITLES_OF_SPLITS = ("Training", "Validation", "Test")


def choose_where(explorer: LatentExplorer, ledger: Ledger) -> Where:
    """The filter's widgets; the address says what was chosen."""
    names, key = explorer.card.data.class_names, explorer.card.key[:12]
    if (wish := address.asked("where")) is not None:
        _fill(ledger, parse_where(wish, ledger, len(names)), key)
    classes = tuple[int, ...]()
    if ledger.labels is not None and names:
        classes = tuple(
            st.multiselect(
                "Classes", range(len(names)), key=f"ledger classes of {key}", persist_state="session",
                format_func=names.__getitem__, placeholder="All", width=260,
            )
        )  # fmt: skip
    splits = tuple[int, ...]()
    there = [i for i, count in enumerate(ledger.counts) if count]
    if len(there) > 1:
        splits = tuple(
            st.pills(
                "Splits", there, selection_mode="multi", key=f"ledger splits of {key}", persist_state="session",
                format_func=lambda i: TITLES_OF_SPLITS[i],
            )
        )  # fmt: skip
    ranges = _choose_ranges(ledger, key)
    odd = ledger.near_class is not None and st.toggle(
        "Wrong label?",
        key=f"ledger odd of {key}",
        persist_state="session",
        help="Only images most of whose 10 nearest neighbours in latent space have another class: some are labelled "
        "wrongly, most are odd, and where classes overlap on the map many are neither.",
    )
    where = Where(classes, splits, odd, ranges)
    address.write("where", where.text() or None)
    return where


def _fill(ledger: Ledger, where: Where, key: str) -> None:
    st.session_state[f"ledger classes of {key}"] = list(where.classes)
    st.session_state[f"ledger splits of {key}"] = list(where.splits)
    st.session_state[f"ledger odd of {key}"] = where.odd
    for name in ledger.figures:
        pair = where.ranges.get(name, (-math.inf, math.inf))
        for end, value in zip(("from", "to"), pair, strict=True):
            st.session_state[f"ledger {name} {end} of {key}"] = value if math.isfinite(value) else None


def _choose_ranges(ledger: Ledger, key: str) -> dict[str, tuple[float, float]]:
    found = dict[str, tuple[float, float]]()
    with st.popover("Ranges", icon=":material/tune:", width="content"):
        for name, values in ledger.figures.items():
            ends = [-math.inf, math.inf]
            for i, (column, end) in enumerate(zip(st.columns(2), ("from", "to"), strict=True)):
                with column:
                    value = st.number_input(
                        f"{title_of(name)} {end}", value=None, key=f"ledger {name} {end} of {key}",
                        persist_state="session", placeholder=f"{values.min() if i == 0 else values.max():.1f}",
                    )  # fmt: skip
                    ends[i] = ends[i] if value is None else float(value)
            if any(map(math.isfinite, ends)):
                found[name] = (ends[0], ends[1])
    return found


def choose_columns(explorer: LatentExplorer, ledger: Ledger) -> tuple[str, ...]:
    """Which dimensions' KL are shown beside the rest."""
    single = [name for name in columns_of(ledger) if name.startswith("kl_")]
    if not single:
        return ()
    chosen = st.multiselect(
        "KL of", single, key=f"ledger dimensions of {explorer.card.key[:12]}", persist_state="session",
        format_func=lambda name: title_of(name).removeprefix("KL "), placeholder="Sum only", width=150,
    )  # fmt: skip
    return tuple(chosen)


def offer_rows(explorer: LatentExplorer, ledger: Ledger, rows: Rows) -> None:
    """The rows shown, in their order, and all rows, as CSV with every column."""
    parts = {f"CSV of these {len(rows):,}": rows, f"CSV of all {len(ledger):,}": None}
    if len(rows) == len(ledger):
        parts.pop(f"CSV of these {len(rows):,}")
    for i, (title, some) in enumerate(parts.items()):
        st.download_button(
            title,
            lambda some=some: rows_csv(explorer, ledger, some),  # type: ignore[misc]
            f"{explorer.name}-ledger.csv",
            "text/csv",
            key=f"ledger csv {i}",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )


def rows_csv(explorer: LatentExplorer, ledger: Ledger, rows: Rows | None) -> str:
    """Rows as CSV: split, index, class, figures in nats, mu and KL by dimension."""
    table, names = ledger.table(rows), explorer.card.data.class_names
    columns = []
    for name, values in table.items():
        if names and name in ("label", "near_class"):
            columns.append([names[label] for label in values])
        elif values.dtype == np.float32:
            columns.append([f"{value:.6g}" for value in values.tolist()])
        else:
            columns.append(values.tolist())
    return csv_text(table, zip(*columns, strict=True))
