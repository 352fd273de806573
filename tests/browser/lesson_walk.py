"""A person who walks through a lesson: answers wrong, then right, and solves what is asked. Shared by all lessons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from ui.lessons.lesson import Lesson, Step

PATIENCE = 20_000
"""Milliseconds that an answer of the page may take."""


@dataclass(frozen=True)
class Choose:
    """A question with options: a wrong one, and the right one."""

    wrong: str
    right: str


@dataclass(frozen=True)
class Slide:
    """A question with a slider: presses of the arrow keys from where it stands, to the left below 0."""

    wrong: int
    right: int


@dataclass(frozen=True)
class Click:
    """A question with a map: a wrong and a right place on its plane."""

    wrong: tuple[float, float]
    right: tuple[float, float]


@dataclass(frozen=True)
class Do:
    """An exercise: something that does not solve it, something that does."""

    wrong: Callable[[Page], None]
    right: Callable[[Page], None]


Tries = Mapping[str, Choose | Slide | Click | Do]
"""What is tried at each task of a lesson, by its name."""


def ready(page: Page, step: Step) -> None:
    """Wait until a step is shown."""
    expect(page.get_by_role("heading", name=step.title, exact=True)).to_be_visible(timeout=PATIENCE)


def question(page: Page, task: str) -> Locator:
    """A question's frame."""
    return page.locator(f".st-key-question-{task}")


def exercise(page: Page, task: str) -> Locator:
    """An exercise's frame."""
    return page.locator(f".st-key-exercise-{task}")


def click_map(page: Page, where: Locator, z: tuple[float, float]) -> None:
    """Click a place of the plane of the map within a part of the page, once the map is there."""
    root = where.locator(".latent-map").first
    expect(root).to_have_attribute("data-state", "ready", timeout=PATIENCE)
    surface = root.locator(".surface")
    surface.scroll_into_view_if_needed()
    x, y, half = (float(part) for part in (root.get_attribute("data-view") or "").split())
    box = surface.bounding_box()
    assert box is not None
    share = box["width"] / 2 / half
    surface.click(position={"x": (z[0] - x + half) * share, "y": (y + half - z[1]) * share})


def pin(page: Page, z: tuple[float, float]) -> None:
    """Pin z on the map of the step, which is its last one."""
    maps = page.locator(".latent-map")
    surface_of = page.locator("[data-testid=stColumn]").filter(has=maps)
    click_map(page, surface_of.first if surface_of.count() else page.locator("body"), z)


def drag_pin(page: Page, z_from: tuple[float, float], z_to: tuple[float, float]) -> None:
    """Drag the pin of the step's last map; let go, it stays there, while a click takes the nearest point."""
    root = page.locator(".latent-map").last
    surface = root.locator(".surface")
    surface.scroll_into_view_if_needed()
    x, y, half = (float(part) for part in (root.get_attribute("data-view") or "").split())
    box = surface.bounding_box()
    assert box is not None
    share = box["width"] / 2 / half
    start, end = ((box["x"] + (z[0] - x + half) * share, box["y"] + (y + half - z[1]) * share) for z in (z_from, z_to))
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()


def press(slider: Locator, times: int) -> None:
    """Press an arrow key on a slider's thumb: to the left below 0."""
    slider.focus()
    for _ in range(abs(times)):
        slider.press("ArrowLeft" if times < 0 else "ArrowRight")
    slider.page.wait_for_timeout(400)  # the page hears of it when the keys have rested


def give(page: Page, frame: Locator, answer: str | int | tuple[float, float]) -> None:
    """Answer a question, and reveal."""
    if isinstance(answer, str):
        frame.locator("label").filter(has_text=re.compile(rf"^\s*{re.escape(answer)}\s*$")).click()
    elif isinstance(answer, int):
        press(frame.get_by_role("slider"), answer)
    else:
        click_map(page, frame, answer)
    reveal = frame.get_by_role("button", name="Reveal", exact=True)
    expect(reveal).to_be_enabled(timeout=PATIENCE)
    reveal.click()


def walk_question(page: Page, task: str, tried: Choose | Slide | Click) -> None:
    """Nothing is said before it is answered; wrong gets the truth and its reason, right the same reason."""
    frame = question(page, task)
    expect(frame).to_be_visible(timeout=PATIENCE)
    expect(frame.get_by_test_id("stAlert")).to_have_count(0)
    give(page, frame, tried.wrong)
    expect(frame.get_by_test_id("stAlert")).to_contain_text("Not quite", timeout=PATIENCE)
    frame.get_by_role("button", name="Answer again").click()
    expect(frame.get_by_test_id("stAlert")).to_have_count(0, timeout=PATIENCE)
    give(page, frame, tried.right)
    expect(frame.get_by_test_id("stAlert")).to_contain_text("Right.", timeout=PATIENCE)


def walk_exercise(page: Page, task: str, tried: Do) -> None:
    """A try that is not it gets a hint, one that is solves it."""
    frame = exercise(page, task)
    expect(frame).to_be_visible(timeout=PATIENCE)
    tried.wrong(page)
    expect(frame.get_by_test_id("stAlert")).to_contain_text("Not there yet", timeout=PATIENCE)
    tried.right(page)
    expect(frame.get_by_test_id("stAlert")).to_contain_text("Solved.", timeout=PATIENCE)


def fits(page: Page) -> None:
    """Nothing is wider than the window, once all is laid out."""
    page.wait_for_function(
        """() => {
            const main = document.querySelector("[data-testid=stMain]")
            return main.scrollWidth - main.clientWidth <= 1
        }""",
        timeout=PATIENCE,
    )


def walk(page: Page, lesson: Lesson, tries: Tries, see: Callable[[str], None] = lambda _: None) -> None:
    """Walk through a lesson whose first step is open; `see(name)` is called when a step has been worked through."""
    for i, step in enumerate(lesson.steps):
        ready(page, step)
        fits(page)
        for task in step.tasks:
            tried = tries[task]
            if isinstance(tried, Do):
                walk_exercise(page, task, tried)
            else:
                walk_question(page, task, tried)
        expect(page.locator(".katex-error")).to_have_count(0)
        fits(page)
        expect(page.get_by_text("Something in this page went wrong")).to_have_count(
            0
        )  # below the last task there may be more
        see(step.name)
        if i + 1 < len(lesson.steps):
            page.get_by_role("button", name="Next").click()
