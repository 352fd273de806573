"""Codes whose distribution is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import make_moons

from vae_core.latent.samplers import flow
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import Sampler, fit_sampler, prior_sampler

MakeSampler = Callable[[str], Sampler]


@pytest.fixture(scope="session")
def moons() -> Codes:
    """Two interleaved half circles, points without noise of their own; classes 2 and 5, one to two."""
    points, labels = make_moons((300, 600), noise=0.08, random_state=0)
    return Codes(points.astype(np.float32), None, np.where(labels, 5, 2).astype(np.int64))


@pytest.fixture(scope="session")
def on_moons(moons: Codes) -> MakeSampler:
    """A sampler of all moons by its name, fitted once."""
    made = {"prior": prior_sampler(2)}

    def make(name: str) -> Sampler:
        if name not in made:
            made[name] = fit_sampler(name, Codes(moons.mu), generator=np.random.default_rng(0))
        return made[name]

    return make


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow is trained for ten steps, where how good it gets does not matter."""
    monkeypatch.setattr(flow, "FEWEST_STEPS", 10)
    monkeypatch.setattr(flow, "MOST_STEPS", 10)
