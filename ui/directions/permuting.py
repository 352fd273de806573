"""The permutation tests of a session's directions: a few at a time, with their progress and a stop."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from time import monotonic

import numpy as np
import streamlit as st

from ui.directions.kept import Kept
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.directions import Direction, permutation_test
from vae_core.latent.directions.find import N_PERMUTATIONS

LOOK_SECONDS = 0.5
UNWANTED = 10.0
"""Seconds after which a test that no page has looked at any more ends; who comes later begins it anew."""
SEED = 0

# An address may ask for 32 of them at once, each of many seconds: they wait in line, and leave a processor to others.
_TESTS = ThreadPoolExecutor(1, "permutation test")

logger = logging.getLogger(__name__)


class _StoppedError(Exception):
    """Somebody has asked for the test to end, or nobody looks at it any more."""


class Permuting:
    """The permutation test of one direction, begun at most once at a time. Asked by any thread."""

    def __init__(self) -> None:
        self.share, self.problem = 0.0, ""
        self.p_value: float | None = None
        self._future: Future[None] | None = None
        self._looked = 0.0
        self._stop, self._lock = Event(), Lock()

    @property
    def is_going_on(self) -> bool:
        """Whether it waits in line, or has begun and not ended."""
        return self._future is not None and not self._future.done()

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked for it to end."""
        return self._stop.is_set()

    def begin(self, explorer: LatentExplorer, one: Kept) -> None:
        """Begin, unless it goes on or is done."""
        with self._lock:
            self.look()
            if self.is_going_on or self.p_value is not None:
                return
            self.share, self.problem = 0.0, ""
            self._stop.clear()
            self._future = _TESTS.submit(self._run, explorer, one)

    def look(self) -> None:
        """Say that a page still waits for it."""
        self._looked = monotonic()

    def stop(self) -> None:
        """Have it end at its next step."""
        self._stop.set()

    def _run(self, explorer: LatentExplorer, one: Kept) -> None:
        assert one.source is not None
        try:
            self._told(0.0)  # it may have waited in line
            self.p_value = permutation_test(
                explorer.latents.mu,
                one.source.question,
                method=one.direction.method,
                remove=[other.direction for other in one.remove],
                generator=np.random.default_rng(SEED),
                on_progress=self._told,
            )
        except _StoppedError:
            pass
        except VaeCoreError as problem:
            self.problem = str(problem)
        except Exception:
            logger.exception("A permutation test has failed.")
            self.problem = "The permutation test has failed; the server's log has the details."

    def _told(self, share: float) -> None:
        if self._stop.is_set() or monotonic() - self._looked > UNWANTED:
            raise _StoppedError
        self.share = share


def permuting(explorer: LatentExplorer, one: Kept) -> Permuting | None:
    """The test of a direction, the same for all sessions; None of one that came in a file."""
    if one.source is None:
        return None
    question = one.source.question
    parts = [question.indices, question.values, *(other.direction.unit for other in one.remove)]
    stamp = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
    return _permuting(explorer.card.key, f"{stamp} {question.kind} {one.direction.method} {len(question.values)}")


@st.cache_resource(max_entries=256, show_spinner=False)
def _permuting(card: str, stamp: str) -> Permuting:
    return Permuting()


def tested(explorer: LatentExplorer, one: Kept) -> Direction:
    """The direction, with its p where that is known."""
    test = permuting(explorer, one)
    p = None if test is None else test.p_value
    return one.direction if p is None else one.direction.with_p(p, N_PERMUTATIONS)


def show_progress(explorer: LatentExplorer, some: Sequence[Kept]) -> None:
    """Begin the tests that nobody has stopped, and show how far they are until all are done."""
    tests = [(one, test) for one in some if (test := permuting(explorer, one)) is not None]
    for one, test in tests:
        if not test.stopped and not test.problem:
            test.begin(explorer, one)
    if any(test.is_going_on for _, test in tests):
        st.fragment(_progress, run_every=LOOK_SECONDS)([test for _, test in tests])
    else:
        waiting = [(one, test) for one, test in tests if test.p_value is None and not test.problem]
        title = f"Test {len(waiting)} again by permutation"
        if waiting and st.button(title, icon=":material/shuffle:", type="tertiary"):
            for one, test in waiting:
                test.begin(explorer, one)
            st.rerun()
    for problem in {test.problem for _, test in tests if test.problem}:
        st.error(problem, icon=":material/error:")


def _progress(tests: Sequence[Permuting]) -> None:
    for test in tests:
        test.look()
    going = [test for test in tests if test.is_going_on]
    if not going:
        st.rerun()  # the page, which shows what was found
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(sum(test.share for test in going) / len(going), text="Permutation test: labels shuffled")
        if st.button("Stop", icon=":material/stop:", key="stop permutation tests"):
            for test in going:
                test.stop()
