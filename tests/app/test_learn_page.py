"""The pages Learn and Teach without a browser."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, OpenApp
from ui.lessons.catalogue import LESSONS


def at(app: AppTest, lesson: int, step: str) -> AppTest:
    """The app, at a step."""
    app.query_params["lesson"], app.query_params["step"] = str(lesson), step
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    """Press the button of that label."""
    (button,) = (button for button in app.button if button.label == label)
    return button.click().run()


def said(app: AppTest) -> str:
    """All that stands in text on the page."""
    return "\n".join(str(part.value) for part in [*app.markdown, *app.success, *app.info, *app.warning, *app.subheader])


def dots(app: AppTest) -> list[str]:
    """The labels of the steps."""
    (control,) = (group for group in app.button_group if group.key == "lesson dots")
    return [str(option.content) for option in control.options]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))
def test_each_step_opens_by_its_address(open_app: OpenApp, lesson: int) -> None:
    """Every step of every lesson is shown by its link, and raises nothing before its question is answered."""
    app = open_app("learn")
    for step in LESSONS[lesson.number - 1].steps:
        at(app, lesson.number, step.name)
        assert not app.exception
        assert [step.title] == [heading.value for heading in app.subheader]


def test_a_prediction_comes_before_the_reveal(open_app: OpenApp) -> None:
    """The reveal is not drawn until the question is answered; then its truth is said, and it can be asked again."""
    app = at(open_app("learn"), 2, "variance")
    assert 0 == len(app.get("plotly_chart"))
    (radio,) = app.radio
    radio.set_value("About the same").run()
    press(app, "Reveal")
    (verdict,) = app.info
    assert "Not quite. It is: A few hundred times" in verdict.value
    assert 1 == len(app.get("plotly_chart"))
    press(app, "Answer again")
    assert [] == [*app.info, *app.get("plotly_chart")]
    (radio,) = app.radio
    assert radio.value is None
    radio.set_value("A few hundred times").run()
    press(app, "Reveal")
    (verdict,) = app.success
    assert verdict.value.startswith("**Right.**")


def test_next_and_back_change_the_address(open_app: OpenApp) -> None:
    """Next leads to the following step, Back to the one before, and All lessons out of the lesson."""
    app = at(open_app("learn"), 1, "codes")
    press(app, "Next")
    assert app.query_params["step"] in ("between", ["between"])
    press(app, "Back")
    assert app.query_params["step"] in ("codes", ["codes"])
    press(app, "All lessons")
    assert "lesson" not in app.query_params


@pytest.mark.parametrize(("lesson", "step"), [("99", "codes"), ("x", "codes"), ("1", "<b>")])
def test_a_wrong_address_is_said_and_shows_something(open_app: OpenApp, lesson: str, step: str) -> None:
    """A lesson or step that is not there gets a sentence, and the list or the first step."""
    app = open_app("learn")
    app.query_params["lesson"], app.query_params["step"] = lesson, step
    app.run()
    assert not app.exception
    (warning,) = app.warning
    assert "There is no" in warning.value
    assert step not in warning.value


def test_the_teachers_page_has_every_goal_answer_and_link(open_app: OpenApp) -> None:
    """Each goal, each answer and a link to each step stand on the teacher's page."""
    app = open_app("teach")
    assert not app.exception
    text = said(app)
    for lesson in LESSONS:
        assert [] == [part for part in (*lesson.goals, *lesson.answers) if part not in text]
        links = [f"(/learn?lesson={lesson.number}&step={step.name})" for step in lesson.steps]
        assert [] == [link for link in links if link not in text]


def test_pages_are_found() -> None:
    """The two pages of the lessons are where the navigation looks for them."""
    assert [] == [name for name in ("learn", "teach") if not (ROOT / "pages" / f"{name}.py").is_file()]
