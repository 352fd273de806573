"""The mutual information gap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.metrics.disentanglement.table import Doubles, Whole, checked, mean_gap
from vae_core.metrics.spread import measures


def mig(codes: npt.ArrayLike, factors: npt.ArrayLike, *, n_bins: int = 20, generator: np.random.Generator) -> Measure:
    """The mutual information gap (Chen, Li, Grosse & Duvenaud 2018, eq. 6), 0 to 1.

    For each factor the mutual information with the code dimension that has most of it, minus that with the second,
    divided by the factor's entropy; averaged over the factors.

    The estimate is that of Locatello et al. (2019), on posterior means, not that of Chen et al., on draws of z ~ q(z|x)
    with the aggregate posterior for a density: the mutual information is that of the table of counts of factor values
    and code bins, each dimension cut into `n_bins` bins of equal width between its extremes. So an autoencoder has a
    MIG too, all four scores are of the same codes, and figures compare with those of the studies that came after. A
    dimension that is all noise in q(z|x) costs nothing here, and draws would lower every score a little: figures of the
    two estimates must not be compared. No bias is corrected: noise has an expected information of about
    (values - 1)(bins - 1) / 2N nats, the same in every dimension.

    Parameters
    ----------
    codes : array of shape (N, D), D at least 2
    factors : int array of shape (N, F)
    n_bins : int
        Bins of each dimension.
    generator : numpy.random.Generator
        Cuts the images into the parts that the standard error comes from.

    Raises
    ------
    ShapeError
        As the protocol says (`vae_core.metrics.disentanglement`).
    """
    z, table = checked(codes, factors)
    (found,) = measures(lambda rows: [_gap(z[rows], table[rows], n_bins)], len(z), generator=generator)
    return found


def _gap(z: Doubles, table: Whole, n_bins: int) -> float:
    shares = [[_information(_binned(column, n_bins), factor) for factor in table.T] for column in z.T]
    entropies = [_information(factor, factor) for factor in table.T]
    return mean_gap(np.array(shares) / np.maximum(entropies, np.finfo(float).tiny))  # (D, F)


def _binned(values: Doubles, n_bins: int) -> Whole:
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(len(values), np.int64)
    return np.asarray(np.minimum((values - low) / (high - low) * n_bins, n_bins - 1), np.int64)


def _information(a: Whole, b: Whole) -> float:
    """I(a; b) in nats of two columns of whole numbers; the entropy when they are the same."""
    counts = np.bincount(a * (b.max() + 1) + b, minlength=(a.max() + 1) * (b.max() + 1)).reshape(-1, b.max() + 1)
    joint = counts / len(a)
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / independent[seen])).sum())
