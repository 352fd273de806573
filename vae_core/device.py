"""Which device a name means, found out without importing torch (its import takes a second and 200 MB)."""

from __future__ import annotations

import ctypes
import os
import re
import sys

from vae_core.errors import ConfigError


def _n_cuda_devices() -> int:
    """What the NVIDIA driver counts, CUDA_VISIBLE_DEVICES respected; 0 where there is no driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
            return 0
    except OSError:
        return 0
    return count.value


def resolve_device(name: str) -> str:
    """`auto`, `cpu`, `cuda` or `cuda:N` as torch's name of one device; `auto` is the first GPU, else the CPU.

    Raises
    ------
    ConfigError
        When the name is none of these, or there is no such GPU.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:\d{1,3})?", name):
        raise ConfigError(f"device: {name[:40]!r} is not known; use auto, cpu, cuda, or cuda:N for the N-th GPU.")
    if name == "cpu":
        return "cpu"
    n_gpus = _n_cuda_devices()
    if name == "auto":
        return "cuda:0" if n_gpus else "cpu"
    number = int(name.partition(":")[2] or 0)
    if number >= n_gpus:
        raise ConfigError(
            f"device: {name} is not there, this machine has {n_gpus} CUDA GPUs; use --device auto or cpu."
        )
    return f"cuda:{number}"


def available_devices() -> list[str]:
    """Names of all devices that models can run on here, the one that `auto` takes first."""
    return [*(f"cuda:{number}" for number in range(_n_cuda_devices())), "cpu"]


def default_threads() -> int:
    """CPU threads for torch: one core is left for others, and beyond eight threads small matrices gain nothing."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, max(1, cores - 1))
