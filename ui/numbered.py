"""Points of a model's space that have a number: the codes of its test images, or without an encoder draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vae_core import LatentExplorer
from vae_core.latent.prior import sample_prior

N_DRAWS = 10_000
"""Draws from the prior that have a number, which is their seed."""


def n_points(explorer: LatentExplorer) -> int:
    """How many points have a number, 0 to n - 1."""
    return len(explorer.latents.mu) if explorer.can.encode else N_DRAWS


def points(explorer: LatentExplorer, numbers: Sequence[int]) -> npt.NDArray[np.float32]:
    """Where they are, (n, D)."""
    if explorer.can.encode:
        return np.array(explorer.latents.mu[list(numbers)], np.float32)
    draws = [sample_prior(1, explorer.latent_dim, generator=np.random.default_rng(number)) for number in numbers]
    return np.concatenate(draws)
