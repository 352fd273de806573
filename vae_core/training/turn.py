"""The queue before a device: one run a device at a time, in whatever order the system hands its lock on."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

SECONDS_BETWEEN_TRIES, SECONDS_BETWEEN_LOOKS = 1.0, 0.25


@contextmanager
def device_turn(
    home: Path, device: str, name: str, *, on_wait: Callable[[str], None], stop_asked: Callable[[], bool]
) -> Iterator[bool]:
    """Wait for a device and hold it.

    Parameters
    ----------
    home : Path
        The folder of runs, in which the locks lie too.
    device : str
    name : str
        Of the run that waits; others that wait are told it when it holds the device.
    on_wait : callable
        Given a sentence on who holds the device, about once a second.
    stop_asked : callable
        Asked several times a second; when true the wait ends.

    Yields
    ------
    bool
        Whether the device is held: not when a stop was asked for.
    """
    locks = home / ".locks"
    locks.mkdir(exist_ok=True)
    # The folder may be shared by several hosts, each with devices of its own.
    slot = f"{platform.node() or 'host'}-{device}".replace(":", "-")
    lock, holder = FileLock(locks / f"{slot}.lock"), locks / f"{slot}.json"
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            on_wait(f"Waiting for {device}, which {_holder_name(holder)} is using.")
        for _ in range(round(SECONDS_BETWEEN_TRIES / SECONDS_BETWEEN_LOOKS)):
            if stop_asked():
                yield False
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)
    try:
        with suppress(OSError):
            holder.write_text(json.dumps({"name": name}), "utf-8")
        yield True
    finally:
        lock.release()


def _holder_name(holder: Path) -> str:
    try:
        return f"the run {json.loads(holder.read_text('utf-8'))['name']!r}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
