"""Which epochs' snapshots a run keeps: all of late, ever fewer of those before. No torch in here.

The newest `recent` epochs are all kept; of those up to twice as old every second, up to four times as old every fourth,
and so on: the epochs that the next power of two divides. What is kept of a long run thus is a part of what was kept of
it while it was shorter, so that thinning after each epoch ends where thinning once would; and twice as many epochs
cost `recent` / 2 snapshots more. The first and the last epoch are always kept.
"""

from __future__ import annotations

from collections.abc import Iterable

BUDGET = 19_000_000
"""Bytes of the snapshots of `LONG_RUN` epochs; below 20 MB together with what all have in common."""

LONG_RUN = 200
MOST_RECENT = 64


def kept(epochs: Iterable[int], recent: int) -> list[int]:
    """Of some epochs those whose snapshots are kept, ascending.

    Parameters
    ----------
    epochs : iterable of int
        Of which there are snapshots; the largest is the newest.
    recent : int
        At least 1.
    """
    there = sorted(set(epochs))
    return [epoch for epoch in there if epoch == there[0] or epoch % _stride(there[-1] - epoch, recent) == 0]


def recent_for(n_bytes: int) -> int:
    """How many of the newest snapshots are all kept when one has so many bytes: a power of two, from 1 to 64.

    The largest with which the snapshots of 200 epochs fit into `BUDGET`.
    """
    recent = MOST_RECENT
    while recent > 1 and len(kept(range(1, LONG_RUN + 1), recent)) * n_bytes > BUDGET:
        recent //= 2
    return recent


def _stride(age: int, recent: int) -> int:
    return int(2 ** (age // recent).bit_length())
