"""Draws from the prior p(z), a standard normal."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vae_core.checks import whole_number
from vae_core.errors import ConfigError

HIGHEST_TEMPERATURE = 100.0


def sample_prior(
    n: int, latent_dim: int, *, temperature: float = 1.0, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Draw z = temperature * eps with eps ~ N(0, I).

    Parameters
    ----------
    n : int
        Number of draws, at least 1.
    latent_dim : int
        D, at least 1.
    temperature : float
        Standard deviation of the draws: 1 is the prior itself, 0 its mean n times. From 0 to 100.
    generator : numpy.random.Generator
        Where the randomness comes from; the same state gives the same draws, scaled by `temperature`.

    Returns
    -------
    ndarray of float32, shape (n, D)

    Raises
    ------
    ShapeError
        When `n` or `latent_dim` is smaller than 1.
    ConfigError
        When `temperature` is out of range.
    """
    shape = (whole_number(n, "n", least=1), whole_number(latent_dim, "latent_dim", least=1))
    return generator.standard_normal(shape, dtype=np.float32) * np.float32(checked_temperature(temperature))


def expected_norm(latent_dim: int) -> float:
    """The mean of |z| for z ~ N(0, I), sqrt(2) Gamma((D + 1) / 2) / Gamma(D / 2): near sqrt(D) once D is large."""
    half = whole_number(latent_dim, "latent_dim", least=1) / 2
    return math.sqrt(2) * math.exp(math.lgamma(half + 0.5) - math.lgamma(half))


def checked_temperature(temperature: float) -> float:
    """Return a temperature, when it is one.

    Raises
    ------
    ConfigError
        When it is no number from 0 to 100.
    """
    if not (math.isfinite(temperature) and 0 <= temperature <= HIGHEST_TEMPERATURE):
        raise ConfigError(
            f"temperature must be a number from 0 to {HIGHEST_TEMPERATURE:g}, but it is {temperature}; "
            "1 leaves the draws as they are."
        )
    return temperature
