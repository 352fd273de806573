"""Bounds by draws and the true posterior on a grid: on a linear Gaussian model, whose log p(x) is known exactly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from tests.vae_core.metrics.test_elbo import LinearGaussian
from vae_core import LatentExplorer
from vae_core.batches import Batches
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.errors import ShapeError
from vae_core.latent.bounds import Draws, gaussian_kl, gaussian_kl_terms, kl_spread, posterior_draws, running_means
from vae_core.latent.true_posterior import true_posterior


def linear_explorer(model: LinearGaussian) -> Any:
    """What the functions ask of an explorer, for a model of 2x2 pixels that is no checkpoint."""
    return SimpleNamespace(
        name="linear", latent_dim=2, image_shape=(1, 2, 2), can=model.can, model=model, device="cpu",
        batches=Batches("linear", 0, "cpu", 512),
    )  # fmt: skip


@pytest.fixture(scope="module")
def images() -> npt.NDArray[np.uint8]:
    """Pictures of 2x2 pixels."""
    return np.random.default_rng(1).integers(0, 256, (6, 1, 2, 2), dtype=np.uint8)


@pytest.fixture(scope="module")
def digits_2d() -> LatentExplorer:
    """The shipped model of 8x8 digits."""
    return LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")


@torch.no_grad()
def test_the_grid_knows_log_p(images: npt.NDArray[np.uint8]) -> None:
    """The sum over the cells is log p(x) of the linear Gaussian model."""
    model = LinearGaussian()
    found = true_posterior(linear_explorer(model), images)
    covariance = (model.weight @ model.weight.T).numpy() + 0.4**2 * np.eye(4)
    expected = multivariate_normal(model.bias.numpy(), covariance).logpdf(images.reshape(6, 4) / 255)
    np.testing.assert_allclose(expected, found.log_evidence, atol=2e-3)


@torch.no_grad()
def test_the_gap_is_the_divergence_between_the_gaussians(images: npt.NDArray[np.uint8]) -> None:
    """KL(q || p(z|x)) on the grid is torch's of the two Gaussians, and 0 for the exact q."""
    model = LinearGaussian(shift=0.4, log_scale=0.7)
    truth, x = true_posterior(linear_explorer(model), images), torch.from_numpy(images) / 255
    q, p = model.encode(x), LinearGaussian().encode(x)
    normals = [torch.distributions.Normal(d.mu, torch.exp(0.5 * d.logvar)) for d in (q, p)]
    expected = torch.distributions.kl_divergence(*normals).sum(1)
    np.testing.assert_allclose(expected, truth.gap(q.mu.numpy(), q.logvar.numpy()), atol=2e-3)
    np.testing.assert_allclose(0.0, truth.gap(p.mu.numpy(), p.logvar.numpy()), atol=2e-3)


@torch.no_grad()
def test_a_level_holds_its_share(images: npt.NDArray[np.uint8]) -> None:
    """The cells above the level of 50 % hold 50 %, as far as a cell goes."""
    truth = true_posterior(linear_explorer(LinearGaussian()), images)
    density = np.exp(truth.log_density[2]) * (2 * truth.extent.half / truth.n) ** 2
    assert 0.5 == pytest.approx(density[truth.log_density[2] >= truth.level(2, 0.5)].sum(), abs=0.02)


def test_the_grid_is_fine_enough_for_the_digits(digits_2d: LatentExplorer, digits: Any) -> None:
    """On digits-2d the gap changes by less than a thousandth of a nat with a finer grid."""
    some, latents = digits.test.images[[2, 10, 125]], digits_2d.latents
    gaps = [true_posterior(digits_2d, some, n=n).gap(latents.mu[[2, 10, 125]], latents.logvar[[2, 10, 125]])
            for n in (64, 120)]  # fmt: skip
    np.testing.assert_allclose(*gaps, atol=1e-3)


def test_draws_agree_with_the_grid(digits_2d: LatentExplorer, digits: Any) -> None:
    """The bound with one draw is the grid's ELBO, with many it nears log p(x), and it rises in between."""
    draws = posterior_draws(digits_2d, digits.test.images[2], 4000, generator=np.random.default_rng(0))
    truth, latents = true_posterior(digits_2d, digits.test.images[2:3]), digits_2d.latents
    log_p = float(truth.log_evidence[0])
    one = draws.bound(1)
    assert log_p - truth.gap(latents.mu[2:3], latents.logvar[2:3])[0] == pytest.approx(
        one.value, abs=4 * one.standard_error
    )
    ten, many = draws.bound(10).value, draws.bound(400).value
    assert one.value + 0.2 < ten < many < log_p + 0.05
    assert gaussian_kls(latents, 2) == pytest.approx(draws.kl_terms.mean(), abs=4 * draws.kl_terms.std() / 4000**0.5)


def gaussian_kls(latents: Any, i: int) -> float:
    """KL of an image in closed form, summed over its dimensions."""
    return sum(gaussian_kl(m, s) for m, s in zip(latents.mu[i], np.exp(0.5 * latents.logvar[i]), strict=True))


def test_a_bound_is_the_mean_over_groups() -> None:
    """With all draws in one group it is log of the mean weight; more than all are refused."""
    weights = np.random.default_rng(0).normal(size=12)
    draws = Draws(np.zeros((12, 2), np.float32), weights, np.zeros(12), np.zeros(12))
    assert logsumexp(weights) - np.log(12) == pytest.approx(draws.bound(12).value)
    assert weights.mean() == pytest.approx(draws.bound(1).value)
    assert np.mean(logsumexp(weights[:10].reshape(2, 5), axis=1)) - np.log(5) == pytest.approx(draws.bound(5).value)
    with pytest.raises(ShapeError, match="12"):
        draws.bound(13)


@pytest.mark.parametrize(("mu", "sigma"), [(0.0, 1.0), (2.0, 1.0), (0.0, 0.2), (-1.5, 1.7)])
def test_draws_of_a_gaussian_have_its_kl_and_spread(mu: float, sigma: float) -> None:
    """Mean and standard deviation of log q - log p are what the closed forms say; at the prior all are 0."""
    terms = gaussian_kl_terms(mu, sigma, 200_000, generator=np.random.default_rng(0))
    spread = kl_spread([mu], [sigma])
    assert spread == pytest.approx(terms.std(), rel=0.02, abs=1e-12)
    assert gaussian_kl(mu, sigma) == pytest.approx(running_means(terms)[-1], abs=4 * spread / 200_000**0.5 + 1e-12)
    z = gaussian_kl_terms(mu, sigma, 1, generator=np.random.default_rng(5))
    noise = np.random.default_rng(5).standard_normal(1)
    place = mu + sigma * noise
    assert norm(mu, sigma).logpdf(place)[0] - norm.logpdf(place)[0] == pytest.approx(z[0])


def test_other_models_are_refused() -> None:
    """Sixteen dimensions have no grid, and a point no draws."""
    sixteen = LatentExplorer.load(SHIPPED_DIR / "mnist-16d", device="cpu")
    with pytest.raises(ShapeError, match="16"):
        true_posterior(sixteen, np.zeros((1, 1, 28, 28), np.uint8))
    points = LatentExplorer.load(SHIPPED_DIR / "mnist-2d-ae", device="cpu")
    with pytest.raises(ShapeError, match="point"):
        posterior_draws(points, np.zeros((1, 28, 28), np.uint8), 3, generator=np.random.default_rng(0))
