"""A sampler: one fit, or one a class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows, whole_number
from vae_core.errors import ConfigError, ShapeError
from vae_core.latent.prior import checked_temperature
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.fit import Density, Fit, Floats, Progress
from vae_core.latent.samplers.flow import Flow
from vae_core.latent.samplers.kernels import KernelDensity
from vae_core.latent.samplers.mixture import GaussianMixture
from vae_core.latent.samplers.posterior import AggregatePosterior
from vae_core.latent.samplers.prior import Prior

KINDS: dict[str, type[Fit]] = {fit.kind: fit for fit in (AggregatePosterior, GaussianMixture, KernelDensity, Flow)}
"""The samplers that are fitted."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Where z come from.

    Attributes
    ----------
    name : str
        One of `vae_core.latent.samplers.SAMPLERS`.
    latent_dim : int
        D.
    fits : tuple of Density
        One, or one a class.
    classes : tuple of int
        The class of each fit, ascending; empty where it was fitted without classes.
    shares : tuple of float
        The part of the codes that each fit had; their sum is 1.
    n_codes : int
        Number of training images that it was fitted to; 0 for the prior.
    """

    name: str
    latent_dim: int
    fits: tuple[Density, ...]
    classes: tuple[int, ...] = ()
    shares: tuple[float, ...] = (1.0,)
    n_codes: int = 0

    @property
    def takes_temperature(self) -> bool:
        """Whether a temperature has a meaning: not where draws are codes without noise."""
        return self.fits[0].takes_temperature

    @property
    def has_density(self) -> bool:
        """Whether there is a `log_prob`."""
        return self.fits[0].has_density

    def draw(
        self, n: int, *, label: int | None = None, temperature: float = 1.0, generator: np.random.Generator
    ) -> Floats:
        """Draw z.

        Parameters
        ----------
        n : int
            Number of draws, at least 1.
        label : int, optional
            Draw from the fit of this class. Without, from all: each draw takes a class by its share of the codes.
        temperature : float
            Scales the spread as the kind of sampler says; from 0 to 100.
        generator : numpy.random.Generator
            Where the randomness comes from; the same state gives the same draws.

        Returns
        -------
        ndarray of float32, shape (n, D)

        Raises
        ------
        ShapeError
            When `n` is smaller than 1, or there is no fit of this class.
        ConfigError
            When the temperature is out of range, or has no meaning here.
        """
        n, temperature = whole_number(n, "n", least=1), checked_temperature(temperature)
        if temperature != 1 and not self.takes_temperature:
            raise ConfigError(
                f"The sampler {self.name} takes no temperature here: the encoder gives points, and draws are these."
            )
        if label is not None or len(self.fits) == 1:
            return self._fit_of(label).draw(n, temperature=temperature, generator=generator)
        chosen = generator.choice(len(self.fits), n, p=self.shares)
        z = np.empty((n, self.latent_dim), np.float32)
        for number, fit in enumerate(self.fits):
            rows = chosen == number
            if rows.any():
                z[rows] = fit.draw(int(rows.sum()), temperature=temperature, generator=generator)
        return z

    def log_prob(self, z: npt.ArrayLike, *, label: int | None = None) -> npt.NDArray[np.float64]:
        """log p(z) at temperature 1, in nats: of a class's fit, or of their mixture by the classes' shares.

        Parameters
        ----------
        z : array_like, shape (N, D)
        label : int, optional

        Returns
        -------
        ndarray of float64, shape (N,)

        Raises
        ------
        ShapeError
            When z has another shape or is not finite, or there is no fit of this class.
        ConfigError
            When this sampler has no density.
        """
        if not self.has_density:
            raise ConfigError(f"The sampler {self.name} has no density that could be asked for; take gmm, kde or flow.")
        rows = finite_rows(z, "z", self.latent_dim).astype(np.float64)
        if len(rows) == 0:
            return np.empty(0)
        if label is not None or len(self.fits) == 1:
            return self._fit_of(label).log_prob(rows)
        parts = [math.log(share) + fit.log_prob(rows) for share, fit in zip(self.shares, self.fits, strict=True)]
        return np.asarray(np.logaddexp.reduce(parts, axis=0))

    def _fit_of(self, label: int | None) -> Density:
        if label is None:
            return self.fits[0]
        if not self.classes:
            raise ShapeError(f"The sampler {self.name} was fitted without classes; fit it per class to choose one.")
        if label not in self.classes:
            raise ShapeError(f"The sampler {self.name} has no class {label}: its classes are {self._listed()}.")
        return self.fits[self.classes.index(label)]

    def _listed(self) -> str:
        return ", ".join(map(str, self.classes))


def prior_sampler(latent_dim: int) -> Sampler:
    """The prior p(z) of every family, N(0, I), of which nothing has to be fitted."""
    return Sampler("prior", latent_dim, (Prior(latent_dim),))


def fit_sampler(
    name: str, codes: Codes, *, generator: np.random.Generator, on_progress: Progress = lambda share: None
) -> Sampler:
    """Fit a sampler to the codes of the training split.

    Parameters
    ----------
    name : str
        One of `vae_core.latent.samplers.FITTED_SAMPLERS`.
    codes : Codes
        With labels: one fit a class that occurs; without: one of all.
    generator : numpy.random.Generator
        Where the randomness comes from; the same state on the same machine gives the same sampler.
    on_progress : callable, optional
        Told the part that is done, from 0 to 1; what it raises ends the fit, and is how one is stopped.

    Raises
    ------
    ConfigError
        When there is no such sampler.
    ShapeError
        When a class has a single image.
    """
    if name not in KINDS:
        raise ConfigError(f"There is no sampler {name[:40]!r} to fit; there are {', '.join(KINDS)}.")
    kind = KINDS[name]
    if codes.labels is None:
        fit = kind.fitted(codes, generator=generator, on_progress=on_progress)
        return Sampler(name, codes.latent_dim, (fit,), n_codes=len(codes))
    classes, counts = np.unique(codes.labels, return_counts=True)
    if counts.min() < 2:
        raise ShapeError(
            f"Class {classes[counts.argmin()]} has a single training image, too few for a fit of its own; "
            "fit without classes."
        )
    shares = tuple(float(share) for share in counts / len(codes))
    fits, done = [], 0.0
    for label, share in zip(classes, shares, strict=True):

        def within(part: float, done: float = done, share: float = share) -> None:
            on_progress(done + share * part)

        fits.append(kind.fitted(codes.rows(codes.labels == label), generator=generator, on_progress=within))
        done += share
    return Sampler(name, codes.latent_dim, tuple(fits), tuple(int(label) for label in classes), shares, len(codes))
