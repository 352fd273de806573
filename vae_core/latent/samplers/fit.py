"""A density over z, and one that is fitted to codes: what all kinds of samplers have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from vae_core.latent.samplers.codes import Codes

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[Any]]
Progress = Callable[[float], None]
"""Told the part that is done, from 0 to 1. What it raises ends the fit: that is how one is stopped."""

MOST_NUMBERS = 1 << 18
"""Numbers that a sampler keeps of its codes: all codes of a 2-D set of 131,072, and 16,384 codes in 16 dimensions."""


class Density(ABC):
    """A density over z; immutable."""

    has_density: ClassVar[bool] = True
    """Whether there is a `log_prob`."""

    @property
    def takes_temperature(self) -> bool:
        """Whether draws have a spread of their own that a temperature can scale."""
        return True

    @abstractmethod
    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        """Draw n points, (n, D), n at least 1."""

    @abstractmethod
    def log_prob(self, z: Doubles) -> Doubles:
        """log p(z) at temperature 1, (N, D) to (N,), in nats; N at least 1."""


class Fit(Density):
    """A density that was fitted to codes, and can be stored."""

    kind: ClassVar[str]
    """The sampler's name."""
    members: ClassVar[tuple[str, ...]]
    """Names of the arrays that it is stored as."""

    @classmethod
    @abstractmethod
    def fitted(cls, codes: Codes, *, generator: np.random.Generator, on_progress: Progress) -> Self:
        """Fit it; the same generator state on the same machine gives the same fit."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays, latent_dim: int) -> Self:
        """The inverse of `arrays`, from a file of unknown origin.

        Raises
        ------
        ValueError
            When an array is missing, or its type, shape or values cannot be those of such a fit.
        """

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All that it is, to the bit."""


def kept(n: int, latent_dim: int, *, generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """Indices of the codes that a sampler keeps: all, or as many as it may, chosen at random; ascending."""
    most = max(2, MOST_NUMBERS // latent_dim)
    return np.arange(n) if n <= most else np.sort(generator.choice(n, most, replace=False))


def held_out(n: int, *, generator: np.random.Generator) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices to fit to, and a tenth of all (at most 2,000) to judge the fit by."""
    order = generator.permutation(n)
    n_held = min(2000, max(1, n // 10))
    return order[n_held:], order[:n_held]


def scales(z: Doubles) -> tuple[Doubles, Doubles]:
    """Mean and standard deviation of each dimension, (D,) and (D,); of a constant one the deviation is tiny, not 0."""
    return z.mean(0), np.maximum(z.std(0), 1e-6)


def member(arrays: Arrays, name: str, dtype: type[np.generic], shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
    """An array of a file, when it has this type and shape (None: any length of at least 1) and is finite.

    Raises
    ------
    ValueError
        When it is missing or another.
    """
    if name not in arrays:
        raise ValueError(f"{name} is missing")
    array = arrays[name]
    fits = array.ndim == len(shape) and all(
        length >= 1 if wanted is None else length == wanted for length, wanted in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits or not np.isfinite(array).all():
        wanted = tuple("any" if length is None else length for length in shape)
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected finite {dtype.__name__} {wanted}")
    return array
