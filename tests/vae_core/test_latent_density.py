"""Densities over the latent space: closed forms, and held-out codes that say what is low."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import kstest, multivariate_normal

from vae_core import LatentExplorer
from vae_core.checkpoints import Latents
from vae_core.errors import ConfigError, ShapeError
from vae_core.latent import aggregate, density
from vae_core.latent.aggregate import AggregatePosterior
from vae_core.latent.density import log_aggregate_posterior, log_prior, region_of, support


@dataclass
class Encoded:
    """Codes as anybody may have them."""

    mu: Any
    logvar: Any = None


@pytest.fixture
def codes() -> Encoded:
    """Two groups of codes far from the origin, each with variances of its own."""
    generator = np.random.default_rng(3)
    mu = np.concatenate([generator.normal(40, 1, (60, 2)), generator.normal(-3, 0.2, (40, 2))]).astype(np.float32)
    return Encoded(mu, generator.uniform(-8, 0, (100, 2)).astype(np.float32))


def test_the_aggregate_posterior_is_the_mean_of_the_posteriors(codes: Encoded, monkeypatch: pytest.MonkeyPatch) -> None:
    """log 1/M sum q(z|x_m) as scipy has it, across blocks and far from every code."""
    monkeypatch.setattr(aggregate, "PAIRS_AT_ONCE", 300)
    z = np.random.default_rng(0).normal(10, 30, (11, 2))
    each = [
        multivariate_normal(m, np.diag(np.exp(v))).logpdf(z)
        for m, v in zip(codes.mu.astype(float), codes.logvar.astype(float), strict=True)
    ]
    np.testing.assert_allclose(logsumexp(each, axis=0) - np.log(100), log_aggregate_posterior(codes, z), rtol=1e-9)


@pytest.mark.parametrize("with_posteriors", [True, False])
def test_the_density_integrates_to_one(with_posteriors: bool) -> None:
    """Over a grid that holds nearly all of it, for posteriors and for the kernels of points."""
    generator = np.random.default_rng(1)
    mu = generator.normal(size=(200, 2)).astype(np.float32)
    found = AggregatePosterior.of(Encoded(mu, np.full((200, 2), -2.0, np.float32) if with_posteriors else None))
    side = np.linspace(-7, 7, 128)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    assert abs(1 - np.exp(found.log_prob(grid)).sum() * (side[1] - side[0]) ** 2) < 1e-3


def test_the_prior_is_a_standard_normal() -> None:
    """log N(z; 0, I) as scipy has it."""
    z = np.random.default_rng(0).normal(0, 3, (9, 3))
    np.testing.assert_allclose(multivariate_normal(np.zeros(3)).logpdf(z), log_prior(z))


def test_a_gaussian_can_be_left_out(codes: Encoded) -> None:
    """Without the first code the density is that of all the others."""
    found = AggregatePosterior.of(codes).log_prob(codes.mu[:1], without=np.zeros(1, np.intp))
    rest = Encoded(codes.mu[1:], codes.logvar[1:])
    np.testing.assert_allclose(log_aggregate_posterior(rest, codes.mu[:1]), found)


def test_a_code_s_share_is_uniform() -> None:
    """Fresh codes of the same kind lie at each share equally often, so 1 % of them are off the region."""
    generator = np.random.default_rng(0)
    mu = generator.normal(size=(6000, 2)).astype(np.float32)
    logvar = np.full_like(mu, -3)
    region = density._region(Latents(mu[:4000], logvar[:4000], None), None)
    fresh = mu[4000:] + np.exp(-1.5) * generator.standard_normal((2000, 2))
    found = region.support(fresh)
    assert kstest(found.share, "uniform").statistic < 0.05
    assert 0.002 < found.is_outside.mean() < 0.025
    assert np.array_equal(found.log_density < region.threshold, found.share < density.OUTSIDE)


def test_no_code_is_judged_by_itself() -> None:
    """Of codes that lie 100 standard deviations apart each would call its own place dense; without it none does."""
    x, y = np.meshgrid(np.arange(10.0), np.arange(10.0))
    mu = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
    region = density._region(Latents(mu, np.full((100, 2), 2 * np.log(0.01), np.float32), None), None)
    own = region.density.log_prob(mu)
    assert region.judged.max() < own.min() - 1000


def test_support_of_a_model(finished: Path) -> None:
    """At a code of its own a model is supported, far out it is not; asked again, the region is the same object."""
    explorer = LatentExplorer.load(finished, device="cpu")
    far = np.full((1, explorer.latent_dim), 50.0)
    found = support(explorer, np.concatenate([explorer.latents.mu[:50].mean(0, keepdims=True), far]))
    assert [False, True] == found.is_outside.tolist()
    assert 0 == found.share[1]
    assert region_of(explorer) is region_of(explorer)


def test_what_has_no_support(finished: Path) -> None:
    """A z of another shape and a class that the model does not take are one sentence each."""
    explorer = LatentExplorer.load(finished, device="cpu")
    with pytest.raises(ShapeError, match="shape"):
        support(explorer, [[0.0] * (explorer.latent_dim + 1)])
    with pytest.raises(ShapeError, match="takes no class"):
        support(explorer, [[0.0] * explorer.latent_dim], 3)


def test_a_model_without_an_encoder_has_no_support() -> None:
    """It says so, and names the model."""
    stub = SimpleNamespace(can=SimpleNamespace(encode=False), name="thin air")
    with pytest.raises(ConfigError, match="thin air has no encoder"):
        region_of(stub)  # type: ignore[arg-type]
