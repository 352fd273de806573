"""Finding a direction on one half of the codes, and measuring on the other half what it is worth."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.checks import finite_rows, whole_number
from vae_core.config import build
from vae_core.errors import DataError
from vae_core.latent.directions.direction import Direction, Effect, Method, without
from vae_core.latent.directions.effect import cohen_d, pearson, spearman
from vae_core.latent.directions.question import Question
from vae_core.latent.pieces import OnProgress

Doubles = npt.NDArray[np.float64]

HELD_OUT_SEED = 5
"""Which codes are held out is settled once and for all: no direction has ever seen what any is measured on."""

LEAST = {"groups": 5, "values": 10}
"""Codes that a question needs in either half; of two groups, of each."""

N_PERMUTATIONS = 199


def held_out_codes(n_codes: int) -> npt.NDArray[np.bool_]:
    """Which codes directions are measured on, and never found from: a random half, always the same of so many."""
    order = np.random.default_rng(HELD_OUT_SEED).permutation(n_codes)
    chosen = np.zeros(n_codes, np.bool_)
    chosen[order[: n_codes // 2]] = True
    return chosen


def find_direction(
    mu: npt.ArrayLike,
    question: Question,
    *,
    name: str,
    method: Method = "centroids",
    remove: Sequence[Direction] = (),
) -> Direction:
    """The direction along which codes answer a question, found on one half of them and measured on the other.

    Parameters
    ----------
    mu : array_like, shape (N, D)
        All codes that the question's indices count, the posterior means of the test split.
    question : Question
    name : str
    method : str
        `centroids`: from the mean of the one group to that of the other; of a number, from those below its median to
        those above. `regression`: logistic regression, or ridge regression for a number, both on codes scaled to
        variance 1 and with a unit penalty on the squared weights (scikit-learn's default); the gradient with respect
        to z.
    remove : sequence of Direction
        The component in their span is removed, before the effect is measured.

    Raises
    ------
    ConfigError
        When the name is none of 1 to 60 printable letters, or more than 16 directions are to be removed.
    DataError
        When a half has too few codes, a group is empty, or the direction is none.
    ShapeError
        When the codes are no finite (N, D).
    """
    codes = finite_rows(mu, "The codes").astype(np.float64)
    halves = _Halves(codes, question)
    others = [direction.unit for direction in remove]
    vector = halves.vector(halves.fit_values, method, others)
    if vector is None:
        raise DataError(_nothing_left(name, [direction.name for direction in remove]))
    along = codes @ vector
    at = halves.held @ vector
    is_high = halves.held_values > 0.5
    groups = question.kind == "groups"
    effect = Effect(
        d=cohen_d(at[~is_high], at[is_high]) if groups else None,
        pearson=None if groups else pearson(at, halves.held_values),
        spearman=None if groups else spearman(at, halves.held_values),
        n_fit=len(halves.fit),
        n_held_out=len(halves.held),
        p_value=None,
        n_permutations=0,
    )
    own = along[question.indices]
    high = question.values > (0.5 if groups else np.median(question.values))
    values: dict[str, Any] = {
        "name": name,
        "question": question.title,
        "method": method,
        "without": tuple(direction.name for direction in remove),
        "vector": tuple(map(float, vector)),
        "middle": float(along.mean()),
        "spread": max(float(along.std()), 1e-6),
        "ends": (float(own[~high].mean()), float(own[high].mean())),
        "ends_named": question.ends,
        "effect": effect,
    }
    return build(Direction, values, where="The direction")


def permutation_test(
    mu: npt.ArrayLike,
    question: Question,
    *,
    method: Method = "centroids",
    remove: Sequence[Direction] = (),
    n_permutations: int = N_PERMUTATIONS,
    generator: np.random.Generator,
    on_progress: OnProgress = lambda share: None,
) -> float:
    """How often shuffled labels do as well: p = (1 + number of shuffles with an effect as large) / (1 + n).

    The labels are shuffled within each half, and the whole procedure is done again: the direction found, the effect
    measured on the held-out half. Where labels and codes have nothing to do with each other, P(p <= a) <= a, with
    equality at multiples of 1/(1 + n) (Phipson and Smyth 2010, "Permutation p-values should never be zero").
    One-sided: only an effect in the direction's own sense counts.

    Parameters
    ----------
    mu, question, method, remove
        As in `find_direction`.
    n_permutations : int
        At least 1; the smallest p is 1 / (1 + n).
    generator : numpy Generator
    on_progress : callable, optional
        Called with the share that is done; what it raises ends the test.

    Raises
    ------
    DataError, ShapeError
        As `find_direction`.
    """
    n = whole_number(n_permutations, "n_permutations", least=1)
    halves = _Halves(finite_rows(mu, "The codes").astype(np.float64), question)
    others = [direction.unit for direction in remove]
    actual = halves.statistic(halves.fit_values, halves.held_values, method, others)
    as_large = 0
    for i in range(n):
        shuffled = generator.permutation(halves.fit_values), generator.permutation(halves.held_values)
        as_large += halves.statistic(*shuffled, method, others) >= actual
        on_progress((i + 1) / n)
    return (1 + as_large) / (1 + n)


class _Halves:
    """The codes that a question is about, in two halves: one to find a direction, one to measure it."""

    def __init__(self, codes: Doubles, question: Question) -> None:
        indices = question.indices
        if indices.size and (indices.min() < 0 or indices.max() >= len(codes)):
            raise DataError(f"The question is about code {indices.max()}, but there are {len(codes)} codes.")
        measured = held_out_codes(len(codes))[indices]
        self.kind = question.kind
        self.fit, self.held = codes[indices[~measured]], codes[indices[measured]]
        self.fit_values, self.held_values = question.values[~measured], question.values[measured]
        self._centre = self.fit.mean(axis=0) if len(self.fit) else np.zeros(codes.shape[1])
        scale = self.fit.std(axis=0) if len(self.fit) else np.ones(codes.shape[1])
        self._scale = np.where(scale > 0, scale, 1.0)
        least = LEAST[self.kind]
        for values in (self.fit_values, self.held_values):
            counts = [int((values > 0.5).sum()), int((values <= 0.5).sum())] if self.kind == "groups" else [len(values)]
            if min(counts) < least:
                what = "of each group " if self.kind == "groups" else ""
                raise DataError(
                    f"A direction is found on one half of the codes and measured on the other: each half needs {least} "
                    f"{what}or more, but one has {min(counts)}. Take more images."
                )
            if self.kind == "values" and not np.ptp(values):
                raise DataError("All numbers of one half are the same: there is nothing to find a direction for.")

    def vector(self, values: Doubles, method: Method, others: Sequence[Doubles]) -> Doubles | None:
        """The unit vector found from the first half with these values; None when it is none."""
        raw = self._centroids(values) if method == "centroids" else self._regression(values)
        length = float(np.linalg.norm(raw))
        return without(raw / length, others) if length > 0 else None

    def statistic(self, fit_values: Doubles, held_values: Doubles, method: Method, others: Sequence[Doubles]) -> float:
        """The effect on the second half, by which shuffles are compared; none at all where there is no direction."""
        vector = self.vector(fit_values, method, others)
        if vector is None:
            return 0.0
        at = self.held @ vector
        if self.kind == "groups":
            is_high = held_values > 0.5
            return cohen_d(at[~is_high], at[is_high]).value
        return pearson(at, held_values).value

    def _centroids(self, values: Doubles) -> Doubles:
        high = values > (0.5 if self.kind == "groups" else np.median(values))
        if not high.any():  # the median is the largest value
            high = values == values.max()
        difference: Doubles = self.fit[high].mean(axis=0) - self.fit[~high].mean(axis=0)
        return difference

    def _regression(self, values: Doubles) -> Doubles:
        from sklearn.exceptions import ConvergenceWarning  # scikit-learn takes a second to import
        from sklearn.linear_model import LogisticRegression, Ridge

        scaled = (self.fit - self._centre) / self._scale
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # nearly the best is good enough, as it is measured
            if self.kind == "groups":
                weights = LogisticRegression().fit(scaled, values > 0.5).coef_[0]
            else:
                weights = Ridge().fit(scaled, values - values.mean()).coef_
        found: Doubles = weights / self._scale
        return found


def _nothing_left(name: str, removed: list[str]) -> str:
    if removed:
        return f"Nothing is left of {name} without {', '.join(removed)}: it lies in what is removed."
    return f"{name} is no direction: both ends have the same mean."
