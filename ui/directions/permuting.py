"""The permutation tests of a session's directions, one after the other, with their progress and one stop for all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from threading import Lock
from time import monotonic

import numpy as np
import streamlit as st

from ui.directions.kept import Kept
from ui.stoppable import LOOK_SECONDS, Stoppable, StoppedError
from vae_core import LatentExplorer
from vae_core.latent.directions import Direction, permutation_test
from vae_core.latent.directions.find import N_PERMUTATIONS
from vae_core.latent.pieces import OnProgress

SEED = 0
UNWANTED = 10.0
"""Seconds after which a test that no page has looked at any more ends; who comes later begins it anew."""

_ONE = Lock()
"""An address may ask for 32 tests at once, each of many seconds: they wait in line, and leave a processor to others."""


class Permuting(Stoppable):
    """The permutation test of one direction."""

    def __init__(self) -> None:
        super().__init__("The permutation test has failed.")
        self.p_value: float | None = None
        self._looked = 0.0

    def look(self) -> None:
        """Say that a page still waits for it."""
        self._looked = monotonic()

    def test(self, explorer: LatentExplorer, one: Kept) -> None:
        """Begin, unless it goes on or is done."""

        def work(told: OnProgress) -> None:
            def told_while_wanted(share: float) -> None:
                if monotonic() - self._looked > UNWANTED:
                    raise StoppedError
                told(share)

            assert one.source is not None
            while not _ONE.acquire(timeout=LOOK_SECONDS):
                told_while_wanted(0.0)
            try:
                told_while_wanted(0.0)
                self.p_value = permutation_test(
                    explorer.latents.mu,
                    one.source.question,
                    method=one.direction.method,
                    remove=[other.direction for other in one.remove],
                    generator=np.random.default_rng(SEED),
                    on_progress=told_while_wanted,
                )
            finally:
                _ONE.release()

        self.look()
        if self.p_value is None:
            self.begin(work)


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
        if not test.stop_asked and not test.problem:
            test.test(explorer, one)
    if any(test.is_going_on for _, test in tests):
        st.fragment(_progress, run_every=LOOK_SECONDS)([test for _, test in tests])
    else:
        waiting = [(one, test) for one, test in tests if test.p_value is None and not test.problem]
        title = f"Test {len(waiting)} again by permutation"
        if waiting and st.button(title, icon=":material/shuffle:", type="tertiary"):
            for one, test in waiting:
                test.test(explorer, one)
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
