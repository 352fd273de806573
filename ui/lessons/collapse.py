"""Lesson 5: collapse and dead dimensions: how to see them, why they die, and what helps."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.decoder import decode
from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.collapse_figures import history_figure, kl_figure, spread_figure
from ui.lessons.collapse_numbers import DEAR, MANY, SHAPES, listed, opened
from ui.lessons.collapse_remedies import remedies, water
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
from vae_core.latent.dimensions import picture_change
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE, active_units
from vae_core.training.run_folder import RunFolder

FAR, STILL = 2.0, 0.05
"""How far the exercise moves a dead dimension, and how little the live ones."""


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
    explorer, found, dead = opened(MANY)
    st.markdown(
        "A dimension is paid for by its own KL. Where it is nearly 0, $q(z_d|x)$ is the prior, whatever the image."
    )
    if not USED.ask(
        float((~dead).sum()),
        within=1,
        reason=f"{listed(dead)} have a KL below {DEAD_KL:g} nats. The other dimensions share {found.kl.sum():.1f} "
        "nats.",
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
        f"From the code of test image 0, {FAR:g} along a dead dimension changes the picture by "
        f"{change[dead].max():.4f} at most (root mean square of the pixels, whose range is 1), along "
        f"z{subscript(int(alive.argmax()) + 1)} by {alive.max():.2f}."
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
    known = {name: opened(name) for name in names}
    _, found, dead = known[MANY]
    if not SIGMA.ask(
        float(found.width[dead].mean()),
        within=0.05,
        reason="q is the prior there: μ = 0 and σ = 1 for every image. A sharp q would cost nats and tell nothing.",
    ):
        return
    choices = (0.001, 0.003, ACTIVE_VARIANCE, 0.03, 0.1, 0.3)
    threshold = float(st.select_slider("Threshold δ", choices, ACTIVE_VARIANCE, key=here.key("threshold")))
    chart = spread_figure({name: one[1] for name, one in known.items()}, threshold)
    show_chart(
        chart, "spread", "Dimensions of three models by the variance of their mean and the mean of their variance."
    )
    counts = {name: int(one[1].active(threshold).sum()) for name, one in known.items()}
    equation(
        "units",
        r"\mathrm{AU} = \sum_d \mathbf{1}\!\left[\mathrm{Var}_x\,\mu_d(x) > [[threshold]]\right]:\quad [[many]],\quad "
        r"[[shapes]],\quad [[dear]]",
        {
            "threshold": Term(r"\delta", threshold, digits=3),
            **{
                key: Term(rf"\text{{{name}}}", counts[name], digits=0, unit=f"of {len(known[name][1].kl)}")
                for key, name in (("many", MANY), ("shapes", SHAPES), ("dear", DEAR))
            },
        },
    )
    st.caption(
        "Burda et al. (2016) take δ = 0.01. One dimension of mnist-16d lies just there: z₁₃, with a variance of "
        f"{found.spread[12]:.4f} and {found.kl[12]:.4f} nats. Read such a count with its threshold. The images of "
        "shapes-6d are drawn from five factors: its sixth dimension has nothing left to say, and nothing is wrong. "
        "β = 8 killed neither dimension of mnist-2d-beta8: it made both blunter."
    )
    show_code(excerpt(active_units))


BACK = Choice(
    "back",
    "Six epochs into its training, six of the 16 dimensions of mnist-16d are dead. At the end, after 40 epochs …",
    ("the same six are dead", "one of them lives again", "all of them live again"),
    "one of them lives again",
    reason="z₃ comes back between epochs 11 and 16 and ends with 0.6 nats. Where q is the prior the KL's gradient "
    "is 0: nothing holds the dimension down, and it may be found again. The other five are not.",
)


def epochs() -> None:
    """When dimensions die, and that some come back."""
    if not BACK.ask():
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.segmented_control("Model", (MANY, SHAPES, DEAR), default=MANY, required=True, key=here.key("model"))
        explorer, _, dead = opened(name)
        kl = np.array([line["kl_per_dimension"] for line in RunFolder(explorer.path).history()])
        epoch = int(st.slider("Epoch", 1, len(kl), 6, key=here.key(f"epoch of {name}"), width=320))
    show_chart(history_figure(kl, dead, epoch, DEAD_KL), f"history of {name}", "KL of each dimension over the epochs.")
    low = kl[epoch - 1] < DEAD_KL
    st.markdown(
        f"Epoch {epoch}: **{low.sum()} of {len(low)}** below {DEAD_KL:g} nats"
        + (f" ({listed(low)})." if low.any() else ".")
        + (f" Alive again at the end: {listed(low & ~dead)}." if (low & ~dead).any() else "")
    )
    st.caption(f"{name}: the figures that its run wrote down after each epoch. Red: dead at the end.")


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
