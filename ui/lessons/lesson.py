"""What a lesson is: steps that a frame shows one at a time, and what its teacher and its reader want to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A source: `where` is the venue in words, `url` its address (https), "" where there is none."""

    title: str
    authors: str
    year: int
    where: str
    url: str = ""


@dataclass(frozen=True)
class Step:
    """One screen's worth of a lesson.

    Attributes
    ----------
    name : str
        Small letters, digits and dashes, unique within the lesson; it stands in the address:
        `/learn?lesson=1&step=between`.
    title : str
    show : callable
        Draws it, with Streamlit and the live components; it runs inside of a fragment, again after each act.
    tasks : tuple of str
        Names of the questions and exercises that `show` asks; they are what the progress counts.
    """

    name: str
    title: str
    show: Callable[[], None]
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    number : int
    title : str
    summary : str
        One sentence, on the list of lessons.
    minutes : int
    goals : tuple of str
        What one can do after it: each completes "Afterwards you can …".
    models : tuple of str
        Names of the shipped checkpoints that it shows.
    steps : tuple of Step
    reading : tuple of Reading
    answers : tuple of str
        Of each question and exercise, in their order: for the teacher's page.
    """

    number: int
    title: str
    summary: str
    minutes: int
    goals: tuple[str, ...]
    models: tuple[str, ...]
    steps: tuple[Step, ...]
    reading: tuple[Reading, ...]
    answers: tuple[str, ...]

    def step(self, name: str | None) -> Step | None:
        """The step of that name; None when there is none."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def marks(self) -> tuple[str, ...]:
        """What there is to be done, as the progress counts it: each step seen, each task solved."""
        return tuple(mark for step in self.steps for mark in step_marks(self.number, step))


def step_marks(number: int, step: Step) -> tuple[str, ...]:
    """The marks of one step: that of having seen it, then one a task."""
    seen = f"{number}/{step.name}"
    return (seen, *(f"{seen}/{task}" for task in step.tasks))
