"""Lesson 1: from the autoencoder to the VAE, by the holes in its latent space."""

from __future__ import annotations

import streamlit as st

from ui.lessons import here
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice
from ui.lessons.stage import stage
from vae_core.models.autoencoder import Autoencoder

GUESS = Choice(
    "guess", "What does the middle decode to?", ("A digit", "A smear"), "A smear", reason="No image is there."
)
FIND = Exercise("find", "Pin z to the right of 2.", hint="Further right.", solved="There.")


def between() -> None:
    """A point between two clusters."""
    explorer = here.model("mnist-2d-ae")
    if GUESS.ask():
        z = stage(explorer)
        equation("code", r"[[z]] = f(x)", {"z": Term("z", list(z))})
        FIND.check(bool(z[0] > 2) if here.has_moved(explorer) else None)
        show_code(excerpt(Autoencoder.encode))


def end() -> None:
    """The end."""
    st.markdown("The end.")


LESSON = Lesson(
    number=1,
    title="From autoencoder to VAE",
    summary="Holes.",
    minutes=10,
    goals=("say why an autoencoder has holes",),
    models=("mnist-2d-ae", "mnist-2d"),
    steps=(Step("between", "Between two clusters", between, ("guess", "find")), Step("end", "The end", end)),
    reading=(Reading("Auto-Encoding Variational Bayes", "Kingma and Welling", 2014, "ICLR"),),
    answers=("A smear.", "Right of 2."),
)
