"""Effects and their intervals: closed forms, scipy's own, and coverage of the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from vae_core.errors import DataError
from vae_core.latent.directions import Interval
from vae_core.latent.directions.effect import cohen_d, pearson, spearman


def test_cohens_d_is_the_difference_in_units_of_the_mean_variance() -> None:
    """Variances 2 and 8 have the mean 5; the means differ by 10."""
    found = cohen_d(np.array([0.0, 2.0]), np.array([9.0, 13.0]))
    assert pytest.approx(10 / 5**0.5) == found.value
    assert pytest.approx(-10 / 5**0.5) == cohen_d(np.array([9.0, 13.0]), np.array([0.0, 2.0])).value


def test_correlations_are_those_of_scipy() -> None:
    """Both values, and Pearson's interval, which is Fisher's in scipy too; ties in the ranks included."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=60)
    y = np.round(x + generator.normal(size=60), 1)
    known = stats.pearsonr(x, y)
    found = pearson(x, y)
    assert pytest.approx([known.statistic, *known.confidence_interval(0.95)]) == [found.value, found.low, found.high]
    assert pytest.approx(stats.spearmanr(x, y).statistic) == spearman(x, y).value


def test_intervals_are_those_of_bonetts_own_examples() -> None:
    """The examples of his R package statpsych, ci.stdmean2 (unweighted) and ci.spear, to all digits that it prints."""
    normal = stats.norm.ppf((np.arange(30) + 0.5) / 30)
    unit = (normal - normal.mean()) / normal.std(ddof=1)
    found = cohen_d(26.7 + 6.98 * unit, 35.1 + 7.32 * unit)
    assert pytest.approx([1.174493, 0.6170771, 1.731909], abs=1e-6) == [found.value, found.low, found.high]
    y = np.array([21, 4, 9, 12, 35, 18, 10, 22, 24, 1, 6, 8, 13, 16, 19.0])
    x = np.array([67, 28, 30, 28, 52, 40, 25, 37, 44, 10, 14, 20, 28, 40, 51.0])
    known = spearman(x, y)
    assert pytest.approx([0.8699639, 0.5840951, 0.9638297], abs=1e-7) == [known.value, known.low, known.high]


def groups(generator: np.random.Generator) -> Interval:
    """Cohen's d of two groups of other sizes and variances, whose true d is 0.8."""
    return cohen_d(generator.normal(0, 1, 30), generator.normal(0.8 * (2.5**0.5), 2, 70))


def numbers(measure: Callable[..., Interval]) -> Callable[[np.random.Generator], Interval]:
    """A correlation of 40 pairs of normal numbers, whose true Pearson correlation is 0.6."""

    def draw(generator: np.random.Generator) -> Interval:
        x = generator.normal(size=40)
        return measure(x, 0.6 * x + 0.8 * generator.normal(size=40))

    return draw


@pytest.mark.parametrize(
    ("draw", "truth"),
    [(groups, 0.8), (numbers(pearson), 0.6), (numbers(spearman), 6 / np.pi * np.arcsin(0.3))],
    ids=["d", "pearson", "spearman"],
)
def test_the_intervals_hold_the_truth_95_times_in_100(
    draw: Callable[[np.random.Generator], Interval], truth: float
) -> None:
    """Of 1,000 intervals as many as a binomial of 95 % allows, within four standard errors."""
    generator = np.random.default_rng(3)
    intervals = [draw(generator) for _ in range(1000)]
    held = np.mean([one.low <= truth <= one.high for one in intervals])
    assert pytest.approx(0.95, abs=4 * (0.95 * 0.05 / 1000) ** 0.5) == held


@pytest.mark.parametrize(
    "ask",
    [
        lambda: cohen_d(np.zeros(5), np.ones(5)),
        lambda: cohen_d(np.zeros(1), np.arange(5.0)),
        lambda: pearson(np.zeros(5), np.arange(5.0)),
        lambda: spearman(np.arange(3.0), np.arange(3.0)),
    ],
)
def test_what_has_no_unit_is_refused(ask: Callable[[], Interval]) -> None:
    """Groups without width, a single value, a constant, three pairs: a sentence instead of an infinite figure."""
    with pytest.raises(DataError):
        ask()


def test_a_correlation_of_the_smallest_numbers_is_that_of_their_multiples() -> None:
    """Their squares are 0 in floating point."""
    x = np.arange(20.0)
    y = x + np.tile([0.0, 5.0], 10)
    assert pytest.approx(pearson(x, y).value) == pearson(x, y * 2.0**-1060).value
