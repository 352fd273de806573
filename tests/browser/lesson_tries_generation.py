"""What the walk tries in lessons 6 to 8: likelihoods, arithmetic, generators."""

from __future__ import annotations

import math
import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.lesson_walk import PATIENCE, Choose, Click, Do, Slide, Tries, exercise, pin, press
from ui.lessons import arithmetic, generators, which_likelihood
from vae_core import LatentExplorer
from vae_core.latent.paths.curves import linear


def slide(page: Page, name: str, times: int) -> None:
    """Press an arrow key on the slider of that name."""
    press(page.get_by_role("slider", name=name), times)


def find_sigma(page: Page) -> None:
    """Work the best sigma out of what the first term says: it is -392 there."""
    said = exercise(page, "find").get_by_text("the first term is").first.inner_text()
    first = float(re.findall(r"is −([\d,.]+) nats", said)[0].replace(",", ""))
    sigmas = which_likelihood.SIGMAS
    slide(page, "σ", round(0.5 * math.log(first / 392) / math.log(sigmas[101] / sigmas[100])))


LIKELIHOOD: Tries = {
    "largest": Choose("Gaussian, σ = 1", which_likelihood.LARGEST.right),
    "unit": Do(lambda page: slide(page, "White is", 1), lambda page: slide(page, "White is", 4)),
    "area": Slide(3, -5),
    "best": Slide(3, -32),
    "find": Do(lambda page: slide(page, "σ", 2), find_sigma),
    "weight": Choose("It doubles", which_likelihood.WEIGHT.right),
    "match": Do(lambda page: slide(page, "A fixed σ", 5), lambda page: slide(page, "A fixed σ", 14)),
    "better": Choose("mnist-2d-gaussian", which_likelihood.BETTER.right),
}


def follow_line(page: Page, steps: int) -> None:
    """Go along the films by the keyboard, from their beginning, once they are there."""
    expect(page.locator(".scrubber .waits")).to_have_count(0, timeout=3 * PATIENCE)
    strip = page.locator(".scrubber .strip")
    strip.focus()
    strip.press("Home")
    for _ in range(steps):
        strip.press("ArrowRight")


def nearest_step() -> int:
    """Of the straight path, the step nearest to the origin, counted from 0."""
    mu = LatentExplorer.load(arithmetic.LARGE, device="cpu").latents.mu[list(arithmetic.ENDS)]
    return int(np.linalg.norm(linear(mu[0], mu[1], arithmetic.STEPS), axis=1).argmin())


ARITHMETIC: Tries = {
    "told": Slide(5, -36),
    "share": Choose("Nothing that one could name", arithmetic.SHARE.right),
    "thin": Do(lambda page: pin(page, (0.5, -1.0)), lambda page: pin(page, (0.0, 2.6))),
    "middle": Slide(-10, 6),
    "nearest": Do(lambda page: follow_line(page, 1), lambda page: follow_line(page, nearest_step())),
    "minus": Slide(5, 40),
    "pair": Do(
        lambda page: slide(page, "t, the length of the step", -1),
        lambda page: slide(page, "t, the length of the step", 3),
    ),
    "switch": Choose("About half of them", arithmetic.SWITCH.right),
}


def choose_generator(page: Page, title: str) -> None:
    """Choose in the select box."""
    page.get_by_role("combobox", name=re.compile("Decoder, and where z comes from")).click()
    page.get_by_role("option", name=title, exact=True).click()


GENERATORS: Tries = {
    "whose": Choose("Wall A", generators.WHOSE.right),
    "sharp": Slide(-10, 7),
    "fooled": Do(
        lambda page: slide(page, "Noise added to the VAE's draws, σ", 3),
        lambda page: slide(page, "Noise added to the VAE's draws, σ", 22),
    ),
    "cover": Slide(-5, 25),
    "repair": Do(
        lambda page: choose_generator(page, "VAE, flow"), lambda page: choose_generator(page, "Autoencoder, flow")
    ),
    "hole": Click((0.0, 0.0), (-0.8, 1.6)),
    "dense": Do(lambda page: pin(page, (0.5, 0.3)), lambda page: pin(page, (-0.4, -2.8))),
    "say": Choose("The GAN, exactly", generators.SAY.right),
}
