"""q(z|x): against torch's own distributions."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_core.models import DiagonalGaussian


def some_posterior(n: int = 7, d: int = 3) -> DiagonalGaussian:
    """A batch of posteriors, wide and narrow, near the origin and far."""
    generator = torch.Generator().manual_seed(0)
    mu = 3 * torch.randn(n, d, generator=generator, dtype=torch.float64)
    return DiagonalGaussian(mu, torch.empty_like(mu).uniform_(-8, 4, generator=generator))


def as_normal(posterior: DiagonalGaussian) -> Normal:
    """The same distribution, as torch writes it."""
    return Normal(posterior.mu, torch.exp(0.5 * posterior.logvar))


def test_kl_is_torchs() -> None:
    """KL to the standard normal agrees with torch.distributions, dimension by dimension."""
    posterior = some_posterior()
    expected = kl_divergence(as_normal(posterior), Normal(0.0, 1.0))
    torch.testing.assert_close(expected, posterior.kl(), check_dtype=False)


def test_kl_vanishes_at_the_prior_only() -> None:
    """KL is zero where q(z|x) is the prior, and positive elsewhere."""
    zero = torch.zeros(2, 3)
    assert torch.equal(zero, DiagonalGaussian(zero, zero).kl())
    assert bool((some_posterior().kl() > 0).all())


@pytest.mark.parametrize("leading", [(), (5,)])
def test_log_prob_is_torchs(leading: tuple[int, ...]) -> None:
    """log q(z|x) agrees with torch.distributions, also for several z an image."""
    posterior = some_posterior()
    z = torch.randn(*leading, 7, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(as_normal(posterior).log_prob(z).sum(-1), posterior.log_prob(z))


def test_draws_have_the_mean_and_the_variance() -> None:
    """The moments of 200,000 draws are those of the distribution, within five standard errors."""
    n, mu, logvar = 200_000, 1.5, -1.0
    variance = float(torch.exp(torch.tensor(logvar)))
    posterior = DiagonalGaussian(torch.full((n, 1), mu), torch.full((n, 1), logvar))
    z = posterior.rsample(generator=torch.Generator().manual_seed(0))
    assert mu == pytest.approx(float(z.mean()), abs=5 * (variance / n) ** 0.5)
    assert variance == pytest.approx(float(z.var()), abs=5 * variance * (2 / n) ** 0.5)


def test_draws_can_be_differentiated() -> None:
    """dz/dmu = 1 and dz/dlogvar = (z - mu) / 2: the reparameterization trick."""
    start = some_posterior()
    mu, logvar = start.mu.requires_grad_(), start.logvar.requires_grad_()
    z = DiagonalGaussian(mu, logvar).rsample(generator=torch.Generator().manual_seed(0))
    z.sum().backward()
    torch.testing.assert_close(torch.ones_like(mu), mu.grad)
    torch.testing.assert_close((0.5 * (z - mu)).detach(), logvar.grad)


def test_a_generator_decides_alone() -> None:
    """Equal generators give equal draws, and torch's global one is not touched."""
    posterior = some_posterior()
    before = torch.random.get_rng_state()
    first, again, other = (posterior.rsample(generator=torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())
