"""Directions in words: what they were found from, how large their effect is, how alike two of them are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vae_core.latent.directions import Direction, Interval, cosines, usual_cosine

METHOD_TITLES = {"centroids": "Difference of centroids", "regression": "Regression"}

READING = (
    "**Effect**: measured on the half of the codes that the direction was not found from, with its 95 % interval. "
    "*d* (Cohen's): by how many standard deviations the two groups lie apart along it; 0.2 is small, 0.8 large. *r*, "
    "*ρ*: Pearson's and Spearman's correlation of the number with the coordinate. **p**: how often shuffled labels do "
    "as well. When not to trust it: who tries many directions and keeps the best finds small p by chance; and it says "
    "that codes differ along the direction, not that moving along it changes nothing else: see the cosines, and the "
    "pictures."
)

TOLD = (
    "This model is told the class, so z holds the style alone: directions of classes should have d near 0. What is "
    "left is what the encoder puts into z of the class all the same; moving along it changes the style, not the class."
)


def figure(interval: Interval) -> str:
    """A figure with its interval."""
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})".replace("-", "−")


def effect(direction: Direction) -> str:
    """The effect on held-out codes."""
    known = direction.effect
    named = (("d", known.d), ("r", known.pearson), ("ρ", known.spearman))
    return ", ".join(f"{name} = {figure(interval)}" for name, interval in named if interval is not None)


def short_effect(direction: Direction) -> str:
    """The effect's first figure alone."""
    known = direction.effect
    name, interval = ("d", known.d) if known.d is not None else ("r", known.pearson)
    return "" if interval is None else f"{name} {interval.value:.2f}".replace("-", "−")


def p_value(direction: Direction) -> str:
    """The permutation test's p; the smallest that so many shuffles can show is said to be at most that."""
    p, n = direction.effect.p_value, direction.effect.n_permutations
    if p is None:
        return "not tested"
    least = 1 / (1 + n)
    return f"≤ {least:.3g}" if p <= least * 1.000001 else f"{p:.3g}"


def cosine(value: float) -> str:
    """A cosine."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def confounded(directions: Sequence[Direction]) -> list[str]:
    """A sentence for each pair of which one holds at least half of the other's square."""
    table = cosines(directions)
    pairs = [(i, j) for i, j in np.argwhere(np.triu(table**2 >= 0.5, k=1))]
    return [
        f"{directions[i].name} and {directions[j].name} are confounded (cosine {cosine(table[i, j])}): moving along "
        f"the one by a unit moves {abs(table[i, j]):.2f} along the other, "
        f"{'the same' if table[i, j] > 0 else 'the opposite'} way."
        for i, j in pairs
    ]


def about_cosines(latent_dim: int) -> str:
    """What cosines mean in a space of so many dimensions."""
    if latent_dim == 1:
        return "In one dimension there is but one direction, and its opposite."
    crowded = " In so few dimensions much must overlap, whatever it means." if latent_dim < 4 else ""
    return (
        f"1: the same direction, 0: at right angles, −1: the opposite. Two directions drawn at random in {latent_dim} "
        f"dimensions have a |cosine| of {usual_cosine(latent_dim):.2f} on average.{crowded}"
    )
