"""Plausible variations of images: z drawn around what each is encoded to, decoded, and judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from vae_core.checks import whole_number
from vae_core.errors import ConfigError, ShapeError
from vae_core.images import to_uint8
from vae_core.latent.density import OUTSIDE, Region, region_of
from vae_core.latent.pixel_neighbours import PixelNeighbours
from vae_core.latent.variation_sources import Sources

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

WIDEST = 10.0
"""The largest factor: beyond it nothing of the source is left."""

MOST_BYTES = 1 << 28
"""Of the pictures of one call: 340,000 of MNIST's size."""

MOST_ROUNDS = 50
"""Times n draws for one source, after which the search for supported ones is given up."""

AT_ONCE = 256
"""Pictures between two reports of progress."""

SAME = 1e-4
"""Squared distance, in standard deviations, within which a code is that of the source itself."""

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
OnProgress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Variations:
    """M variations, those of the first source first.

    Attributes
    ----------
    sources : Sources
    source : ndarray of int64, shape (M,)
        Of which one each is.
    z : ndarray of float32, shape (M, D)
    images : ndarray of uint8, shape (M, C, H, W)
        The mean of p(x|z), or a draw from it.
    spread : float
        The factor.
    is_draw : bool
        The images are draws from p(x|z).
    support, log_density : ndarray of float64, shape (M,), or None
        Share of held-out codes at a lower density of the encoded images, and that density's logarithm in nats. A
        source's own q(z|x) is no part of the density: it would vouch for its own draws. None without an encoder.
    to_source : ndarray of float64, shape (M,), or None
        Root of the mean squared difference to the source's pixels, in units of [0, 1]; None where they are not known.
    nearest : ndarray of int64, shape (M,), or None
        The training image nearest in pixels; None where these are not known.
    to_nearest : ndarray of float64, shape (M,), or None
        Its distance, as `to_source`.
    rejected : ndarray of int64, shape (N,)
        Draws of each source that were thrown away because they were off the data.
    """

    sources: Sources
    source: Integers
    z: Floats
    images: npt.NDArray[np.uint8]
    spread: float
    is_draw: bool
    support: Doubles | None
    log_density: Doubles | None
    to_source: Doubles | None
    nearest: Integers | None
    to_nearest: Doubles | None
    rejected: Integers

    def __len__(self) -> int:
        return len(self.z)

    @property
    def is_outside(self) -> npt.NDArray[np.bool_] | None:
        """Which are off the data, (M,): less than 1 % of held-out codes lie at a lower density."""
        return None if self.support is None else self.support < OUTSIDE


def vary(
    explorer: LatentExplorer,
    sources: Sources,
    n: int,
    *,
    spread: float = 1.0,
    as_draw: bool = False,
    supported_only: bool = False,
    training: PixelNeighbours | None = None,
    generator: np.random.Generator,
    on_progress: OnProgress = lambda share: None,
) -> Variations:
    """n variations of each source: z = mu + spread * sigma * noise, noise ~ N(0, I), decoded.

    With a spread of 1 that is a draw from q(z|x), and with 0 the reconstruction. The noise does not depend on the
    spread, nor a source's on how many follow it.

    Parameters
    ----------
    explorer : LatentExplorer
    sources : Sources
    n : int
    spread : float
        From 0 to 10.
    as_draw : bool
        Draw from p(x|z) in place of its mean.
    supported_only : bool
        Throw away what is off the data and draw again; a source may end with fewer than n, when 50 n draws did not do.
    training : PixelNeighbours, optional
        The training images, to say which one is nearest.
    generator : numpy Generator
    on_progress : callable
        Called with the share done; it may raise, to stop.

    Raises
    ------
    ConfigError
        When the spread is out of range, it is too much, or nothing says what is off the data and `supported_only` asks.
    ShapeError
        When there is no source, n is too small, or the model makes images where a draw from p(x|z) is asked for.
    """
    whole_number(n, "The number of variations", least=1)
    if not (math.isfinite(spread) and 0 <= spread <= WIDEST):
        raise ConfigError(f"The spread must be a number from 0 to {WIDEST:g}, but it is {spread}; 1 is q(z|x) itself.")
    if not len(sources):
        raise ShapeError("There is no image to vary.")
    if len(sources) * n * math.prod(explorer.image_shape) > MOST_BYTES:
        most = MOST_BYTES // (n * math.prod(explorer.image_shape))
        raise ConfigError(
            f"{len(sources):,} images with {n:,} variations each are too many at once: take fewer variations, or "
            f"{most:,} images at a time."
        )
    if supported_only and not explorer.can.encode:
        raise ConfigError(f"{explorer.name} has no encoder, so nothing says which variations are off the data.")
    noise, pixels = generator.spawn(2)
    parts, rejected = [], np.zeros(len(sources), np.int64)
    for i, own in enumerate(noise.spawn(len(sources))):
        drawn, rejected[i] = _drawn(explorer, sources, i, n, spread, supported_only, own)
        parts.append(drawn)
        on_progress(0.3 * (i + 1) / len(sources))
    source = np.repeat(np.arange(len(sources)), [len(z) for z, _, _ in parts])
    z = np.concatenate([z for z, _, _ in parts])
    support = np.concatenate([share for _, share, _ in parts]) if explorer.can.encode else None
    log_density = np.concatenate([density for _, _, density in parts]) if explorer.can.encode else None
    images = np.empty((len(z), *explorer.image_shape), np.uint8)
    nearest, to_nearest = np.empty(len(z), np.int64), np.empty(len(z))
    for some in _blocks(len(z)):
        label = None if sources.told is None else sources.told[source[some]]
        made = explorer.draw(z[some], label, generator=pixels) if as_draw else explorer.decode(z[some], label)
        images[some] = to_uint8(made)
        if training is not None:
            found = training.nearest(images[some])
            nearest[some], to_nearest[some] = found[0][:, 0], found[1][:, 0]
        on_progress(0.3 + 0.7 * some.stop / len(z))
    return Variations(
        sources,
        source,
        z,
        images,
        float(spread),
        as_draw,
        support,
        log_density,
        None if sources.images is None else pixel_distance(images, sources.images[source]),
        None if training is None else nearest,
        None if training is None else to_nearest,
        rejected,
    )


def pixel_distance(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> Doubles:
    """Root of the mean squared difference of images (N, C, H, W), in units of [0, 1], (N,)."""
    found = np.empty(len(a))
    for some in _blocks(len(a)):
        found[some] = np.sqrt(np.square(a[some].astype(np.float64) - b[some]).mean(axis=(1, 2, 3))) / 255
    return found


def _drawn(
    explorer: LatentExplorer,
    sources: Sources,
    i: int,
    n: int,
    spread: float,
    supported_only: bool,
    generator: np.random.Generator,
) -> tuple[tuple[Floats, Doubles, Doubles], int]:
    """z, support and log density of one source's variations, and how many draws were thrown away for them."""
    region = (
        region_of(explorer, None if sources.told is None else int(sources.told[i])) if explorer.can.encode else None
    )
    own = None if region is None else _own(region, sources.mu[i])
    kept: list[tuple[Floats, Doubles, Doubles]] = []
    n_kept, n_rejected, n_left = 0, 0, MOST_ROUNDS * n
    while n_kept < n and n_left > 0:
        some = min(n - n_kept, n_left)
        noise = generator.standard_normal((some, explorer.latent_dim), dtype=np.float32)
        z = sources.mu[i] + np.float32(spread) * sources.sigma[i] * noise
        share, density = np.empty(some), np.empty(some)
        if region is not None:
            without = None if own is None else np.full(some, own)
            density = region.density.log_prob(z, without=without)
            share = np.searchsorted(region.judged, density) / len(region.judged)
        good = share >= OUTSIDE if supported_only else np.ones(some, np.bool_)
        kept.append((z[good], share[good], density[good]))
        n_kept, n_rejected, n_left = n_kept + int(good.sum()), n_rejected + int((~good).sum()), n_left - some
    return (
        np.concatenate([z for z, _, _ in kept]),
        np.concatenate([share for _, share, _ in kept]),
        np.concatenate([density for _, _, density in kept]),
    ), n_rejected


def _own(region: Region, mu: Floats) -> int | None:
    """Which Gaussian of the density is the source's own; None when it is none of the test images."""
    density = region.density
    u = mu.astype(np.float64)
    if density.factor is not None:
        u = np.asarray(solve_triangular(density.factor, u, lower=True))
    away = (np.square(density.means - u) / density.variances).sum(axis=1)
    closest = int(away.argmin())
    return closest if away[closest] < SAME and len(density) > 2 else None


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, AT_ONCE):
        yield slice(start, min(start + AT_ONCE, n))
