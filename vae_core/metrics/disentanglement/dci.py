"""Disentanglement, completeness, informativeness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vae_core.card import Measure
from vae_core.metrics.disentanglement.table import Doubles, Whole, checked
from vae_core.metrics.spread import measures


@dataclass(frozen=True)
class Dci:
    """The three scores of `dci`."""

    disentanglement: Measure
    completeness: Measure
    informativeness: Measure


def dci(codes: npt.ArrayLike, factors: npt.ArrayLike, *, n_trees: int = 20, generator: np.random.Generator) -> Dci:
    """Disentanglement, completeness and informativeness (Eastwood & Williams 2018), 0 to 1 each.

    A random forest predicts each factor, as a class, from all code dimensions (scikit-learn's RandomForestClassifier:
    `n_trees` trees, all dimensions looked at in each split). It is fitted to half of the images; the importances
    R (D, F) are its mean decreases of impurity. A leaf holds at least a quarter as many
    images as a value of the factor has on the average: with finer leaves a factor of many values, of which neighbours
    are easily mistaken for each other, is learned by heart from the other dimensions; with coarser ones a factor that
    several dimensions share is not found, and noise seems to know one factor better than another.

    - disentanglement: 1 - H_F(R_i / sum of R_i) of each dimension, averaged with its share of all importance as weight;
    - completeness: 1 - H_D(R_j / sum of R_j) of each factor, averaged;
    - informativeness: the share of the other half's images whose value is predicted, averaged over the factors (the
      paper has a normalised error for factors on a scale; for values without order the accuracy takes its place).

    H_K is the entropy with the logarithm to base K.

    Parameters
    ----------
    codes : array of shape (N, D), D at least 2
    factors : int array of shape (N, F), F at least 2
    n_trees : int
        Trees of each forest.
    generator : numpy.random.Generator
        Halves the images, seeds the forests, and cuts the parts that the standard error comes from.

    Raises
    ------
    ShapeError
        As the protocol says (`vae_core.metrics.disentanglement`).
    """
    z, table = checked(codes, factors)

    def scores(rows: npt.NDArray[np.intp]) -> tuple[float, float, float]:
        importances, informativeness = forest_importances(z[rows], table[rows], n_trees, generator)
        return disentanglement(importances), completeness(importances), informativeness

    return Dci(*measures(scores, len(z), generator=generator))


def forest_importances(z: Doubles, table: Whole, n_trees: int, generator: np.random.Generator) -> tuple[Doubles, float]:
    """R (D, F), and the accuracy on the half that was not fitted, averaged over the factors."""
    from sklearn.ensemble import RandomForestClassifier

    shuffled = generator.permutation(len(z))
    fitted, held_out = shuffled[::2], shuffled[1::2]
    importances, accuracies = [], []
    for factor in table.T:
        seed = int(generator.integers(2**31))
        leaf = max(1, len(fitted) // (4 * len(np.unique(factor))))
        forest = RandomForestClassifier(n_trees, max_features=None, min_samples_leaf=leaf, random_state=seed)
        forest.fit(z[fitted], factor[fitted])
        importances.append(forest.feature_importances_)
        accuracies.append(forest.score(z[held_out], factor[held_out]))
    return np.stack(importances, axis=1), float(np.mean(accuracies))


def disentanglement(importances: Doubles) -> float:
    """Whether each dimension serves one factor; from importances (D, F), F at least 2."""
    totals = importances.sum(axis=1)
    if totals.sum() == 0:
        return 0.0
    return float((totals / totals.sum()) @ (1 - _entropies(importances)))


def completeness(importances: Doubles) -> float:
    """Whether each factor is in one dimension; from importances (D, F), D at least 2."""
    return float((1 - _entropies(importances.T)).mean())


def _entropies(rows: Doubles) -> Doubles:
    """Entropy of each row's shares, to the base of their number; 1 for a row without any."""
    totals = rows.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, rows / np.where(totals > 0, totals, 1), 1 / rows.shape[1])
    logarithms = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logarithms).sum(axis=1) / np.log(rows.shape[1]))
