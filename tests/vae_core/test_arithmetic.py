"""Arithmetic with classes, the length of codes, and the flow's change of variables: identities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from vae_core import LatentExplorer
from vae_core.errors import ShapeError
from vae_core.latent.arithmetic import class_step, moved_codes, random_step, recognised_shares
from vae_core.latent.directions.find import held_out_codes
from vae_core.latent.prior import expected_norm
from vae_core.latent.samplers.flow import Flow
from vae_core.latent.samplers.storage import sampler_of
from vae_core.metrics.classifier import kept_classifier


@pytest.fixture(scope="module")
def mnist() -> LatentExplorer:
    """The shipped model of 16 dimensions."""
    return LatentExplorer.load("mnist-16d", device="cpu")


def test_a_whole_step_moves_mean_to_mean(mnist: LatentExplorer) -> None:
    """Moved by the step, codes keep their differences and change their mean by it; there and back is nothing."""
    step = class_step(mnist, 9, 4)
    np.testing.assert_allclose(-step, class_step(mnist, 4, 9), atol=1e-6)
    before, after = moved_codes(mnist, 9, 4, 0.0), moved_codes(mnist, 9, 4, 1.0)
    np.testing.assert_allclose(np.broadcast_to(step, before.shape), after - before, atol=1e-5)
    held = held_out_codes(len(mnist.latents.mu))
    assert {tuple(row) for row in before} <= {tuple(row) for row in mnist.latents.mu[held]}
    other = random_step(step, generator=np.random.default_rng(0))
    assert np.linalg.norm(other) == pytest.approx(np.linalg.norm(step), rel=1e-5)
    with pytest.raises(ShapeError):
        class_step(mnist, 9, 17)


def test_nines_become_fours(mnist: LatentExplorer) -> None:
    """Of the lesson's numbers: hardly any nine is a four before the step, most are after it, by chance few."""
    classifier = kept_classifier(mnist.card.data)
    assert classifier is not None
    shares = [recognised_shares(mnist, classifier, moved_codes(mnist, 9, 4, t, 100)) for t in (0.0, 1.0)]
    step = random_step(class_step(mnist, 9, 4), generator=np.random.default_rng(0))
    chance = recognised_shares(mnist, classifier, moved_codes(mnist, 9, 4, 0.0, 100) + step)
    assert shares[0][4] < 0.05 < 0.8 < shares[1][4]
    assert chance[4] < 0.1


def test_the_expected_length_is_that_of_draws() -> None:
    """In one dimension sqrt(2 / pi), in two sqrt(pi / 2); in sixteen what draws have; close to sqrt(D) in many."""
    assert expected_norm(1) == pytest.approx(np.sqrt(2 / np.pi))
    assert expected_norm(2) == pytest.approx(np.sqrt(np.pi / 2))
    draws = np.random.default_rng(0).standard_normal((20_000, 16))
    assert expected_norm(16) == pytest.approx(np.linalg.norm(draws, axis=1).mean(), rel=0.01)
    assert expected_norm(1000) == pytest.approx(np.sqrt(1000), rel=1e-3)


def test_the_flows_density_is_the_change_of_variables() -> None:
    """log p = log N(base) + log det; the log det is that of the numerical Jacobian; the density's integral is 1."""
    explorer = LatentExplorer.load("mnist-2d", device="cpu")
    flow = sampler_of(explorer, "flow").fits[0]
    assert isinstance(flow, Flow)
    z = explorer.latents.mu[:20].astype(np.float64)
    base, log_det = flow.change_of_variables(z)
    np.testing.assert_allclose(multivariate_normal([0, 0]).logpdf(base) + log_det, flow.log_prob(z), atol=1e-4)
    h = 1e-3
    columns = [
        (flow.change_of_variables(z + h * e)[0] - flow.change_of_variables(z - h * e)[0]) / (2 * h) for e in np.eye(2)
    ]
    numerical = np.log(np.abs(np.linalg.det(np.stack(columns, axis=-1))))
    np.testing.assert_allclose(numerical, log_det, atol=0.1)
    side = np.linspace(-6, 6, 241)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    assert np.exp(flow.log_prob(grid)).sum() * (side[1] - side[0]) ** 2 == pytest.approx(1, abs=0.02)
