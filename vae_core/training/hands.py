"""What the people who watch a run ask of it, as the training process hears it: to wait, to change a setting."""

from __future__ import annotations

import time
from collections.abc import Callable

from vae_core.config import RunConfig
from vae_core.training.hold import held_at
from vae_core.training.run_folder import RunFolder
from vae_core.training.steering import read_course, take_wishes

SECONDS_BETWEEN_LOOKS_WHILE_HELD = 0.1
LONGEST_HOLD = 1800.0
"""Seconds without a press after which a held run is stopped: it keeps its device from the others."""


class Hands:
    """The wishes in a run's folder.

    Attributes
    ----------
    course : Course
        The settings in force at each step.
    hold_at : int or None
        The step at which the run is to wait.
    said : str
        What became of the last wishes, in a sentence or more.
    gave_up : str
        Why it waits no longer, where nobody came.
    """

    def __init__(self, folder: RunFolder, config: RunConfig, steps_per_epoch: int) -> None:
        self._folder, self._family, self._steps_per_epoch = folder.path, config.model.family, steps_per_epoch
        self.course = read_course(folder.path, config.model.family, config.training)
        self.hold_at: int | None = None
        self.said = self.gave_up = ""

    def hear(self, step: int) -> None:
        """Look into the folder, before a step is trained."""
        self.hold_at = held_at(self._folder)
        known = len(self.course.changes)
        self.course, dropped = take_wishes(self._folder, self._family, self.course, step, self._steps_per_epoch)
        changes = self.course.in_words[known:]
        if changes or dropped:
            epoch, in_epoch = divmod(step, self._steps_per_epoch)
            taken = [f"From epoch {epoch + 1}, batch {in_epoch + 1}: {', '.join(changes)}."] if changes else []
            self.said = " ".join([*taken, *dropped])

    def hold(self, step: int) -> bool:
        """Whether the run is to wait before it trains this step."""
        return self.hold_at is not None and step >= self.hold_at

    def wait(self, step: int, stop_asked: Callable[[], bool], *, on_change: Callable[[], None]) -> bool:
        """Wait before a step until it may be trained; False when the run is to stop: asked to, or forgotten."""
        began, said = time.monotonic(), self.said
        while self.hold(step):
            if stop_asked():
                return False
            if time.monotonic() - began > LONGEST_HOLD:
                self.gave_up = f"Held for {LONGEST_HOLD / 60:.0f} minutes, then saved and stopped; resume to go on."
                return False
            time.sleep(SECONDS_BETWEEN_LOOKS_WHILE_HELD)
            self.hear(step)
            if self.said != said:
                said = self.said
                on_change()
        return True
