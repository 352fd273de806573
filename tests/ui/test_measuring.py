"""Measuring in a process of its own: how far it is, how it ends, and that it can be stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from ui import measuring
from ui.measuring import Measurement

Begin = Callable[[str], Measurement]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Begin a measurement whose process runs a script instead."""

    def begin(script: str) -> Measurement:
        def start(command: list[str]) -> subprocess.Popen[str]:
            return subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True)

        monkeypatch.setattr(measuring, "start_command", start)
        one = Measurement()
        one.begin(Path("nowhere"), ["latent"], "cpu")
        return one

    return begin


def until(true: Callable[[], bool]) -> None:
    """Wait for something that is to come soon."""
    end = monotonic() + 20
    while not true():
        assert monotonic() < end
        sleep(0.01)


def test_progress_is_read(begin: Begin) -> None:
    """What the process says of itself is known while it goes on; other lines are passed over."""
    one = begin(
        "import sys, time\n"
        "for line in ('a warning', '40% measuring ssim'): print(line, file=sys.stderr, flush=True)\n"
        "time.sleep(60)"
    )
    until(lambda: one.share > 0)
    assert (0.4, "measuring ssim", True) == (one.share, one.said, one.under_way)
    one.stop()
    until(lambda: not one.under_way)
    assert None is one.problem


def test_a_failure_is_said(begin: Begin) -> None:
    """The last line of a process that failed, without what the command line puts before it."""
    one = begin("import sys; print('5% begun', file=sys.stderr); sys.exit('error: the data is gone.')")
    until(lambda: not one.under_way)
    assert "the data is gone." == one.problem


def test_one_waits_for_the_other_and_can_be_stopped_before_its_turn(begin: Begin) -> None:
    """The second begins when the first ends; one that was stopped while it waited never begins."""
    first = begin("import time; time.sleep(60)")
    until(lambda: first.said == "reading the images")
    second, third = begin("import sys; sys.exit('error: begun.')"), begin("import sys; sys.exit('error: begun.')")
    assert "waiting for another measurement" == second.said
    third.stop()
    assert second.under_way
    first.stop()
    until(lambda: not (first.under_way or second.under_way or third.under_way))
    assert (None, "begun.", None) == (first.problem, second.problem, third.problem)
    assert "waiting for another measurement" == third.said
