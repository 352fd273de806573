"""What the walk through the lessons tries at each task: something wrong, something right."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.lesson_tries_generation import ARITHMETIC, GENERATORS, LIKELIHOOD
from tests.browser.lesson_tries_terms import BETA, COLLAPSE, ELBO
from tests.browser.lesson_walk import Choose, Click, Do, Slide, Tries, drag_pin, pin, press
from ui.lessons import holes, noise


def choose_model(page: Page, name: str) -> None:
    """Choose in a segmented control."""
    page.get_by_role("radio", name=name, exact=True).click()


HOLES: Tries = {
    "trained": Choose("Everywhere", holes.TRAINED.right),
    "seven": Do(lambda page: pin(page, (-8.0, -2.0)), lambda page: pin(page, (24.0, -16.0))),
    "middle": Choose("C", holes.MIDDLE.right),
    "detour": Do(lambda page: pin(page, (4.0, 4.0)), lambda page: pin(page, (3.0, -10.0))),
    "landing": Click((8.0, -8.0), (0.5, 0.5)),
    "twos": Slide(2, -8),
    "gap": Do(
        lambda page: drag_pin(page, (0.0, 0.0), (0.0, 0.8)), lambda page: drag_pin(page, (0.0, 0.8), (1.45, -1.3))
    ),
    "left": Choose("The prior", holes.LEFT.right),
    "dear": Do(
        lambda page: choose_model(page, "VAE, β = 0.1"),
        lambda page: choose_model(page, "VAE, β = 8"),
    ),
}


def slide(page: Page, name: str, times: int) -> None:
    """Press an arrow key on the slider of that name."""
    press(page.get_by_role("slider", name=name), times)


def put_epsilon(page: Page, x: float, y: float) -> None:
    """Click a place of the pad of epsilon."""
    pad = page.locator(".epsilon svg")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    pad.click(position={"x": (x + 3.5) / 7 * box["width"], "y": (3.5 - y) / 7 * box["height"]})


NOISE: Tries = {
    "width": Slide(4, -6),
    "lands": Click((0.0, 0.0), (1.73, -1.54)),
    "target": Do(lambda page: put_epsilon(page, 0.0, 1.6), lambda page: put_epsilon(page, 0.8, 1.6)),
    "slope": Slide(3, -6),
    "hold": Do(lambda page: slide(page, "σ₁", 10), lambda page: slide(page, "σ₁", 75)),
    "times": Choose("About ten times", noise.TIMES.right),
    "draws": Do(lambda page: slide(page, "Draws K", 2), lambda page: slide(page, "Draws K", 4)),
    "narrow": Choose("It stays", noise.NARROW.right),
}

TRIES: dict[int, Tries] = {
    1: HOLES, 2: NOISE, 3: ELBO, 4: BETA, 5: COLLAPSE, 6: LIKELIHOOD, 7: ARITHMETIC, 8: GENERATORS,
}  # fmt: skip
"""By the lesson's number."""
