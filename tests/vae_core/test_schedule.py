"""Learning rate and weight of the KL term, step by step."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vae_core.config import TrainConfig
from vae_core.models.objectives import Weights
from vae_core.training.schedule import is_settled, kl_weight_at, learning_rate_at, weights_at

N_STEPS = 1000


def test_one_cycle_rises_for_a_tenth_and_falls_for_the_rest() -> None:
    """From 1/25 up to the learning rate at a tenth of the steps, then down to almost nothing."""
    config = TrainConfig(learning_rate=2e-3)
    rates = [learning_rate_at(step, N_STEPS, config) for step in range(N_STEPS)]
    assert 2e-3 / 25 == pytest.approx(rates[0])
    assert 2e-3 == pytest.approx(rates[100])
    assert 100 == rates.index(max(rates))
    assert all(a < b for a, b in pairwise(rates[:101]))
    assert all(a > b for a, b in pairwise(rates[100:]))
    assert 0 < rates[-1] < 2e-3 * 2e-4


def test_one_cycle_of_a_single_step_trains() -> None:
    """The shortest run has a rate that is not zero."""
    assert learning_rate_at(0, 1, TrainConfig()) > 0


def test_constant_stays() -> None:
    """Every step has the same learning rate."""
    config = TrainConfig(learning_rate=0.01, schedule="constant")
    assert {0.01} == {learning_rate_at(step, N_STEPS, config) for step in range(N_STEPS)}


def test_kl_weight_grows_to_beta() -> None:
    """Linear from 0 over the given epochs, then beta."""
    config = TrainConfig(beta=4.0, kl_warmup=2.5)
    weights = [kl_weight_at(step, 100, config) for step in (0, 125, 250, 999)]
    assert [0.0, 2.0, 4.0, 4.0] == weights


def test_without_warm_up_the_weight_is_beta_at_once() -> None:
    """The first step already has the full weight."""
    assert 0.5 == kl_weight_at(0, 100, TrainConfig(beta=0.5))


def test_cycles_rise_over_their_first_half() -> None:
    """Four cycles of 250 steps: 0 at each beginning, half way at a quarter of it, beta from its half on."""
    config = TrainConfig(beta=4.0, kl_cycles=4, epochs=10)
    weights = [kl_weight_at(step, 100, config) for step in range(N_STEPS)]
    for begin in range(0, N_STEPS, 250):
        assert [0.0, 1.6, 4.0, 4.0] == pytest.approx([weights[begin + i] for i in (0, 50, 125, 249)])
    assert 4.0 == weights[-1]


def test_the_capacity_rises_over_the_first_half_of_the_training() -> None:
    """From 0 to C linearly, then C; the loss is the one asked for from there on."""
    config = TrainConfig(capacity=5.0, epochs=10, beta=30.0)
    assert [Weights(30.0, c) for c in (0.0, 2.5, 5.0, 5.0)] == [
        weights_at(step, 100, config) for step in (0, 250, 500, 999)
    ]
    settled = [is_settled(weights_at(step, 100, config), config) for step in range(N_STEPS)]
    assert [False] * 500 + [True] * 500 == settled
