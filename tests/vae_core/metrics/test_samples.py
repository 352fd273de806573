"""Figures of samples, on points whose distributions are known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import scipy.linalg

from vae_core.errors import ShapeError
from vae_core.metrics import samples
from vae_core.metrics.samples import density_coverage, frechet_distance, nearest_training_distance, precision_recall

Doubles = npt.NDArray[np.float64]


@pytest.fixture
def generator() -> np.random.Generator:
    """The same numbers for each test."""
    return np.random.default_rng(0)


def test_one_distribution(generator: np.random.Generator) -> None:
    """Precision and recall near 1, density 1, coverage as the closed form has it."""
    n, f = 2000, 8
    real, drawn = generator.normal(size=(2, n, f))
    sides = precision_recall(real[:, :2], drawn[:, :2], generator=generator)
    assert 0.95 < sides.precision.value <= 1
    assert 0.95 < sides.recall.value <= 1
    found = density_coverage(real, drawn, generator=generator)
    assert 1.0 == pytest.approx(found.density.value, abs=0.06)
    expected = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, 6))
    assert expected == pytest.approx(found.coverage.value, abs=0.02)


def test_frechet_has_its_known_bias(generator: np.random.Generator) -> None:
    """Of pairs of sets of one Gaussian the average is 2F/N + F(F + 1)/2N, as the docstring says."""
    n, f = 1000, 6
    pairs = generator.normal(size=(60, 2, n, f))
    found = [frechet_distance(*pair, generator=generator).value for pair in pairs]
    assert 2 * f / n + f * (f + 1) / (2 * n) == pytest.approx(float(np.mean(found)), rel=0.1)


def test_distributions_far_apart(generator: np.random.Generator) -> None:
    """Nothing of the one lies in the other; the Fréchet distance is that of the means."""
    real = generator.normal(size=(600, 4))
    drawn = generator.normal(size=(700, 4)) + 100
    sides, found = (ask(real, drawn, generator=generator) for ask in (precision_recall, density_coverage))
    assert (0, 0) == (sides.precision.value, sides.recall.value)
    assert (0, 0) == (found.density.value, found.coverage.value)
    assert 4 * 100**2 == pytest.approx(frechet_distance(real, drawn, generator=generator).value, rel=0.01)


def test_a_dropped_mode_costs_its_share_of_recall(generator: np.random.Generator) -> None:
    """Four modes of equal size, one never drawn: recall and coverage lose a quarter, precision nothing."""
    n = 2000
    modes, three = generator.integers(0, 4, n), generator.integers(0, 3, n)
    real, drawn = (20 * np.eye(4)[which] + generator.normal(size=(n, 4)) for which in (modes, three))
    share = float((modes == 3).mean())
    whole = precision_recall(real, 20 * np.eye(4)[modes] + generator.normal(size=(n, 4)), generator=generator)
    sides = precision_recall(real, drawn, generator=generator)
    assert whole.recall.value - share == pytest.approx(sides.recall.value, abs=0.02)
    assert whole.precision.value == pytest.approx(sides.precision.value, abs=0.02)


def test_a_narrow_model_is_precise_but_recalls_little(generator: np.random.Generator) -> None:
    """Draws from the middle of the data: all within it, but most of it beyond them."""
    real, drawn = generator.normal(size=(1000, 3)), 0.3 * generator.normal(size=(1000, 3))
    sides = precision_recall(real, drawn, generator=generator)
    assert sides.precision.value > 0.9
    assert sides.recall.value < 0.4


def slow(real: Doubles, drawn: Doubles, k: int) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage, pair by pair."""

    def radius(points: Doubles, i: int) -> float:
        return sorted(math.dist(points[i], other) for j, other in enumerate(points) if j != i)[k - 1]

    inside = [[math.dist(x, y) <= radius(real, i) for y in drawn] for i, x in enumerate(real)]
    around = [[math.dist(x, y) <= radius(drawn, j) for j, y in enumerate(drawn)] for x in real]
    holds = [sum(row[j] for row in inside) for j in range(len(drawn))]
    return (
        sum(count > 0 for count in holds) / len(drawn),
        sum(any(row) for row in around) / len(real),
        sum(holds) / (k * len(drawn)),
        sum(any(row) for row in inside) / len(real),
    )


@pytest.mark.parametrize(("n", "m", "k"), [(30, 35, 3), (40, 30, 5)])
def test_a_double_loop_says_the_same(
    n: int, m: int, k: int, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sets of unlike size, met in blocks that do not divide them."""
    monkeypatch.setattr(samples, "ROWS_AT_ONCE", 8)
    real, drawn = generator.normal(size=(n, 3)), 0.7 * generator.normal(size=(m, 3)) + 0.4
    sides = precision_recall(real, drawn, k=k, generator=generator)
    found = density_coverage(real, drawn, k=k, generator=generator)
    values = [sides.precision.value, sides.recall.value, found.density.value, found.coverage.value]
    assert slow(real, drawn, k) == pytest.approx(values)


def test_frechet_is_the_closed_form(generator: np.random.Generator) -> None:
    """scipy's matrix root of S S', for correlated features, a constant one among them."""
    mix, other = generator.normal(size=(2, 6, 6))
    real = generator.normal(size=(400, 6)) @ mix
    drawn = generator.normal(size=(300, 6)) @ other + 0.5
    real[:, 2] = drawn[:, 2] = 1.0
    keep = [0, 1, 3, 4, 5]
    a, b = real[:, keep], drawn[:, keep]  # scipy's root wants full rank; the constant feature adds nothing
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert expected == pytest.approx(frechet_distance(real, drawn, generator=generator).value)
    assert 0.0 == pytest.approx(frechet_distance(real, real, generator=generator).value, abs=1e-9)


def test_frechet_of_known_gaussians(generator: np.random.Generator) -> None:
    """Two Gaussians along one axis: (m - m')² + (s - s')²."""
    real, drawn = generator.normal(1, 2, (40_000, 1)), generator.normal(4, 3.5, (40_000, 1))
    found = frechet_distance(real, drawn, generator=generator)
    assert found.standard_error is not None
    assert 3**2 + 1.5**2 == pytest.approx(found.value, abs=4 * found.standard_error)


def test_nearest_training_image_is_found(generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop over all training images, met in blocks; a copy is at distance 0, also as fractions."""
    monkeypatch.setattr(samples, "TRAINING_AT_ONCE", 7)
    training = generator.integers(0, 256, (50, 1, 8, 8), dtype=np.uint8)
    images = generator.random((20, 1, 8, 8))
    each = [min(math.sqrt(((image - other / 255) ** 2).mean()) for other in training) for image in images]
    found = nearest_training_distance(images, training)
    assert np.mean(each) == pytest.approx(found.value, rel=1e-5)
    assert np.std(each, ddof=1) / math.sqrt(20) == pytest.approx(found.standard_error, rel=1e-4)
    for copies in (training[:5], training[:5] / 255):
        assert 0.0 == pytest.approx(nearest_training_distance(copies, training).value, abs=1e-6)


def test_what_cannot_be_compared_is_refused(generator: np.random.Generator) -> None:
    """Too few points, other features, other images."""
    few, many = generator.normal(size=(19, 3)), generator.normal(size=(50, 3))
    with pytest.raises(ShapeError, match="at least 20 real and 20 drawn images, but there are 19 and 50"):
        precision_recall(few, many, generator=generator)
    with pytest.raises(ShapeError, match="at least 30"):
        density_coverage(many, few, generator=generator)
    with pytest.raises(ShapeError, match=r"\(n, 3\)"):
        frechet_distance(many, many[:, :2], generator=generator)
    with pytest.raises(ShapeError, match="one shape"):
        nearest_training_distance(np.zeros((2, 1, 8, 8)), np.zeros((2, 1, 9, 9), np.uint8))
