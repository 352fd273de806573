"""What is computed once for all sessions, in a thread of its own, so that nobody has to wait who does not want to."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

RETRY_SECONDS = 60.0
"""After how long a computation that failed is tried again, if somebody still asks for it."""

T = TypeVar("T")


class Job(Generic[T]):
    """A computation that may not have begun yet, may be under way, or done. Asked by any thread."""

    def __init__(self) -> None:
        self._future: Future[T] | None = None
        self._began, self._lock = 0.0, Lock()

    def begin(self, compute: Callable[[], T]) -> Future[T]:
        """Begin, unless it has begun, and give the future of its result."""
        with self._lock:
            if self._future is None or (self._failed and monotonic() - self._began > RETRY_SECONDS):
                self._future, self._began = Future(), monotonic()
                Thread(target=_run, args=(compute, self._future), name="job", daemon=True).start()
            return self._future

    @property
    def result(self) -> T | None:
        """What was computed; None while it was not."""
        future = self._future
        return future.result() if future is not None and future.done() and future.exception() is None else None

    @property
    def _failed(self) -> bool:
        return self._future is not None and self._future.done() and self._future.exception() is not None


def _run(compute: Callable[[], T], future: Future[T]) -> None:
    try:
        future.set_result(compute())
    except Exception as problem:  # whoever waits is told
        future.set_exception(problem)
