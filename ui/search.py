"""A computation of one session that may take a while: with its progress and a stop, in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeVar

import streamlit as st

from ui.text import plain
from vae_core.errors import VaeCoreError

AT_ONCE = 0.35
"""Seconds that a page waits for it before it shows how far it is."""

LOOK_SECONDS = 0.3

T = TypeVar("T")

logger = logging.getLogger(__name__)


class _StoppedError(Exception):
    """Somebody has asked for it to end, or asks for something else by now."""


class Search(Generic[T]):
    """One computation, begun at once; `work` is given a function that it tells its share, and that may end it."""

    def __init__(self, work: Callable[[Callable[[float], None]], T]) -> None:
        self.share, self.problem = 0.0, ""
        self.result: T | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(work,), name="search", daemon=True)
        self._thread.start()

    @property
    def is_going_on(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Have it end at its next step."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for its end, but not longer."""
        self._thread.join(seconds)

    def _run(self, work: Callable[[Callable[[float], None]], T]) -> None:
        try:
            self.result = work(self._told)
        except _StoppedError:
            self.problem = "Stopped."
        except VaeCoreError as problem:
            self.problem = str(problem)
        except Exception:
            logger.exception("A search has failed.")
            self.problem = "This could not be computed, and it is not your doing; the server's log has the details."

    def _told(self, share: float) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self.share = share


def searched(name: str, key: str, title: str, work: Callable[[Callable[[float], None]], T]) -> T | None:
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
        st.fragment(_show_progress, run_every=LOOK_SECONDS)(search, title, name)
    elif search.problem:
        st.caption(f":material/error: {title}: {plain(search.problem)}")
    return search.result


def _show_progress(search: Search[T], title: str, name: str) -> None:
    if not search.is_going_on:
        st.rerun()
    st.progress(min(1.0, search.share), text=title)
    st.button("Stop", icon=":material/stop:", key=f"stop {name}", on_click=search.stop)
