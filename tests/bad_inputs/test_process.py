"""The command line as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs.command import ROOT, the_error


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["show", "nobody"], 1, "There is no checkpoint 'nobody'"),
        (["show"], 2, "required: NAME"),
        (["show", "\udcff\udcfe"], 1, "There is no checkpoint"),
    ],
)
def test_process_says_one_line(argv: list[str], code: int, says: str) -> None:
    """As a process of its own, too, the command line ends with its status and one line of error."""
    done = subprocess.run(
        [sys.executable, "-m", "vae_core", *argv], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert (code, "") == (done.returncode, done.stdout)
    assert says in the_error(done.stderr, code)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here, so a full one was not tried")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_cannot_be_written(options: list[str]) -> None:
    """Output into a full disk is one line of error; into a pipe that nobody reads, silence."""
    command = [sys.executable, "-m", "vae_core", "list", *options]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert (1, "error: No space left on device.\n") == (done.returncode, done.stderr)
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(command, check=False, stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    finally:
        os.close(write)
    assert (1, "") == (done.returncode, done.stderr)
