"""The Python side of the sliders: which stand there, in which order, and how far they go."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ui.salience import DEAD_KL, Salience
from ui.sliders.wrapper import slider_rows as rows_of


def slider_rows(kl: list[float], mu: npt.NDArray[np.float32], *, codes_alone: bool = False) -> dict[str, Any]:
    """The rows of dimensions of which the KL is known."""
    known = Salience(tuple(kl), tuple(f"{value} nats" for value in kl), "", tuple(value < DEAD_KL for value in kl))
    return rows_of(known, mu, 100.0, codes_alone=codes_alone)


def owns(rows: list[dict[str, int]]) -> list[int]:
    """Give the dimensions of some rows."""
    return [row["own"] for row in rows]


def test_dimensions_stand_by_what_they_say_and_dead_ones_apart() -> None:
    """With more than two the largest KL comes first; what lies below 0.01 nats is folded away."""
    rows = slider_rows([0.5, 0.009, 2.0, 0.01], np.zeros((1, 4), np.float32))
    assert ([2, 0, 3], [1]) == (owns(rows["live"]), owns(rows["dead"]))
    assert ["z₃", "z₁", "z₄"] == [row["name"] for row in rows["live"]]


def test_two_dimensions_keep_their_natural_order() -> None:
    """z₁ stands above z₂ as on the map it lies across, whatever their KL."""
    assert [0, 1] == owns(slider_rows([0.5, 2.0], np.zeros((1, 2), np.float32))["live"])


def test_a_slider_reaches_to_the_farthest_code() -> None:
    """Whole units, 3 at least, also where a model has encoded nothing."""
    mu = np.array([[0.1, -4.2], [2.0, 1.0]], np.float32)
    assert [3, 5] == [row["reach"] for row in slider_rows([1.0, 1.0], mu)["live"]]
    assert [3, 3] == [row["reach"] for row in slider_rows([1.0, 1.0], mu[:0])["live"]]


@pytest.mark.parametrize(("n_live", "expected"), [(1, True), (3, True), (4, False)])
def test_few_sliders_have_large_pictures(n_live: int, expected: bool) -> None:
    """Up to three of them, the dead ones not counted."""
    assert expected is slider_rows([1.0] * n_live + [0.0] * 5, np.zeros((1, n_live + 5), np.float32))["generous"]


def test_the_sentence_above_the_dead_ones_counts_them() -> None:
    """One is not spoken of as many."""
    mu = np.zeros((1, 3), np.float32)
    assert slider_rows([1, 0, 1], mu)["unused"].startswith("1 unused dimension (KL below 0.01 nats): it does")
    assert slider_rows([0, 0, 1], mu)["unused"].startswith("2 unused dimensions (KL below 0.01 nats): they do")


def test_codes_that_no_prior_holds_bring_their_own_quantiles() -> None:
    """101 of them from the least code to the largest, and a slider goes as far as the codes, however near that is."""
    mu = np.stack([np.linspace(-0.2, 0.6, 51), np.linspace(0, 1, 51) ** 2 * 40], axis=1).astype(np.float32)
    first, second = slider_rows([1.0, 1.0], mu, codes_alone=True)["live"]
    assert (1, 40) == (first["reach"], second["reach"])
    assert pytest.approx(np.linspace(-0.2, 0.6, 101).tolist(), abs=1e-6) == first["quantiles"]
    assert pytest.approx(10.0, abs=1e-5) == second["quantiles"][50]
    assert slider_rows([1.0, 1.0], mu)["live"][0]["quantiles"] is None
