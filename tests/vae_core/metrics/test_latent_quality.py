"""Figures of codes, on codes whose worth is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vae_core.card import Measure
from vae_core.errors import ShapeError
from vae_core.metrics.latent_quality import active_units, knn_accuracy, trustworthiness


@pytest.fixture
def generator() -> np.random.Generator:
    """The same numbers for each test."""
    return np.random.default_rng(0)


def test_knn_accuracy_is_a_vote_of_the_nearest(generator: np.random.Generator) -> None:
    """A sorted table of distances and a count of classes say the same, image by image."""
    codes, asked = generator.normal(size=(300, 3)), generator.normal(size=(80, 3))
    labels, truth = generator.integers(0, 4, 300), generator.integers(0, 4, 80)
    right = []
    for z, label in zip(asked, truth, strict=True):
        nearest = np.argsort(((codes - z) ** 2).sum(1))[:7]
        right.append(np.bincount(labels[nearest], minlength=4).argmax() == label)
    expected = float(np.mean(right))
    found = knn_accuracy(codes, labels, asked, truth, k=7)
    assert (expected, pytest.approx(np.std(right, ddof=1) / np.sqrt(80))) == (found.value, found.standard_error)


def test_knn_accuracy_of_classes_apart_and_of_noise(generator: np.random.Generator) -> None:
    """1 where classes lie apart; within its error of 1 / K where codes say nothing."""
    labels = generator.integers(0, 5, 4000)
    apart = labels[:, None] * 10 + generator.normal(size=(4000, 2))
    noise = generator.normal(size=(4000, 2))
    for codes, expected in ((apart, 1.0), (noise, 0.2)):
        found = knn_accuracy(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
        assert expected == pytest.approx(found.value, abs=4 * found.standard_error + 1e-9)


def slow_trustworthiness(x: npt.NDArray[np.float64], z: npt.NDArray[np.float64], k: int) -> float:
    """Venna & Kaski's eq. 1, point by point."""
    n, penalty = len(x), 0
    for i in range(n):
        by_image = [j for j in np.argsort(((x - x[i]) ** 2).sum(1), kind="stable") if j != i]
        by_code = [j for j in np.argsort(((z - z[i]) ** 2).sum(1), kind="stable") if j != i]
        penalty += sum(by_image.index(j) + 1 - k for j in by_code[:k] if by_image.index(j) >= k)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty


def test_trustworthiness_is_the_papers(generator: np.random.Generator) -> None:
    """The slow count of ranks; 1 for codes that are the pixels; about a half for codes that are noise."""
    images = generator.random((120, 1, 3, 3))
    flat = images.reshape(120, -1)
    codes = flat[:, :2] + generator.normal(0, 0.05, (120, 2))
    expected = slow_trustworthiness(flat, codes, 5)
    assert expected == pytest.approx(trustworthiness(images, codes, k=5, generator=generator).value)
    assert 1.0 == trustworthiness(images, flat, k=5, generator=generator).value
    noise = trustworthiness(images, generator.normal(size=(120, 2)), k=5, generator=generator)
    assert 0.5 == pytest.approx(noise.value, abs=0.1)


def test_trustworthiness_takes_a_subset(generator: np.random.Generator) -> None:
    """Of many images only as many as allowed are compared, and these are always the same."""
    images, codes = generator.random((900, 1, 2, 2)), generator.normal(size=(900, 2))
    rows = np.linspace(0, 899, 150).round().astype(int)
    expected = slow_trustworthiness(images[rows].reshape(150, -1), codes[rows], 10)
    assert expected == pytest.approx(trustworthiness(images, codes, most=150, generator=generator).value)


def test_active_units_vary(generator: np.random.Generator) -> None:
    """A dimension is active from a variance above 0.01 on, wherever its mean is; a count has no standard error."""
    mu = generator.normal(size=(5000, 5))
    mu = (mu - mu.mean(0)) / mu.std(0, ddof=1) * np.sqrt([1.0, 0.0101, 0.0099, 1e-6, 0.0]) + 7
    assert Measure(value=2.0, standard_error=None) == active_units(mu.astype(np.float64))


def test_too_little_is_refused(generator: np.random.Generator) -> None:
    """Each figure says how many it needs and how many there are."""
    with pytest.raises(ShapeError, match=r"at least 10 training codes.* 3 with 3 labels"):
        knn_accuracy(np.zeros((3, 2)), np.zeros(3, np.int64), np.zeros((1, 2)), np.zeros(1, np.int64))
    with pytest.raises(ShapeError, match="more than 110 images"):
        trustworthiness(np.zeros((110, 1, 2, 2)), np.zeros((110, 2)), generator=generator)
    with pytest.raises(ShapeError, match="at least two codes"):
        active_units(np.zeros((1, 2)))
