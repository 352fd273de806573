"""Work on many rows, a few at a time: here and now, or by a worker that does a piece when it has time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OnProgress = Callable[[float], None]
"""Told the share that is done, 0 to 1; what it raises ends the work: that is how it is stopped."""

InPieces = Callable[[int, Callable[[slice], Any]], list[Any]]
"""`in_pieces(n, ask)` calls `ask` with slices that follow each other from 0 to n, and lists the answers."""


def here(size: int) -> InPieces:
    """Pieces of `size` rows, done at once by whoever asks."""

    def in_pieces(n: int, ask: Callable[[slice], Any]) -> list[Any]:
        return [ask(slice(start, min(n, start + size))) for start in range(0, n, size)]

    return in_pieces
