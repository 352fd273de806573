"""Work that takes a while: in a thread of its own, with its progress and a stop."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from weakref import WeakSet

import streamlit as st

from vae_core.errors import VaeCoreError
from vae_core.latent.pieces import OnProgress

LOOK_SECONDS = 0.5
"""How often a page looks at what goes on."""

END_SECONDS = 1.0
"""How long the end of the process waits for the next step of what goes on."""

logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """Somebody has asked for the work to end."""


class Stoppable:
    """One piece of work, at most once at a time. Asked by any thread.

    Parameters
    ----------
    failed : str
        What a page says when it fails for a reason that only the server's log can tell.

    Attributes
    ----------
    share : float
        How much of it is done, 0 to 1.
    problem : str
        Why the last one failed, in a sentence; empty when it did not.
    """

    def __init__(self, failed: str) -> None:
        self.share, self.problem = 0.0, ""
        self._failed = failed
        self._thread: Thread | None = None
        self._stop, self._lock = Event(), Lock()

    @property
    def is_going_on(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stop_asked(self) -> bool:
        """Whether somebody has asked for it to end."""
        return self._stop.is_set()

    def begin(self, work: Callable[[OnProgress], None]) -> None:
        """Begin, unless it goes on; `work` is given a function that it must call with its share now and then."""
        with self._lock:
            if self.is_going_on:
                return
            self.share, self.problem = 0.0, ""
            self._stop.clear()
            self._thread = Thread(target=self._run, args=(work,), name="work", daemon=True)
            self._thread.start()
            _begun.add(self)

    def stop(self) -> None:
        """Have it end at its next step."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for its end, but not longer."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, work: Callable[[OnProgress], None]) -> None:
        try:
            work(self._told)
        except StoppedError:
            pass
        except VaeCoreError as problem:
            self.problem = str(problem)
        except Exception:
            logger.exception("%s", self._failed)
            self.problem = f"{self._failed} The server's log has the details."

    def _told(self, share: float) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.share = share


_begun: WeakSet[Stoppable] = WeakSet()


@atexit.register
def end_all() -> None:
    """Stop whatever goes on, and wait a moment for it: a thread that Python cuts off within torch's C++ aborts."""
    going = list(_begun)
    for work in going:
        work.stop()
    for work in going:
        work.wait(END_SECONDS)


def show_progress(work: Stoppable, text: str, key: str) -> None:
    """How far the work is, with a stop, until it has ended: then the page runs again. `key` is the stop's."""
    st.fragment(_progress, run_every=LOOK_SECONDS)(work, text, key)


def _progress(work: Stoppable, text: str, key: str) -> None:
    if not work.is_going_on:
        st.rerun()  # the page, which shows what there is now, or what went wrong
    st.progress(min(1.0, work.share), text=f"{text}: {work.share:.0%}")
    asked = work.stop_asked
    st.button("Stopping …" if asked else "Stop", icon=":material/stop:", disabled=asked, key=key, on_click=work.stop)
