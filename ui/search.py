"""A computation of one session that may take a while, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import streamlit as st

from ui.stoppable import Stoppable, show_progress
from ui.text import plain
from vae_core.latent.pieces import OnProgress

AT_ONCE = 0.35
"""Seconds that a page waits for it before it shows how far it is."""

T = TypeVar("T")


class Search(Stoppable, Generic[T]):
    """One computation, begun at once; `work` is given a function that it tells its share, and that may end it.

    Attributes
    ----------
    result : object or None
        What `work` gave; None while it goes on, or when it was stopped or has failed.
    """

    def __init__(self, work: Callable[[OnProgress], T]) -> None:
        super().__init__("This could not be computed, and it is not your doing.")
        self.result: T | None = None

        def keep(told: OnProgress) -> None:
            self.result = work(told)

        self.begin(keep)


def searched(name: str, key: str, title: str, work: Callable[[OnProgress], T]) -> T | None:
    """What `work` gives for `key`; None while it goes on, and its progress with a stop is shown where this is called.

    A session has one search of each name: that of another key before it is stopped.
    """
    slot = f"search {name}"
    known: tuple[str, Search[T]] | None = st.session_state.get(slot)
    if known is None or known[0] != key:
        if known is not None:
            known[1].stop()
        known = st.session_state[slot] = (key, Search(work))
    search = known[1]
    search.wait(AT_ONCE)
    if search.is_going_on:
        show_progress(search, title, f"stop {name}")
    elif search.problem or search.result is None:
        st.caption(f":material/error: {title}: {plain(search.problem or 'Stopped.')}")
    return search.result
