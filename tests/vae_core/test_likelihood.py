"""p(x|z): against torch's own distributions, and closed forms."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from vae_core.config import ModelConfig
from vae_core.models import Bernoulli, Gaussian, Likelihood
from vae_core.models.likelihood import build_likelihood

SHAPE = (5, 3, 4, 2)
LIKELIHOODS = [Bernoulli(), Gaussian(0.1), Gaussian("learned")]


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
    """x_hat and draws have the params' shape and lie in [0, 1], however extreme the params are."""
    params = 100 * params_and_noise()[0]
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
