"""How long a run has trained, and how fast; a run that is held does not train."""

from __future__ import annotations

import time


class Pace:
    """A clock of this sitting, on top of the seconds of earlier ones."""

    def __init__(self, earlier_seconds: float) -> None:
        self._earlier = earlier_seconds
        self._began = time.monotonic()
        self._images = 0

    def count(self, n_images: int) -> None:
        """Note images that were trained on."""
        self._images += n_images

    def leave_out(self, seconds: float) -> None:
        """Do not count a time in which the run was held."""
        self._began += seconds

    @property
    def seconds(self) -> float:
        """Time spent training, over all sittings."""
        return self._earlier + time.monotonic() - self._began

    @property
    def images_per_second(self) -> float | None:
        """Of this sitting; None before its first batch."""
        elapsed = time.monotonic() - self._began
        return self._images / elapsed if self._images and elapsed > 0 else None
