"""Disentanglement scores: on codes whose score is known, and against computations by another route."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import entropy
from sklearn.metrics import balanced_accuracy_score, mutual_info_score

from vae_core.errors import ShapeError
from vae_core.metrics.disentanglement import Dci, dci, factor_vae_score, mig, sap
from vae_core.metrics.disentanglement.dci import completeness, disentanglement, forest_importances
from vae_core.metrics.disentanglement.sap import balanced_accuracy

Doubles = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
N = 4000


def stream() -> np.random.Generator:
    """A generator at its beginning."""
    return np.random.default_rng(7)


@pytest.fixture(scope="module")
def factors() -> Whole:
    """Two factors of five values each, every pair as often as any other, in no order."""
    grid = np.stack(np.unravel_index(np.arange(N) % 25, (5, 5)), 1)
    return np.random.default_rng(0).permutation(grid)


@pytest.fixture(scope="module")
def tables(factors: Whole) -> dict[str, Doubles]:
    """Codes of the two factors: perfect, each twice, turned by 45°, blurred, and noise."""
    generator = np.random.default_rng(1)
    perfect = (factors - factors.mean(0)) / factors.std(0)
    turned = perfect @ np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    return {
        "perfect": perfect,
        "duplicated": np.concatenate([perfect, perfect], 1),
        "turned": turned,
        "blurred": np.concatenate([perfect + generator.normal(0, 0.4, (N, 2)), generator.normal(size=(N, 2))], 1),
        "noise": generator.normal(size=(N, 4)),
    }


@pytest.mark.parametrize(
    ("codes", "gap", "sap_", "vote", "apart", "complete", "told"),
    [
        ("perfect", 1.0, 0.8, 1.0, 1.0, 1.0, 1.0),
        ("duplicated", 0.0, 0.0, 1.0, 1.0, 0.5, 1.0),
        ("turned", 0.0, 0.0, 0.5, 0.0, 0.0, 0.9),
        ("noise", 0.0, 0.0, 0.5, 0.0, 0.0, 0.2),
    ],
)
def test_known_codes_have_known_scores(
    tables: dict[str, Doubles],
    factors: Whole,
    codes: str,
    gap: float,
    sap_: float,
    vote: float,
    apart: float,
    complete: float,
    told: float,
) -> None:
    """What each score has to say of perfect, duplicated, turned and meaningless codes.

    SAP's best is 1 - 1/5: the second dimension still guesses one value of five. Turned by 45°, both dimensions know as
    much of each factor, and both trees and votes are at a loss; the forests' leaves do not quite fill its diamonds.
    """
    z = tables[codes]
    assert gap == pytest.approx(mig(z, factors, generator=stream()).value, abs=0.01)
    assert sap_ == pytest.approx(sap(z, factors, generator=stream()).value, abs=0.03)
    assert vote == pytest.approx(factor_vae_score(z, factors, generator=stream()).value, abs=0.08)
    found = dci(z, factors, generator=stream())
    assert apart == pytest.approx(found.disentanglement.value, abs=0.02)
    assert complete == pytest.approx(found.completeness.value, abs=0.03)
    assert told == pytest.approx(found.informativeness.value, abs=0.1)


@pytest.mark.parametrize("codes", ["perfect", "duplicated", "turned", "blurred", "noise"])
def test_mig_agrees_with_scikit_learns_information(tables: dict[str, Doubles], factors: Whole, codes: str) -> None:
    """numpy's histogram edges, scikit-learn's mutual information, scipy's entropy."""
    gaps = []
    for factor in factors.T:
        known = []
        for column in tables[codes].T:
            edges = np.histogram_bin_edges(column, 20)
            known.append(mutual_info_score(np.digitize(column, edges[1:-1]), factor))
        second, first = sorted(known)[-2:]
        gaps.append((first - second) / entropy(np.bincount(factor)))
    assert np.mean(gaps) == pytest.approx(mig(tables[codes], factors, generator=stream()).value, abs=0.01)


def slow_accuracy(code: Doubles, factor: Whole) -> float:
    """The best of all pairs of thresholds, each stretch predicting whichever of three values is best for it."""
    cuts = [-np.inf, *(np.unique(code)[:-1] + np.diff(np.unique(code)) / 2), np.inf]
    counts = np.bincount(factor, minlength=3)
    best = 0.0
    for i, low in enumerate(cuts):
        for high in cuts[i:]:
            stretch = np.digitize(code, [low, high]) if low < high else (code > low).astype(int)
            gained = [np.bincount(factor[stretch == s], minlength=3) / counts / 3 for s in np.unique(stretch)]
            best = max(best, sum(part.max() for part in gained))
    return float(best)


def test_thresholds_are_the_best_there_are() -> None:
    """Every pair of thresholds is tried; codes with ties, values of unlike frequency, an order that is none."""
    generator = np.random.default_rng(3)
    factor = generator.choice(3, 60, p=[0.5, 0.3, 0.2])
    for code in (
        generator.normal(size=60),
        np.array([1.0, 0.0, 2.0])[factor] + generator.normal(0, 0.6, 60),
        generator.integers(0, 4, 60).astype(np.float64),
        np.zeros(60),
    ):
        assert slow_accuracy(code, factor) == pytest.approx(balanced_accuracy(code, factor))


@pytest.mark.parametrize("codes", ["perfect", "duplicated", "turned", "blurred", "noise"])
def test_sap_agrees_with_a_loop_over_thresholds(tables: dict[str, Doubles], factors: Whole, codes: str) -> None:
    """Factors of two values, one threshold: each is tried, both ways round, with scikit-learn's balanced accuracy."""
    z, table = tables[codes][:200], (factors[:200] > 1).astype(np.int64)
    gaps = []
    for factor in table.T:
        scores = []
        for column in z.T:
            shares = [balanced_accuracy_score(factor, column > cut) for cut in np.unique(column)]
            scores.append(max(max(share, 1 - share) for share in shares))
        second, first = sorted(scores)[-2:]
        gaps.append(first - second)
    assert np.mean(gaps) == pytest.approx(sap(z, table, generator=stream()).value, abs=0.01)


def test_sap_of_a_dimension_that_sleeps(factors: Whole) -> None:
    """A variance of at most 0.01 predicts nothing, however much it knows; the whole accuracy is the gap."""
    awake = factors - factors.mean(0)
    assert 0.0 == pytest.approx(sap(np.stack([awake[:, 0], awake[:, 0]], 1), factors[:, :1], generator=stream()).value)
    sleeping = np.stack([awake[:, 0], 0.05 * awake[:, 0]], 1)
    assert 1.0 == pytest.approx(sap(sleeping, factors[:, :1], generator=stream()).value)


def test_dci_agrees_with_scipys_entropies() -> None:
    """For any importances, scipy's entropies to the right base, weighted as the paper has it."""
    for importances in np.random.default_rng(4).dirichlet(np.full(6, 0.3), (20, 4)).swapaxes(1, 2):  # (D, F)
        by_dimension = 1 - entropy(importances, base=4, axis=1)
        expected = np.average(by_dimension, weights=importances.sum(1))
        assert expected == pytest.approx(disentanglement(importances))
        assert (1 - entropy(importances, base=6, axis=0)).mean() == pytest.approx(completeness(importances))


def test_dci_is_the_scores_of_its_forests(tables: dict[str, Doubles], factors: Whole) -> None:
    """The same stream gives the same forests, and scipy's entropies of their importances the same scores."""
    z = 0.6 * tables["blurred"] + 0.4 * tables["noise"]
    z[:, 1] += 0.4 * z[:, 0]
    numbered = np.stack([np.unique(column, return_inverse=True)[1] for column in factors.T], 1)
    importances, informativeness = forest_importances(z, numbered, 20, stream())
    found = dci(z, factors, generator=stream())
    expected = np.average(1 - entropy(importances, base=2, axis=1), weights=importances.sum(1))
    assert expected == pytest.approx(found.disentanglement.value, abs=1e-9)
    assert informativeness == found.informativeness.value
    assert 0.2 < found.disentanglement.value < 0.95


def test_dci_sees_through_blur() -> None:
    """Twenty values in a dimension each, neighbours easily mistaken, beside noise: still mostly disentangled."""
    generator = np.random.default_rng(6)
    table = generator.integers(0, 20, (N, 2))
    z = np.concatenate([table + generator.normal(0, 1.0, (N, 2)), generator.normal(size=(N, 2))], 1)
    found = dci(z, table, generator=stream())
    assert found.disentanglement.value > 0.7
    assert found.completeness.value > 0.7


def test_importances_of_nothing() -> None:
    """A dimension that nobody uses has no weight; when no factor uses any, both scores are 0."""
    assert 1.0 == pytest.approx(disentanglement(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])))
    assert (0.0, 0.0) == (disentanglement(np.zeros((3, 2))), pytest.approx(completeness(np.zeros((3, 2)))))


def test_factor_vae_score_agrees_with_a_slow_one(tables: dict[str, Doubles], factors: Whole) -> None:
    """The same definition with masks, Python's loops and other draws, on codes between perfect and noise."""
    generator = np.random.default_rng(5)
    z = tables["blurred"] + 2.0 * generator.normal(size=(N, 4)) * np.array([1.0, 0.2, 0.0, 0.0])
    scaled = (z - z.mean(0)) / z.std(0)
    pools = {(k, v): np.flatnonzero(factors[:, k] == v) for k in range(2) for v in range(5)}
    votes: list[tuple[int, int]] = []
    for _ in range(20_000):
        k = int(generator.integers(2))
        group = scaled[generator.choice(pools[k, int(factors[generator.integers(N), k])], 8)]
        votes.append((int(np.argmin(np.var(group, axis=0))), k))
    taught, asked = votes[:10_000], votes[10_000:]
    meaning = {i: int(np.mean([k for d, k in taught if d == i] or [0]) > 0.5) for i in range(4)}
    expected = np.mean([meaning[i] == k for i, k in asked])
    found = factor_vae_score(z, factors, n_votes=10_000, group_size=8, generator=stream())
    assert 0.55 < expected < 0.9
    assert expected == pytest.approx(found.value, abs=0.01)


def test_factor_vae_needs_a_dimension_that_varies(factors: Whole) -> None:
    """Sleeping dimensions do not vote; when all sleep, it says so."""
    with pytest.raises(ShapeError, match="none that could vote"):
        factor_vae_score(0.01 * factors, factors, generator=stream())
    codes = np.concatenate([0.05 * (factors - 2), factors - 2.0], 1)  # in step, were they to vote
    assert 1.0 == factor_vae_score(codes, factors, generator=stream()).value


def test_names_of_values_do_not_matter(tables: dict[str, Doubles], factors: Whole) -> None:
    """Other whole numbers for the same values, with gaps and below 0, give the same scores."""
    renamed = np.array([-7, 100, 3, 4, 55])[factors]
    for score in (mig, sap, factor_vae_score):
        one, other = (score(tables["blurred"], table, generator=stream()).value for table in (factors, renamed))
        assert one == pytest.approx(other, abs=0.02)  # the votes' draws follow the values' order


@pytest.mark.parametrize("score", [mig, sap, dci, factor_vae_score])
@pytest.mark.parametrize(
    ("codes", "table", "message"),
    [
        (np.zeros((50, 1)), np.zeros((50, 2), np.int64), "at least two latent dimensions"),
        (np.zeros((50, 2)), np.zeros((49, 2), np.int64), "a row for each code"),
        (np.zeros((50, 2)), np.zeros((50, 2)), "whole numbers"),
        (np.zeros((50, 2)), np.zeros((50, 2), np.int64), "Factor 0 has the same value in all 50"),
    ],
)
def test_what_cannot_be_scored_is_refused(
    score: Callable[..., object], codes: Doubles, table: Whole, message: str
) -> None:
    """One dimension, tables that do not fit, fractions, a factor that does not vary."""
    with pytest.raises(ShapeError, match=message):
        score(codes, table, generator=stream())


def test_errors_shrink_with_the_images(tables: dict[str, Doubles], factors: Whole) -> None:
    """The standard error is of the order of the spread between independent tables."""

    def drawn(seed: int) -> float:
        generator = np.random.default_rng(seed)
        table = generator.integers(0, 5, (N, 2))
        z = table + generator.normal(0, 0.6, (N, 2))
        return mig(z, table, generator=stream()).value

    z = factors + np.random.default_rng(9).normal(0, 0.6, (N, 2))
    spread = float(np.std([drawn(seed) for seed in range(30)], ddof=1))
    found = mig(z, factors, generator=stream()).standard_error
    assert found is not None
    assert spread / 3 < found < spread * 3


def test_dci_is_three_measures(tables: dict[str, Doubles], factors: Whole) -> None:
    """The same stream, the same three figures, each with a standard error."""
    found = dci(tables["perfect"][:500], factors[:500], generator=stream())
    assert isinstance(found, Dci)
    assert found == dci(tables["perfect"][:500], factors[:500], generator=stream())
    assert found.completeness.standard_error is not None
