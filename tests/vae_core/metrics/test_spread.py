"""Standard errors from disjoint parts: true to size, without overlap, and the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vae_core.errors import ShapeError
from vae_core.metrics.spread import chosen_rows, measures


def test_the_error_of_a_mean_is_its_standard_error() -> None:
    """For a mean, where the truth is known, the errors agree with std / sqrt(n) on the average."""
    values = np.random.default_rng(0).normal(3, 2, 1000)
    errors = []
    for seed in range(200):
        (found,) = measures(lambda rows: [values[rows].mean()], 1000, generator=np.random.default_rng(seed))
        assert values.mean() == pytest.approx(found.value)
        errors.append(found.standard_error)
    assert 2 / math.sqrt(1000) == pytest.approx(math.sqrt(np.mean(np.square(errors))), rel=0.1)


def test_parts_are_disjoint_and_whole() -> None:
    """Each table is asked once whole and then in parts that do not overlap and leave nothing out."""
    asked: list[tuple[list[int], list[int]]] = []

    def score(a: np.ndarray, b: np.ndarray) -> list[float]:
        asked.append((a.tolist(), b.tolist()))
        return [0.0]

    measures(score, 23, 40, generator=np.random.default_rng(0))
    whole, *parts = asked
    assert (list(range(23)), list(range(40))) == whole
    assert 5 == len(parts)
    for table, n in ((0, 23), (1, 40)):
        assert list(range(n)) == sorted(row for part in parts for row in part[table])


def test_too_few_rows_are_refused() -> None:
    """Four rows cannot be cut into five parts."""
    with pytest.raises(ShapeError, match="there are 4"):
        measures(lambda rows: [1.0], 4, generator=np.random.default_rng(0))


def test_chosen_rows_reach_from_end_to_end() -> None:
    """All when they are few enough, else as many as asked for, none twice, the first and the last among them."""
    assert [0, 1, 2] == chosen_rows(3, 5).tolist()
    rows = chosen_rows(10_000, 333)
    assert (333, 0, 9999) == (len(set(rows.tolist())), rows[0], rows[-1])
