"""What the benchmarks share: counts as options, the machine in one line, medians and range, the JSON document."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch


def from_1_to(largest: int) -> Callable[[str], int]:
    """The type of an option that counts something, for argparse."""

    def parse(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= largest:
            raise argparse.ArgumentTypeError(f"a whole number from 1 to {largest} is expected, not {text!r}")
        return int(text)

    return parse


def machine(threads: int, device: str = "cpu") -> dict[str, Any]:
    """What a figure depends on beside the code: processor, cores that may be used, threads, device, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "threads": threads,
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else "cpu",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def machine_line(facts: dict[str, Any]) -> str:
    """`machine` as a line for people."""
    return (
        f"{facts['date']}: {facts['cores']} cores of {facts['cpu']}, {facts['threads']} threads, "
        f"device {facts['device']}, Python {facts['python']}, torch {facts['torch']}"
    )


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Median, smallest and largest of some measurements, and these themselves."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": list(values)}


def print_document(document: dict[str, Any]) -> None:
    """Print the result as one line of JSON: the last line of a benchmark's output."""
    print(json.dumps(document, allow_nan=False))
