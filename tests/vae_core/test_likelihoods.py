"""One picture under several likelihoods: closed forms and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.errors import ShapeError
from vae_core.likelihoods import (
    bernoulli_area,
    best_sigma,
    continuous_mean,
    pixel_curve,
    root_mean_square,
    scores,
)
from vae_core.trace import trace_z

X = load_dataset("digits").test.images[0].astype(np.float64) / 255
EXPLORER = LatentExplorer.load("digits-2d", device="cpu")
LOGITS = trace_z(EXPLORER, [0.3, -0.4])[-2].values
X_HAT = EXPLORER.decode([[0.3, -0.4]])[0].astype(np.float64)


def test_the_scores_are_the_textbooks() -> None:
    """Cross-entropy for Bernoulli, squared error and log sigma for the Gaussian."""
    found = scores(X, LOGITS, sigma=0.25)
    p = X_HAT
    assert float((X * np.log(p) + (1 - X) * np.log(1 - p)).sum()) == pytest.approx(found.bernoulli, rel=1e-5)
    gaussian = -np.square(X - X_HAT).sum() / (2 * 0.25**2) - X.size * math.log(0.25 * math.sqrt(2 * math.pi))
    assert gaussian == pytest.approx(found.gaussian, rel=1e-5)


def test_the_continuous_bernoulli_is_the_bernoulli_normalised() -> None:
    """Its curve encloses 1 and balances at its mean; the Bernoulli's formula encloses 1 / C(lambda), at most a half."""
    for rate in (0.02, 0.3, 0.5, 0.9):
        area, _ = quad(lambda x, m=rate: pixel_curve("continuous-bernoulli", m, [x])[0], 0, 1)
        moment, _ = quad(lambda x, m=rate: x * pixel_curve("continuous-bernoulli", m, [x])[0], 0, 1)
        assert area == pytest.approx(1, abs=1e-6)
        assert moment == pytest.approx(continuous_mean(rate), abs=1e-6)
        under, _ = quad(lambda x, m=rate: pixel_curve("bernoulli", m, [x])[0], 0, 1)
        assert under == pytest.approx(bernoulli_area(rate), abs=1e-6)
        assert under <= 0.5 + 1e-9
    assert bernoulli_area(0.5) == pytest.approx(bernoulli_area(0.5 + 1e-5), abs=1e-6)


def test_the_two_bernoullis_differ_by_the_normaliser_alone() -> None:
    """The sum of log C(lambda) over the pixels, whatever x is."""
    expected = -sum(math.log(bernoulli_area(rate)) for rate in X_HAT.ravel())
    for image in (X, 1 - X):
        assert expected == pytest.approx(scores(image, LOGITS, sigma=1).log_normaliser, rel=1e-5)


def test_no_sigma_does_better_than_the_root_mean_square() -> None:
    """The score is highest there, and gives the error back when it is solved for it."""
    best = best_sigma(X, X_HAT)
    at_best = scores(X, LOGITS, sigma=best).gaussian
    assert all(scores(X, LOGITS, sigma=best * factor).gaussian < at_best for factor in (0.8, 0.97, 1.03, 1.5))
    assert best == pytest.approx(root_mean_square(scores(X, LOGITS, sigma=0.4).gaussian, 0.4, X.size), rel=1e-5)


def test_a_density_changes_with_the_unit_of_the_pixel() -> None:
    """In grey levels of 0 to 255 the log-density is lower by n log 255, as the change of variables says."""
    sigma = 0.3
    by_hand = -np.square(255 * (X - X_HAT)).sum() / (2 * (255 * sigma) ** 2)
    by_hand -= X.size * math.log(255 * sigma * math.sqrt(2 * math.pi))
    assert scores(X, LOGITS, sigma=sigma).gaussian - X.size * math.log(255) == pytest.approx(by_hand, rel=1e-6)


def test_the_shipped_models_sigma_is_its_error() -> None:
    """The sigma that mnist-2d-gaussian learned is the root mean squared error that its card's figure implies."""
    explorer = LatentExplorer.load("mnist-2d-gaussian", device="cpu")
    measured = explorer.card.test.log_likelihood
    assert measured is not None
    assert explorer.sigma is not None
    assert explorer.sigma == pytest.approx(root_mean_square(measured.value, explorer.sigma, 784), rel=0.03)


def test_other_shapes_are_refused() -> None:
    """Two shapes, and values outside of [0, 1]."""
    with pytest.raises(ShapeError):
        scores(X, LOGITS[:, :4], sigma=1)
    with pytest.raises(ShapeError):
        best_sigma(X * 2, X_HAT)
