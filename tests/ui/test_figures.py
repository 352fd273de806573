"""Training curves: every number of the history is drawn once, where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from ui.figures import GAN_DRAW, MOST_MARKS, MOST_POINTS, compared_curves, curves


def history(n: int, kl_weight: float = 1.0, **unlike: Any) -> list[dict[str, Any]]:
    """Lines as the training of a VAE writes them, with values that differ in every place; `unlike` replaces some."""
    lines = []
    for epoch in range(1, n + 1):
        train = {"log_likelihood": -80.0 + epoch, "kl": 5.0 + epoch, "elbo": -85.0}
        train["loss"] = kl_weight * train["kl"] - train["log_likelihood"]
        validation = {"elbo": -93.0 - epoch, "log_likelihood": -85.0 + epoch, "kl": 4.0 + epoch}
        lines.append({"epoch": epoch, "train": train | unlike, "validation": validation | unlike})
    return lines


def drawn(lines: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[list[float], list[float]]]:
    """What a figure shows, as {(split, panel's title): (epochs, values)}."""
    figure = curves(lines)
    titles = {f"x{i}" if i > 1 else "x": note.text for i, note in enumerate(figure.layout.annotations, 1)}
    return {(trace.name, titles[trace.xaxis]): (list(trace.x), list(trace.y)) for trace in figure.data}


def test_each_term_has_its_panel() -> None:
    """ELBO, log-likelihood and KL stand each in its panel, for both splits, against the epochs."""
    shown = drawn(history(3))
    assert ([1, 2, 3], [-85.0, -85.0, -85.0]) == shown["Training", "ELBO"]
    assert ([1, 2, 3], [-94.0, -95.0, -96.0]) == shown["Validation", "ELBO"]
    assert ([1, 2, 3], [-79.0, -78.0, -77.0]) == shown["Training", "Log-likelihood"]
    assert ([1, 2, 3], [-84.0, -83.0, -82.0]) == shown["Validation", "Log-likelihood"]
    assert ([1, 2, 3], [6.0, 7.0, 8.0]) == shown["Training", "KL"]
    assert ([1, 2, 3], [5.0, 6.0, 7.0]) == shown["Validation", "KL"]


@pytest.mark.parametrize("kl_weight", [0.0, 0.5, 4.0])
def test_a_loss_of_its_own_is_shown_for_training_alone(kl_weight: float) -> None:
    """With another weight of the KL the loss is not -ELBO and gets a panel; with a weight of 1 it would be a copy."""
    shown = drawn(history(2, kl_weight))
    assert [kl_weight * 6.0 + 79.0, kl_weight * 7.0 + 78.0] == shown["Training", "Loss"][1]
    assert ("Validation", "Loss") not in shown
    assert ("Training", "Loss") not in drawn(history(2))


def test_a_family_shows_what_it_has() -> None:
    """An autoencoder has a log-likelihood alone, a GAN its loss beside the one where neither side wins."""
    autoencoder = [line | {"train": line["train"] | {"loss": 80.0}} for line in history(2, kl=None, elbo=None)]
    for line in autoencoder:
        line["train"]["log_likelihood"] = -80.0
    assert {"Log-likelihood"} == {panel for _, panel in drawn(autoencoder)}
    gan = history(2, kl=None, elbo=None, log_likelihood=None, loss=2.0)
    assert {("Training", "Losses of both players, summed")} == drawn(gan).keys()
    assert [GAN_DRAW] == [shape.y0 for shape in curves(gan).layout.shapes]


@pytest.mark.parametrize(("n", "worded"), [(0, []), (1, [0]), (5, [4, 3, 2, 1]), (150, [149, 148, 147, 146])])
@pytest.mark.parametrize("close", [False, True])
def test_changes_are_marked_where_they_were_made(n: int, worded: list[int], close: bool) -> None:
    """A line in each panel at each of the last changes, words at the last four: of two close ones at the later."""
    step = 0.5 if close else 2.0
    figure = curves(history(20), [(step * i, f"beta {i} → {i + 1}") for i in range(n)])
    lines = [(shape.x0, shape.x1) for shape in figure.layout.shapes]
    assert 3 * min(n, MOST_MARKS) == len(lines)
    assert {(step * i, step * i) for i in range(max(0, n - MOST_MARKS), n)} == set(lines)
    found = [note.x / step for note in figure.layout.annotations if "beta" in note.text]
    expected = list(range(n - 1, -1, -4))[:4] if close else worded
    assert sorted(expected * 3) == sorted(found)


def test_there_is_one_legend() -> None:
    """Each split is named once in the legend, and switching it off there takes all its panels along."""
    traces = curves(history(2)).data
    assert ["Training", "Validation"] == [trace.name for trace in traces if trace.showlegend]
    assert all(trace.legendgroup == trace.name for trace in traces)


@pytest.mark.parametrize("n", [1, 2, MOST_POINTS, MOST_POINTS + 1, 10 * MOST_POINTS + 7])
def test_long_histories_are_thinned_to_their_ends(n: int) -> None:
    """However long a run, few points are drawn; the first epoch and the last are among them, none twice."""
    epochs, _ = drawn(history(n))["Training", "KL"]
    assert (1, n) == (epochs[0], epochs[-1])
    assert sorted(set(epochs)) == epochs
    assert len(epochs) <= MOST_POINTS + 1


@pytest.mark.parametrize(("n", "step"), [(0, 1), (2, 1), (4, 1), (40, None)])
def test_there_are_no_half_epochs(n: int, step: int | None) -> None:
    """A short history has a tick at each epoch, a long one where plotly.js puts them."""
    assert step == curves(history(n)).layout.xaxis.dtick


def test_one_epoch_is_seen() -> None:
    """A single epoch is drawn as a point, for a line through it would be invisible."""
    assert {"lines+markers"} == {trace.mode for trace in curves(history(1)).data}


def test_no_epoch_gives_empty_panels() -> None:
    """A run without a finished epoch has a figure without points."""
    assert all(not trace.x for trace in curves([]).data)


def test_compared_models_have_a_line_where_they_have_a_figure() -> None:
    """Each model in its colour, in the panels of the terms that it has; a model without any has none."""
    points = [line | {"validation": {"elbo": None, "log_likelihood": -1.0, "kl": None}} for line in history(2)]
    nothing = [line | {"validation": dict.fromkeys(("elbo", "log_likelihood", "kl"))} for line in history(2)]
    figure = compared_curves({"vae": history(2), "ae": points, "gan": nothing}, ["#000001", "#000002", "#000003"])
    assert figure is not None
    shown = [trace for trace in figure.data if any(value is not None for value in trace.y)]
    expected = [("vae", "x", "#000001"), ("vae", "x2", "#000001"), ("vae", "x3", "#000001"), ("ae", "x2", "#000002")]
    assert expected == [(trace.name, trace.xaxis, trace.line.color) for trace in shown]
    assert ["vae", "ae"] == [trace.name for trace in figure.data if trace.showlegend]
    assert (-83.0, -1.0) == (shown[1].y[-1], shown[3].y[-1])
    assert compared_curves({"gan": nothing}, ["#000003"]) is None
