"""What an encoder's quick answer costs: the ELBO at its q(z|x) and at the best one for each image, and their gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vae_core.errors import ShapeError
from vae_core.latent.evidence import Floats, Terms, elbo_terms, fixed_draws
from vae_core.latent.optimise import Optimised, optimise_posterior
from vae_core.latent.pieces import OnProgress

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

N_FRESH = 256
"""Draws that the report is made of; none of them was seen by the optimiser."""


@dataclass(frozen=True, eq=False)
class Amortisation:
    """The encoder's q(z|x) of N images beside the optimised one.

    Attributes
    ----------
    mu, logvar : float32 array of shape (N, D)
        The encoder's.
    optimised : Optimised
    at_encoder, at_optimised : Terms
        With the same fresh draws on both sides.
    """

    mu: Floats
    logvar: Floats
    optimised: Optimised
    at_encoder: Terms
    at_optimised: Terms

    @property
    def gap(self) -> npt.NDArray[np.float64]:
        """L[q*] - L[q] of each image in nats, (N,); a little below 0 where the draws' chance is larger than the gap."""
        better, plain = self.at_optimised, self.at_encoder
        assert better.elbo is not None  # both are distributions
        assert plain.elbo is not None
        return better.elbo - plain.elbo


def amortisation_gap(
    explorer: LatentExplorer,
    images: npt.ArrayLike,
    label: npt.ArrayLike | None = None,
    *,
    n_fresh: int = N_FRESH,
    generator: np.random.Generator,
    on_progress: OnProgress = lambda share: None,
) -> Amortisation:
    """The amortisation gap L[q*] - L[q] of each image (Cremer, Li & Duvenaud 2018, table 1).

    q* is sought by `optimise_posterior` from the encoder's q: a lower bound of the gap, as what it finds may not be the
    best. Both ELBOs are estimated with the same draws, which the optimiser has not seen.

    Parameters
    ----------
    explorer : LatentExplorer
        Its encoder must give a distribution.
    images : array of shape (N, C, H, W)
        uint8, or floats in [0, 1].
    label : int, or int array of shape (N,), optional
        For a model that takes a class.
    n_fresh : int
        Draws an image of the report, even.
    generator : numpy Generator
    on_progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    ShapeError
        When the model has no q(z|x), or an argument another shape.
    """
    if not explorer.can.posterior:
        raise ShapeError(f"{explorer.name} has no q(z|x), so there is no amortisation gap: its family has no ELBO.")
    found = explorer.encode(images, label)
    assert found.logvar is not None  # it can posterior
    best = optimise_posterior(
        explorer, images, label, mu=found.mu, logvar=found.logvar, generator=generator, on_progress=on_progress
    )
    draws = fixed_draws(len(found.mu), n_fresh, explorer.latent_dim, generator=generator)
    return Amortisation(
        found.mu,
        found.logvar,
        best,
        elbo_terms(explorer, images, found.mu, found.logvar, label, draws=draws),
        elbo_terms(explorer, images, best.mu, best.logvar, label, draws=draws),
    )
