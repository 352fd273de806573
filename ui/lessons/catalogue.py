"""The lessons there are, in their order."""

from __future__ import annotations

from ui.lessons.arithmetic import LESSON as ARITHMETIC
from ui.lessons.beta import LESSON as BETA
from ui.lessons.collapse import LESSON as COLLAPSE
from ui.lessons.elbo import LESSON as ELBO
from ui.lessons.generators import LESSON as GENERATORS
from ui.lessons.holes import LESSON as HOLES
from ui.lessons.lesson import Lesson
from ui.lessons.noise import LESSON as NOISE
from ui.lessons.which_likelihood import LESSON as WHICH_LIKELIHOOD

LESSONS: tuple[Lesson, ...] = (
    HOLES,
    NOISE,
    ELBO,
    BETA,
    COLLAPSE,
    WHICH_LIKELIHOOD,
    ARITHMETIC,
    GENERATORS,
)  # fmt: skip


def lesson_of(text: str | None) -> Lesson | None:
    """The lesson of that number, as an address has it; None when there is none."""
    return next((lesson for lesson in LESSONS if str(lesson.number) == text), None)
