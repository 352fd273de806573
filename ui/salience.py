"""How much each latent dimension says of the image, or what comes nearest to it that a family of models knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ui.text import subscript
from vae_core import LatentExplorer

DEAD_KL = 0.01
"""Nats below which a dimension says nothing of the image: its posterior is the prior."""


@dataclass(frozen=True)
class Salience:
    """What the dimensions of a latent space are sorted by.

    Attributes
    ----------
    values : tuple of float
        One a dimension; all zero where nothing is known.
    notes : tuple of str
        What stands beside each dimension's name: its value with what it is. Empty where nothing is known.
    meaning : str
        What the value is, in a sentence; empty where nothing is known.
    dead : tuple of bool
        Dimensions of which it is known that they do not change the picture.
    """

    values: tuple[float, ...]
    notes: tuple[str, ...]
    meaning: str
    dead: tuple[bool, ...]

    @property
    def order(self) -> list[int]:
        """Dimensions, counted from 0, the largest value first."""
        return largest_first(self.values)

    def title(self, i: int) -> str:
        """Name of a dimension, with its value where that is known."""
        return f"z{subscript(i + 1)}" + (f" · {self.notes[i]}" if self.notes[i] else "")


def largest_first(values: Sequence[float]) -> list[int]:
    """Where the values stand, the largest first; equal ones in their natural order."""
    return sorted(range(len(values)), key=lambda i: -values[i])


def salience(explorer: LatentExplorer) -> Salience:
    """KL where the encoder gives a distribution, the codes' variance where it gives a point, else nothing."""
    dims = range(explorer.latent_dim)
    if explorer.can.posterior:
        kl = explorer.card.test.kl_per_dimension
        return Salience(
            kl,
            tuple(f"{value:.{3 if value < 0.01 else 2}f} nats" for value in kl),
            "KL(q(z|x) ‖ p(z)) of this dimension, the mean over the test set: how much it says of the image",
            tuple(value < DEAD_KL for value in kl),
        )
    alive = (False,) * explorer.latent_dim
    if not explorer.can.encode:
        return Salience((0.0,) * explorer.latent_dim, ("",) * explorer.latent_dim, "", alive)
    variances = np.var(explorer.latents.mu, axis=0, dtype=np.float64)
    return Salience(
        tuple(float(variances[i]) for i in dims),
        tuple(f"var {variances[i]:.3g}" for i in dims),
        "Variance of the test images' codes along this dimension: this encoder gives points, so there is no KL",
        alive,
    )
