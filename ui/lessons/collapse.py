"""Lesson 5: collapse and dead dimensions: how to see them, why they die, and what helps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.decoder import decode
from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.collapse_figures import history_figure, kl_figure, spread_figure, water_figure, weight_figure
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate
from ui.maps import nearest_image
from ui.place import Settled
from ui.salience import DEAD_KL
from ui.sliders import z_sliders
from ui.text import subscript
from ui.view import view
from vae_core import LatentExplorer
from vae_core.config import TrainConfig
from vae_core.data import load_dataset
from vae_core.latent.dimensions import Dimensions, dimensions, picture_change
from vae_core.latent.water import principal_variances, water_filling
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE, active_units
from vae_core.models.objectives.elbo import Elbo
from vae_core.training.run_folder import RunFolder
from vae_core.training.schedule import kl_weight_at

MANY, SHAPES, DEAR = "mnist-16d", "shapes-6d", "mnist-2d-beta8"
FAR, STILL = 2.0, 0.05
"""How far the exercise moves a dead dimension, and how little the live ones."""
NOISE = 0.05
"""sigma² of the linear VAE, in the unit of a pixel's range squared."""
FLOORS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 1.0, 2.0)
"""Nats of free bits to choose from."""
EPOCHS, STEPS = 20, 100
"""Of the warm-up that is drawn."""

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@st.cache_data(max_entries=8, show_spinner=False)
def _measured(card: str, _explorer: LatentExplorer) -> Dimensions:
    latents = _explorer.latents
    assert latents.logvar is not None  # it is a VAE
    return dimensions(latents.mu, latents.logvar)


def _open(name: str) -> tuple[LatentExplorer, Dimensions, Flags]:
    explorer = here.model(name)
    found = _measured(explorer.card.key, explorer)
    return explorer, found, found.kl < DEAD_KL


def _listed(flags: Flags) -> str:
    return ", ".join(f"z{subscript(i + 1)}" for i, flag in enumerate(flags) if flag)


USED = Estimate(
    "used", "mnist-16d has 16 latent dimensions, trained with β = 1. How many does it use?", 0.0, 16.0, 1.0, "%d"
)
MOVE = Exercise(
    "move",
    f"Move one of the dead dimensions by {FAR:g} or more, and leave the live ones alone. Watch the picture.",
    hint="The dead ones are folded away, below the live sliders.",
    solved="The decoder has learnt to ignore a number that holds nothing but noise.",
)


def count() -> None:
    """How many of sixteen dimensions are used, and what a slider does on one that is not."""
    explorer, found, dead = _open(MANY)
    st.markdown(
        "A dimension is paid for by its own KL. Where it is nearly 0, $q(z_d|x)$ is the prior, whatever the image."
    )
    if not USED.ask(
        float((~dead).sum()),
        within=1,
        reason=f"{_listed(dead)} have a KL below {DEAD_KL:g} nats. The other dimensions share {found.kl.sum():.1f} "
        f"nats.",
    ):
        return
    show_chart(kl_figure(found.kl, dead), "kl", "KL of each of the 16 dimensions; five are near 0.")
    start = explorer.latents.mu[0]
    place = here.place(explorer, "z", start)

    def settled(now: Settled) -> None:
        here.settle(explorer, now)

    left, right = st.columns([3, 2], gap="medium")
    with left:
        z_sliders(place, key=here.key("sliders"), height=360, on_settled=settled)
    with right:
        view(
            place,
            picture=decode(explorer, place.z[None])[0],
            record=nearest_image(explorer, "test", place.z),
            class_names=explorer.card.data.class_names,
            key=here.key("view"),
        )
    moved = np.abs(place.z - start)
    change = picture_change(explorer, start, FAR)
    alive = np.where(dead, -np.inf, change)
    st.caption(
        f"From the code of test image 0, {FAR:g} along a dead dimension changes a pixel by {change[dead].max():.4f} "
        f"at most "
        f"(root mean square; the range is 1), along z{subscript(int(alive.argmax()) + 1)} by {alive.max():.2f}."
    )
    done = bool(moved[dead].max() >= FAR and moved[~dead].max() <= STILL)
    now = f"Farthest moved: a dead one by {moved[dead].max():.1f}, a live one by {moved[~dead].max():.1f}."
    with st.container(horizontal=True):
        st.button("Back to the image", icon=":material/replay:", on_click=lambda: here.move(explorer, start))
    MOVE.check(done if here.has_moved(explorer) else None, now)


SIGMA = Estimate("sigma", "Along a dead dimension, how large is the mean of σ² of q(z|x)?", 0.0, 1.5, 0.05, "%.2f")


def units() -> None:
    """Active units, and what q is where a dimension is dead."""
    names = (MANY, SHAPES, DEAR)
    opened = {name: _open(name) for name in names}
    _, found, dead = opened[MANY]
    if not SIGMA.ask(
        float(found.width[dead].mean()),
        within=0.05,
        reason="q is the prior there: μ = 0 and σ = 1 for every image. A sharp q would cost nats and tell nothing.",
    ):
        return
    choices = (0.001, 0.003, ACTIVE_VARIANCE, 0.03, 0.1, 0.3)
    threshold = float(st.select_slider("Threshold δ", choices, ACTIVE_VARIANCE, key=here.key("threshold")))
    chart = spread_figure({name: one[1] for name, one in opened.items()}, threshold)
    show_chart(
        chart, "spread", "Dimensions of three models by the variance of their mean and the mean of their variance."
    )
    counts = {name: int(one[1].active(threshold).sum()) for name, one in opened.items()}
    equation(
        "units",
        r"\mathrm{AU} = \sum_d \mathbf{1}\!\left[\mathrm{Var}_x\,\mu_d(x) > [[threshold]]\right]:\quad [[many]],\quad "
        r"[[shapes]],\quad [[dear]]",
        {
            "threshold": Term(r"\delta", threshold, digits=3),
            **{
                key: Term(rf"\text{{{name}}}", counts[name], digits=0, unit=f"of {len(opened[name][1].kl)}")
                for key, name in (("many", MANY), ("shapes", SHAPES), ("dear", DEAR))
            },
        },
    )
    st.caption(
        "Burda et al. (2016) take δ = 0.01. One dimension of mnist-16d lies just there: z₁₃, with a variance of "
        f"{found.spread[12]:.4f} and {found.kl[12]:.4f} nats. Read such a count with its threshold. The images of "
        f"shapes-6d "
        "are drawn from five factors: its sixth dimension has nothing left to say, and nothing is wrong. β = 8 killed "
        "neither dimension of mnist-2d-beta8: it made both blunter."
    )
    show_code(excerpt(active_units))


BACK = Choice(
    "back",
    "Six epochs into its training, six of the 16 dimensions of mnist-16d are dead. At the end, after 40 epochs …",
    ("the same six are dead", "one of them lives again", "all of them live again"),
    "one of them lives again",
    reason="z₃ comes back between epochs 11 and 16 and ends with 0.6 nats. Where q is the prior the KL's gradient "
    "is 0, and "
    "the noise of training may still find a use for the dimension. Most are not found.",
)


def epochs() -> None:
    """When dimensions die, and that some come back."""
    if not BACK.ask():
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control("Model", (MANY, SHAPES, DEAR), default=MANY, required=True, key=here.key("model"))
        explorer, _, dead = _open(name)
        kl = np.array([line["kl_per_dimension"] for line in RunFolder(explorer.path).history()])
        epoch = int(st.slider("Epoch", 1, len(kl), 6, key=here.key(f"epoch of {name}"), width=320))
    show_chart(history_figure(kl, dead, epoch, DEAD_KL), f"history of {name}", "KL of each dimension over the epochs.")
    low = kl[epoch - 1] < DEAD_KL
    st.markdown(
        f"Epoch {epoch}: **{low.sum()} of {len(low)}** below {DEAD_KL:g} nats"
        + (f" ({_listed(low)})." if low.any() else ".")
        + (f" Alive again at the end: {_listed(low & ~dead)}." if (low & ~dead).any() else "")
    )
    st.caption(f"{name}: the figures that its run wrote down after each epoch. Red: dead at the end.")


ALIVE = Estimate("alive", "The best linear VAE of scikit-learn's digits (64 pixels), its Gaussian noise fixed at σ² "
"= 0.05, β = 1. "
    "How many dimensions does it use, however many it is given?", 0.0, 64.0, 1.0, "%d")  # fmt: skip
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
        "they are "
        "those of probabilistic PCA."
    )
    variances = _variances()
    if not ALIVE.ask(
        float(water_filling(variances, NOISE).n_alive),
        within=6,
        reason="A principal direction is kept where its variance is above the noise; the others are drowned, as "
        "water covers "
        "what is low.",
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
        "λ: variances of the training images' 64 principal directions, pixels from 0 to 1; the first 40 are drawn."
    )
    DROWN.check(found.n_alive == 2 if beta != 1.0 else None, f"β = {beta:g}: {found.n_alive} are left.")
    show_code(excerpt(water_filling))


PUSH = Choice(
    "push",
    "Free bits with λ = 0.1: the loss counts each dimension as max(λ, KL). z₅ of mnist-16d has a KL of 0.0003. "
    "Which way does "
    "this term push it?",
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
    _, found, dead = _open(MANY)
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
        "warm-up",
        "The weight of the KL over the epochs.",
    )
    st.markdown("Try it, in a minute or two:")
    st.code(
        "python -m vae_core train --dataset digits --latent-dim 16 --epochs 100\n"
        f"python -m vae_core train --dataset digits --latent-dim 16 --epochs 100 --free-bits 0.1 --kl-warmup {rise}",
        language="bash",
    )
    show_code(excerpt(Elbo.losses), excerpt(kl_weight_at))


LESSON = Lesson(
    number=5,
    title="Collapse and dead dimensions",
    summary="How to tell which dimensions a model uses, why the others die, and what free bits and warm-up do about "
    "it.",
    minutes=10,
    goals=(
        "tell a live dimension from a dead one by its KL, its active units and its slider",
        "say what q(z|x) is along a dead dimension, and why the decoder ignores it",
        "explain why a dimension may rightly be unused, and predict it for a linear VAE",
        "choose λ for free bits, and say what it and a warm-up change in the loss",
    ),
    models=(MANY, SHAPES, DEAR),
    steps=(
        Step("count", "Sixteen dimensions, how many used?", count, ("used", "move")),
        Step("units", "Active units", units, ("sigma",)),
        Step("epochs", "When they die", epochs, ("back",)),
        Step("water", "Below the water", water, ("alive", "drown")),
        Step("remedies", "Free bits and warm-up", remedies, ("push", "free")),
    ),
    reading=(
        Reading(
            "Importance Weighted Autoencoders", "Burda, Grosse and Salakhutdinov", 2016, "ICLR",
            "https://arxiv.org/abs/1509.00519",
        ),
        Reading(
            "Improved Variational Inference with Inverse Autoregressive Flow", "Kingma et al.", 2016, "NIPS",
            "https://arxiv.org/abs/1606.04934",
        ),
        Reading("Ladder Variational Autoencoders", "Sønderby et al.", 2016, "NIPS", "https://arxiv.org/abs/1602.02282"),
        Reading(
            "Don't Blame the ELBO! A Linear VAE Perspective on Posterior Collapse", "Lucas, Tucker, Grosse and Norouzi",
            2019, "NeurIPS", "https://arxiv.org/abs/1911.02469",
        ),
    ),
    answers=(
        "11: z₂, z₅, z₇, z₁₂ and z₁₃ are dead.",
        "Any of the five folded sliders, moved by 2; the picture does not change.",
        "1: q is the prior.",
        "One of them, z₃, lives again.",
        "18.",
        "β from 11 to 13.",
        "Not at all.",
        "λ between 0.006 and 0.63: 0.01, 0.03, 0.1 or 0.3 on the slider.",
    ),
)  # fmt: skip
