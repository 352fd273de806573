"""A CSV file that says which class an image has."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from vae_core.data.own_name import printable
from vae_core.errors import DataError
from vae_core.files import expanded

LARGEST_TABLE = 1 << 24
"""Bytes of such a file."""


def read_labels(labels: str, key: str) -> dict[str, str]:
    """Read the columns `key` and `label`; other columns are passed over.

    Parameters
    ----------
    labels : str
        Path of a CSV file in UTF-8 whose first row names its columns; between them stand commas, or semicolons.
    key : str
        `file` for pictures, `index` for arrays.

    Returns
    -------
    dict of str to str
        The label by what stands in the column `key`; files as `plain_name` writes them, indices without zeros before.

    Raises
    ------
    DataError
        When the file cannot be read, lacks a column, or has a row that is empty, no index, or there twice.
    """
    path = expanded(labels)
    rows = _rows(path)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        if key not in header or "label" not in header:
            raise _refused(path, f"its first row must name the columns {key} and label, but it is {header!r:.80}")
        at_key, at_label = header.index(key), header.index("label")
        table: dict[str, str] = {}
        for number, row in enumerate(rows, 2):
            if not any(cell.strip() for cell in row):
                continue
            cells = [row[at].strip() if at < len(row) else "" for at in (at_key, at_label)]
            if not all(cells):
                raise _refused(path, f"row {number} has no {key if not cells[0] else 'label'}")
            name, label = plain_name(cells[0]), printable(unicodedata.normalize("NFC", cells[1]))
            if key == "index":
                if not (name.isascii() and name.isdecimal() and len(name) <= 12):
                    raise _refused(path, f"row {number} has the index {name!r:.40}, but indices are 0, 1, 2, ...")
                name = str(int(name))
            if name in table:
                raise _refused(path, f"row {number} is the second one for {name!r:.80}")
            table[name] = label
    except csv.Error as problem:
        raise _refused(path, str(problem)) from None
    return table


def plain_name(name: str) -> str:
    """A file's name below its folder as it is compared and shown: composed letters, `/` between folders."""
    return printable(unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./"))


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        if not path.is_file():
            raise _refused(path, "there is no such file")
        with open(path, "rb") as file:
            content = file.read(LARGEST_TABLE + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path, "it is not text in UTF-8") from None
    except (OSError, ValueError) as problem:
        raise _refused(path, f"it cannot be read ({getattr(problem, 'strerror', None) or problem})") from None
    if len(content) > LARGEST_TABLE:
        raise _refused(path, f"it has more than {LARGEST_TABLE:,} bytes")
    lines = text.splitlines()
    first = lines[0] if lines else ""
    return csv.reader(lines, delimiter=";" if ";" in first and "," not in first else ",", strict=True)


def _refused(path: Path, why: str) -> DataError:
    return DataError(f"The labels in {printable(str(path))[:200]} cannot be used: {why}.")
