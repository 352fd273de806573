"""The teacher's page: of each lesson its goals, timing, models, steps with links, and the answers."""

from __future__ import annotations

import streamlit as st

from ui.lessons.catalogue import LESSONS
from ui.lessons.lesson import Lesson

PRINTED = """<style>
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], .st-key-printed {
    display: none !important;
  }
  [data-testid="stApp"], [data-testid="stMain"], [data-testid="stAppViewContainer"] {
    position: static !important; height: auto !important; overflow: visible !important; background: #fff !important;
  }
  [data-testid="stMain"] :is(p, li, h1, h2, h3, h4, h5, a, td, th) { color: #000 !important; }
  [class*="st-key-teach-"] { break-inside: avoid; }
}
</style>"""


def show() -> None:
    """Draw the page."""
    st.html(PRINTED)
    st.title("Teach", anchor=False)
    minutes = sum(lesson.minutes for lesson in LESSONS)
    st.markdown(
        f"{len(LESSONS)} lessons, {minutes} minutes in all, on models that come with the app: nothing has to be "
        "trained or downloaded first. Each link opens a lesson at a step. *Projector* makes type large and contrast "
        "high; a presenter's remote turns the steps. **The answers stand on this page.**"
    )
    with st.container(key="printed"):
        st.caption("To print it, or keep it as PDF, use the browser's own Print: menus and sidebar stay away.")
    for lesson in LESSONS:
        _show_lesson(lesson)


def _show_lesson(lesson: Lesson) -> None:
    with st.container(border=True, key=f"teach-{lesson.number}"):
        st.markdown(f"#### {lesson.number} · {lesson.title}")
        st.markdown(
            f"{lesson.summary} {lesson.minutes} minutes. Models: {', '.join(f'`{name}`' for name in lesson.models)}."
        )
        goals, steps = st.columns([3, 2], gap="medium")
        with goals:
            st.markdown("**Afterwards one can**\n" + "\n".join(f"- {goal}" for goal in lesson.goals))
        with steps:
            st.markdown(f"**Steps**, about {_each(lesson)} each\n" + "\n".join(_step_lines(lesson)))
        st.markdown("**Answers**\n" + "\n".join(_answer_lines(lesson)))


def _each(lesson: Lesson) -> str:
    minutes = lesson.minutes / len(lesson.steps)
    return f"{minutes:.0f} minutes" if minutes >= 1.5 else "a minute"


def _step_lines(lesson: Lesson) -> list[str]:
    links = (f"/learn?lesson={lesson.number}&step={step.name}" for step in lesson.steps)
    lines = zip(lesson.steps, links, strict=True)
    return [f"{i}. [{step.title}]({link}) · [projector]({link}&projector=1)" for i, (step, link) in enumerate(lines, 1)]


def _answer_lines(lesson: Lesson) -> list[str]:
    tasks = [step.title for step in lesson.steps for _ in step.tasks]
    return [f"{i}. *{title}*: {answer}" for i, (title, answer) in enumerate(zip(tasks, lesson.answers, strict=True), 1)]
