"""What changes from step to step: learning rate, weight of the KL term, capacity. Functions of the step alone."""

from __future__ import annotations

import math

from vae_core.config import TrainConfig
from vae_core.models.objectives import Weights

RISING_SHARE = 0.1
"""Fraction of the steps over which a one-cycle schedule rises."""


def learning_rate_at(step: int, n_steps: int, config: TrainConfig) -> float:
    """Learning rate of step 0 <= step < n_steps.

    `one-cycle` rises along a half cosine from 1/25 of `learning_rate` and falls along another to almost nothing
    (Smith & Topin 2018, "Super-convergence"); `constant` stays.
    """
    if config.schedule == "constant":
        return config.learning_rate
    progress = step / n_steps
    if progress < RISING_SHARE:
        share = 0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * progress / RISING_SHARE))
    else:
        share = 1e-4 + (1 - 1e-4) * 0.5 * (1 + math.cos(math.pi * (progress - RISING_SHARE) / (1 - RISING_SHARE)))
    return config.learning_rate * share


def kl_weight_at(step: int, steps_per_epoch: int, config: TrainConfig) -> float:
    """Weight of the KL term at a step: linear from 0 to beta over `kl_warmup` epochs, or in `kl_cycles` cycles.

    The warm-up of Sønderby et al. 2016, "Ladder variational autoencoders", section 2.3. The cycles of Fu et al. 2019,
    "Cyclical annealing schedule", eq. 6 and 7 with R = 1/2: each rises over its first half and then stays.
    """
    if config.kl_cycles:
        length = config.epochs * steps_per_epoch / config.kl_cycles
        return config.beta * min(1.0, step % length / (length / 2))
    if config.kl_warmup == 0:
        return config.beta
    return config.beta * min(1.0, step / (config.kl_warmup * steps_per_epoch))


def weights_at(step: int, steps_per_epoch: int, config: TrainConfig) -> Weights:
    """What the objective is given at a step; the capacity rises linearly over the first half of the training."""
    capacity = config.capacity * min(1.0, step / (config.epochs * steps_per_epoch / 2)) if config.capacity else 0.0
    return Weights(kl_weight_at(step, steps_per_epoch, config), capacity)


def is_settled(weights: Weights, config: TrainConfig) -> bool:
    """Whether the loss is the one that was asked for: neither warm-up nor a rise is under way."""
    return weights == Weights(config.beta, config.capacity)
