"""How many bytes all sockets of the live channel together may have the server hold.

They count from when they are asked for until they are sent. Only who asks and does not read holds much for long: when
there is no room for more, whoever holds most is let go, and the others notice nothing.
"""

from __future__ import annotations

from typing import Protocol

MOST_HELD = 512 << 20


class Holder(Protocol):
    """Whoever has bytes held."""

    def let_go(self) -> None:
        """Give them up, soon."""


_held: dict[Holder, int] = {}  # touched by the event loop alone, as is their sum
_total = 0


def join(holder: Holder) -> None:
    """Count for this one from now on."""
    _held[holder] = 0


def hold(holder: Holder, n_bytes: int) -> None:
    """Count more bytes, or with a negative number fewer; nothing for one that has left."""
    global _total
    if holder not in _held:
        return
    _held[holder] += n_bytes
    _total += n_bytes
    while _total > MOST_HELD:
        heaviest = max(_held, key=_held.__getitem__)
        leave(heaviest)
        heaviest.let_go()


def leave(holder: Holder) -> None:
    """Count nothing for this one any more."""
    global _total
    _total -= _held.pop(holder, 0)
