"""The tests of the JavaScript, run by node where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def test_node_passes_the_javascript_tests() -> None:
    """`node --test` finds nothing wrong with the components' pure functions."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node was not found, so the JavaScript's own tests were not run; install Node.js 20 or newer.")
    files = sorted(str(file) for file in FOLDER.glob("*.test.mjs"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
