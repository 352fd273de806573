"""p(x|z): against torch's own distributions, and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import Tensor
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import ContinuousBernoulli as TorchContinuousBernoulli
from torch.distributions import Normal

from vae_core.config import ModelConfig
from vae_core.models import Bernoulli, ContinuousBernoulli, Gaussian, Likelihood, PerPixelGaussian
from vae_core.models.likelihood import build_likelihood

SHAPE = (5, 3, 4, 2)
LIKELIHOODS = [Bernoulli(), ContinuousBernoulli(), Gaussian(0.1), Gaussian("learned"), PerPixelGaussian()]
LOGITS = torch.tensor([-90.0, -20.0, -3.0, -0.51, -0.49, -0.02, -1e-4, 0.0, 1e-6, 0.3, 0.5, 1.0, 8.0, 95.0])
"""On both sides of where the series of the continuous Bernoulli end."""


def params_and_noise() -> tuple[Tensor, Tensor]:
    """Raw decoder outputs, and pixels in [0, 1], for five images."""
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(SHAPE, generator=generator), torch.rand(SHAPE, generator=generator)


def test_bernoulli_is_torchs() -> None:
    """For pixels of 0 and 1, log p(x|z) agrees with torch.distributions."""
    params, noise = params_and_noise()
    x = (noise > 0.5).float()
    expected = TorchBernoulli(logits=params).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(expected, Bernoulli().log_prob(params, x))


def test_bernoulli_of_grey_pixels() -> None:
    """For grey pixels it is x log p + (1 - x) log(1 - p)."""
    params, x = params_and_noise()
    p = torch.sigmoid(params.double())
    expected = (x * p.log() + (1 - x) * (1 - p).log()).flatten(1).sum(1).float()
    torch.testing.assert_close(expected, Bernoulli().log_prob(params, x))


@pytest.mark.parametrize("sigma", [0.05, 1.7, "learned"])
def test_gaussian_is_torchs(sigma: Any) -> None:
    """log p(x|z) agrees with torch.distributions, all constants kept, sigma fixed or learned."""
    params, x = params_and_noise()
    likelihood = Gaussian(sigma)
    expected = Normal(torch.sigmoid(params), torch.exp(likelihood.log_sigma)).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(expected, likelihood.log_prob(params, x))


def test_learned_sigma_is_best_at_the_rmse() -> None:
    """The log-likelihood's gradient in log sigma vanishes where sigma is the root mean squared error."""
    params, x = params_and_noise()
    likelihood = Gaussian("learned")
    rmse = float((x - likelihood.mean(params)).square().mean().sqrt())
    slopes = []
    for sigma in (0.9 * rmse, rmse, 1.1 * rmse):
        likelihood.log_sigma.data.fill_(math.log(sigma))
        (slope,) = torch.autograd.grad(likelihood.log_prob(params, x).mean(), likelihood.log_sigma)
        slopes.append(float(slope))
    assert slopes[0] > 1 > -1 > slopes[2]
    assert 0 == pytest.approx(slopes[1], abs=1e-3)


def test_only_a_learned_sigma_is_a_parameter() -> None:
    """What the configuration fixes is not trained, and is stored with the weights all the same."""
    fixed = build_likelihood(ModelConfig(likelihood="gaussian", sigma=0.2))
    learned = build_likelihood(ModelConfig(likelihood="gaussian"))
    assert ([], ["log_sigma"]) == tuple([name for name, _ in module.named_parameters()] for module in (fixed, learned))
    assert ["log_sigma"] == list(fixed.state_dict())
    assert 0.2 == pytest.approx(float(torch.exp(fixed.state_dict()["log_sigma"])))


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_means_and_draws_are_images(likelihood: Likelihood) -> None:
    """x_hat and draws have an image's shape and lie in [0, 1], however extreme the params are."""
    params = 100 * params_and_noise()[0].repeat(1, likelihood.params_per_pixel, 1, 1)
    for images in (likelihood.mean(params), likelihood.sample(params, generator=torch.Generator().manual_seed(0))):
        assert SHAPE == images.shape
        assert bool(((images >= 0) & (images <= 1)).all())


@pytest.mark.parametrize(("likelihood", "variance"), [(Bernoulli(), 0.24), (Gaussian(0.05), 0.0025)])
def test_draws_have_the_mean_and_the_variance(likelihood: Likelihood, variance: float) -> None:
    """The moments of 100,000 draws at p = 0.6 are those of the distribution."""
    n = 100_000
    params = torch.full((n, 1, 1, 1), math.log(0.6 / 0.4))
    x = likelihood.sample(params, generator=torch.Generator().manual_seed(0))
    assert 0.6 == pytest.approx(float(x.mean()), abs=5 * (variance / n) ** 0.5)
    assert variance == pytest.approx(float(x.var()), rel=0.03)


def test_the_continuous_bernoulli_integrates_to_one() -> None:
    """Its density by quadrature, dark to bright, the logit 0 among them; the Bernoulli formula does not."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = torch.tensor((nodes + 1) / 2, dtype=torch.float32).view(-1, 1, 1, 1)
    for logit in LOGITS:
        density = ContinuousBernoulli().log_prob(logit.expand(x.shape), x).double().exp()
        assert 1.0 == pytest.approx(float(density @ torch.tensor(weights)) / 2, abs=2e-5), float(logit)
    grey = Bernoulli().log_prob(torch.zeros(x.shape), x).double().exp()
    assert 0.5 == pytest.approx(float(grey @ torch.tensor(weights)) / 2, abs=1e-6)


def test_the_continuous_bernoullis_mean_is_that_of_its_density() -> None:
    """By quadrature; it is not the lambda of the Bernoulli, and at lambda = 1/2 it is 1/2."""
    means = ContinuousBernoulli().mean(LOGITS)
    for logit, mean in zip(LOGITS.double().numpy(), means, strict=True):
        normaliser = quad(lambda x, eta=logit: np.exp(eta * x - max(eta, 0)), 0, 1, points=[0.01, 0.05, 0.95, 0.99])[0]
        moment = quad(lambda x, eta=logit: x * np.exp(eta * x - max(eta, 0)), 0, 1, points=[0.01, 0.05, 0.95, 0.99])[0]
        assert moment / normaliser == pytest.approx(float(mean), abs=5e-7), logit
    assert 0.5 == float(means[7])
    assert 0.15 < float((torch.sigmoid(LOGITS) - means).abs().max())


def test_the_continuous_bernoulli_is_torchs() -> None:
    """Of grey pixels, far from lambda = 1/2 and at it."""
    params, x = params_and_noise()
    params[0] = 0
    torchs = TorchContinuousBernoulli(logits=params.double(), lims=(0.4999, 0.5001))
    expected = torchs.log_prob(x.double()).flatten(1).sum(1)
    torch.testing.assert_close(expected.float(), ContinuousBernoulli().log_prob(params, x), rtol=1e-4, atol=1e-4)


def test_the_continuous_bernoullis_gradients_are_its_moments() -> None:
    """d log p / d eta = x - mean, everywhere finite: both branches of the series are differentiable."""
    params, x = LOGITS.clone().view(-1, 1, 1, 1).requires_grad_(), torch.full((len(LOGITS), 1, 1, 1), 0.3)
    (slope,) = torch.autograd.grad(ContinuousBernoulli().log_prob(params, x).sum(), params)
    torch.testing.assert_close(x - ContinuousBernoulli().mean(params).detach(), slope, rtol=0, atol=2e-6)


@pytest.mark.parametrize("logit", [-6.0, -1e-7, 0.0, 0.4, 5.0])
def test_the_continuous_bernoullis_draws_follow_its_distribution_function(logit: float) -> None:
    """20,000 draws against F(x) = (e^(eta x) - 1) / (e^eta - 1), by the Kolmogorov-Smirnov distance."""
    n = 20_000
    x = ContinuousBernoulli().sample(torch.full((n, 1, 1, 1), logit), generator=torch.Generator().manual_seed(0))
    drawn = x.flatten().double().sort().values.numpy()
    expected = drawn if abs(logit) < 1e-6 else np.expm1(logit * drawn) / np.expm1(logit)
    assert 1.63 / n**0.5 > np.abs(expected - (np.arange(n) + 0.5) / n).max()  # passed by 99 of 100 samples


def test_gaussian_per_pixel_is_torchs() -> None:
    """Each pixel has its own sigma, which the decoder puts out beside the mean."""
    raw, x = params_and_noise()
    log_sigma = params_and_noise()[0].flip(0) / 6 - 1
    expected = Normal(torch.sigmoid(raw), torch.exp(log_sigma)).log_prob(x).flatten(1).sum(1)
    found = PerPixelGaussian().log_prob(torch.cat([raw, log_sigma], 1), x)
    torch.testing.assert_close(expected, found)
    with_one = torch.cat([raw, torch.full_like(raw, math.log(0.2))], 1)
    torch.testing.assert_close(Gaussian(0.2).log_prob(raw, x), PerPixelGaussian().log_prob(with_one, x))
