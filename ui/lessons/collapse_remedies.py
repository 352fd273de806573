"""The last two steps of the lesson on dead dimensions: the linear VAE, whose collapse has a closed form; remedies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.collapse_figures import kl_figure, water_figure, weight_figure
from ui.lessons.collapse_numbers import MANY, opened
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.question import Choice, Estimate
from vae_core.config import TrainConfig
from vae_core.data import load_dataset
from vae_core.latent.water import principal_variances, water_filling
from vae_core.models.objectives.elbo import Elbo
from vae_core.training.schedule import kl_weight_at

NOISE = 0.05
"""sigma² of the linear VAE, in the unit of a pixel's range squared."""
FLOORS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 1.0, 2.0)
"""Nats of free bits to choose from."""
EPOCHS, STEPS = 20, 100
"""Of the warm-up that is drawn."""
TRY = "python -m vae_core train --dataset digits --latent-dim 16 --epochs 100"

Doubles = npt.NDArray[np.float64]

ALIVE = Estimate(
    "alive",
    "The best linear VAE of scikit-learn's digits (64 pixels), its Gaussian noise fixed at σ² = 0.05, β = 1. How "
    "many dimensions does it use, however many it is given?",
    0.0,
    64.0,
    1.0,
    "%d",
)
DROWN = Exercise(
    "drown",
    "Raise β until exactly two dimensions are left.",
    hint="The level β σ² must lie between the second and the third bar.",
    solved="No training went wrong here: at this price the other directions are not worth their nats.",
)


@st.cache_data(max_entries=1, show_spinner="Finding the principal directions …")
def _variances() -> Doubles:
    return principal_variances(load_dataset("digits").train.images)


def water() -> None:
    """The linear VAE, where collapse has a closed form."""
    st.markdown(
        "Is a dead dimension a failure of training? In a *linear* VAE the best weights are known, so one can tell: "
        "they are those of probabilistic PCA."
    )
    variances = _variances()
    if not ALIVE.ask(
        float(water_filling(variances, NOISE).n_alive),
        within=6,
        reason="A principal direction is kept where its variance is above the noise; the others are drowned, as "
        "water covers what is low.",
    ):
        return
    beta = float(st.slider("β", 0.5, 16.0, 1.0, 0.5, key=here.key("beta")))
    found = water_filling(variances, beta * NOISE)
    show_chart(water_figure(variances, found, beta * NOISE), "water", "Variances of the digits and the water's level.")
    equation(
        "water",
        r"\mathrm{KL}_d = \max\!\left(0,\ \tfrac12\log\frac{\lambda_d}{[[beta]]\,[[noise]]}\right),\quad "
        r"\sum_d \mathrm{KL}_d = [[rate]],\quad [[alive]]",
        {
            "beta": Term(r"\beta", beta, digits=1),
            "noise": Term(r"\sigma^2", NOISE),
            "rate": Term(r"R", float(found.rate.sum()), unit="nats"),
            "alive": Term(r"\text{dimensions used}", found.n_alive, digits=0),
        },
    )
    st.caption(
        "λ: variances of the training images' 64 principal directions, pixels from 0 to 1; the first 40 are drawn. "
        "Red: the level β σ²."
    )
    DROWN.check(found.n_alive == 2 if beta != 1.0 else None, f"β = {beta:g}: {found.n_alive} are left.")
    show_code(excerpt(water_filling))


PUSH = Choice(
    "push",
    "Free bits with λ = 0.1: the loss counts each dimension as max(λ, KL). z₅ of mnist-16d has a KL of 0.0003. "
    "Which way does this term push it?",
    ("towards the prior", "not at all", "away from the prior"),
    "not at all",
    reason="Below λ the maximum is constant, and its gradient 0: the first λ nats cost nothing, so the likelihood "
    "may use them.",
)
FREE = Exercise(
    "free",
    "Set λ so that the five dead dimensions are free, and no live one.",
    hint="The dashed line must lie above the five short bars, and below all others.",
    solved="The range is wide, which is why one λ serves. With a λ too large the loss counts nats that the model "
    "never used.",
)


def remedies() -> None:
    """Free bits and warm-up."""
    if not PUSH.ask():
        return
    _, found, dead = opened(MANY)
    floor = float(st.select_slider("λ, nats", FLOORS, 0.0, key=here.key("floor")))
    free = found.kl < floor
    show_chart(kl_figure(found.kl, free, floor), "free bits", "KL of each dimension and the free bits.")
    equation(
        "free",
        r"[[counted]] = \beta\sum_d\max([[floor]],\ \mathrm{KL}_d) \ \ge\ [[kl]]",
        {
            "counted": Term(r"\text{counted}", float(found.with_free_bits(floor).sum())),
            "floor": Term(r"\lambda", floor, digits=3),
            "kl": Term(r"\textstyle\sum_d\mathrm{KL}_d", float(found.kl.sum())),
        },
    )
    FREE.check(bool((free == dead).all()) if floor else None, f"λ = {floor:g}: {int(free.sum())} are free.")
    st.markdown("**Warm-up** lets the decoder learn to use $z$ before it costs anything: the KL's weight rises from 0.")
    rise = int(st.slider("Epochs of warm-up", 1, EPOCHS, 10, key=here.key("warm-up"), width=320))
    schedules = [
        (f"warm-up of {rise} epochs", TrainConfig(epochs=EPOCHS, kl_warmup=rise)),
        ("4 cycles", TrainConfig(epochs=EPOCHS, kl_cycles=4)),
    ]
    weights = [
        (name, np.array([kl_weight_at(step, STEPS, config) for step in range(EPOCHS * STEPS + 1)]))
        for name, config in schedules
    ]
    show_chart(
        weight_figure(np.arange(EPOCHS * STEPS + 1) / STEPS, weights),
        "weights",
        "The weight of the KL over the epochs.",
    )
    st.markdown("Try it, in a minute or two, on the page Train or by these two commands:")
    st.markdown(f"- `{TRY}`\n- `{TRY} --free-bits 0.1 --kl-warmup {rise}`")
    show_code(excerpt(Elbo.losses), excerpt(kl_weight_at))
