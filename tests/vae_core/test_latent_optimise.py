"""z by gradient: against closed forms of a linear model, and by what must be true of any model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import special
from torch import Tensor, nn

from tests.app.families import train_family
from vae_core import LatentExplorer
from vae_core.config import ModelConfig
from vae_core.data import load_dataset
from vae_core.errors import ShapeError
from vae_core.families import CAPABILITIES
from vae_core.latent import amortisation, fill
from vae_core.latent.amortisation import amortisation_gap
from vae_core.latent.evidence import elbo_terms, even_draws, fixed_draws, pixel_log_prob
from vae_core.latent.fill import fill_in
from vae_core.latent.optimise import Optimised, optimise_point, optimise_posterior
from vae_core.models.likelihood import build_likelihood

SIGMA = 0.5


class LinearGaussian(nn.Module):
    """p(x|z) = N(W z, SIGMA^2 I) over 12 pixels; the columns of W are at right angles, so the best q is exact."""

    def __init__(self) -> None:
        super().__init__()
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 2)))[0]
        self.weight = nn.Parameter(torch.tensor(basis * [1.5, 0.6], dtype=torch.float32))
        self.likelihood, self.can = self, CAPABILITIES["vae"]

    def decode(self, z: Tensor, _: Tensor | None = None) -> Tensor:
        """W z as images of 3 x 4."""
        return (z @ self.weight.T).unflatten(-1, (1, 3, 4))

    def log_prob(self, params: Tensor, x: Tensor) -> Tensor:
        """Of the Gaussian."""
        density = torch.distributions.Normal(params, SIGMA).log_prob(x)
        return density.flatten(-3).sum(-1)


@pytest.fixture(scope="module")
def linear() -> Any:
    """A model whose posterior is known."""
    return SimpleNamespace(
        model=LinearGaussian(), can=CAPABILITIES["vae"], latent_dim=2, image_shape=(1, 3, 4), n_classes=0,
        name="linear", device="cpu",
    )  # fmt: skip


@pytest.fixture(scope="module")
def digits() -> LatentExplorer:
    """A shipped model."""
    return LatentExplorer.load("digits-2d", device="cpu")


def images(n: int) -> Any:
    """Test images of digits."""
    return np.asarray(load_dataset("digits").test.images[:n])


def exact(linear: Any, x: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """mu, variances of the best diagonal q, and log p of the seen pixels (Bishop 2006, eq. 2.113 to 2.117)."""
    w = linear.model.weight.detach().double().numpy()[seen.ravel()]
    y = x.ravel()[seen.ravel()]
    precision = np.eye(2) + w.T @ w / SIGMA**2
    covariance = w @ w.T + SIGMA**2 * np.eye(len(y))
    log_p = -0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(2 * np.pi * covariance)[1])
    return np.linalg.solve(precision, w.T @ y) / SIGMA**2, 1 / np.diag(precision), float(log_p)


def test_a_linear_models_posterior_is_found(linear: Any) -> None:
    """From far away the optimum is the exact posterior, and its ELBO log p(x); of a part of the pixels alone too."""
    x = np.random.default_rng(1).uniform(size=(2, 1, 3, 4)).astype(np.float32)
    seen = np.ones((2, 3, 4), bool)
    seen[1, :, 2:] = False
    found = optimise_posterior(
        linear, x, mu=[[1, 1], [1, 1]], logvar=np.zeros((2, 2)), visible=seen, n_steps=300,
        generator=np.random.default_rng(2),
    )  # fmt: skip
    assert found.logvar is not None
    for i in range(2):
        mu, variance, log_p = exact(linear, x[i], seen[i])
        np.testing.assert_allclose(mu, found.mu[i], atol=0.02)
        np.testing.assert_allclose(variance, np.exp(found.logvar[i]), rtol=0.06)
        assert abs(log_p - found.objective[i, 1]) < 0.1
    assert linear.model.weight.grad is None


def test_the_elbo_at_the_exact_posterior_is_the_evidence(linear: Any) -> None:
    """With many draws log-likelihood less KL is log p(x), and of any other q it is less."""
    x = np.random.default_rng(1).uniform(size=(1, 1, 3, 4)).astype(np.float32)
    mu, variance, log_p = exact(linear, x[0], np.ones((3, 4), bool))
    draws = fixed_draws(1, 4096, 2, generator=np.random.default_rng(0))
    best = elbo_terms(linear, x, mu[None], np.log(variance)[None], draws=draws).elbo
    other = elbo_terms(linear, x, mu[None] + 0.5, np.log(variance)[None], draws=draws).elbo
    assert best is not None
    assert other is not None
    assert pytest.approx(log_p, abs=0.02) == best[0]
    assert other[0] < best[0] - 0.1


def test_a_linear_models_point_is_found(linear: Any) -> None:
    """The most likely z solves the normal equations; held to where it was, it is the mean of a prior there."""
    x = np.random.default_rng(1).uniform(size=(1, 1, 3, 4)).astype(np.float32)
    w = linear.model.weight.detach().double().numpy()
    free = optimise_point(linear, x, z=[[1, -1]], n_steps=300)
    held = optimise_point(linear, x, z=[[1, -1]], stay=1.0, n_steps=300)
    np.testing.assert_allclose(np.linalg.lstsq(w, x.ravel(), rcond=None)[0], free.mu[0], atol=0.02)
    start = np.array([1.0, -1.0])
    moved = np.linalg.solve(np.eye(2) + w.T @ w / SIGMA**2, w.T @ (x.ravel() - w @ start) / SIGMA**2)
    np.testing.assert_allclose(start + moved, held.mu[0], atol=0.02)


@pytest.mark.parametrize(
    ("likelihood", "sigma"),
    [("bernoulli", 1.0), ("continuous-bernoulli", 1.0), ("gaussian", 0.3), ("gaussian", "per-pixel")],
)
def test_the_pixels_log_probabilities_sum_to_the_images(likelihood: Any, sigma: Any) -> None:
    """Of every likelihood, constants included, in grey and in colour."""
    made = build_likelihood(ModelConfig(likelihood=likelihood, sigma=sigma))
    generator = torch.Generator().manual_seed(0)
    for channels in (1, 3):
        params = torch.randn((2, channels * made.params_per_pixel, 5, 4), generator=generator)
        x = torch.rand((2, channels, 5, 4), generator=generator)
        by_pixel = pixel_log_prob(made, params, x)
        assert (2, 5, 4) == by_pixel.shape
        torch.testing.assert_close(made.log_prob(params, x), by_pixel.sum((-1, -2)), rtol=1e-4, atol=1e-3)


def test_the_best_step_is_kept(digits: LatentExplorer) -> None:
    """The objective never ends below its start, not even after one step, and progress goes up to the end."""
    told: list[float] = []
    x = images(20)
    start = digits.encode(x)
    for n_steps in (1, 20):
        found = optimise_posterior(
            digits, x, mu=start.mu, logvar=start.logvar, n_steps=n_steps,
            generator=np.random.default_rng(0), on_progress=told.append,
        )  # fmt: skip
        assert (found.objective[:, 1] >= found.objective[:, 0]).all()
    assert 0 == told[0]
    assert all(0 <= share < 1 for share in told)


def test_the_gap_is_there_and_not_below_zero(digits: LatentExplorer) -> None:
    """Over 40 images its mean is positive beyond doubt, and none is far below 0; the same seed gives the same gap."""
    x = images(40)
    found = amortisation_gap(digits, x, generator=np.random.default_rng(0))
    error = found.gap.std() / np.sqrt(len(found.gap))
    assert found.gap.mean() > 3 * error
    assert found.gap.min() > -0.2
    again = amortisation_gap(digits, x[:3], generator=np.random.default_rng(0))
    assert np.array_equal(again.gap, amortisation_gap(digits, x[:3], generator=np.random.default_rng(0)).gap)


def test_both_sides_of_the_gap_have_the_same_draws(digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing better than the encoder's q(z|x) is found the gap is 0, not the noise of two estimates."""

    def not_moved(*_: Any, mu: Any, logvar: Any, **__: Any) -> Optimised:
        return Optimised(mu, logvar, np.zeros((len(mu), 2)))

    monkeypatch.setattr(amortisation, "optimise_posterior", not_moved)
    found = amortisation_gap(digits, images(3), generator=np.random.default_rng(0))
    assert [0.0] * 3 == found.gap.tolist()


def test_a_search_can_be_ended(digits: LatentExplorer) -> None:
    """What the progress raises comes out, at once."""
    told: list[float] = []

    def stop(share: float) -> None:
        told.append(share)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimise_point(digits, images(1), z=[[0, 0]], on_progress=stop)
    assert 3 == len(told)


def test_draws_are_even() -> None:
    """64 of them have the mean and the variance of a standard normal within 2 %, in one dimension and in 16."""
    for latent_dim in (1, 2, 16):
        draws = even_draws(64, latent_dim, generator=np.random.default_rng(0))
        assert np.abs(draws.mean(0)).max() < 0.04
        assert np.abs(draws.var(0) - 1).max() < 0.1


def test_a_fill_keeps_what_is_visible_and_does_not_look_beneath_the_mask(digits: LatentExplorer) -> None:
    """Visible pixels are the image's own; other hidden ones give the same fills; the hidden part is not left empty."""
    image = images(1)[0]
    visible = np.ones((8, 8), bool)
    visible[:4] = False
    other = np.where(visible, image, 255 - image).astype(np.uint8)
    fills = [fill_in(digits, x, visible, generator=np.random.default_rng(0)) for x in (image, other)]
    assert np.array_equal(fills[0].images, fills[1].images)
    assert np.array_equal(np.broadcast_to(image[:, 4:] / np.float32(255), (6, 1, 4, 8)), fills[0].images[:, :, 4:])
    assert fills[0].images[:, :, :4].max() > 0.3
    assert pytest.approx(1) == fills[0].weight.sum()
    assert (np.diff(fills[0].score) <= 0).all()


def test_answers_weigh_as_their_elbos_say(digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In proportion to exp(ELBO) of what is visible, the best first; here all answers count as apart."""
    monkeypatch.setattr(fill, "_apart", lambda mu, logvar, order: order.tolist())
    visible = np.arange(64).reshape(8, 8) < 16
    found = fill_in(digits, images(1)[0], visible, generator=np.random.default_rng(0))
    assert len(found.score) > 1
    assert np.ptp(found.score) > 0
    np.testing.assert_allclose(special.softmax(found.score), found.weight)


def test_nothing_visible_is_refused(digits: LatentExplorer) -> None:
    """There would be nothing to tell z by."""
    with pytest.raises(ShapeError, match="Nothing of the image is visible"):
        fill_in(digits, images(1)[0], np.zeros((8, 8), bool), generator=np.random.default_rng(0))


@pytest.mark.parametrize("family", ["ae", "cvae", "gan"])
def test_every_family_has_its_answer(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Points without a q(z|x), with a class where one is told; a gap is refused where there is none."""
    explorer = LatentExplorer.load(train_family(tmp_path_factory.getbasetemp(), family), device="cpu")
    label = 3 if explorer.can.label else None
    image = images(1)
    filled = fill_in(explorer, image[0], np.ones((8, 8), bool), label, generator=np.random.default_rng(0))
    assert explorer.can.posterior == (filled.logvar is not None)
    if explorer.can.posterior:
        gap = amortisation_gap(explorer, image, label, generator=np.random.default_rng(0)).gap
        assert gap[0] > -0.2
        with pytest.raises(ShapeError, match="takes a class"):
            amortisation_gap(explorer, image, generator=np.random.default_rng(0))
    else:
        with pytest.raises(ShapeError, match=r"has no q\(z\|x\), so there is no amortisation gap"):
            amortisation_gap(explorer, image, generator=np.random.default_rng(0))


def test_bad_arguments_are_refused(digits: LatentExplorer) -> None:
    """A mask of another shape, fewer z than images, an image of floats, draws that are no pairs."""
    x = images(2)
    with pytest.raises(ShapeError, match="visible must be bool"):
        optimise_point(digits, x, z=np.zeros((2, 2)), visible=np.ones((2, 7, 8), bool))
    with pytest.raises(ShapeError, match="each image needs a z"):
        optimise_point(digits, x, z=np.zeros((1, 2)))
    with pytest.raises(ShapeError, match="the image must be uint8"):
        fill_in(digits, x[0] / 255, np.ones((8, 8), bool), generator=np.random.default_rng(0))
    with pytest.raises(ShapeError, match="must be even"):
        fixed_draws(1, 3, 2, generator=np.random.default_rng(0))
