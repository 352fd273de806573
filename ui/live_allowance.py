"""How much of the live channel a page session may use, over all its sockets, and however often it connects anew."""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter

RATE, BURST = 1000.0, 1000.0
"""Messages a second that a session may send for long, and at once; beyond, it is read more slowly."""

MOST_SOCKETS = 8
"""Sockets of a session: one for each device that its page shows, and a few that are about to end."""

MOST_KNOWN = 4096


class Allowance:
    """What is left to a session; touched by the event loop alone."""

    def __init__(self) -> None:
        self.n_sockets = 0
        self._left, self._checked = BURST, perf_counter()

    def spend(self, messages: float) -> None:
        """Count messages, whether or not there is an allowance for them."""
        self._left -= messages

    def seconds_to_wait(self, now: float) -> float | None:
        """How long the next message is to be left unread; None when nothing hurries."""
        self._left = min(BURST, self._left + RATE * (now - self._checked))
        self._checked = now
        return max(0.0, -self._left / RATE) if self._left < BURST - 8 else None


_known: OrderedDict[str, Allowance] = OrderedDict()


def allowance_of(session: str) -> Allowance:
    """The allowance of a session, the same whenever it connects; the longest unused are forgotten first."""
    allowance = _known.get(session)
    if allowance is None:
        allowance = _known[session] = Allowance()
    _known.move_to_end(session)
    while len(_known) > MOST_KNOWN:
        _known.popitem(last=False)
    return allowance
