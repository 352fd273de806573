"""Directions in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ui.directions import words
from ui.directions.sources import from_class
from vae_core import LatentExplorer
from vae_core.latent.directions import Direction, class_question, find_direction


@pytest.fixture(scope="module")
def found() -> Callable[[int], Direction]:
    """The direction of a class of the digits."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    return lambda label: find_direction(explorer.latents.mu, class_question(explorer, label), name=f"no. {label}")


def test_a_direction_of_a_class_is_not_called_like_the_class() -> None:
    """The map's legend and the sliders show both."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    assert ("class 3", "5 to 3") == (from_class(explorer, 3, None).name, from_class(explorer, 3, 5).name)


def test_confounded_directions_are_named_with_their_cosine(found: Callable[[int], Direction]) -> None:
    """A direction and its opposite; at right angles there is nothing to say."""
    one = found(0)
    opposite = replace(one, name="back", vector=tuple(-x for x in one.vector))
    (said,) = words.confounded([one, opposite])
    assert "(cosine −1.00): moving along the one by a unit moves 1.00 along the other, the opposite way." in said
    right = replace(one, name="right", vector=(one.vector[1], -one.vector[0]))
    assert [] == words.confounded([one, right])
