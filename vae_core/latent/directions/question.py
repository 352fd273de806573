"""What to look for in a latent space: two groups of codes, or a number that codes have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from vae_core.checks import whole_number
from vae_core.data.own_name import printable
from vae_core.errors import DataError

if TYPE_CHECKING:  # imports torch
    from vae_core.explorer import LatentExplorer
    from vae_core.latent.directions.table import Table

OTHERS = "all others"


@dataclass(frozen=True, eq=False)
class Question:
    """What a direction is to be found for.

    Attributes
    ----------
    title : str
        In words.
    indices : ndarray of int64, shape (n,)
        The codes it is about, into the encoded test split; each once.
    values : ndarray of float64, shape (n,)
        Of two groups 0 or 1, the direction going from 0 to 1; else a number for each.
    kind : str
        "groups" or "values".
    ends : tuple of str
        What is at low values, and at high ones.
    """

    title: str
    indices: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    kind: Literal["groups", "values"]
    ends: tuple[str, str]


def class_question(explorer: LatentExplorer, label: int, against: int | None = None) -> Question:
    """From all other classes, or from the class `against`, to the class `label`.

    Raises
    ------
    DataError
        When the model's images have no classes, or not these.
    """
    labels, names = explorer.latents.labels, explorer.card.data.class_names
    if labels is None:
        raise DataError(f"The images of {explorer.name} have no classes: take a group or a table of your own.")
    for number in (label, against):
        if number is not None and not (0 <= whole_number(number, "A class", least=0) < len(names)):
            raise DataError(f"{explorer.name} has the classes 0 to {len(names) - 1}, but {number} was asked for.")
    if label == against:
        raise DataError("A class cannot be told from itself: choose two.")
    chosen = np.arange(len(labels)) if against is None else np.flatnonzero(np.isin(labels, (label, against)))
    name, other = _short(names[label]), OTHERS if against is None else _short(names[against])
    values = (labels[chosen] == label).astype(np.float64)
    return Question(f"class {name} against {other}", chosen, values, "groups", (other, name))


def group_question(members: npt.ArrayLike, n_codes: int, name: str = "group") -> Question:
    """From all other codes to those whose indices are given.

    Raises
    ------
    DataError
        When an index is none of `n_codes` codes.
    """
    indices = np.unique(np.asarray(members))
    if indices.size and (indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= n_codes):
        raise DataError(f"A group's members are indices from 0 to {n_codes - 1}.")
    values = np.zeros(n_codes)
    values[indices.astype(np.int64)] = 1.0
    title = f"{name}: {indices.size:,} images against {OTHERS}"
    return Question(title, np.arange(n_codes), values, "groups", (OTHERS, _short(name)))


def column_question(table: Table, column: str, n_codes: int) -> Question:
    """From low to high values of a table's column; two different values, numbers or words, are two groups.

    Rows whose cell is empty are left out.

    Raises
    ------
    DataError
        When there is no such column, its cells are neither numbers nor two words, or an index is none of the codes'.
    """
    cells = table.column(column)
    given = np.array([bool(cell) for cell in cells])
    indices = table.indices[given]
    texts = [cell for cell in cells if cell]
    if indices.size and indices.max() >= n_codes:
        raise DataError(
            f"The table has the index {indices.max()}, but there are {n_codes:,} test images: 0 to {n_codes - 1}."
        )
    shown = printable(column)[:40]
    numbers = [_number(text) for text in texts]
    kinds = sorted(set(texts)) if None in numbers else sorted({n for n in numbers if n is not None})
    if len(kinds) == 2:
        keys = texts if None in numbers else numbers
        values = np.array([float(key == kinds[1]) for key in keys])
        low, high = (_short(f"{shown[:25]} {_written(kind)}") for kind in kinds)
        return Question(f"column {shown}: {len(values):,} images, {high} against {low}", indices, values, "groups",
                        (low, high))  # fmt: skip
    if None in numbers:
        odd = printable(next(text for text, number in zip(texts, numbers, strict=True) if number is None))[:40]
        raise DataError(
            f"The column {shown} has {len(kinds)} different values, of which {odd!r} is no number: a direction needs "
            "numbers, or two different words."
        )
    if len(kinds) < 2:
        raise DataError(f"The column {shown} has {len(kinds)} different values: there is nothing to tell apart.")
    ends = (_short(f"low {shown}"), _short(f"high {shown}"))
    return Question(f"column {shown}: a number for {len(numbers):,} images", indices, np.array(numbers, np.float64),
                    "values", ends)  # fmt: skip


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < 1e100 else None  # NaN too; sums of squares of much larger ones are infinite


def _written(value: str | float) -> str:
    return printable(value) if isinstance(value, str) else f"{value:g}"


def _short(text: str) -> str:
    return (printable(text).strip() or "?")[:60]
