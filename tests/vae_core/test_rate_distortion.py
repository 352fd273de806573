"""Rate against distortion, water-filling, and what single dimensions do: identities and closed forms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.errors import ShapeError
from vae_core.latent.dimensions import dimensions, picture_change
from vae_core.latent.rate_distortion import RateDistortion, rate_parts, width_curve
from vae_core.latent.water import principal_variances, water_filling
from vae_core.metrics.elbo import posterior_kl


def load(name: str) -> LatentExplorer:
    """A shipped model, on the CPU."""
    return LatentExplorer.load(SHIPPED_DIR / name, device="cpu")


def test_the_encoders_own_width_is_the_best_at_its_beta(digits: Any) -> None:
    """Of digits-2d, trained at beta = 1: the loss is the least at s = 1, at 8 above, at 0.1 below."""
    scales = np.geomspace(0.25, 4.0, 9)
    curve = width_curve(load("digits-2d"), digits.test.images[:120], scales, generator=np.random.default_rng(0))
    assert 1.0 == scales[curve.best(1.0)]
    assert scales[curve.best(0.1)] < 1.0 < scales[curve.best(8.0)]


def test_the_rate_of_a_width_is_its_closed_form(digits: Any) -> None:
    """Scaling sigma by s adds D (s² - 1) sigma² / 2 - D log s to the KL; at s = 1 it is the card's."""
    explorer, images = load("digits-2d"), digits.test.images
    curve = width_curve(explorer, images, [1.0, 2.0], generator=np.random.default_rng(0))
    assert explorer.card.test.kl is not None
    assert explorer.card.test.kl.value == pytest.approx(curve.rate[0], abs=1e-4)
    wider = 1.5 * np.exp(explorer.latents.logvar).sum(1).mean() - 2 * np.log(2)
    assert wider == pytest.approx(curve.rate[1] - curve.rate[0], abs=1e-4)


def test_two_points_cost_the_same_at_their_even_beta() -> None:
    """D + beta R of both is equal there, and the dearer rate wins below it."""
    points = RateDistortion(np.array([10.0, 3.0]), np.array([100.0, 135.0]))
    even = points.even_beta(0, 1)
    assert 5.0 == even
    assert points.loss(even)[0] == points.loss(even)[1]
    assert [0, 1] == [points.best(4.9), points.best(5.1)]


def test_rate_is_information_and_mismatch() -> None:
    """I + M is the KL in expectation; I is 0 where all codes are one, and log N where they lie far apart."""
    generator = np.random.default_rng(2)
    codes = SimpleNamespace(
        mu=generator.normal(size=(50, 2)).astype(np.float32), logvar=np.full((50, 2), -2.0, np.float32)
    )
    parts = rate_parts(codes, n_draws=20_000, generator=generator)
    assert posterior_kl(codes.mu, codes.logvar).mean() == pytest.approx(
        parts.information.value + parts.mismatch.value, abs=0.05
    )
    same = SimpleNamespace(mu=np.zeros((50, 2), np.float32), logvar=np.zeros((50, 2), np.float32))
    nothing = rate_parts(same, generator=generator)
    assert (0.0, 0.0) == pytest.approx((nothing.information.value, nothing.mismatch.value), abs=1e-6)
    apart = SimpleNamespace(mu=100 * np.arange(100, dtype=np.float32).reshape(50, 2), logvar=codes.logvar)
    assert np.log(50) == pytest.approx(rate_parts(apart, generator=generator).information.value, abs=1e-6)


def test_water_filling_is_the_kl_of_the_best_linear_vae() -> None:
    """Of probabilistic PCA, E q is N(0, 1 - level/variance) and q's variance level/variance: KL by DiagonalGaussian."""
    variances, level = np.array([4.0, 1.0, 0.3, 0.1]), 0.25
    found = water_filling(variances, level)
    alive = variances > level
    generator = np.random.default_rng(0)
    shares = level / variances[alive]
    mu = generator.standard_normal((200_000, 3)) * np.sqrt(1 - shares)
    expected = dimensions(mu, np.broadcast_to(np.log(shares), mu.shape)).kl
    np.testing.assert_allclose(expected, found.rate[alive], atol=0.01)
    assert (3, 0.0) == (found.n_alive, found.rate[3])
    np.testing.assert_allclose([0.25, 0.25, 0.25, 0.1], found.distortion)


def test_water_filling_has_the_slope_of_its_level() -> None:
    """dD/dR = -2 level: one nat more saves two levels of squared error, wherever it is spent."""
    variances, step = np.array([4.0, 1.0, 0.3]), 1e-6
    low, high = (water_filling(variances, 0.5 + by) for by in (-step, step))
    slope = (high.distortion.sum() - low.distortion.sum()) / (high.rate.sum() - low.rate.sum())
    assert -2 * 0.5 == pytest.approx(slope, rel=1e-4)


def test_principal_variances_are_scikit_learns(digits: Any) -> None:
    """The eigenvalues are the explained variances of PCA."""
    from sklearn.decomposition import PCA

    images = digits.train.images[:300]
    expected = PCA().fit(images.reshape(300, -1) / 255).explained_variance_
    np.testing.assert_allclose(expected, principal_variances(images)[: len(expected)], atol=1e-10)


def test_dimensions_agree_with_the_card() -> None:
    """KL by dimension is the card's; a dead dimension has the prior's width and moves no pixel."""
    explorer = load("mnist-16d")
    assert explorer.latents.logvar is not None
    found = dimensions(explorer.latents.mu, explorer.latents.logvar)
    np.testing.assert_allclose(explorer.card.test.kl_per_dimension, found.kl, atol=1e-4)
    dead = found.kl < 0.01
    np.testing.assert_allclose(1.0, found.width[dead], atol=0.02)
    change = picture_change(explorer, explorer.latents.mu[0], 2.0)
    assert 10 * change[dead].max() < change[~dead].min()
    assert found.kl.sum() + 0.1 * dead.sum() - found.kl[dead].sum() == pytest.approx(found.with_free_bits(0.1).sum())


def test_a_picture_changes_as_it_is_decoded() -> None:
    """The change along a dimension is the root mean square of the two pictures' difference."""
    explorer = load("mnist-2d")
    first, second = explorer.decode([[0.5, -1.0], [0.5, 0.5]])
    expected = np.sqrt(((second - first) ** 2).mean())
    assert expected == pytest.approx(picture_change(explorer, [0.5, -1.0], [0.1, 1.5])[1], rel=1e-5)


def test_nonsense_is_refused(digits: Any) -> None:
    """Negative variances, a level of 0, scales below 0, codes without a width, one image alone."""
    explorer, generator = load("digits-2d"), np.random.default_rng(0)
    for ask in (
        lambda: water_filling([-1.0], 1.0),
        lambda: water_filling([1.0], 0.0),
        lambda: width_curve(explorer, digits.test.images, [-1.0], generator=generator),
        lambda: rate_parts(load("mnist-2d-ae").latents, generator=generator),
        lambda: principal_variances(digits.test.images[:1]),
        lambda: dimensions([[0.0]], [[0.0]]),
    ):
        with pytest.raises(ShapeError):
            ask()
