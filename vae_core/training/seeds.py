"""One seed for each purpose, from the seed of the run."""

from __future__ import annotations

import numpy as np


def derived_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """A seed for one purpose: one seed for all would draw the weights and the noise from the same stream."""
    entropy = [seed, epoch, *purpose.encode()]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 1)
