"""Each kind of density: against closed forms, independent implementations, and itself by quadrature."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import gaussian_kde, multivariate_normal
from sklearn.datasets import make_moons

from tests.vae_core.samplers.conftest import MakeSampler
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.mixture import GaussianMixture, n_components
from vae_core.latent.samplers.sampler import Sampler, fit_sampler

WITH_DENSITY = ("prior", "gmm", "kde", "flow")


def fit(name: str, codes: Codes, seed: int = 0) -> Sampler:
    """A sampler fitted with a seed."""
    return fit_sampler(name, codes, generator=np.random.default_rng(seed))


AXIS = np.linspace(-6, 6, 281)
GRID = np.stack(np.meshgrid(AXIS, AXIS), -1).reshape(-1, 2)
"""Over all that a sampler of the moons or of N(0, I) may yield."""


@cache
def on_grid(sampler: Sampler) -> tuple[np.ndarray, np.ndarray]:
    """log p on the grid, and the probability of each of its cells."""
    log_prob = sampler.log_prob(GRID)
    return log_prob, np.exp(log_prob) * (AXIS[1] - AXIS[0]) ** 2


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_densities_integrate_to_one(name: str, on_moons: MakeSampler) -> None:
    """The sum over a fine grid is 1: no constant is missing, and no volume is lost."""
    assert 1.0 == pytest.approx(on_grid(on_moons(name))[1].sum(), abs=2e-3)


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_draws_come_from_the_density(name: str, on_moons: MakeSampler) -> None:
    """Mean, second moments and mean log p of draws are the integrals of the density, within five standard errors."""
    sampler, n = on_moons(name), 10_000
    log_prob, p = on_grid(sampler)
    draws = sampler.draw(n, generator=np.random.default_rng(1)).astype(np.float64)
    integrands = [
        np.column_stack([some, some**2, some[:, 0] * some[:, 1], log_p])
        for some, log_p in ((GRID, log_prob), (draws, sampler.log_prob(draws)))
    ]
    errors = 5 * integrands[1].std(0) / n**0.5 + 2e-3  # and the grid's own error
    np.testing.assert_array_less(np.abs(p @ integrands[0] - integrands[1].mean(0)), errors)


def test_a_known_mixture_is_recovered() -> None:
    """Of new draws from three Gaussians the fitted log p is that of the true mixture, within 0.01 nats in the mean."""
    rng = np.random.default_rng(0)
    parts = [
        multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]]),
        multivariate_normal([4, -3], 0.1 * np.eye(2)),
        multivariate_normal([-5, 2], [[0.2, 0], [0, 2]]),
    ]
    weights = np.array([0.5, 0.2, 0.3])

    def draw(n: int) -> np.ndarray:
        which = rng.choice(3, n, p=weights)
        return np.array([parts[k].rvs(random_state=rng) for k in which])

    sampler, new = fit("gmm", Codes(draw(8000).astype(np.float32))), draw(4000)
    true = np.log(sum(w * part.pdf(new) for w, part in zip(weights, parts, strict=True)))
    assert 0.0 == pytest.approx((true - sampler.log_prob(new)).mean(), abs=0.01)


def test_few_codes_are_one_gaussian() -> None:
    """Where there is one component it is the maximum likelihood Gaussian, and scipy's log density is its own."""
    codes = (np.random.default_rng(0).normal(size=(40, 3)) @ np.diag([1.0, 20.0, 0.01]) + 5).astype(np.float32)
    assert (1, 1, 3, 10) == (n_components(40, 3), n_components(2, 512), n_components(300, 3), n_components(60_000, 2))
    sampler = fit("gmm", Codes(codes))
    exact = codes.astype(np.float64)
    expected = multivariate_normal(exact.mean(0), np.cov(exact.T, bias=True)).logpdf(codes)
    np.testing.assert_allclose(expected, sampler.log_prob(codes), atol=1e-4)


def test_kernels_are_scipys(moons: Codes, on_moons: MakeSampler) -> None:
    """log p is that of scipy.stats.gaussian_kde at the same bandwidth: Scott's, halved for the moons."""
    (density,), mu = on_moons("kde").fits, moons.mu.astype(np.float64)
    factor = density.arrays()["factor"]  # type: ignore[attr-defined]
    bandwidth = (factor[0, 0] ** 2 / np.cov(mu.T)[0, 0]) ** 0.5
    scott = gaussian_kde(mu.T).factor
    assert any(scott * 0.5**k == pytest.approx(bandwidth, rel=1e-4) for k in (1, 2, 3, 4))
    z = np.random.default_rng(0).normal(size=(200, 2))
    np.testing.assert_allclose(gaussian_kde(mu.T, bandwidth).logpdf(z.T), on_moons("kde").log_prob(z), rtol=1e-4)


def test_kernels_lie_as_the_codes_do() -> None:
    """Draws have the covariance S (1 + h^2), temperature or not, also where S is far from round."""
    rng, n = np.random.default_rng(0), 200_000
    mu = (rng.normal(size=(200, 2)) @ [[1, 3], [0, 1]]).astype(np.float32)
    sampler, covariance = fit("kde", Codes(mu)), np.cov(mu.T, bias=True)
    h = sampler.fits[0].arrays()["factor"][0, 0] / mu[:, 0].std()  # type: ignore[attr-defined]
    for temperature in (1.0, 2.0):
        draws = sampler.draw(n, temperature=temperature, generator=rng)
        expected = covariance * (1 + (temperature * h) ** 2)
        np.testing.assert_allclose(expected, np.cov(draws.T), atol=0.02 * expected.max())


def test_one_gaussian_keeps_scotts_bandwidth() -> None:
    """Where Scott's rule is right it stays."""
    mu = np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32)
    factor = fit("kde", Codes(mu)).fits[0].arrays()["factor"]  # type: ignore[attr-defined]
    assert 3000 ** (-1 / 6) == pytest.approx(factor[0, 0] / mu[:, 0].std(), rel=1e-3)


def test_a_flow_learns_the_moons(on_moons: MakeSampler) -> None:
    """Its draws have the moons' moments, and moons it has not seen are far likelier than under their best Gaussian."""
    new = make_moons((2000, 4000), noise=0.08, random_state=1)[0]
    draws = on_moons("flow").draw(6000, generator=np.random.default_rng(0))
    np.testing.assert_allclose(new.mean(0), draws.mean(0), atol=0.06)
    np.testing.assert_allclose(np.cov(new.T), np.cov(draws.T), atol=0.06)
    gaussian = multivariate_normal(new.mean(0), np.cov(new.T)).logpdf(new).mean()
    assert gaussian + 0.8 < on_moons("flow").log_prob(new).mean()


def test_the_aggregate_posterior_has_its_moments() -> None:
    """Mean of mu, and covariance cov(mu) + mean(sigma^2) by the law of total variance; a temperature scales sigma."""
    rng, n = np.random.default_rng(0), 200_000
    mu = rng.normal(size=(500, 2)).astype(np.float32) @ np.float32([[1, 0.5], [0, 1]])
    logvar = rng.uniform(-2, 1, size=(500, 2)).astype(np.float32)
    sampler = fit("posterior", Codes(mu, logvar))
    for temperature in (0.0, 1.0, 2.0):
        draws = sampler.draw(n, temperature=temperature, generator=rng)
        expected = np.cov(mu.T, bias=True) + temperature**2 * np.diag(np.exp(logvar).mean(0))
        np.testing.assert_allclose(mu.mean(0), draws.mean(0), atol=5 * (expected.max() / n) ** 0.5)
        np.testing.assert_allclose(expected, np.cov(draws.T), atol=5 * expected.max() * (6 / n) ** 0.5)


def test_a_point_encoders_posterior_is_its_codes(moons: Codes) -> None:
    """Each draw is a code to the bit, and all codes come."""
    draws = fit("posterior", Codes(moons.mu)).draw(40_000, generator=np.random.default_rng(0))
    assert {row.tobytes() for row in moons.mu} == {row.tobytes() for row in draws}


@pytest.mark.parametrize("name", ["gmm", "kde", "flow"])
def test_the_noise_of_the_encoder_is_part_of_what_is_fitted(name: str) -> None:
    """All codes the same point but for q(z|x) = N(0, s^2): it is draws from there that are estimated, not mu."""
    codes = Codes(np.zeros((2000, 1), np.float32), np.full((2000, 1), 2 * np.log(3.0), np.float32))
    std = fit(name, codes).draw(4000, generator=np.random.default_rng(0)).std()
    assert 3.0 == pytest.approx(std, rel=0.1)


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_at_temperature_zero_no_noise_is_left(name: str, on_moons: MakeSampler) -> None:
    """Draws are 0, the components' means, one point, or codes."""
    sampler = on_moons(name)
    draws = sampler.draw(500, temperature=0.0, generator=np.random.default_rng(0))
    allowed = {"prior": 1, "gmm": 10, "flow": 1, "kde": 500}[name]
    assert len(np.unique(draws, axis=0)) <= allowed
    if name == "gmm":
        (density,) = sampler.fits
        assert isinstance(density, GaussianMixture)
        assert set(map(tuple, draws)) <= set(map(tuple, density.means.astype(np.float32)))
    if name == "kde":
        assert {row.tobytes() for row in draws} <= {row.tobytes() for row in sampler.fits[0].codes}  # type: ignore[attr-defined]
