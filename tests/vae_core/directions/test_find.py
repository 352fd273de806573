"""Directions found: closed forms of what they are, and that they are measured on what they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from vae_core.errors import ConfigError, DataError
from vae_core.latent.directions import Method, Question, find_direction, permutation_test
from vae_core.latent.directions.find import held_out_codes

Doubles = npt.NDArray[np.float64]

COVARIANCE = np.array([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 4.0]])
SHIFT = np.array([1.0, 0.0, 1.0])


def of_groups(values: npt.ArrayLike) -> Question:
    """Two groups among all codes."""
    given = np.asarray(values, np.float64)
    return Question("groups", np.arange(len(given)), given, "groups", ("low", "high"))


def of_numbers(values: npt.ArrayLike) -> Question:
    """A number for each code."""
    return replace(of_groups(values), title="numbers", kind="values")


@pytest.fixture(scope="module")
def codes() -> tuple[Doubles, Doubles]:
    """Codes (20000, 3) of two groups of one covariance, the second one shifted, and which belongs to it."""
    generator = np.random.default_rng(0)
    high = (np.arange(20_000) % 2).astype(np.float64)
    noise = generator.multivariate_normal(np.zeros(3), COVARIANCE, 20_000)
    return noise + high[:, None] * SHIFT, high


def unit(vector: npt.ArrayLike) -> Doubles:
    """The vector at length 1."""
    return np.asarray(vector, np.float64) / np.linalg.norm(vector)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("centroids", unit(SHIFT)), ("regression", unit(np.linalg.solve(COVARIANCE, SHIFT)))],
)
def test_of_two_gaussians_the_direction_is_known(
    codes: tuple[Doubles, Doubles], method: Method, expected: Doubles
) -> None:
    """From centroid to centroid, or by Fisher's discriminant; d is the shift along it in the groups' deviation."""
    mu, high = codes
    found = find_direction(mu, of_groups(high), name="shift", method=method)
    assert pytest.approx(1.0, abs=2e-3) == found.unit @ expected
    truth = SHIFT @ expected / np.sqrt(expected @ COVARIANCE @ expected)
    assert found.effect.d is not None
    assert pytest.approx(truth, abs=0.05) == found.effect.d.value
    assert pytest.approx(SHIFT @ expected, abs=0.05) == found.ends[1] - found.ends[0]
    assert pytest.approx(float((mu @ found.unit).std())) == found.spread


def test_of_a_linear_number_regression_finds_its_gradient(codes: tuple[Doubles, Doubles]) -> None:
    """The number is 2 z1 - z3 and noise; the correlation is as its share of the variance says."""
    mu, _ = codes
    signal = 2 * mu[:, 0] - mu[:, 2]
    values = signal + np.random.default_rng(1).normal(0, signal.std(), len(mu))
    found = find_direction(mu, of_numbers(values), name="number", method="regression")
    assert pytest.approx(1.0, abs=2e-3) == found.unit @ unit([2, 0, -1])
    assert found.effect.pearson is not None
    assert pytest.approx(0.5**0.5, abs=0.02) == found.effect.pearson.value


@pytest.mark.parametrize("method", ["centroids", "regression"])
def test_codes_that_are_measured_on_do_not_move_the_direction(method: Method) -> None:
    """Other codes in the held-out half give the same vector, and another effect."""
    generator = np.random.default_rng(2)
    mu, high = generator.normal(size=(200, 4)), (np.arange(200) % 2).astype(np.float64)
    mu[:, 0] += high
    held = held_out_codes(200)
    other = np.where(held[:, None], generator.normal(size=(200, 4)), mu)
    first, second = (find_direction(z, of_groups(high), name="x", method=method) for z in (mu, other))
    assert 100 == held.sum()
    assert np.allclose(first.vector, second.vector)
    assert first.effect.d != second.effect.d


def test_labels_that_mean_nothing_have_no_effect_in_many_dimensions() -> None:
    """Sixty codes of 30 dimensions are told apart where the direction was found, and not where it is measured."""
    generator = np.random.default_rng(4)
    mu, values = generator.normal(size=(60, 30)), (np.arange(60) % 2).astype(np.float64)
    found = find_direction(mu, of_groups(values), name="nothing", method="regression")
    seen = ~held_out_codes(60)
    at = mu @ found.unit
    assert at[seen & (values == 1)].mean() - at[seen & (values == 0)].mean() > 2 * at[seen & (values == 1)].std()
    assert found.effect.d is not None
    assert found.effect.d.low < 0 < found.effect.d.high


@pytest.mark.parametrize(
    ("kind", "method", "n_sets"),
    [("groups", "centroids", 120), ("values", "centroids", 120), ("groups", "regression", 40)],
)
def test_on_shuffled_labels_p_is_uniform(kind: str, method: Method, n_sets: int) -> None:
    """Kolmogorov and Smirnov's test does not tell the p-values of shuffled labels from uniform ones."""
    generator = np.random.default_rng(12)
    mu = generator.normal(size=(80, 3))
    mu[:, 2] = np.exp(mu[:, 2])  # no normal distribution is asked for
    real = (mu[:, 0] > np.median(mu[:, 0])).astype(np.float64) if kind == "groups" else mu[:, 0]
    make = of_groups if kind == "groups" else of_numbers
    n = 19 if method == "regression" else 59
    found = [
        permutation_test(mu, make(generator.permutation(real)), method=method, n_permutations=n, generator=generator)
        for _ in range(n_sets)
    ]
    continuous = np.array(found) - generator.uniform(0, 1 / (1 + n), n_sets)
    assert stats.kstest(continuous, "uniform").pvalue > 0.01


def test_a_real_effect_has_the_smallest_p_and_the_test_can_be_stopped() -> None:
    """p = 1 / (1 + n), after n reports of progress; what a report raises comes through."""
    mu = np.random.default_rng(5).normal(size=(100, 2))
    question, told = of_groups(mu[:, 1] > 0), list[float]()
    p = permutation_test(mu, question, n_permutations=49, generator=np.random.default_rng(0), on_progress=told.append)
    assert pytest.approx(0.02) == p
    assert (49, 1.0) == (len(told), told[-1])

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        permutation_test(mu, question, generator=np.random.default_rng(0), on_progress=stop)


def test_what_is_removed_is_gone_and_nothing_is_left_of_itself(codes: tuple[Doubles, Doubles]) -> None:
    """The rest is at right angles to all that was removed, itself not at right angles; the effect is measured anew."""
    mu, high = codes
    shift = find_direction(mu, of_groups(high), name="shift")
    others = [find_direction(mu, of_numbers(mu @ np.array(w)), name=str(w), method="regression")
              for w in ([1, 1, 0], [1, 0.5, 0])]  # fmt: skip
    rest = find_direction(mu, of_groups(high), name="rest", remove=others)
    assert np.allclose(0, [rest.unit @ other.unit for other in others], atol=1e-12)
    assert ("[1, 1, 0]", "[1, 0.5, 0]") == rest.without
    assert rest.effect.d is not None
    assert shift.effect.d is not None
    assert 0 < rest.effect.d.value < shift.effect.d.value
    with pytest.raises(DataError, match="Nothing is left"):
        find_direction(mu, of_groups(high), name="again", remove=[shift])


@pytest.mark.parametrize(
    "question",
    [
        lambda: of_groups(np.arange(100) < 4),
        lambda: of_numbers(np.zeros(100)),
        lambda: replace(of_groups(np.arange(100) % 2), indices=np.arange(100) + 1),
        lambda: replace(of_numbers(np.arange(8.0)), indices=np.arange(8)),
    ],
    ids=["few of a group", "constant", "beyond", "few"],
)
def test_too_little_is_refused_in_a_sentence(question: Callable[[], Question]) -> None:
    """Both halves need enough of both groups, numbers that differ, and codes that exist."""
    with pytest.raises(DataError, match=r"\.$"):
        find_direction(np.random.default_rng(0).normal(size=(100, 2)), question(), name="x")


@pytest.mark.parametrize("name", [" ", "", "a" * 61, "a\nb"])
def test_a_name_that_is_none_is_a_sentence(codes: tuple[Doubles, Doubles], name: str) -> None:
    """Names may come from an address."""
    mu, high = codes
    with pytest.raises(ConfigError, match="The direction: name"):
        find_direction(mu, of_groups(high), name=name)


def test_too_many_to_be_removed_is_a_sentence(codes: tuple[Doubles, Doubles]) -> None:
    """However few dimensions they take away together."""
    mu, high = codes
    one = find_direction(mu, of_groups(high), name="one")
    with pytest.raises(ConfigError, match="The direction: without"):
        find_direction(mu, of_groups(mu[:, 0] > 0.5), name="rest", remove=[one] * 17)
