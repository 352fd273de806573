"""Tables as CSV text, as every part of the project hands them out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV: commas between, a line feed after each row, numbers with all their digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def numbered(name: str, n: int) -> list[str]:
    """The columns of a vector, counted from 1: `mu_1`, `mu_2` and so on."""
    return [f"{name}_{i + 1}" for i in range(n)]
