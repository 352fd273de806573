"""What the walk tries in lessons 3 to 5: the ELBO, beta, dead dimensions."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.lesson_walk import Choose, Click, Do, Slide, Tries, pin, press
from ui.lessons import beta, collapse, collapse_remedies, elbo


def slide(name: str, times: int, page: Page) -> None:
    """Press an arrow key on the slider of that name."""
    press(page.get_by_role("group", name=name, exact=True).get_by_role("slider"), times)


def narrow(page: Page) -> None:
    """Put mu to 0 and sigma to 0.23."""
    slide("μ", -10, page)
    slide("σ", -19, page)


def price_the_width(page: Page) -> None:
    """Go on from beta = 8 to s = 2."""
    slide("s, what σ is multiplied by", 8, page)


def type_z(page: Page, name: str, value: float) -> None:
    """Type the value of a dimension."""
    field = page.get_by_label(f"Value of {name}", exact=True)
    field.fill(str(value))
    field.press("Enter")


def move_the_dead(page: Page) -> None:
    """Put the live ones back, unfold the dead ones, and move one of them."""
    page.get_by_role("button", name="Back to the image").click()
    page.locator(".dead summary").click()
    type_z(page, "z₅", 3.0)


ELBO: Tries = {
    "dearest": Click((0.0, 0.5), (2.54, 0.27)),
    "cheap-bad": Do(lambda page: pin(page, (-0.12, -2.6)), lambda page: pin(page, (0.113, -0.262))),
    "shifted": Slide(3, -10),
    "narrow": Do(lambda page: slide("σ", 2, page), narrow),
    "gap": Slide(3, -28),
    "loosest": Do(lambda page: pin(page, (-0.12, -2.6)), lambda page: pin(page, (-0.639, 0.746))),
    "rise": Choose("stays at the ELBO, only its noise shrinks", elbo.RISE.right),
    "enough": Do(lambda page: slide("k", 1, page), lambda page: slide("k", 3, page)),
}

BETA: Tries = {
    "which": Choose("Map A", beta.WHICH.right),
    "bought": Slide(3, -16),
    "price": Do(
        lambda page: slide("β, the price of a nat", 1, page), lambda page: slide("β, the price of a nat", 10, page)
    ),
    "wider": Choose("is below 1", beta.WIDER.right),
    "width": Do(lambda page: slide("β", 3, page), price_the_width),
    "tells": Slide(3, 28),
    "outside": Do(lambda page: pin(page, (0.0, 0.0)), lambda page: pin(page, (-9.8, -2.15))),
}

COLLAPSE: Tries = {
    "used": Slide(-2, 3),
    "move": Do(lambda page: type_z(page, "z₁₀", 2.5), move_the_dead),
    "sigma": Slide(-3, 5),
    "back": Choose("the same six are dead", collapse.BACK.right),
    "alive": Slide(3, -14),
    "drown": Do(lambda page: slide("β", 3, page), lambda page: slide("β", 19, page)),
    "push": Choose("towards the prior", collapse_remedies.PUSH.right),
    "free": Do(lambda page: slide("λ, nats", 1, page), lambda page: slide("λ, nats", 4, page)),
}
