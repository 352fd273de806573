"""Figures: on a linear Gaussian model, whose log p(x) is known exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from vae_core.card import Measure
from vae_core.config import ModelConfig, TrainConfig
from vae_core.data import ImageSet
from vae_core.families import CAPABILITIES
from vae_core.metrics.elbo import elbo_parts, importance_weighted_nll, measure, split_figures
from vae_core.models import DiagonalGaussian, Model, build_model
from vae_core.models.objectives import Weights
from vae_core.models.objectives.elbo import Elbo

SIGMA = 0.4


class UnboundedGaussian:
    """N(params, SIGMA^2): a mean that no sigmoid bends."""

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Log p(x|z) in nats per image."""
        return torch.distributions.Normal(params, SIGMA).log_prob(x).flatten(1).sum(1)


class LinearGaussian(nn.Module):
    """p(z) = N(0, I), p(x|z) = N(W z + b, SIGMA^2 I), with p(z|x) in closed form (Bishop 2006, eq. 12.42).

    The columns of W are orthogonal, so that p(z|x) is diagonal and a diagonal q(z|x) can be exact.

    Parameters
    ----------
    shift, log_scale : float
        How far q(z|x) is from p(z|x), in its mean and its log-variance; 0, 0 is exact.
    """

    def __init__(self, shift: float = 0.0, log_scale: float = 0.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        columns = torch.linalg.qr(torch.randn(4, 2, generator=generator)).Q
        self.weight = nn.Parameter(columns * torch.tensor([0.9, 0.5]))  # (4, D)
        self.bias = nn.Parameter(torch.full((4,), 0.5))
        self.shift, self.log_scale = shift, log_scale
        self.likelihood = UnboundedGaussian()
        self.can = CAPABILITIES["vae"]

    def encode(self, x: Tensor, label: Tensor | None = None) -> DiagonalGaussian:
        """q(z|x)."""
        variance = 1 / (1 + self.weight.square().sum(0) / SIGMA**2)  # (D,)
        mu = (x.flatten(1) - self.bias) @ self.weight * variance / SIGMA**2
        return DiagonalGaussian(mu + self.shift, (variance.log() + self.log_scale).expand_as(mu))

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """The mean of p(x|z)."""
        return (z @ self.weight.T + self.bias).unflatten(-1, (1, 2, 2))

    elbo_terms = Model.elbo_terms

    def exact(self, images: Tensor) -> float:
        """The mean of log p(x)."""
        covariance = self.weight @ self.weight.T + SIGMA**2 * torch.eye(4)
        x = images.flatten(1) / 255
        return float(MultivariateNormal(self.bias, covariance).log_prob(x).mean())


@pytest.fixture(scope="module")
def images() -> Tensor:
    """Pictures of 2×2 pixels, uint8."""
    return torch.randint(0, 256, (300, 1, 2, 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


@torch.no_grad()
def test_the_exact_posterior_makes_every_bound_exact(images: Tensor) -> None:
    """With q(z|x) = p(z|x) the bound is log p(x) for any number of samples, and the ELBO is within its noise."""
    model = LinearGaussian()
    expected = model.exact(images)
    for k in (1, 5, 501):
        nll = importance_weighted_nll(model, images[: 300 if k < 500 else 5], k)  # type: ignore[arg-type]
        of_these = expected if k < 500 else model.exact(images[:5])
        assert -of_these == pytest.approx(nll.value, abs=1e-5)
    elbo = split_figures(elbo_parts(model, images)).elbo  # type: ignore[arg-type]
    assert expected == pytest.approx(elbo.value, abs=5 * elbo.standard_error)


@torch.no_grad()
def test_bounds_rise_to_the_truth(images: Tensor) -> None:
    """ELBO < 5 samples < 50 samples <= log p(x) for a q(z|x) that is off, and the last is near."""
    model = LinearGaussian(shift=0.4, log_scale=0.7)
    elbo = split_figures(elbo_parts(model, images)).elbo.value  # type: ignore[arg-type]
    five, fifty = (-importance_weighted_nll(model, images, k).value for k in (5, 50))  # type: ignore[arg-type]
    exact = model.exact(images)
    assert elbo + 0.05 < five < fifty < exact + 0.01
    assert exact == pytest.approx(fifty, abs=0.1)


@torch.no_grad()
def test_the_gap_of_the_elbo_is_a_kl(images: Tensor) -> None:
    """log p(x) - ELBO = KL(q(z|x) || p(z|x)), in expectation."""
    model = LinearGaussian(shift=0.4, log_scale=0.7)
    parts = elbo_parts(model, images)  # type: ignore[arg-type]
    figures = split_figures(parts)
    x = images[:1] / 255
    q, p = model.encode(x), LinearGaussian().encode(x)
    normals = [torch.distributions.Normal(d.mu, torch.exp(0.5 * d.logvar)) for d in (q, p)]
    gap = float(torch.distributions.kl_divergence(*normals).sum())  # the same for every x
    assert model.exact(images) - gap == pytest.approx(figures.elbo.value, abs=4 * figures.elbo.standard_error)


def test_a_measure_is_mean_and_standard_error() -> None:
    """Std / sqrt(n), with n - 1 in the variance; nothing to say of a single value."""
    values = np.array([1.0, 2.0, 4.0, 9.0])
    expected = math.sqrt(sum((v - 4) ** 2 for v in values) / 3) / 2
    assert (4.0, pytest.approx(expected)) == (measure(values).value, measure(values).standard_error)
    assert Measure(value=7.0, standard_error=None) == measure(np.array([7.0]))


def test_figures_are_sums_of_their_parts(digits: ImageSet) -> None:
    """ELBO = log-likelihood - KL, and KL is the sum of its dimensions."""
    torch.manual_seed(0)
    model = build_model(ModelConfig(hidden=(8,), latent_dim=3), digits.image_shape)
    figures = split_figures(elbo_parts(model, torch.from_numpy(np.array(digits.test.images))))
    assert len(digits.test.images) == figures.n_images
    assert figures.elbo.value == pytest.approx(figures.log_likelihood.value - figures.kl.value)
    assert figures.kl.value == pytest.approx(sum(figures.kl_per_dimension))


def test_figures_do_not_depend_on_the_batch(digits: ImageSet) -> None:
    """The same draws in batches of 16, 48 and 1000, and the same figures each time."""
    torch.manual_seed(0)
    model = build_model(ModelConfig(hidden=(8,)), digits.image_shape)
    images = torch.from_numpy(np.array(digits.test.images[:96]))
    first, *others = (split_figures(elbo_parts(model, images, batch_size=size)) for size in (1000, 16, 48, 1000))
    for other in others:
        assert first.elbo.value == pytest.approx(other.elbo.value, abs=1e-5)
    assert first == others[-1]
    assert first != split_figures(elbo_parts(model, images, seed=1))


def test_a_trained_linear_gaussian_is_bounded_as_the_theory_says() -> None:
    """Trained by `vae`'s loss: ELBO <= 5 <= 50 samples <= exact log p(x), and many samples within 0.02 nats of it.

    Its q(z|x) has a variance of its own that is trained with the rest, from a start that is off.
    """
    images = torch.randint(0, 256, (200, 1, 2, 2), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    model = LinearGaussian(shift=0.2, log_scale=0.5)
    model.log_scale = nn.Parameter(torch.tensor(0.5))  # type: ignore[assignment]
    objective = Elbo(model, TrainConfig(), 200)  # type: ignore[arg-type]
    optimizer = torch.optim.Adam(objective.parameters(), lr=0.02)
    noise, x = torch.Generator().manual_seed(0), images / 255
    with torch.no_grad():
        before = model.exact(images)
    for _ in range(60):
        loss = objective.losses(x, None, Weights(1.0, 0.0), generator=noise).loss
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    with torch.no_grad():
        exact = model.exact(images)
        elbo = split_figures(elbo_parts(model, images)).elbo  # type: ignore[arg-type]
        five, fifty, many = (
            -importance_weighted_nll(model, images, k).value  # type: ignore[arg-type]
            for k in (5, 50, 2000)
        )
    assert elbo is not None
    assert before < exact
    assert elbo.value < five < fifty < exact + 0.005
    assert exact == pytest.approx(many, abs=0.02)
