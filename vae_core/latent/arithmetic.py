"""Arithmetic with classes: codes of one class moved by the difference of two classes' means, and what they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError
from vae_core.latent.directions.find import held_out_codes

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer
    from vae_core.metrics.classifier import Classifier

Floats = npt.NDArray[np.float32]


def class_step(explorer: LatentExplorer, source: int, target: int) -> Floats:
    """Mean code of `target` less that of `source`, (D,), of the half of the codes that directions are found on.

    Raises
    ------
    ShapeError
        When one of them has no code there.
    """
    known, _ = _halves(explorer, source, target)
    mean = [known[label].mean(axis=0) for label in (target, source)]
    return np.asarray(mean[0] - mean[1], np.float32)


def moved_codes(explorer: LatentExplorer, source: int, target: int, share: float, n: int = 300) -> Floats:
    """At most n held-out codes of `source`, moved by `share` of the step to `target`, (n, D)."""
    _, held = _halves(explorer, source, target)
    return np.asarray(held[source][:n] + np.float32(share) * class_step(explorer, source, target), np.float32)


def random_step(like: npt.ArrayLike, *, generator: np.random.Generator) -> Floats:
    """A step (D,) of the same length in a random direction."""
    step = np.asarray(like, np.float64)
    other = generator.standard_normal(step.shape)
    return np.asarray(other * np.linalg.norm(step) / np.linalg.norm(other), np.float32)


def recognised_shares(explorer: LatentExplorer, classifier: Classifier, z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """As which share of pictures decoded at z (N, D) a classifier takes each class, (K,)."""
    from vae_core.metrics.draws import class_shares

    return class_shares(classifier.predict(explorer.decode(z)))


def _halves(explorer: LatentExplorer, source: int, target: int) -> tuple[dict[int, Floats], dict[int, Floats]]:
    codes, labels = explorer.latents.mu, explorer.latents.labels
    held = held_out_codes(len(codes))
    if labels is None or not all((labels[half] == label).any() for half in (held, ~held) for label in (source, target)):
        raise ShapeError(f"{explorer.name}: there are no codes of class {source} or {target}.")
    return tuple(  # type: ignore[return-value]
        {label: codes[half & (labels == label)] for label in (source, target)} for half in (~held, held)
    )
