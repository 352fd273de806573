"""The frame around the lessons: the list with its progress, and a lesson shown step by step. The address says which."""

from __future__ import annotations

import streamlit as st

from ui.lessons import here, projector
from ui.lessons.catalogue import LESSONS, lesson_of
from ui.lessons.lesson import Lesson, Reading, Step, step_marks
from ui.lessons.progress import progress
from ui.text import plain


def asked() -> tuple[Lesson, Step] | None:
    """The lesson and the step that the address asks for; None: the list. What is not there is said, once."""
    number, name = st.query_params.get("lesson"), st.query_params.get("step")
    if number is None:
        return None
    lesson = lesson_of(number)
    if lesson is None:
        st.warning(f"There is no lesson of the number that the address asks for: 1 to {len(LESSONS)}.")
        return None
    step = lesson.step(name)
    if step is None:
        if name is not None:
            st.warning("There is no step of the name that the address asks for, so this is the first.")
        step = lesson.steps[0]
    return lesson, step


def go(lesson: Lesson | None, step: Step | None = None) -> None:
    """Have the address ask for a step, by default the first; for the list without a lesson."""
    if lesson is None:
        st.query_params.pop("lesson", None)
        st.query_params.pop("step", None)
    else:
        st.query_params["lesson"] = str(lesson.number)
        st.query_params["step"] = (step or lesson.steps[0]).name


def next_step(lesson: Lesson, marks: set[str]) -> Step:
    """Where somebody goes on: at the first step that has something undone, or again at the beginning."""
    undone = (step for step in lesson.steps if not marks.issuperset(step_marks(lesson.number, step)))
    return next(undone, lesson.steps[0])


def show_list() -> None:
    """The lessons, each with what it is about and how far one has come."""
    marks = here.marks()
    columns = st.columns(2, gap="medium")
    for i, lesson in enumerate(LESSONS):
        done = sum(mark in marks for mark in lesson.marks)
        with columns[i % 2], st.container(border=True, key=f"lesson-{lesson.number}"):
            st.markdown(f"#### {lesson.number} · {lesson.title}")
            st.markdown(lesson.summary)
            with st.container(horizontal=True, vertical_alignment="center"):
                word = "Start" if not done else "Again" if done == len(lesson.marks) else "Go on"
                st.button(
                    word,
                    key=f"open lesson {lesson.number}",
                    type="primary" if word == "Go on" else "secondary",
                    on_click=go,
                    args=(lesson, next_step(lesson, marks)),
                    help=f"Lesson {lesson.number}: {lesson.title}",
                )
                st.progress(done / len(lesson.marks), f"{done} of {len(lesson.marks)} done · {lesson.minutes} minutes")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("What you have done is remembered by this browser alone.")
        st.button("Forget my progress", type="tertiary", on_click=here.forget, disabled=not marks)


def show_step(lesson: Lesson, step: Step) -> None:
    """One step of a lesson, with the way to the others."""
    here.enter(lesson, step)
    at = lesson.steps.index(step)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All lessons", icon=":material/arrow_back:", type="tertiary", on_click=go, args=(None,))
        st.markdown(f"**Lesson {lesson.number} · {lesson.title}**", width="content")
        dots = st.container(width="content")
        projector.show()
    st.subheader(step.title, anchor=False)
    try:
        step.show()
        if at + 1 == len(lesson.steps):
            _show_reading(lesson.reading)
    finally:  # a step may stop, and what it has marked as done is to be seen
        with dots:
            _dots(lesson, step)
        _show_way(lesson, at)


def _show_way(lesson: Lesson, at: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        before = lesson.steps[at - 1] if at else None
        after = lesson.steps[at + 1] if at + 1 < len(lesson.steps) else None
        far = projector.is_on()  # a presenter's remote sends these two keys
        st.button(
            "Back",
            key="lesson back",
            icon=":material/chevron_left:",
            disabled=before is None,
            on_click=go,
            args=(lesson, before),
            shortcut="PageUp" if far else "B",
        )
        st.button(
            "Next" if after is not None else "Finish",
            key="lesson next",
            icon=":material/chevron_right:" if after is not None else ":material/check:",
            icon_position="right",
            type="primary",
            on_click=go,
            args=(lesson, after) if after is not None else (None,),
            shortcut="PageDown" if far else "N",
        )


def _dots(lesson: Lesson, step: Step) -> None:
    key, marks, names = "lesson dots", here.marks(), [one.name for one in lesson.steps]
    st.session_state[key] = step.name

    def label(name: str) -> str:
        one = lesson.steps[names.index(name)]
        done = marks.issuperset(step_marks(lesson.number, one))
        return f"{names.index(name) + 1}{' ✓' if done else ''}"

    def chosen() -> None:
        go(lesson, lesson.step(st.session_state[key]))

    st.segmented_control(
        "Steps",
        names,
        key=key,
        required=True,
        format_func=label,
        on_change=chosen,
        label_visibility="collapsed",
        help=" · ".join(f"{i + 1} {one.title}" for i, one in enumerate(lesson.steps)),
    )


def _show_reading(reading: tuple[Reading, ...]) -> None:
    st.markdown("##### Further reading")
    for one in reading:
        title = f"[{plain(one.title)}]({one.url})" if one.url else plain(one.title)
        st.markdown(f"- {plain(one.authors)} ({one.year}). {title}. {plain(one.where)}.")


@st.fragment
def show() -> None:
    """What the address asks for."""
    found = asked()
    try:
        if found is None:
            st.title("Learn", anchor=False)
            st.markdown("Lessons of ten minutes on the models that are here. Predict first, then see.")
            show_list()
        else:
            show_step(*found)
    finally:  # a step may stop, and what has been done is to be kept
        progress()
