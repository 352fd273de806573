"""Lesson 4: beta, the price of a nat: rate against distortion, measured on the shipped models."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import widest_plane
from ui.encoded import images_of
from ui.latent_map import latent_map
from ui.lessons import here
from ui.lessons.beta_figures import curve_figure, loss_figure, parts_figure, plane_figure
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate
from ui.lessons.stage import stage
from ui.maps import map_points
from vae_core import LatentExplorer
from vae_core.latent.rate_distortion import RateDistortion, RateParts, rate_parts, width_curve
from vae_core.models.objectives.elbo import Elbo
from vae_core.training.run_folder import RunFolder

MODELS = {"β = 0.1": "mnist-2d-beta0.1", "β = 1": "mnist-2d", "β = 8": "mnist-2d-beta8"}
ONE_DECODER = "digits-2d"
SCALES = np.round(np.geomspace(0.25, 4.0, 33), 3)[:30]
HIGH, CLOSE, FAR = 8.0, 0.1, 4.0
"""The beta of an exercise; nats within which its loss is the least; distance from the origin of another's pin."""


def _models() -> dict[str, LatentExplorer]:
    return {name: here.model(model) for name, model in MODELS.items()}


def _points(models: dict[str, LatentExplorer]) -> RateDistortion:
    tests = [explorer.card.test for explorer in models.values()]
    assert all(test.kl and test.log_likelihood for test in tests)  # they are VAEs
    rate = [test.kl.value for test in tests if test.kl]
    return RateDistortion(
        np.array(rate), np.array([-test.log_likelihood.value for test in tests if test.log_likelihood])
    )


def _loss(name: str, points: RateDistortion, i: int, beta: float) -> None:
    equation(
        name,
        r"[[loss]] = [[distortion]] + [[beta]]\,[[rate]]",
        {
            "loss": Term(r"\mathrm{loss}", float(points.loss(beta)[i])),
            "distortion": Term(r"\underbrace{-\mathbb{E}_q\log p(x|z)}_{D}", float(points.distortion[i])),
            "beta": Term(r"\beta", beta),
            "rate": Term(r"\underbrace{\mathrm{KL}(q\,\|\,p)}_{R}", float(points.rate[i])),
        },
    )


WHICH = Choice(
    "which",
    "Three models of MNIST, trained with β = 0.1, 1 and 8. Which map is that of β = 8?",
    ("Map A", "Map B", "Map C"),
    "Map B",
    reason="A dear KL keeps the codes within the prior and makes each q wide, so that neighbours overlap. A is β = "
    "1; C is β = 0.1, whose codes spread as far as they like: look at the axes.",
)


def maps() -> None:
    """The maps of three models, unnamed."""
    st.markdown("A β-VAE weighs the KL by β: it is what one nat of code costs.")
    models = _models()
    order = ("β = 1", "β = 8", "β = 0.1")
    headings = {}
    for letter, name, column in zip("ABC", order, st.columns(3, gap="small"), strict=True):
        with column:
            headings[name] = st.empty()
            headings[name].markdown(f"**Map {letter}**")
            plane = widest_plane(models[name])
            latent_map(
                map_points(models[name], plane),
                plane=plane.plane,
                axis_titles=plane.titles,
                height=320,
                key=here.key(f"map {letter}"),
            )
    if not WHICH.ask():
        return
    for letter, name in zip("ABC", order, strict=True):
        headings[name].markdown(f"**Map {letter}** · {name}")
    names = list(models)
    name = st.segmented_control("Model", names, default=names[2], required=True, key=here.key("model"))
    explorer = models[name]
    stage(explorer, start=explorer.latents.mu[0], height=400)
    _loss("loss", _points(models), names.index(name), explorer.card.training.beta)
    sigma = float(np.exp(0.5 * np.median(explorer.latents.logvar))) if explorer.latents.logvar is not None else 0.0
    farthest = float(np.linalg.norm(explorer.latents.mu, axis=1).max())
    st.caption(
        f"{explorer.name}: nats an image, over the 10,000 test images. Median σ of q {sigma:.3f}; the farthest code "
        f"lies {farthest:.1f} from the origin."
    )
    show_code(excerpt(Elbo.losses))


BOUGHT = Estimate(
    "bought",
    "The model of β = 0.1 spends 10.95 nats of KL on an image, that of β = 1 spends 7.52. How many does that of β = "
    "8 spend?",
    0.0,
    10.0,
    0.1,
    "%.1f nats",
)
PRICE = Exercise(
    "price",
    "Set β so high that the model of β = 8 is the cheapest of the three.",
    hint="The dashed line has the slope −β. Make it steeper until it touches the leftmost point first.",
    solved="At this price its 4 nats of saved rate are worth the 25 nats of distortion that they cost.",
)


def plane() -> None:
    """The three models on the plane of rate and distortion."""
    models = _models()
    points, names = _points(models), list(models)
    ratio = points.rate[2] / points.rate[1]
    if not BOUGHT.ask(
        float(points.rate[2]),
        within=1.0,
        reason=f"Eight times the price does not buy an eighth: {ratio:.0%} of the nats remain.",
    ):
        return
    beta = st.slider("β, the price of a nat", 0.0, 12.0, 1.0, 0.5, key=here.key("beta"))
    histories = [RunFolder(explorer.path).history() for explorer in models.values()]
    show_chart(plane_figure(names, points, histories, beta), "plane", "Three models by rate and distortion.")
    best = points.best(beta)
    _loss("loss", points, best, beta)
    st.caption(
        "Points: the test split. Thin lines: the validation figures of each epoch. Not a fair race: mnist-2d (β = "
        "1) has a larger network and three times the epochs of the other two, which are alike. So it beats β = 0.1 "
        "in both figures, and no price makes that one the cheapest."
    )
    PRICE.check(best == 2 if beta != 1.0 else None, f"At β = {beta:g} the cheapest is {names[best]}.")


WIDER = Choice(
    "wider",
    "Keep the trained decoder of digits-2d and multiply every σ by s. It was trained with β = 1. If a nat cost 8, "
    "the best s …",
    ("is below 1", "stays 1", "is above 1"),
    "is above 1",
    reason="A wider q costs fewer nats and blurs the picture. The dearer the nats, the more blur is worth it.",
)
WIDTH = Exercise(
    "width",
    f"Set β to {HIGH:g}, and s to where the loss is the least, to within {CLOSE:g} nats.",
    hint="The dot in the right panel must stand at the bottom of the valley; on the left the dashed line then touches.",
    solved="There the curve's slope is −β: one more nat of code would save exactly β nats of distortion.",
)


@st.cache_resource(max_entries=4, show_spinner="Decoding at 30 widths …")
def _curve(card: str, _explorer: LatentExplorer, _images: npt.NDArray[np.uint8]) -> RateDistortion:
    return width_curve(_explorer, _images, SCALES, generator=np.random.default_rng(0))


def width() -> None:
    """One decoder, every q made wider or narrower."""
    explorer = here.model(ONE_DECODER)
    images = images_of(explorer, "test")
    if images is None:
        st.error("scikit-learn's digits, which this step measures, are not those that the model was tested on.")
        st.stop()
    if not WIDER.ask():
        return
    curve = _curve(explorer.card.key, explorer, images)
    left, right = st.columns(2, gap="medium")
    with left:
        beta = st.select_slider("β", (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0), 1.0, key=here.key("beta"))
    with right:
        scale = st.select_slider("s, what σ is multiplied by", SCALES.tolist(), 1.0, key=here.key("s"))
    at = SCALES.tolist().index(scale)
    with left:
        show_chart(curve_figure(curve, at, beta), "curve", "Distortion falls as the rate rises.")
    with right:
        show_chart(loss_figure(SCALES, curve, at, beta), "loss by width", "The loss is a valley over the width.")
    _loss("loss", curve, at, beta)
    excess = float(curve.loss(beta)[at] - curve.loss(beta).min())
    st.caption(
        f"Means over the {len(images)} test images, with the same draws at each width. At β = 1 the valley is at s = "
        f"{SCALES[curve.best(1.0)]:g}: the encoder had found it."
    )
    touched = (beta, scale) != (1.0, 1.0)
    WIDTH.check(
        beta == HIGH and excess <= CLOSE if touched else None,
        f"β = {beta:g}, s = {scale:g}: {excess:.2f} nats too dear.",
    )


TELLS = Estimate(
    "tells",
    "mnist-2d-beta0.1 spends 10.95 nats on an image. To name one of 10,000 images takes log 10,000 = 9.21. How many "
    "of its nats tell the test images apart?",
    0.0,
    11.0,
    0.1,
    "%.1f nats",
)
OUTSIDE = Exercise(
    "outside",
    f"Pin a test image's code that lies {FAR:g} or more from the origin, where the prior hardly ever draws.",
    hint="The rim of the map. The pin must stand on a point, to within 0.2.",
    solved=f"The prior puts exp(−{FAR:g}²/2) = {math.exp(-FAR * FAR / 2):.4f} of its draws out here: hardly any "
    "sample shows this digit.",
)


@st.cache_resource(max_entries=8, show_spinner="Comparing codes …")
def _parts(card: str, _explorer: LatentExplorer) -> RateParts:
    return rate_parts(_explorer.latents, generator=np.random.default_rng(0))


def nats() -> None:
    """What the nats of a rate are spent on."""
    models = _models()
    parts = [_parts(explorer.card.key, explorer) for explorer in models.values()]
    cheap = models["β = 0.1"]
    mu = cheap.latents.mu
    share = float((np.linalg.norm(mu, axis=1) > 3).mean())
    if not TELLS.ask(
        parts[0].information.value,
        within=0.7,
        reason=f"R = I + M. The other {parts[0].mismatch.value:.1f} nats are paid for codes that lie where the prior "
        "is thin, and tell nothing of an image.",
    ):
        return
    show_chart(
        parts_figure(list(models), parts, math.log(len(mu))), "parts", "Information and mismatch of three models."
    )
    first = parts[0]
    equation(
        "surgery",
        r"[[rate]] = [[information]] + [[mismatch]]",
        {
            "rate": Term(r"\mathbb{E}\,\mathrm{KL}(q(z|x)\,\|\,p(z))", first.rate.value),
            "information": Term(r"I(x; z)", first.information.value),
            "mismatch": Term(r"\mathrm{KL}(q(z)\,\|\,p(z))", first.mismatch.value),
        },
    )
    st.caption(
        f"mnist-2d-beta0.1; I and M are estimates from {2000:,} draws, ± {first.mismatch.standard_error or 0:.2f}. "
        f"{share:.0%} of its codes lie farther than 3 from the origin; of the prior's draws {math.exp(-4.5):.1%} do."
    )
    z = stage(cheap, height=400)
    index, distance = cheap.nearest(z[None])
    far, near = float(np.linalg.norm(mu[index[0]])), float(distance[0])
    OUTSIDE.check(
        far >= FAR and near <= 0.2 if here.has_moved(cheap) else None,
        f"Test image {index[0]}: {far:.1f} from the origin, {near:.2f} from the pin.",
    )


LESSON = Lesson(
    number=4,
    title="β: rate against distortion",
    summary="What one nat of code costs, what it buys, and what the shipped models of β = 0.1, 1 and 8 make of it.",
    minutes=10,
    goals=(
        "read a model off the plane of rate and distortion, and say what β does to it",
        "find the code that is best at a given price, and say why the slope there is −β",
        "tell the nats that distinguish images from those that only leave the prior",
    ),
    models=(*MODELS.values(), ONE_DECODER),
    steps=(
        Step("maps", "One number, three maps", maps, ("which",)),
        Step("plane", "Rate and distortion", plane, ("bought", "price")),
        Step("width", "The price sets the width", width, ("wider", "width")),
        Step("nats", "What the nats buy", nats, ("tells", "outside")),
    ),
    reading=(
        Reading(
            "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework", "Higgins et al.", 2017,
            "ICLR", "https://openreview.net/forum?id=Sy2fzU9gl",
        ),
        Reading("Fixing a Broken ELBO", "Alemi et al.", 2018, "ICML", "https://arxiv.org/abs/1711.00464"),
        Reading(
            "ELBO surgery: yet another way to carve up the variational evidence lower bound", "Hoffman and "
            "Johnson", 2016,
            "NIPS Workshop on Advances in Approximate Bayesian Inference",
        ),
        Reading("Understanding disentangling in beta-VAE", "Burgess et al.", 2018, "arXiv", "https://arxiv.org/abs/1804.03599"),
    ),
    answers=(
        "B: its codes stay within the prior, and its classes overlap.",
        "3.4 nats.",
        "β of 6 or more: above 5.9 the model of β = 8 is the cheapest.",
        "Above 1.",
        "β = 8 and s = 2 or 2.181.",
        "8.3 nats; the other 2.7 only say that the codes are not where the prior is.",
        "Any code at the rim, farther than 4 from the origin.",
    ),
)  # fmt: skip
