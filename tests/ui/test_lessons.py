"""The lessons' frame: what a lesson must have, equations, code by inspection, progress."""

from __future__ import annotations

import ast
import re

import numpy as np
import pytest
import streamlit as st

from ui.lessons import here
from ui.lessons.catalogue import LESSONS, lesson_of
from ui.lessons.code import Excerpt, excerpt
from ui.lessons.equation import LIT, Term, latex
from ui.lessons.frame import next_step
from ui.lessons.lesson import Lesson, Step
from vae_core.checkpoints import PROJECT_ROOT, SHIPPED_DIR
from vae_core.latent.gradients import gradient_draws
from vae_core.models.posterior import DiagonalGaussian

SLUG = re.compile(r"[a-z0-9-]{1,40}")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))
def test_a_lesson_is_whole(lesson: Lesson) -> None:
    """A lesson has 4 to 6 steps of distinct names, tasks with an answer each, goals, sources, shipped models."""
    names = [step.name for step in lesson.steps]
    tasks = [task for step in lesson.steps for task in step.tasks]
    assert 4 <= len(names) <= 6
    assert len(names) == len(set(names))
    assert len(tasks) == len(set(tasks)) == len(lesson.answers) >= 3
    assert all(SLUG.fullmatch(name) for name in (*names, *tasks))
    assert lesson.goals
    assert all(source.year > 1900 and source.url.startswith(("https://", "")) for source in lesson.reading)
    assert len(lesson.reading) >= 2
    assert all((SHIPPED_DIR / name / "card.json").is_file() for name in lesson.models)


def test_numbers_follow_each_other() -> None:
    """The lessons are numbered from 1, and each is found by its number."""
    assert list(range(1, len(LESSONS) + 1)) == [lesson.number for lesson in LESSONS]
    assert [lesson_of(str(lesson.number)) for lesson in LESSONS] == list(LESSONS)
    assert lesson_of("0") is lesson_of("") is lesson_of(None) is None


def stands_in_its_file(some: Excerpt) -> bool:
    """Whether each line of an excerpt stands in its file, in that order."""
    lines = (PROJECT_ROOT / some.path).read_text(encoding="utf-8").splitlines()
    rest = iter(lines[some.first - 1 :])
    return all(line in rest for line in some.lines)


def test_code_is_that_of_the_source() -> None:
    """What is shown stands in the source file line by line, without its docstring; a drifted line is found."""
    some = excerpt(DiagonalGaussian.rsample)
    assert "vae_core/models/posterior.py" == some.path
    assert stands_in_its_file(some)
    assert "reparameterization" not in "\n".join(some.lines)
    assert any("self.mu + torch.exp" in line for line in some.lines)
    assert not stands_in_its_file(Excerpt(some.path, some.first, (*some.lines, "    pass  # drifted")))


def test_a_part_of_a_function_is_shown() -> None:
    """Of a long function the lines from one text to the next; a text that has gone is an error."""
    some = excerpt(gradient_draws, "q = ", "value = ")
    assert 3 == len(some.lines)
    assert stands_in_its_file(some)
    with pytest.raises(LookupError, match="drifted"):
        excerpt(gradient_draws, "drifted")


def test_all_code_of_lessons_is_by_inspection() -> None:
    """No lesson writes code to be shown itself: `st.code` is called in `code.py` alone."""
    folder = PROJECT_ROOT / "ui" / "lessons"
    calls = {
        file.name
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "st.code"
    }
    assert {"code.py"} == calls


def test_an_equation_has_numbers_and_light() -> None:
    """A term's number stands beneath it; only a term that is lit has the accent beneath it."""
    terms = {"mu": Term(r"\mu", [0.5, -1.234]), "beta": Term(r"\beta", -0.001), "x": Term("x")}
    text = latex("[[mu]] [[beta]] [[x]]", terms, {"mu"})
    assert r"\underset{(0.50,\;-1.23)}{\colorbox{" + LIT + r"}{\(\displaystyle \mathstrut \mu\)}}" in text
    assert "$" not in text  # a dollar would end the inline mathematics that it stands in
    assert r"\underset{0.00}{\mathstrut \beta}" in text
    assert text.endswith(" x")


def test_progress_takes_marks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser claims to remember is taken where it is a list of marks; anything else is left out."""
    monkeypatch.setattr(st, "session_state", {})
    for junk in (None, 5, "1/codes", {"a": 1}, ["1/codes"] * 500):
        here.restore(junk)
    assert set() == here.marks()
    here.restore(["1/codes", "1/codes/seven", 7, "x", "1/<b>", "1/" + "a" * 41, "1/a/b/c"])
    assert {"1/codes", "1/codes/seven"} == here.marks()


def test_forgetting_clears_marks_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgetting takes marks and answers away, and tells the browser by another token."""
    session = {"lesson 1/codes/trained answer": "x", "model": "mnist-2d"}
    monkeypatch.setattr(st, "session_state", session)
    here.mark("1/codes")
    before = here.cleared()
    here.forget()
    assert set() == here.marks()
    assert before != here.cleared()
    assert {"model"} == {name for name in session if not name.startswith("lesson marks")}


def test_one_goes_on_where_something_is_undone() -> None:
    """A lesson goes on at its first step with something undone; one that is done begins anew."""
    one, other = Step("a", "A", lambda: None, ("task",)), Step("b", "B", lambda: None)
    lesson = Lesson(1, "", "", 10, (), (), (one, other), (), ())
    assert one is next_step(lesson, set())
    assert one is next_step(lesson, {"1/a"})
    assert other is next_step(lesson, {"1/a", "1/a/task"})
    assert one is next_step(lesson, set(lesson.marks))


def test_a_vector_is_written_with_its_unit() -> None:
    """Arrays and numbers are written with their digits; no value has no number."""
    assert r"(1.0,\;2.0)\text{ nats}" == Term("z", np.array([1.0, 2.0]), 1, "nats").number  # type: ignore[arg-type]
    assert "" == Term("z").number
