"""Figures measured on request, by a process of its own that goes on while pages change, shared by all sessions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread

import streamlit as st

from vae_core.checkpoints import PROJECT_ROOT
from vae_core.device import default_threads
from vae_core.training.process import LOWER_PRIORITY

PROGRESS_LINE = re.compile(r"(\d{1,3})% (\S.{0,200})")
"""What the command line says on stderr while it measures."""

_turn = Lock()
"""One measurement at a time: each holds a data set in memory, and keeps a core busy."""


class Measurement:
    """The measuring of one model. Asked by any thread.

    Attributes
    ----------
    said : str
        What is being done.
    share : float
        How much of it is done, from 0 to 1.
    problem : str or None
        Why the last one failed, in a sentence.
    """

    def __init__(self) -> None:
        self.said, self.share, self.problem = "", 0.0, None  # type: str, float, str | None
        self._lock = Lock()
        self._thread: Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._wanted = False

    @property
    def under_way(self) -> bool:
        """Whether it goes on, or waits for its turn."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, folder: Path, groups: Sequence[str], device: str) -> None:
        """Measure and store these groups of figures, unless that is under way."""
        with self._lock:
            if self.under_way:
                return
            self.said, self.share, self.problem, self._wanted = "waiting for another measurement", 0.0, None, True
            command = [sys.executable, "-m", "vae_core", "evaluate", str(folder), "--figures", ",".join(groups)]
            arguments = ([*command, "--save", "--device", device],)
            self._thread = Thread(target=self._run, args=arguments, name="measuring", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it; groups that were measured already are kept."""
        with self._lock:
            self._wanted = False
            if self._process is not None:
                self._process.terminate()

    def _run(self, command: list[str]) -> None:
        with _turn:
            with self._lock:
                if not self._wanted:
                    return
                self.said = "reading the images"
                try:
                    process = self._process = start_command(command)
                except OSError as problem:
                    self.problem = f"Measuring could not be started ({problem.strerror})."
                    return
            last = ""
            assert process.stderr is not None
            with process:
                for line in process.stderr:
                    if found := PROGRESS_LINE.fullmatch(line.strip()):
                        self.share, self.said = min(1.0, int(found[1]) / 100), found[2]
                    else:
                        last = line.strip() or last
            with self._lock:
                self._process = None
                if process.returncode and self._wanted:
                    status = f"The process ended with status {process.returncode}."
                    self.problem = last.removeprefix("error: ")[:500] or status


def measurement(weights: str) -> Measurement:
    """The measuring of the model whose weights have this sha256."""
    return _measurement(weights)


@st.cache_resource(show_spinner=False)
def _measurement(weights: str) -> Measurement:
    return Measurement()


def start_command(command: list[str]) -> subprocess.Popen[str]:
    """Start a command of this project, of lower priority; it tells of its progress on stderr.

    Raises
    ------
    OSError
        When it cannot be started.
    """
    process = subprocess.Popen(
        command,
        cwd=PROJECT_ROOT,
        env={"OMP_NUM_THREADS": str(default_threads()), **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with suppress(OSError, AttributeError):  # no such call on Windows
        os.setpriority(os.PRIO_PROCESS, process.pid, LOWER_PRIORITY)
    return process
