"""What takes a moment to find out of one's own image: z by gradient, what a mask leaves open, z that follows paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ui.canvas.wrapper import shown
from ui.own_encoding import numbers, squared_error
from vae_core import LatentExplorer
from vae_core.latent.amortisation import amortisation_gap
from vae_core.latent.evidence import elbo_terms
from vae_core.latent.fill import Fills, fill_in
from vae_core.latent.optimise import optimise_point
from vae_core.latent.pieces import OnProgress

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

SEED = 0
STAY = 1.0
"""Of z that follows paint, in nats a unit squared: as if its prior stood where it came from."""

STAY_ERROR = 0.1
"""The same against a squared error, which has no unit of nats."""

BY_GRADIENT, ENCODER = "By gradient", "Encoder"


@dataclass(frozen=True, eq=False)
class Found:
    """The codes of one image: what the encoder says, where there is one, and what a gradient finds.

    Attributes
    ----------
    rows : list of dict
        For each, `name`, `mu`, `logvar` (or None), `log_likelihood`, `kl`, `elbo` (None as far as the model has none),
        `squared_error`.
    gap : float or None
        The amortisation gap in nats, where there is an ELBO.
    picture : uint8 array of shape (H, W, C)
        Decoded at the mu found by gradient.
    """

    rows: list[dict[str, Any]]
    gap: float | None
    picture: Pixels

    @property
    def best(self) -> dict[str, Any]:
        """The row found by gradient."""
        return self.rows[-1]

    def data(self) -> dict[str, Any]:
        """What the canvas shows of it."""
        logvar = self.best["logvar"]
        roles = {ENCODER: "contrast", BY_GRADIENT: "accent"}
        return {
            "rows": [{**row, "role": roles[row["name"]]} for row in self.rows],
            "gap": self.gap,
            "mu": self.best["mu"],
            "sigma": None if logvar is None else np.exp(0.5 * np.array(logvar)).tolist(),
            "picture": shown(self.picture),
        }


def find(explorer: LatentExplorer, image: Pixels, label: int | None, on_progress: OnProgress) -> Found:
    """The z of an image (C, H, W) by gradient, beside the encoder's."""
    images = image[None]
    if explorer.can.posterior:
        both = amortisation_gap(explorer, images, label, generator=np.random.default_rng(SEED), on_progress=on_progress)
        rows = [
            _row(explorer, ENCODER, image, both.mu[0], both.logvar[0], label, numbers(both.at_encoder, 0)),
            _row(
                explorer,
                BY_GRADIENT,
                image,
                both.optimised.mu[0],
                None if both.optimised.logvar is None else both.optimised.logvar[0],
                label,
                numbers(both.at_optimised, 0),
            ),
        ]
        gap = float(both.gap[0])
    elif explorer.can.encode:
        start = explorer.encode(images, label)
        best = optimise_point(explorer, images, label, z=start.mu, on_progress=on_progress)
        rows = [
            _point_row(explorer, ENCODER, image, start.mu, label),
            _point_row(explorer, BY_GRADIENT, image, best.mu, label),
        ]
        gap = None
    else:
        every = np.ones(image.shape[1:], np.bool_)
        answers = fill_in(explorer, image, every, label, generator=np.random.default_rng(SEED), on_progress=on_progress)
        rows = [_point_row(explorer, BY_GRADIENT, image, answers.mu[:1], label)]
        gap = None
    return Found(rows, gap, explorer.decode_uint8([rows[-1]["mu"]], label)[0])


def fills(
    explorer: LatentExplorer, image: Pixels, hidden: npt.NDArray[np.bool_], label: int | None, on_progress: OnProgress
) -> Fills:
    """What is hidden of an image (C, H, W), filled in by z of what is visible."""
    generator = np.random.default_rng(SEED)
    return fill_in(explorer, image, ~hidden, label, n_fills=8, generator=generator, on_progress=on_progress)


def followed(
    explorer: LatentExplorer,
    z: Floats,
    painted: Pixels,
    where: npt.NDArray[np.bool_],
    label: int | None,
    on_progress: OnProgress,
) -> Floats:
    """z (D,) moved so that its picture matches what was painted (C, H, W), there where it was painted."""
    stay = STAY if explorer.can.likelihood else STAY_ERROR
    if explorer.can.encode and not explorer.can.posterior:  # no prior holds its codes together: in their own unit
        stay /= max(1e-6, float(explorer.latents.mu.var()))
    found = optimise_point(
        explorer, painted[None], label, z=z[None], visible=where[None], stay=stay, on_progress=on_progress
    )
    return np.asarray(found.mu[0])


def _point_row(explorer: LatentExplorer, name: str, image: Pixels, z: Floats, label: int | None) -> dict[str, Any]:
    figures: dict[str, float | None] = dict.fromkeys(("log_likelihood", "kl", "elbo"))
    if explorer.can.likelihood:
        no_draws = np.zeros((1, 1, explorer.latent_dim), np.float32)
        figures = numbers(elbo_terms(explorer, image[None], z, None, label, draws=no_draws), 0)
    return _row(explorer, name, image, z[0], None, label, figures)


def _row(
    explorer: LatentExplorer,
    name: str,
    image: Pixels,
    mu: Floats,
    logvar: Floats | None,
    label: int | None,
    figures: dict[str, float | None],
) -> dict[str, Any]:
    error = squared_error(image, explorer.decode_uint8(mu[None], label)[0])
    spread = None if logvar is None else logvar.tolist()
    return {"name": name, "mu": mu.tolist(), "logvar": spread, **figures, "squared_error": error}
