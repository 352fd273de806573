"""What training minimises: each objective against a closed form or an identity."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
from torch import Tensor
from torch.distributions import Independent, MixtureSameFamily, MultivariateNormal, Normal

from vae_core.card import Measure, SplitFigures
from vae_core.config import Family, ModelConfig, TrainConfig
from vae_core.families import CAPABILITIES, kept_by
from vae_core.models import DiagonalGaussian, Model, build_model, prior_log_prob
from vae_core.models.objectives import Losses, Objective, Weights, build_objective
from vae_core.models.objectives.mmd import squared_mmd
from vae_core.models.objectives.reconstruction import Denoising
from vae_core.models.objectives.total_correlation import decomposed_kl

SHAPE = (1, 8, 8)
ONE = Weights(kl=1.0, capacity=0.0)


def seeded(seed: int = 0) -> torch.Generator:
    """A generator of its own."""
    return torch.Generator().manual_seed(seed)


def images(n: int = 16) -> Tensor:
    """Grey noise, (n, 1, 8, 8)."""
    return torch.rand((n, *SHAPE), generator=seeded(7))


def objective_of(family: Any, n_train: int = 100, n_classes: int = 0, **training: Any) -> Objective:
    """A small untrained model in its objective; the same weights for all families of a kind."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(ModelConfig(family=family, hidden=(16,), latent_dim=3), SHAPE, n_classes)
        return build_objective(family, model, TrainConfig(**training), n_train)


def losses_of(objective: Objective, weights: Weights = ONE, label: Tensor | None = None) -> Losses:
    """Losses of the same images with the same noise."""
    return objective.losses(images(), label, weights, generator=seeded())


def loss_of(objective: Objective, weights: Weights = ONE) -> float:
    """Their loss, as a number."""
    return losses_of(objective, weights).loss.item()


@torch.no_grad()
def elbo_of(model: Model) -> tuple[Tensor, Tensor]:
    """Log-likelihood (B,) and KL (B, D) of the same images with the same noise."""
    terms = model.elbo_terms(images(), generator=seeded())
    assert terms.kl is not None
    return terms.log_likelihood, terms.kl


# -- vae: weights, free bits, capacity ---------------------------------------------------------------------------------


def test_the_vae_minimises_the_weighted_elbo() -> None:
    """Minus the log-likelihood plus beta times the KL."""
    objective = objective_of("vae")
    log_likelihood, kl = elbo_of(objective.model)
    expected = float((2.5 * kl.sum(1) - log_likelihood).mean())
    assert expected == pytest.approx(loss_of(objective, Weights(2.5, 0.0)), rel=1e-6)


def test_free_bits_are_a_floor_of_each_dimension() -> None:
    """Below the floor a dimension costs the floor and has no gradient; above it, what it is."""
    objective = objective_of("vae", free_bits=0.04)
    log_likelihood, kl = elbo_of(objective.model)
    means = kl.mean(0)
    assert means.min() < 0.04 < means.max()  # else this would show nothing
    expected = float(-log_likelihood.mean()) + sum(max(0.04, float(one)) for one in means)
    assert expected == pytest.approx(loss_of(objective), rel=1e-6)
    huge = objective_of("vae", free_bits=50.0)
    assert float(-log_likelihood.mean()) + 150 == pytest.approx(loss_of(huge), rel=1e-6)
    zero = objective_of("vae", free_bits=1e-12)
    assert loss_of(objective_of("vae")) == pytest.approx(loss_of(zero), rel=1e-6)


@pytest.mark.parametrize("capacity", [0.01, 5.0])
def test_the_capacity_is_what_the_kl_is_drawn_to(capacity: float) -> None:
    """The second term is beta |KL - C|: from below and from above."""
    objective = objective_of("vae", capacity=capacity)
    log_likelihood, kl = elbo_of(objective.model)
    expected = 3 * abs(float(kl.sum(1).mean()) - capacity) - float(log_likelihood.mean())
    assert expected == pytest.approx(loss_of(objective, Weights(3.0, capacity)), rel=1e-6)


# -- cvae --------------------------------------------------------------------------------------------------------------


def test_the_class_reaches_encoder_and_decoder() -> None:
    """Another class is another q(z|x, c) and another p(x|z, c), and only of the image whose class it is."""
    model = objective_of("cvae", n_classes=4).model
    x, z, label = images(4), torch.zeros(4, 3), torch.tensor([0, 1, 2, 3])
    other = torch.tensor([0, 1, 2, 0])
    for first, second in (
        (model.encode(x, label).mu, model.encode(x, other).mu),
        (model.decode(z, label), model.decode(z, other)),
    ):
        changed = (first - second).flatten(1).abs().amax(1) > 1e-6
        assert [False, False, False, True] == changed.tolist()


# -- iwae --------------------------------------------------------------------------------------------------------------


def test_one_sample_of_iwae_is_the_elbo() -> None:
    """With k = 1 the bound is log p(x|z) + log p(z) - log q(z|x) at the very z that the ELBO draws."""
    objective = objective_of("iwae", importance_samples=1)
    posterior = objective.model.encode(images())
    assert isinstance(posterior, DiagonalGaussian)
    z = posterior.rsample(generator=seeded())
    log_likelihood, kl = elbo_of(objective.model)
    expected = -(log_likelihood + prior_log_prob(z) - posterior.log_prob(z)).mean()
    losses = losses_of(objective)
    assert expected.item() == pytest.approx(losses.loss.item(), rel=1e-5)
    assert losses.log_likelihood is not None
    assert losses.kl is not None
    torch.testing.assert_close(log_likelihood, losses.log_likelihood)
    torch.testing.assert_close(kl.sum(1), losses.kl)


def test_more_samples_of_iwae_are_a_higher_bound() -> None:
    """The bound rises with k (Burda et al. 2016, theorem 1), here in the mean over many draws."""
    x, bounds = images().repeat(30, 1, 1, 1), []
    for k in (1, 10, 100):
        loss = objective_of("iwae", importance_samples=k).losses(x, None, ONE, generator=seeded()).loss
        bounds.append(-loss.item())
    assert bounds == sorted(bounds)
    assert bounds[-1] - bounds[0] > 0.01


# -- beta-tcvae --------------------------------------------------------------------------------------------------------


def toy_posterior(n: int = 40) -> DiagonalGaussian:
    """q(z|x) of n images in two dimensions that depend on each other."""
    first = torch.randn((n, 1), generator=seeded(1))
    mu = torch.cat([first, 0.8 * first + 0.3 * torch.randn((n, 1), generator=seeded(2))], 1)
    return DiagonalGaussian(mu, torch.full_like(mu, math.log(0.1)))


def test_of_the_whole_data_the_decomposition_is_exact() -> None:
    """q(z) and its marginals are those of torch's mixture, when the batch is all the data."""
    posterior = toy_posterior()
    z = posterior.rsample(generator=seeded(3))
    n = len(z)
    scale = torch.exp(0.5 * posterior.logvar)
    weights = torch.distributions.Categorical(torch.ones(n))
    joint = MixtureSameFamily(weights, Independent(Normal(posterior.mu, scale), 1)).log_prob(z)
    marginals = sum(
        MixtureSameFamily(weights, Normal(posterior.mu[:, d], scale[:, d])).log_prob(z[:, d]) for d in range(2)
    )
    information, correlation, dimensions = decomposed_kl(posterior, z, n)
    torch.testing.assert_close(posterior.log_prob(z) - joint, information)
    torch.testing.assert_close(joint - marginals, correlation)
    torch.testing.assert_close(marginals - prior_log_prob(z), dimensions)


@pytest.mark.parametrize("n_train", [40, 5000])
def test_the_three_terms_sum_to_the_kl(n_train: int) -> None:
    """Whatever the batch is of the data; in the mean over z it is the KL in closed form."""
    posterior = toy_posterior()
    z = [posterior.rsample(generator=seeded(i)) for i in range(300)]
    sums = torch.stack([torch.stack(decomposed_kl(posterior, one, n_train)).sum(0) for one in z])  # (300, n)
    torch.testing.assert_close(posterior.log_prob(z[0]) - prior_log_prob(z[0]), sums[0])
    error = float(sums.std() / math.sqrt(sums.numel()))
    assert float(posterior.kl().sum(1).mean()) == pytest.approx(float(sums.mean()), abs=4 * error)


def test_a_batch_estimates_q_of_z_without_bias() -> None:
    """The mean of q(z) over all batches of 2 that hold the image z was drawn for is q(z) of the four images."""
    mu = torch.tensor([[0.0], [1.0], [2.0], [4.0]])
    whole = DiagonalGaussian(mu, torch.zeros_like(mu))
    z = torch.full((4, 1), 0.3)
    expected = torch.exp(torch.logsumexp(Normal(mu[:, 0], 1.0).log_prob(torch.tensor(0.3)), 0)) / 4
    found = []
    for other in (1, 2, 3):
        pair = torch.tensor([0, other])
        some = DiagonalGaussian(whole.mu[pair], whole.logvar[pair])
        information, _, _ = decomposed_kl(some, z[:2], n_train=4)
        found.append(torch.exp(some.log_prob(z[:2]) - information)[0])
    assert float(expected) == pytest.approx(float(torch.stack(found).mean()), rel=1e-5)


def test_independent_codes_have_no_total_correlation() -> None:
    """TC is 0 where q(z) is the product of its marginals, and that of a Gaussian where it is one."""
    n = 2000
    for rho, expected in ((0.0, 0.0), (0.8, -0.5 * math.log(1 - 0.64))):
        covariance = torch.tensor([[1.0, rho], [rho, 1.0]]) - 0.05 * torch.eye(2)
        torch.manual_seed(1)
        mu = MultivariateNormal(torch.zeros(2), covariance).sample((n,))
        posterior = DiagonalGaussian(mu, torch.full_like(mu, math.log(0.05)))
        _, correlation, _ = decomposed_kl(posterior, posterior.rsample(generator=seeded()), n)
        assert expected == pytest.approx(float(correlation.mean()), abs=0.06)


def test_beta_weighs_the_total_correlation_alone() -> None:
    """At beta = 1 the loss is the VAE's; each unit more adds the total correlation."""
    tcvae = objective_of("beta-tcvae")
    one, two, three = (loss_of(tcvae, Weights(beta, 0.0)) for beta in (1.0, 2.0, 3.0))
    assert loss_of(objective_of("vae")) == pytest.approx(one, rel=1e-6)
    posterior = tcvae.model.encode(images())
    assert isinstance(posterior, DiagonalGaussian)
    _, correlation, _ = decomposed_kl(posterior, posterior.rsample(generator=seeded()), 100)
    assert (correlation.mean().item(),) * 2 == pytest.approx((two - one, three - two), abs=1e-4)


def test_a_last_batch_of_one_image_has_a_finite_loss() -> None:
    """Nothing is divided by the number of others."""
    for family in ("beta-tcvae", "info-vae", "gan", "iwae"):
        loss = objective_of(family).losses(images(1), None, Weights(4.0, 0.0), generator=seeded()).loss
        loss.backward()  # type: ignore[no-untyped-call]
        assert torch.isfinite(loss)


# -- info-vae ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_mmd_of_a_shifted_gaussian_is_known(shift: float) -> None:
    """Between N(m, I) and N(0, I) it is 2 (h / (h + 2))^(D/2) (1 - exp(-|m|^2 / (2 (h + 2)))), h = D; 0 at m = 0.

    However q(z) is made up: all images alike, or each with a narrow q(z|x) of its own.
    """
    d, m = 3, torch.tensor([shift, 0.0, 0.0])
    expected = 2 * (d / (d + 2)) ** (d / 2) * (1 - math.exp(-(shift**2) / (2 * (d + 2))))
    alike = DiagonalGaussian(m.expand(5, d), torch.zeros(5, d))
    assert expected == pytest.approx(float(squared_mmd(alike)), abs=1e-6)
    mu = math.sqrt(0.75) * torch.randn((3000, d), generator=seeded()) + m
    narrow = DiagonalGaussian(mu, torch.full_like(mu, math.log(0.25)))
    assert expected == pytest.approx(float(squared_mmd(narrow)), abs=0.004)


def test_the_mmd_is_that_of_draws() -> None:
    """The expectations in closed form are what many draws from q(z|x) and from the prior give."""
    mu = torch.randn((6, 2), generator=seeded()) + 0.5
    posterior = DiagonalGaussian(mu, torch.randn((6, 2), generator=seeded(1)) - 1)
    z, y, y_too = (torch.randn((6, 1500, 2), generator=seeded(2 + i)) for i in range(3))
    z = posterior.mu[:, None] + torch.exp(0.5 * posterior.logvar)[:, None] * z
    y, y_too = y.flatten(0, 1), y_too.flatten(0, 1)

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(a, b).square() / 4).mean()

    among = torch.stack([kernel(z[i], z[j]) for i in range(6) for j in range(6) if i != j]).mean()
    expected = among - 2 * kernel(z.flatten(0, 1), y) + kernel(y, y_too)
    assert float(expected) == pytest.approx(float(squared_mmd(posterior)), abs=0.01)


def test_info_vae_adds_the_mmd() -> None:
    """To the VAE's loss, with its weight; with weight 0 it is the VAE's."""
    none, ten = (loss_of(objective_of("info-vae", mmd_weight=w)) for w in (0.0, 10.0))
    model = objective_of("info-vae").model
    posterior = model.encode(images())
    assert loss_of(objective_of("vae")) == pytest.approx(none, rel=1e-6)
    assert isinstance(posterior, DiagonalGaussian)
    assert 10 * squared_mmd(posterior).item() == pytest.approx(ten - none, abs=1e-4)


def test_info_vae_chooses_its_weights_by_its_own_beta() -> None:
    """With beta = 0 by the log-likelihood, with beta = 1 by the ELBO; the VAE always by the ELBO."""

    def measure(value: float) -> Measure:
        return Measure(value=value, standard_error=None)

    figures = SplitFigures(
        n_images=1, elbo=measure(-9.0), log_likelihood=measure(-5.0), kl=measure(4.0), kl_per_dimension=(4.0,)
    )
    for family, beta, expected in (("info-vae", 0.0, -5.0), ("info-vae", 1.0, -9.0), ("vae", 0.5, -9.0)):
        assert expected == objective_of(family, beta=beta).score(figures)


@pytest.mark.parametrize("family", get_args(Family))
def test_what_weights_are_kept_by_is_said_as_it_is(family: Family) -> None:
    """The words on the pages name the score that the objective computes, at a beta that tells them apart."""
    log_likelihood, kl = (Measure(value=value, standard_error=None) for value in (-5.0, 4.0))
    elbo = Measure(value=-9.0, standard_error=None)
    can = CAPABILITIES[family]
    figures = SplitFigures(
        n_images=1,
        elbo=elbo if can.posterior else None,
        log_likelihood=log_likelihood if can.likelihood else None,
        kl=kl if can.posterior else None,
        kl_per_dimension=(4.0,) if can.posterior else (),
    )
    expected = {"": None, "log-likelihood": -5.0, "ELBO (beta = 1)": -9.0, "log-likelihood less beta times KL": -13.0}
    assert expected[kept_by(family)] == objective_of(family, n_classes=10, beta=2.0).score(figures)


# -- ae, dae -----------------------------------------------------------------------------------------------------------


def test_the_autoencoder_minimises_the_cross_entropy_at_its_code() -> None:
    """-log p(x | f(x)), nothing drawn."""
    objective = objective_of("ae")
    x = images()
    expected = -objective.model.likelihood.log_prob(objective.model.decode(objective.model.encode(x).mu), x).mean()
    assert expected.item() == pytest.approx(loss_of(objective), rel=1e-6)


@pytest.mark.parametrize("noise", ["masking", "gaussian"])
def test_corruption_is_of_the_level_that_was_asked_for(noise: str) -> None:
    """Masking sets that share of the pixels to 0 and keeps the rest; Gaussian noise has that standard deviation."""
    objective = objective_of("dae", noise=noise, noise_level=0.25)
    assert isinstance(objective, Denoising)
    x = images(200).clamp(min=0.01)
    corrupted = objective.corrupted(x, generator=seeded())
    if noise == "masking":
        masked = corrupted == 0
        assert 0.25 == pytest.approx(float(masked.float().mean()), abs=0.02)
        assert torch.equal(x[~masked], corrupted[~masked])
    else:
        assert 0.25 == pytest.approx(float((corrupted - x).std()), abs=0.01)
        assert 0.0 == pytest.approx(float((corrupted - x).mean()), abs=0.01)


def test_denoising_reconstructs_the_clean_image() -> None:
    """The encoder sees the corrupted image, the likelihood is of the clean one; without noise it is the autoencoder."""
    objective = objective_of("dae", noise_level=0.5)
    assert isinstance(objective, Denoising)
    x, model = images(), objective.model
    seen = objective.corrupted(x, generator=seeded())
    expected = -model.likelihood.log_prob(model.decode(model.encode(seen).mu), x).mean()
    assert expected.item() == pytest.approx(loss_of(objective), rel=1e-6)
    clean = loss_of(objective_of("dae", noise_level=0.0))
    assert loss_of(objective_of("ae")) == pytest.approx(clean, rel=1e-6)


# -- gan ---------------------------------------------------------------------------------------------------------------


def test_each_player_is_moved_by_its_own_term_alone() -> None:
    """The gradients are those of the two losses, taken one by one with the other player held still."""
    objective = objective_of("gan")
    own = dict(objective.discriminator.named_parameters())  # type: ignore[operator,union-attr]
    theirs = dict(objective.model.named_parameters())
    losses_of(objective).loss.backward()  # type: ignore[no-untyped-call]
    found = {name: p.grad for name, p in objective.named_parameters()}
    x, bce = images(), torch.nn.functional.binary_cross_entropy_with_logits
    z = torch.randn((16, 3), generator=seeded())
    fake = objective.model.mean(z)
    judge: Any = objective.discriminator
    real_score, fake_score = judge(torch.cat([x, fake.detach()])).chunk(2)
    of_judge = bce(real_score, torch.ones(16, 1)) + bce(fake_score, torch.zeros(16, 1))
    slopes = torch.func.vmap(torch.func.grad(lambda one: judge(one[None])[0, 0]))(x)
    of_judge = of_judge + 0.5 * slopes.flatten(1).square().sum(1).mean()
    for (name, _), grad in zip(own.items(), torch.autograd.grad(of_judge, list(own.values())), strict=True):
        torch.testing.assert_close(grad, found[f"discriminator.{name}"], rtol=1e-4, atol=1e-6)
    of_maker = bce(judge(fake), torch.ones(16, 1))
    for (name, _), grad in zip(theirs.items(), torch.autograd.grad(of_maker, list(theirs.values())), strict=True):
        torch.testing.assert_close(grad, found[f"model.{name}"], rtol=1e-4, atol=1e-6)
    assert all(p.requires_grad for p in objective.parameters())


def test_the_discriminator_is_not_the_models() -> None:
    """What is stored of a gan is its generator; what is trained is both."""
    objective = objective_of("gan")
    kept = set(objective.model.state_dict())
    assert kept
    assert not any("discriminator" in name for name in kept)
    assert any("discriminator" in name for name, _ in objective.named_parameters())
    assert losses_of(objective).log_likelihood is losses_of(objective).kl is None


def test_a_fooled_discriminator_costs_three_log_two() -> None:
    """Where it cannot tell at all, every term is log 2."""
    objective = objective_of("gan")
    judge: Any = objective.discriminator
    judge[-1] = torch.nn.Linear(16, 1)
    for parameter in judge[-1].parameters():
        parameter.data.zero_()
    assert 3 * math.log(2) == pytest.approx(loss_of(objective), abs=1e-5)
