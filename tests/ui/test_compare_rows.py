"""The table of a comparison: better only beyond the errors, and only where figures can be compared."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

import pytest

from ui.compare.choice import Compared, proposed
from ui.compare.rows import Cell, better_one, csv_bytes, figure_rows, why_not_comparable
from ui.known_figures import KnownFigures
from vae_core import LatentExplorer, list_checkpoints
from vae_core.card import Measure
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.metrics.catalogue import Figures, NotMeasured, elbo_figures

NONE = NotMeasured("There is none.")


def of(value: float, error: float | None = 0.1) -> Measure:
    """A figure."""
    return Measure(value=value, standard_error=error)


@pytest.mark.parametrize(
    ("cells", "better", "expected"),
    [
        # 0.3 and 0.4 are the legs of 0.5: a difference of 1.0 is two errors, and has to be more.
        ([of(1.0, 0.3), of(2.001, 0.4)], "higher", 1),
        ([of(1.0, 0.3), of(1.999, 0.4)], "higher", None),
        ([of(1.0, 0.3), of(2.001, 0.4)], "lower", 0),
        ([of(1.0, 0.3), of(1.999, 0.4)], "lower", None),
        ([of(1.0), of(9.0)], "neither", None),
        ([of(1.0), of(1.0)], "higher", None),
        ([of(1.0, 0.0), of(1.0, 0.0)], "higher", None),
        ([of(1.0, 0.0), of(1.1, 0.0)], "higher", 1),
        ([of(1.0), of(9.0, None)], "higher", None),
        ([of(9.0), of(1.0, None)], "higher", None),
        ([of(1.0), None, NONE], "higher", None),
        ([of(1.0), None, of(2.0), NONE], "higher", 2),
        ([of(3.0), of(1.0), of(2.9)], "higher", None),
        ([of(3.0), of(1.0), of(2.0)], "higher", 0),
        ([], "higher", None),
    ],
)
def test_better_only_beyond_the_errors(cells: list[Cell], better: str, expected: int | None) -> None:
    """The best has to lie beyond every other one by more than two standard errors of the difference."""
    assert expected == better_one(cells, better)


@pytest.fixture(scope="module")
def shipped() -> Compared:
    """The shipped digits model."""
    explorer = LatentExplorer.load(SHIPPED_DIR / "digits-2d", "cpu")
    return Compared(
        explorer, KnownFigures(elbo_figures(explorer.card.test, explorer.card.model.family), None), "#000000"
    )


def with_card(one: Compared, figures: Figures | None = None, **parts: dict[str, Any]) -> Compared:
    """The same model with other fields in parts of its card, and other figures."""
    card = replace(one.card, **{part: replace(getattr(one.card, part), **fields) for part, fields in parts.items()})
    return Compared(replace(one.explorer, card=card), KnownFigures(figures or one.known.figures, None), one.colour)


def test_what_cannot_be_compared_is_not_marked(shipped: Compared) -> None:
    """A far better ELBO counts on the same data with the same likelihood, and on no others; the reason is said."""
    better: Figures = {**shipped.known.figures, "elbo": of(0.0), "ssim": of(0.9)}
    worse = Compared(shipped.explorer, KnownFigures({**shipped.known.figures, "ssim": of(0.1)}, None), "#000000")
    (elbo, *_), (ssim,) = (
        figure_rows([worse, with_card(worse, better)], group) for group in ("elbo", "reconstruction")
    )
    assert (1, 1) == (elbo.best, ssim.best)
    gaussian = [worse, with_card(worse, better, model={"likelihood": "gaussian"})]
    assert "likelihoods differ" in (why_not_comparable(gaussian, "elbo") or "")
    assert None is figure_rows(gaussian, "elbo")[0].best
    assert 1 == figure_rows(gaussian, "reconstruction")[0].best
    other_data = [worse, with_card(worse, better, data={"checksum": "0" * 64})]
    for group in ("elbo", "reconstruction"):
        assert "different images" in (why_not_comparable(other_data, group) or "")
        assert {None} == {row.best for row in figure_rows(other_data, group)}


def test_the_csv_has_every_number(shipped: Compared) -> None:
    """Value and error in columns of their own, as exact as the card; a title that is a formula is none."""
    formula = with_card(shipped, {**shipped.known.figures, "ssim": NONE}, data={"title": "=1+1"})
    rows = {row[0]: row[1:] for row in csv.reader(csv_bytes([shipped, formula]).decode("utf-8-sig").splitlines())}
    assert ["unit", "digits-2d", "digits-2d standard error", "digits-2d", "digits-2d standard error"] == rows[""]
    elbo = shipped.card.test.elbo
    assert elbo is not None
    assert ["nats per image", *[str(elbo.value), str(elbo.standard_error)] * 2] == rows["Likelihood: ELBO"]
    assert not rows["Data"][3].startswith("=")


def test_the_model_most_alike_is_proposed() -> None:
    """Beside the current model one of its data, of as many dimensions if there is such; a lone one stays alone."""
    entries = [entry for entry in list_checkpoints() if entry.shipped]
    assert ["mnist-16d", "mnist-2d"] == [
        name if name.startswith("mnist") else ""
        for name in proposed([e for e in entries if "16" in e.name or e.name == "mnist-2d"], "mnist-16d")
    ]
    assert (
        "fashion-2d"
        == proposed([e for e in entries if e.name in ("digits-2d", "fashion-2d", "mnist-16d")], "digits-2d")[1]
    )
    assert ["digits-2d"] == proposed([e for e in entries if e.name == "digits-2d"], None)
    assert [] == proposed([], "mnist-2d")
