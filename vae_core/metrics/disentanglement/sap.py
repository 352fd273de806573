"""Separated attribute predictability."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.metrics.disentanglement.table import Doubles, Whole, checked, mean_gap
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE
from vae_core.metrics.spread import measures


def sap(codes: npt.ArrayLike, factors: npt.ArrayLike, *, generator: np.random.Generator) -> Measure:
    """Separated attribute predictability (Kumar, Sattigeri & Balakrishnan 2018, section 3), 0 to 1.

    For each factor, how well the best single code dimension predicts it, minus how well the second does; averaged over
    the factors. Every factor is predicted as a class: of one with V values the prediction is constant between at most
    V - 1 thresholds on the code, and thresholds and predictions are those with the highest balanced accuracy (mean
    over the values of the share of images recognised) on the very images asked, found exactly. A dimension with a
    variance of at most 0.01 is inactive and predicts nothing: 0.

    Parameters
    ----------
    codes : array of shape (N, D), D at least 2
    factors : int array of shape (N, F)
    generator : numpy.random.Generator
        Cuts the images into the parts that the standard error comes from.

    Raises
    ------
    ShapeError
        As the protocol says (`vae_core.metrics.disentanglement`).
    """
    z, table = checked(codes, factors)
    (found,) = measures(lambda rows: [_gap(z[rows], table[rows])], len(z), generator=generator)
    return found


def _gap(z: Doubles, table: Whole) -> float:
    scores = np.zeros((z.shape[1], table.shape[1]))
    for i, column in enumerate(z.T):
        if column.var() > ACTIVE_VARIANCE:
            scores[i] = [balanced_accuracy(column, factor) for factor in table.T]
    return mean_gap(scores)


def balanced_accuracy(code: Doubles, factor: Whole) -> float:
    """The highest balanced accuracy that V - 1 thresholds on one code reach for a factor of V values.

    Dynamic programming over the codes in ascending order: `best[s, v]` is the most that the codes so far can score
    when they are cut into at most s + 1 stretches, the last of which predicts the value v.

    Parameters
    ----------
    code : float64 array of shape (N,)
    factor : int array of shape (N,)
    """
    values, classes, counts = np.unique(factor, return_inverse=True, return_counts=True)
    order = np.argsort(code, kind="stable")
    ordered, weights = classes[order], 1 / (len(values) * counts)
    may_cut = np.diff(code[order], prepend=code[order[0]]) > 0
    best = np.zeros((len(values), len(values)))  # (stretches, value predicted)
    for cut, seen in zip(may_cut.tolist(), ordered.tolist(), strict=True):
        if cut:
            np.maximum(best[1:], best[:-1].max(axis=1, keepdims=True), out=best[1:])
        best[:, seen] += weights[seen]
    return float(best.max())
