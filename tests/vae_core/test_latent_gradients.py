"""Two estimators of a gradient, held by closed forms, and by each other on a shipped model."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.errors import ShapeError
from vae_core.latent.gradients import gradient_draws, likelihood_gradients

MU, SIGMA, K = 0.7, 0.6, 200_000


def test_a_parabola_has_known_means_and_variances() -> None:
    """For f(z) = z² in one dimension: means 2 mu, variances 4 sigma² and mu⁴/sigma² + 14 mu² + 15 sigma²."""
    found = gradient_draws(
        lambda z: z.square().sum(1),
        torch.tensor([[MU]], dtype=torch.float64),
        torch.tensor([[2 * math.log(SIGMA)]], dtype=torch.float64),
        K,
        generator=torch.Generator().manual_seed(0),
    )
    for draws in (found.reparameterized, found.score, found.baseline):
        assert 2 * MU == pytest.approx(draws.mean(), abs=4 * draws.std() / math.sqrt(K))
    assert 4 * SIGMA**2 == pytest.approx(found.variance["reparameterized"], rel=0.02)
    assert MU**4 / SIGMA**2 + 14 * MU**2 + 15 * SIGMA**2 == pytest.approx(found.variance["score"], rel=0.03)
    # With the baseline E f = mu² + sigma², the expectation of (f - E f)² eps²/sigma² less (2 mu)².
    assert 8 * MU**2 + 10 * SIGMA**2 == pytest.approx(found.variance["baseline"], rel=0.03)


def test_a_constant_has_no_gradient_but_a_score() -> None:
    """For f = c the reparameterized gradient is 0, so is that with a baseline; the score's variance is c²/sigma²."""
    found = gradient_draws(
        lambda z: 3 + 0 * z.sum(1),
        torch.zeros(1, 2, dtype=torch.float64),
        torch.full((1, 2), 2 * math.log(SIGMA), dtype=torch.float64),
        20_000,
        generator=torch.Generator().manual_seed(1),
    )
    assert not found.reparameterized.any()
    assert 0 == pytest.approx(np.abs(found.baseline).max(), abs=1e-9)
    assert 2 * 9 / SIGMA**2 == pytest.approx(found.variance["score"], rel=0.05)


def test_both_agree_on_a_shipped_model() -> None:
    """On digits-2d the means agree within their errors; the variances are those that the lesson tells of."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    image = load_dataset("digits").test.images[33:34]
    mu, logvar = explorer.latents.mu[33:34], explorer.latents.logvar[33:34]  # type: ignore[index]
    found, narrow = (
        likelihood_gradients(
            explorer,
            image,
            mu=mu,
            logvar=logvar + 2 * math.log(scale),
            n_draws=1000,
            generator=np.random.default_rng(0),
        )
        for scale in (1.0, 0.25)
    )
    ratio = found.variance["score"] / found.variance["reparameterized"]
    assert 200 < ratio <= 400
    assert 10 < narrow.variance["score"] / found.variance["score"] < 17
    assert narrow.variance["reparameterized"] < found.variance["reparameterized"]
    gap = found.score.mean(0) - found.reparameterized.mean(0)
    error = np.sqrt((found.score.var(0) + found.reparameterized.var(0)) / 1000)
    assert (np.abs(gap) < 4 * error).all()


@pytest.mark.parametrize("n_draws", [1, 1025])
def test_too_few_and_too_many_draws_are_refused(n_draws: int) -> None:
    """Fewer than two draws have no baseline, more than 1,024 no room."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    with pytest.raises(ShapeError, match="draws"):
        likelihood_gradients(
            explorer,
            np.zeros((1, 1, 8, 8), np.uint8),
            mu=np.zeros((1, 2)),
            logvar=np.zeros((1, 2)),
            n_draws=n_draws,
            generator=np.random.default_rng(0),
        )
