"""How large an effect is, with its 95 % confidence interval in closed form."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from vae_core.errors import DataError
from vae_core.latent.directions.direction import Interval

Z95 = 1.959963984540054
"""The standard normal's 97.5 % quantile."""

LARGEST_D = 1e5
"""Beyond, groups have no width but that of rounding."""

Doubles = npt.NDArray[np.float64]


def cohen_d(low: Doubles, high: Doubles) -> Interval:
    """The difference of two groups' means in units of s, s² being the mean of their variances (Cohen 1988, ch. 2).

    The interval does not take the variances for equal: it is the one of Bonett (2008), "Confidence intervals for
    standardized linear contrasts of means", Psychological Methods 13, for two groups; it takes values for normal within
    a group, and groups of 10 or more for large.

    Raises
    ------
    DataError
        When a group has fewer than two values, or all values of both are the same.
    """
    if min(len(low), len(high)) < 2:
        raise DataError("Cohen's d needs two values in each group.")
    variances = float(np.var(low, ddof=1)), float(np.var(high, ddof=1))
    square = sum(variances) / 2
    d = float(high.mean() - low.mean()) / math.sqrt(square) if square > 0 else math.inf
    if not abs(d) < LARGEST_D:
        raise DataError("Within each of the two groups all codes lie at one place along the direction: d has no unit.")
    freedom = len(low) - 1, len(high) - 1
    of_unit = d**2 * sum(v**2 / f for v, f in zip(variances, freedom, strict=True)) / (8 * square**2)
    of_means = sum(v / f for v, f in zip(variances, freedom, strict=True)) / square
    half = Z95 * math.sqrt(of_unit + of_means)
    return Interval(value=d, low=d - half, high=d + half)


def pearson(x: Doubles, y: Doubles) -> Interval:
    """Pearson's correlation; its interval by Fisher's transformation (Fisher 1921), for x and y jointly normal.

    Raises
    ------
    DataError
        When there are fewer than four pairs, or x or y is constant.
    """
    return _correlation(x, y, rank=False)


def spearman(x: Doubles, y: Doubles) -> Interval:
    """Spearman's rank correlation; its interval is that of Bonett and Wright (2000), Psychometrika 65.

    Raises
    ------
    DataError
        As `pearson`.
    """
    from scipy.stats import rankdata

    return _correlation(rankdata(x), rankdata(y), rank=True)


def _correlation(x: Doubles, y: Doubles, *, rank: bool) -> Interval:
    if len(x) < 4 or not np.ptp(x) or not np.ptp(y):
        raise DataError("A correlation needs four codes whose values differ, and that differ along the direction.")
    x, y = ((values - values.mean()) / np.ptp(values) for values in (x, y))  # squares of the smallest numbers are 0
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
    centre = math.atanh(max(-1 + 1e-15, min(1 - 1e-15, r)))
    half = Z95 * math.sqrt((1 + r * r / 2 if rank else 1.0) / (len(x) - 3))
    return Interval(value=r, low=math.tanh(centre - half), high=math.tanh(centre + half))
