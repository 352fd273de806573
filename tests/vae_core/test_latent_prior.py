"""Draws from the prior."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.errors import ConfigError, ShapeError, VaeCoreError
from vae_core.latent.prior import sample_prior


def test_moments_are_those_of_a_scaled_standard_normal() -> None:
    """Mean 0, covariance temperature^2 I, kurtosis 3, each within five standard errors."""
    n, temperature = 200_000, 0.7
    z = sample_prior(n, 3, temperature=temperature, generator=np.random.default_rng(0)).astype(np.float64)
    np.testing.assert_allclose(np.zeros(3), z.mean(0), atol=5 * temperature / n**0.5)
    np.testing.assert_allclose(np.eye(3) * temperature**2, np.cov(z.T), atol=5 * temperature**2 * (2 / n) ** 0.5)
    np.testing.assert_allclose(np.full(3, 3.0), ((z / temperature) ** 4).mean(0), atol=5 * (96 / n) ** 0.5)


def test_the_same_generator_state_gives_the_same_draws() -> None:
    """One seed, one result; another seed, another."""
    first, again, other = (sample_prior(5, 2, generator=np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert ((5, 2), np.dtype(np.float32)) == (first.shape, first.dtype)


def test_temperature_scales_the_same_draws() -> None:
    """Moving the temperature moves each sample along its own ray."""
    warm, cold = (sample_prior(5, 2, temperature=t, generator=np.random.default_rng(0)) for t in (1.0, 0.25))
    np.testing.assert_array_equal(0.25 * warm, cold)


def test_temperature_zero_is_the_mean() -> None:
    """Without noise every draw is 0."""
    z = sample_prior(4, 3, temperature=0.0, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(np.zeros((4, 3)), z)


@pytest.mark.parametrize(
    ("n", "latent_dim", "temperature", "error"),
    [
        (0, 2, 1.0, ShapeError),
        (3, 0, 1.0, ShapeError),
        (3, 2, -0.1, ConfigError),
        (3, 2, float("nan"), ConfigError),
        (3, 2, float("inf"), ConfigError),
        (3, 2, 101.0, ConfigError),
    ],
)
def test_bad_input_is_refused(n: int, latent_dim: int, temperature: float, error: type[VaeCoreError]) -> None:
    """Counts below 1 and temperatures that are no scale are one clear error."""
    with pytest.raises(error):
        sample_prior(n, latent_dim, temperature=temperature, generator=np.random.default_rng(0))
