"""What a device's name means on machines with and without GPUs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vae_core import device
from vae_core.device import resolve_device
from vae_core.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "n_gpus", "expected"),
    [
        ("cpu", 0, "cpu"),
        ("cpu", 2, "cpu"),
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda:0"),
        ("cuda", 1, "cuda:0"),
        ("cuda:1", 2, "cuda:1"),
    ],
)
def test_names_become_devices(name: str, n_gpus: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` takes the first GPU there is, else the CPU."""
    monkeypatch.setattr(device, "_n_cuda_devices", lambda: n_gpus)
    assert expected == resolve_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_that_is_not_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how many there are and what to write instead."""
    monkeypatch.setattr(device, "_n_cuda_devices", lambda: 0)
    with pytest.raises(ConfigError, match=rf"{name} is not there.*0 CUDA GPUs.*--device auto or cpu"):
        resolve_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cpu ", "cuda:0\n", "tpu", "a" * 999])
def test_names_that_are_none(name: str) -> None:
    """Anything else is refused, in a message of bounded length."""
    with pytest.raises(ConfigError, match="is not known; use auto, cpu, cuda") as caught:
        resolve_device(name)
    assert len(str(caught.value)) < 200


def test_no_torch_is_needed() -> None:
    """The question is answered without importing torch: a queue of runs waits in little memory."""
    program = (
        "import sys; from vae_core.device import resolve_device; resolve_device('auto')\n"
        "import vae_core.cli, vae_core.training.process, vae_core.report; sys.exit('torch' in sys.modules)"
    )
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False, timeout=100).returncode


@pytest.mark.gpu
def test_auto_is_a_device_that_torch_can_use() -> None:
    """Where there is a GPU, `auto` names it as torch does."""
    import torch

    assert "cuda:0" == str(torch.zeros(1, device=resolve_device("auto")).device)
