"""What holds for every test: its own checkpoints folder, no downloads, one thread, the same examples each time."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# Before torch is imported anywhere, and inherited by child processes: test machines are small and shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile("project", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("project")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Send new runs to a temporary folder, whose path is returned, and forbid downloads."""
    folder = tmp_path_factory.mktemp("checkpoints")
    monkeypatch.setenv("VAE_CHECKPOINTS_DIR", str(folder))
    monkeypatch.setenv("VAE_OFFLINE", "1")
    return folder


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `gpu`, and say so, where there is no CUDA device."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device was found, so what needs one was not tried")
