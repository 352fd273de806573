"""A CSV table that says something of test images: the column `index`, and columns to find directions for."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.data.own_name import printable
from vae_core.errors import DataError

LARGEST_TABLE = 1 << 23
MOST_ROWS, MOST_COLUMNS = 200_000, 200


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a table, one an image.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns beside `index`, in the table's order.
    indices : ndarray of int64, shape (n,)
        Which image of the test split a row is about.
    rows : list of list of str
        A cell for each of `columns`.
    """

    columns: tuple[str, ...]
    indices: npt.NDArray[np.int64]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The cells of a column.

        Raises
        ------
        DataError
            When there is no such column.
        """
        if name not in self.columns:
            known = ", ".join(printable(column)[:40] for column in self.columns[:10])
            raise DataError(f"The table has no column {printable(name)[:40]!r}: it has {known}.")
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def read_table(content: bytes) -> Table:
    """Read a CSV table, which may be anybody's: UTF-8, its first row names the columns, commas or semicolons between.

    Raises
    ------
    DataError
        When it is too large, no such text, has too many rows, lacks the column `index` or any other, or an index is no
        whole number or there twice.
    """
    if len(content) > LARGEST_TABLE:
        raise DataError(f"The table has more than {LARGEST_TABLE >> 20} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError("The table is not text in UTF-8: save it as CSV in UTF-8.") from None
    rows = _rows(text)
    header = [name.strip() for name in rows[0]] if rows else []
    if [name.lower() for name in header].count("index") != 1 or len(header) < 2 or len(header) > MOST_COLUMNS:
        came = printable(", ".join(name[:80] for name in header[:80])[:80]) or "nothing"
        raise DataError(f"The table's first row must name a column index and 1 to {MOST_COLUMNS - 1} more, not {came}.")
    at = [name.lower() for name in header].index("index")
    columns = tuple(name for i, name in enumerate(header) if i != at)
    if "" in columns or len(set(columns)) < len(columns):
        raise DataError("The table's columns need names, each another one.")
    indices: list[int] = []
    cells: list[list[str]] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise DataError(f"Row {number} of the table has {len(row)} cells, but its first row {len(header)}.")
        index = row[at].strip()
        if not (index.isascii() and index.isdecimal() and len(index) <= 12):
            raise DataError(
                f"Row {number} of the table has the index {printable(index[:40])!r}: indices are 0, 1, 2, ..."
            )
        indices.append(int(index))
        cells.append([cell.strip() for i, cell in enumerate(row) if i != at])
    found, counts = np.unique(np.array(indices, np.int64), return_counts=True)
    if (counts > 1).any():
        raise DataError(f"The index {found[counts > 1][0]} is in the table more than once.")
    return Table(columns, np.array(indices, np.int64), cells)


def _rows(text: str) -> list[list[str]]:
    lines, rows = io.StringIO(text, newline=""), list[list[str]]()
    first = lines.readline()
    lines.seek(0)
    try:
        # strict: a quote that is never closed is an error, not the rest of the file
        reader = csv.reader(lines, delimiter=";" if ";" in first and "," not in first else ",", strict=True)
        for row in reader:  # one by one: `list` would let no other thread run until the last
            if len(rows) > MOST_ROWS:
                raise DataError(f"The table has more than {MOST_ROWS:,} rows.")
            rows.append(row)
    except csv.Error as problem:
        raise DataError(f"The table cannot be read as CSV: {problem}.") from None
    return rows
