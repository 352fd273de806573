"""Whether what a model draws looks like the data, covers the data, and is more than the data learned by heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError
from vae_core.metrics.elbo import measure
from vae_core.metrics.spread import N_PARTS, measures

ROWS_AT_ONCE = 1000
"""Samples whose distances to all real images are held at once: 40 MB for 5,000 of these."""

TRAINING_AT_ONCE = 5000

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PrecisionRecall:
    """What `precision_recall` finds."""

    precision: Measure
    recall: Measure


@dataclass(frozen=True)
class DensityCoverage:
    """What `density_coverage` finds."""

    density: Measure
    coverage: Measure


def precision_recall(
    real: npt.ArrayLike, drawn: npt.ArrayLike, *, k: int = 3, generator: np.random.Generator
) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al. 2019, eqs. 1 and 2), 0 to 1 each.

    A set's manifold is the union of balls around its points, each reaching to the k-th nearest other one. Precision:
    the share of drawn points in the manifold of the real ones. Recall: the share of real points in that of the drawn
    ones. Points of one and the same distribution score below 1, in high dimensions well below: ask that of real
    images as a yardstick.

    Parameters
    ----------
    real, drawn : arrays of shape (N, F) and (M, F)
        Features; for figures that can be compared, N and M are always the same (here 5,000).
    k : int
        Which neighbour a ball reaches to.
    generator : numpy.random.Generator
        Cuts the 5 parts that the standard errors come from (`vae_core.metrics.spread`).

    Raises
    ------
    ShapeError
        When the shapes do not fit, or there are too few: a fifth must be more than k.
    """
    points, others = _two_sets(real, drawn, least=N_PARTS * (k + 1))

    def scores(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> tuple[float, float]:
        found = _Balls(points[rows], others[columns], k, both=True)
        return float((found.n_around > 0).mean()), float(found.reached.mean())

    return PrecisionRecall(*measures(scores, len(points), len(others), generator=generator))


def density_coverage(
    real: npt.ArrayLike, drawn: npt.ArrayLike, *, k: int = 5, generator: np.random.Generator
) -> DensityCoverage:
    """Density and coverage (Naeem et al. 2020).

    Around each real point a ball reaches to its k-th nearest other real one. Density: how many balls hold a drawn
    point, averaged over the drawn points and divided by k; it is not bounded by 1. Coverage: the share of balls that
    hold at least one. For two sets of N points of one distribution the expected density is 1, the expected coverage
    1 - (N - 1)…(N - k) / ((2N - 1)…(2N - k)), about 1 - 2^-k.

    Parameters
    ----------
    real, drawn, k, generator
        As `precision_recall`.

    Raises
    ------
    ShapeError
        As `precision_recall`.
    """
    points, others = _two_sets(real, drawn, least=N_PARTS * (k + 1))

    def scores(rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> tuple[float, float]:
        found = _Balls(points[rows], others[columns], k, both=False)
        return float(found.n_around.mean() / k), float(found.hit.mean())

    return DensityCoverage(*measures(scores, len(points), len(others), generator=generator))


class _Balls:
    """Which points lie in whose balls.

    n_around (M,): how many real points' balls hold each drawn point; hit (N,): whether a real point's ball holds any;
    reached (N,): whether the real point lies in a drawn point's ball, found out with `both` only.
    """

    def __init__(self, real: Doubles, drawn: Doubles, k: int, *, both: bool) -> None:
        from sklearn.metrics import pairwise_distances

        radii, other_radii = _radii(real, k), _radii(drawn, k) if both else None
        self.n_around = np.zeros(len(drawn), np.int64)
        self.hit, self.reached = np.zeros(len(real), bool), np.zeros(len(real), bool)
        for start in range(0, len(drawn), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            distances = pairwise_distances(drawn[some], real)
            inside = distances <= radii
            self.n_around[some] = inside.sum(axis=1)
            self.hit |= inside.any(axis=0)
            if other_radii is not None:
                self.reached |= (distances <= other_radii[some, None]).any(axis=0)


def _radii(points: Doubles, k: int) -> Doubles:
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors()  # without itself
    return np.asarray(distances[:, -1])


def frechet_distance(real: npt.ArrayLike, drawn: npt.ArrayLike, *, generator: np.random.Generator) -> Measure:
    """Fréchet distance between the Gaussians fitted to two sets of features (Dowson & Landau 1982), squared.

    |m - m'|² + tr(S + S' - 2 (S S')^½), in squared units of the features. In the features of a classifier of the set
    it is the *classifier Fréchet distance*; it is no FID, which means Inception's features, and compares only with
    figures of the same classifier. It is biased upwards: two sets of N points of one Gaussian with covariance I in F
    dimensions have about 2F/N + F(F + 1)/2N; sets of one size can be compared.

    Parameters
    ----------
    real, drawn : arrays of shape (N, F) and (M, F)
    generator : numpy.random.Generator
        Cuts the 5 parts that the standard error comes from (`vae_core.metrics.spread`).

    Raises
    ------
    ShapeError
        When the shapes do not fit, or there are fewer than 10 points in a set.
    """
    points, others = _two_sets(real, drawn, least=2 * N_PARTS)
    (found,) = measures(
        lambda rows, columns: [_frechet(points[rows], others[columns])], len(points), len(others), generator=generator
    )
    return found


def _frechet(points: Doubles, others: Doubles) -> float:
    covariance, other = np.atleast_2d(np.cov(points.T)), np.atleast_2d(np.cov(others.T))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    # S S' and S^½ S' S^½ have the same eigenvalues, and the latter is symmetric.
    shared = np.linalg.eigvalsh(root @ other @ root)
    apart = np.square(points.mean(axis=0) - others.mean(axis=0)).sum()
    distance = apart + np.trace(covariance) + np.trace(other) - 2 * np.sqrt(np.maximum(shared, 0)).sum()
    return float(max(distance, 0.0))


def nearest_training_distance(images: npt.ArrayLike, training: npt.NDArray[np.uint8]) -> Measure:
    """How far images are from the training image nearest to them: the mean over images.

    The distance is the root of the squared difference averaged over pixels and channels, in units of [0, 1]; 0 is a
    copy. Its yardstick is the same figure of real images that were held out: a model whose samples lie much nearer
    than these repeats what it was shown (blurred samples lie nearer too, because nothing in them is particular).

    Parameters
    ----------
    images : array of shape (N, C, H, W)
        uint8 in 0..255, or floats in [0, 1].
    training : uint8 array of shape (M, C, H, W)

    Raises
    ------
    ShapeError
        When there are none, or the shapes differ.
    """
    from sklearn.metrics import pairwise_distances_argmin_min

    asked = np.asarray(images)
    if asked.ndim != 4 or asked.shape[1:] != training.shape[1:] or not asked.size or not training.size:
        raise ShapeError(
            f"Images and training images must have one shape (N, C, H, W), but they have {asked.shape} and "
            f"{training.shape}."
        )
    pixels, nearest = _flat(asked), np.full(len(asked), np.inf)
    for start in range(0, len(training), TRAINING_AT_ONCE):
        # scikit-learn sums the squares of float32 pixels in float64, so that a copy is found to be one.
        _, distances = pairwise_distances_argmin_min(pixels, _flat(training[start : start + TRAINING_AT_ONCE]))
        np.minimum(nearest, distances, out=nearest)
    return measure(nearest / np.sqrt(np.prod(asked.shape[1:])))


def _flat(images: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    pixels = images.reshape(len(images), -1).astype(np.float32)
    return pixels / np.float32(255) if images.dtype == np.uint8 else pixels


def _two_sets(real: npt.ArrayLike, drawn: npt.ArrayLike, *, least: int) -> tuple[Doubles, Doubles]:
    points = finite_rows(real, "The real features").astype(np.float64)
    others = finite_rows(drawn, "The drawn features", points.shape[1]).astype(np.float64)
    if min(len(points), len(others)) < least:
        raise ShapeError(
            f"This figure needs at least {least} real and {least} drawn images, but there are {len(points)} and "
            f"{len(others)}."
        )
    return points, others
