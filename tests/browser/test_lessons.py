"""The lessons in a browser: each walked through, its link restored, its progress kept, on a phone and on a projector.

A walk takes twenty seconds: by default one lesson is walked, on a laptop's screen, with a look at a phone's after each
step. The other walks, and those that are wholly on a phone or in projector mode, are `slow`.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.lesson_tries import TRIES
from tests.browser.lesson_walk import fits, ready, walk
from tests.browser.serving import AppServer
from ui.lessons.catalogue import LESSONS
from ui.lessons.lesson import Lesson

PHONE, LAPTOP = (390, 844), (1440, 900)

QUICK = 2
"""Number of the lesson that is always walked: its model is the smallest, and it asks in all ways but the map's pin."""

by_number = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))


def resize(page: Page, size: tuple[int, int]) -> None:
    """Make the window as large as this."""
    page.set_viewport_size({"width": size[0], "height": size[1]})


def test_every_lesson_has_its_tries() -> None:
    """The walk knows what to try at each task of each lesson, and nothing more."""
    for lesson in LESSONS:
        assert {task for step in lesson.steps for task in step.tasks} == set(TRIES[lesson.number])


@pytest.mark.parametrize(
    "lesson",
    [pytest.param(one, marks=[] if one.number == QUICK else [pytest.mark.slow], id=str(one.number)) for one in LESSONS],
)
def test_a_lesson_is_walked_through(open_page: OpenPage, app_server: AppServer, lesson: Lesson) -> None:
    """Wrong and right predictions, exercises tried and solved; each step fits a phone; the progress is kept."""
    page = open_page(f"{app_server.url}/learn?lesson={lesson.number}")

    def look(_: str) -> None:
        resize(page, PHONE)
        page.wait_for_timeout(150)  # what is laid out anew has no end that could be waited for
        fits(page)
        resize(page, LAPTOP)

    walk(page, lesson, TRIES[lesson.number], look)
    page.reload()
    last = lesson.steps[-1]
    ready(page, last)
    expect(page.get_by_role("radio", name=f"{len(lesson.steps)} ✓")).to_be_checked()
    page.get_by_role("button", name="All lessons").click()
    card = page.locator(f".st-key-lesson-{lesson.number}")
    expect(card.get_by_role("button", name="Again")).to_be_visible()


@pytest.mark.slow
@by_number
@pytest.mark.parametrize(("size", "query"), [(PHONE, ""), (LAPTOP, "&projector=1")], ids=["phone", "projector"])
def test_a_lesson_is_walked_through_elsewhere(
    open_page: OpenPage, app_server: AppServer, lesson: Lesson, size: tuple[int, int], query: str
) -> None:
    """The whole walk on a phone, and in projector mode."""
    page = open_page(f"{app_server.url}/learn?lesson={lesson.number}{query}", size=size)
    walk(page, lesson, TRIES[lesson.number])


def test_a_link_restores_a_step_in_projector_mode(open_page: OpenPage, app_server: AppServer) -> None:
    """A link opens its step, large and without the sidebar; the remote turns steps; the switch brings all back."""
    lesson = LESSONS[0]
    page = open_page(f"{app_server.url}/learn?lesson=1&step={lesson.steps[1].name}&projector=1")
    ready(page, lesson.steps[1])
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).not_to_be_visible()
    size = "parseFloat(getComputedStyle(document.querySelector('[data-testid=stMain] p')).fontSize)"
    assert page.evaluate(size) >= 20
    expect(page.get_by_role("button", name="Next")).to_be_visible()
    page.keyboard.press("PageDown")
    ready(page, lesson.steps[2])
    assert f"step={lesson.steps[2].name}" in page.url
    page.go_back()
    ready(page, lesson.steps[1])
    page.get_by_text("Projector", exact=True).click()
    expect(sidebar).to_be_visible()
    assert page.evaluate(size) < 20
    assert "projector" not in page.url
