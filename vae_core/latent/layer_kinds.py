"""The kinds of layers beneath a map: what each says of a place, in which unit, and which models have it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ConfigError
from vae_core.inputs import checked_label, checked_z
from vae_core.latent.density import log_prior, region_of
from vae_core.latent.plane import Plane

if TYPE_CHECKING:
    from pathlib import Path

    from vae_core.explorer import LatentExplorer

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ask = Callable[[Floats], Doubles]
"""From places (N, D) to a layer's numbers there, (N, K): K is 1, or 2 where there is a direction, in radians."""


@dataclass(frozen=True)
class Layer:
    """A kind of field.

    Attributes
    ----------
    title, unit : str
    logarithmic : bool
        Its colours follow the logarithm of its numbers.
    """

    title: str
    unit: str
    logarithmic: bool = False


LAYERS = {
    "density": Layer("Density of the data", "nats, log q(z)"),
    "prior": Layer("Density of the prior", "nats, log p(z)"),
    "cycle": Layer("Cycle error", "units of z"),
    "stretch": Layer("Stretch of the decoder", "pixel range² per unit of z²", logarithmic=True),
    "entropy": Layer("Classifier's entropy", "nats"),
}


def question(
    explorer: LatentExplorer,
    layer: str,
    plane: Plane,
    label: int | None = None,
    *,
    checkpoints_dir: str | Path | None = None,
) -> Ask:
    """How a layer's numbers at places (N, D) are computed; what it needs is made ready here.

    Raises
    ------
    ConfigError
        When there is no such layer, or this model has none: without an encoder there is neither density nor cycle
        error, without a classifier of its data no entropy.
    ShapeError
        When the label does not fit.
    """
    if layer not in LAYERS:
        raise ConfigError(f"There is no layer {layer[:40]!r}; there are {', '.join(LAYERS)}.")
    if problem := missing(explorer, layer, checkpoints_dir):
        raise ConfigError(problem)
    checked_label(label, 1, explorer.n_classes, explorer.name)
    if layer == "density":
        density = region_of(explorer, label).density
        return lambda z: density.log_prob(z)[:, None]
    if layer == "prior":
        return lambda z: log_prior(z)[:, None]
    if layer == "cycle":
        return lambda z: cycle_error(explorer, z, label)[:, None]
    return _stretch(explorer, plane, label) if layer == "stretch" else _entropy(explorer, label, checkpoints_dir)


def missing(explorer: LatentExplorer, layer: str, checkpoints_dir: str | Path | None = None) -> str | None:
    """Why a model has not this layer, in one sentence that also says what to do; None when it has."""
    if layer in ("density", "cycle") and not explorer.can.encode:
        what = "density of the data" if layer == "density" else "cycle error"
        return f"{explorer.name} has no encoder, so it has no {what}; the stretch of its decoder can be shown."
    if layer == "entropy":
        from vae_core.metrics.classifier import kept_classifier

        data = explorer.card.data
        if kept_classifier(data, checkpoints_dir=checkpoints_dir) is None:
            if len(data.class_names) < 2:
                return f"{data.title} has no classes, so there is no classifier of it and no entropy."
            return (
                f"No classifier of {data.title} is here yet: python -m vae_core evaluate {explorer.name} "
                "--figures samples trains one, which is kept."
            )
    return None


def cycle_error(explorer: LatentExplorer, z: npt.ArrayLike, label: int | None = None) -> Doubles:
    """||z - encode(decode(z))||, (N, D) to (N,): how far z moves when its picture is encoded, by the posterior's mean.

    Raises
    ------
    ShapeError
        When the model has no encoder, z has another shape, or the label does not fit.
    """
    rows = checked_z(z, explorer.latent_dim, explorer.name)
    again = explorer.encode(explorer.decode(rows, label), label).mu
    return np.asarray(np.linalg.norm(rows.astype(np.float64) - again, axis=1))


def _stretch(explorer: LatentExplorer, plane: Plane, label: int | None) -> Ask:
    from vae_core.latent.jacobian import pulled_back_metric

    axes = np.stack([plane.a, plane.b] if plane.b.any() else [plane.a])

    def ask(z: Floats) -> Doubles:
        metric = pulled_back_metric(explorer, z, label, directions=axes)
        first = metric.vectors[:, 0]
        angles = np.arctan2(first[:, 1], first[:, 0]) % math.pi if len(axes) == 2 else np.zeros(len(z))
        return np.stack([metric.stretch, angles], 1)

    return ask


def _entropy(explorer: LatentExplorer, label: int | None, checkpoints_dir: str | Path | None) -> Ask:
    from vae_core.metrics.classifier import kept_classifier

    found = kept_classifier(explorer.card.data, checkpoints_dir=checkpoints_dir, device=explorer.device)
    assert found is not None  # `missing` has looked

    def ask(z: Floats) -> Doubles:
        shares = found.predict(explorer.decode(z, label)).astype(np.float64)
        return np.asarray(-(shares * np.log(np.maximum(shares, 1e-30))).sum(1, keepdims=True))

    return ask
