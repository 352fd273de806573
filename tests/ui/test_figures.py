"""Training curves: every number of the history is drawn once, where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from ui.figures import MOST_POINTS, curves


def history(n: int, kl_weight: float = 1.0) -> list[dict[str, Any]]:
    """Lines as training writes them, with values that differ in every place."""
    return [
        {
            "epoch": epoch,
            "train": {"loss": 90.0 - epoch, "log_likelihood": -80.0 + epoch, "kl": 5.0 + epoch},
            "validation": {"elbo": -93.0, "log_likelihood": -85.0 + epoch, "kl": 4.0 + epoch},
            "kl_weight": kl_weight,
        }
        for epoch in range(1, n + 1)
    ]


def drawn(lines: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[list[float], list[float]]]:
    """What a figure shows, as {(split, x axis): (epochs, values)}."""
    return {(trace.name, trace.xaxis): (list(trace.x), list(trace.y)) for trace in curves(lines).data}


def test_each_term_has_its_panel() -> None:
    """Log-likelihood and KL stand in the second and third panel, for both splits, against the epochs."""
    shown = drawn(history(3))
    assert ([1, 2, 3], [-79.0, -78.0, -77.0]) == shown["Training", "x2"]
    assert ([1, 2, 3], [-84.0, -83.0, -82.0]) == shown["Validation", "x2"]
    assert ([1, 2, 3], [6.0, 7.0, 8.0]) == shown["Training", "x3"]
    assert ([1, 2, 3], [5.0, 6.0, 7.0]) == shown["Validation", "x3"]
    assert ([1, 2, 3], [89.0, 88.0, 87.0]) == shown["Training", "x"]


@pytest.mark.parametrize("kl_weight", [0.0, 0.5, 4.0])
def test_validation_loss_is_what_training_minimises(kl_weight: float) -> None:
    """The validation loss is kl_weight * kl - log_likelihood, with that epoch's weight."""
    _, values = drawn(history(2, kl_weight))["Validation", "x"]
    assert [kl_weight * 5.0 + 84.0, kl_weight * 6.0 + 83.0] == values


def test_there_is_one_legend() -> None:
    """Each split is named once in the legend, and switching it off there takes all its panels along."""
    traces = curves(history(2)).data
    assert ["Training", "Validation"] == [trace.name for trace in traces if trace.showlegend]
    assert all(trace.legendgroup == trace.name for trace in traces)


@pytest.mark.parametrize("n", [1, 2, MOST_POINTS, MOST_POINTS + 1, 10 * MOST_POINTS + 7])
def test_long_histories_are_thinned_to_their_ends(n: int) -> None:
    """However long a run, few points are drawn; the first epoch and the last are among them, none twice."""
    epochs, _ = drawn(history(n))["Training", "x"]
    assert (1, n) == (epochs[0], epochs[-1])
    assert sorted(set(epochs)) == epochs
    assert len(epochs) <= MOST_POINTS + 1


def test_one_epoch_is_seen() -> None:
    """A single epoch is drawn as a point, for a line through it would be invisible."""
    assert {"lines+markers"} == {trace.mode for trace in curves(history(1)).data}


def test_no_epoch_gives_empty_panels() -> None:
    """A run without a finished epoch has a figure without points."""
    assert all(not trace.x for trace in curves([]).data)
