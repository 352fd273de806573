"""Lesson 6: which likelihood. The same picture under four of them: densities, a normaliser, and sigma as a weight."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.encoded import images_of
from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.likelihood_figures import bars_figure, pixel_figure, sigma_figure
from ui.lessons.question import Choice, Estimate
from ui.lessons.stage import stage
from ui.pictures import magnified, show
from vae_core.likelihoods import bernoulli_area, best_sigma, continuous_mean, root_mean_square, scores
from vae_core.models.likelihood import Bernoulli, ContinuousBernoulli, Gaussian
from vae_core.trace import trace_image

Floats = npt.NDArray[np.float32]

BERNOULLI, GAUSSIAN, SOURCE = "mnist-2d", "mnist-2d-gaussian", "mnist-16d"
WIDE = 1.0
"""The sigma that a squared error without any sigma stands for."""

SIGMAS = np.round(np.geomspace(0.02, 1.0, 158), 4)
"""Each 2.5 % above the one before."""

FIRST_SIGMA = float(SIGMAS[130])
CLOSE, BETA = 0.02, 4.0


@st.cache_data(max_entries=32, show_spinner=False)
def _pair(number: int, keys: tuple[str, str]) -> tuple[Floats, Floats, Floats, bool]:
    """x, the decoder's logits, x_hat, and whether x is one of MNIST's own images."""
    explorer, source = here.model(BERNOULLI), here.model(SOURCE)
    images = images_of(explorer, "test")
    x = source.decode(source.latents.mu[[number]])[0] if images is None else images[number].astype(np.float32) / 255
    boxes = trace_image(explorer, x, epsilon=np.zeros(explorer.latent_dim))
    found = {box.name: box.values for box in boxes}
    logits = [box.values for box in boxes if box.part == "decoder"][-1]
    return x, logits, found["x_hat"], images is not None


def _chosen() -> tuple[Floats, Floats, Floats, bool, int]:
    number = int(st.session_state.get(here.key("number"), 1))
    keys = here.model(BERNOULLI).card.key, here.model(SOURCE).card.key
    return *_pair(number, keys), number


def _show_pair() -> tuple[Floats, Floats, Floats]:
    """x and x_hat, and a button for another image."""
    x, logits, x_hat, is_original, number = _chosen()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="content"):
            show(magnified(x, 112), "x")
            st.caption(f"x: {'MNIST' if is_original else 'mnist-16d decoded'}, no. {number}")
        with st.container(width="content"):
            show(magnified(x_hat, 112), "x̂, the reconstruction")
            st.caption("x̂ of mnist-2d, at z = μ")
        st.button(
            "Another picture",
            icon=":material/shuffle:",
            key=here.key("another"),
            on_click=lambda: st.session_state.update(
                {here.key("number"): int(np.random.default_rng().integers(len(here.model(BERNOULLI).latents.mu)))}
            ),
        )
    return x, logits, x_hat


def _sigma() -> float:
    sigma = here.model(GAUSSIAN).sigma
    assert sigma is not None  # its likelihood is a Gaussian
    return sigma


LARGEST = Choice(
    "largest",
    "A decoder says x̂ of this x. Which reading of the same numbers gives the largest log p(x|z)?",
    ("Bernoulli", "Continuous Bernoulli", "Gaussian, σ = 1", "Gaussian, σ as mnist-2d-gaussian learned it"),
    "Continuous Bernoulli",
    reason="And nothing is better about it. It is a density: where a pixel is surely black its value far exceeds 1, "
    "and 784 logarithms add up.",
)
UNIT = Exercise(
    "unit",
    "Change the unit of the pixels until the Bernoulli's number is the largest of the four.",
    hint="With white at k instead of 1, every density is divided by k for each of the 784 pixels. The Bernoulli's "
    "number stays: make k larger.",
    solved="The ranking hung on a unit. Log-densities are known up to n log k, so they compare with densities over the "
    "same pixels in the same unit only, and never with log-probabilities.",
)


def four() -> None:
    """The same picture under four likelihoods."""
    st.markdown("A decoder puts out one number a pixel. What the number *means* is the likelihood's business.")
    x, logits, _ = _show_pair()
    if not LARGEST.ask():
        return
    wide, learned = scores(x, logits, sigma=WIDE), scores(x, logits, sigma=_sigma())
    white = st.select_slider("White is", (1, 2, 5, 10, 20, 50, 100, 255), 1, key=here.key("white"))
    shift = x.size * math.log(white)
    numbers = {
        "Bernoulli": wide.bernoulli,
        "continuous Bernoulli": wide.continuous_bernoulli - shift,
        "Gaussian, σ = 1": wide.gaussian - shift,
        f"Gaussian, σ = {_sigma():.3f}": learned.gaussian - shift,
    }
    show_chart(bars_figure(numbers), "four", "What each of four likelihoods calls log p(x|z), in nats.")
    equation(
        "normaliser",
        r"[[cb]] = [[b]] + [[c]] - [[unit]]",
        {
            "cb": Term(r"\log p_{\mathcal{CB}}(x|z)", wide.continuous_bernoulli - shift, 1),
            "b": Term(r"\sum_i x_i\log\lambda_i+(1-x_i)\log(1-\lambda_i)", wide.bernoulli, 1),
            "c": Term(r"\sum_i \log C(\lambda_i)", wide.log_normaliser, 1),
            "unit": Term(r"n\log k", shift, 1),
        },
    )
    st.caption("The first sum is the Bernoulli's; C makes a density of it. No shipped model was trained with it.")
    best = max(numbers, key=lambda name: numbers[name])
    UNIT.check(best == "Bernoulli" if white > 1 else None, f"White is {white}: the largest is that of the {best}.")
    show_code(excerpt(Bernoulli.log_prob), excerpt(ContinuousBernoulli.log_prob), excerpt(Gaussian.log_prob))


AREA = Estimate(
    "area",
    "Bernoulli's formula λ^x (1 − λ)^(1 − x), drawn over grey values x from 0 to 1. What area is under it at λ = ½?",
    0.0, 1.5, 0.05, "%.2f",
)  # fmt: skip


def area() -> None:
    """The area that is missing under Bernoulli's formula."""
    st.markdown("MNIST's pixels are grey. A *density* of grey values must enclose an area of 1.")
    if not AREA.ask(
        bernoulli_area(0.5),
        within=0.1,
        reason="½^x ½^(1 − x) is ½ everywhere, so half of the probability is missing; farther from λ = ½ it is more.",
    ):
        return
    rate = st.slider("λ, what the decoder says of a pixel", 0.01, 0.99, 0.8, 0.01, key=here.key("rate"))
    show_chart(pixel_figure(rate, _sigma()), "pixel", "Three likelihoods of one pixel over its grey value.")
    under = bernoulli_area(rate)
    equation(
        "density",
        r"p_{\mathcal{CB}}(x) = [[c]]\,[[rate]]^x (1-\lambda)^{1-x},\qquad [[area]] = \frac{1}{C(\lambda)},"
        r"\qquad [[mean]]",
        {
            "c": Term(r"C(\lambda)", 1 / under),
            "rate": Term(r"\lambda", rate),
            "area": Term(r"\int_0^1 \lambda^x(1-\lambda)^{1-x}\,dx", under, 3),
            "mean": Term(r"\mathbb{E}_{\mathcal{CB}}[x]", continuous_mean(rate)),
        },
    )
    st.caption(
        "The Bernoulli counts black-or-white events: on grey values its number is a cross-entropy, a fine thing to "
        "train with and no density to report. Of the continuous Bernoulli λ is not the mean. The Gaussian is a "
        "density, part of it beyond black and white."
    )
    show_code(excerpt(ContinuousBernoulli.mean), excerpt(ContinuousBernoulli._log_normaliser))


BEST = Estimate(
    "best", "The Gaussian's σ is free. Which σ makes this x likeliest at this x̂?", 0.02, 1.0, 0.01, "σ = %.2f"
)
FIND = Exercise(
    "find",
    f"Set σ to the best value, to within {CLOSE:.0%}.",
    hint="At the best σ the first term is −n/2 = −392: smaller σ makes it fall, larger σ makes the second one fall.",
    solved="There the squared error of a pixel is σ² on average: the best σ is the error itself.",
)


def sigma() -> None:
    """The best sigma of one picture."""
    x, logits, x_hat = _show_pair()
    truth = best_sigma(x, x_hat)
    if not BEST.ask(
        truth,
        within=0.05,
        reason="The best σ is the root of the mean squared error of a pixel: neither surer than the picture allows "
        "nor less sure.",
    ):
        return
    values = np.array([scores(x, logits, sigma=float(some)).gaussian for some in SIGMAS])
    now = float(
        st.select_slider(
            "σ", SIGMAS.tolist(), FIRST_SIGMA, format_func=lambda some: f"{some:.3f}", key=here.key("sigma")
        )
    )
    show_chart(sigma_figure(SIGMAS, values, now), "sigmas", "The Gaussian log-likelihood by sigma, with one maximum.")
    found = scores(x, logits, sigma=now)
    first = -found.squared_error / (2 * now**2)
    equation(
        "gaussian",
        r"[[log]] = [[fit]] - [[width]] - [[constant]]",
        {
            "log": Term(r"\log p(x|z)", found.gaussian, 1),
            "fit": Term(r"\left(-\frac{\|x-\hat x\|^2}{2\sigma^2}\right)", first, 1),
            "width": Term(r"n\log\sigma", x.size * math.log(now), 1),
            "constant": Term(r"\tfrac n2\log 2\pi", x.size / 2 * math.log(2 * math.pi), 1),
        },
    )
    FIND.check(
        abs(now / truth - 1) <= CLOSE if now != FIRST_SIGMA else None,
        f"σ = {now:.3f}: the first term is {first:,.1f} nats.".replace("-", "−"),
    )
    show_code(excerpt(Gaussian.log_prob))


WEIGHT = Choice(
    "weight",
    "Training with σ fixed at half of what it was: what happens to the weight of the reconstruction against the KL?",
    ("Nothing: σ is a constant", "It doubles", "It becomes four times as large"),
    "It becomes four times as large",
    reason="The squared error is divided by 2σ². Multiply the loss by σ²: the KL has the weight σ², as if it were β.",
)
MATCH = Exercise(
    "match",
    f"The learned σ is a β of 1. Set the fixed σ that acts on the squared error as β = {BETA:g} would at it.",
    hint="The KL's weight against the squared error is σ². It is to be four times as large.",
    solved="Twice the σ is four times the β. A σ that nobody chose is a β that nobody chose: σ = 1, plain squared "
    "error, weighs the KL some 29 times as much as the learned one.",
)


def weight() -> None:
    """Sigma as the weight of the reconstruction."""
    st.markdown("mnist-2d-gaussian learned its σ together with the weights.")
    if not WEIGHT.ask():
        return
    explorer = here.model(GAUSSIAN)
    test = explorer.card.test
    assert test.log_likelihood is not None
    learned = _sigma()
    error = root_mean_square(test.log_likelihood.value, learned, math.prod(explorer.image_shape))

    def beside() -> None:
        st.caption(
            f"It learned σ = {learned:.3f}. Its card's log-likelihood says that over the test images a pixel is off "
            f"by {error:.3f}, root mean square: the optimum of the last step, for a whole data set."
        )

    stage(explorer, start=explorer.latents.mu[0], height=360, beside=beside)
    fixed = st.slider("A fixed σ", 0.05, 1.0, 0.18, 0.01, key=here.key("fixed"))
    equation(
        "weight",
        r"[[variance]]\cdot(-\mathrm{ELBO}) = \tfrac12\|x-\hat x\|^2 + [[weight]]\,\mathrm{KL} + \dots,"
        r"\qquad [[beta]]",
        {
            "variance": Term(r"\sigma^2", fixed**2, 4),
            "weight": Term(r"\sigma^2", fixed**2, 4),
            "beta": Term(r"\sigma^2 / \sigma^2_{\mathrm{learned}}", (fixed / learned) ** 2),
        },
    )
    acts = (fixed / learned) ** 2
    MATCH.check(abs(acts / BETA - 1) <= 0.12 if fixed != 0.18 else None, f"σ = {fixed:.2f} acts as β = {acts:.2f}.")


BETTER = Choice(
    "better",
    "Test ELBO: −132.1 nats of mnist-2d, +187.6 nats of mnist-2d-gaussian. Which is the better model of MNIST?",
    ("mnist-2d", "mnist-2d-gaussian", "These two numbers cannot say"),
    "These two numbers cannot say",
    reason="One is a cross-entropy of grey values, the other a log-density: another unit. The squared error of x̂ is "
    "in one unit for both.",
)


def compare() -> None:
    """What can be compared across likelihoods."""
    if not BETTER.ask():
        return
    st.markdown("The same picture reconstructed by both. Their squared errors may be compared, their ELBOs may not.")
    x, _, x_hat, _, number = _chosen()
    other = here.model(GAUSSIAN)
    again = other.decode(other.encode(x[None]).mu)[0]
    rows = {"x": x, BERNOULLI: x_hat, GAUSSIAN: again}
    columns = st.columns([1, 1, 1, 2], gap="small")
    for (name, picture), column in zip(rows.items(), columns, strict=False):
        with column:
            show(magnified(picture, 140), name)
            error = float(np.square(x - picture).sum())
            st.caption("x" if name == "x" else f"{name}: |x − x̂|² = {error:.2f}")
    with columns[-1]:
        st.button(
            "Another picture",
            key=here.key("another"),
            icon=":material/shuffle:",
            on_click=lambda: st.session_state.update({here.key("number"): (number * 7 + 13) % 10_000}),
        )
        tests = [here.model(name).card.test for name in (BERNOULLI, GAUSSIAN)]
        said = [test.elbo.value for test in tests if test.elbo is not None]
        st.caption(
            f"The cards' test ELBOs, {said[0]:.1f} and {said[1]:.1f}, and with them every log p(x|z), stay apart. "
            "KL is in nats of the same prior: it compares, and so do SSIM and whatever is said of the codes.".replace(
                "-", "−"
            )
        )


LESSON = Lesson(
    number=6,
    title="Which likelihood",
    summary="The same picture under four likelihoods: what their numbers mean, and what σ weighs.",
    minutes=10,
    goals=(
        "say why a log-density and a log-probability cannot be compared",
        "say what the continuous Bernoulli adds to the Bernoulli on grey values",
        "choose σ, and say which β it stands for",
    ),
    models=(BERNOULLI, GAUSSIAN, SOURCE),
    steps=(
        Step("four", "One picture, four numbers", four, ("largest", "unit")),
        Step("area", "The area under the curve", area, ("area",)),
        Step("sigma", "The best σ", sigma, ("best", "find")),
        Step("weight", "σ is a weight", weight, ("weight", "match")),
        Step("compare", "What may be compared", compare, ("better",)),
    ),
    reading=(
        Reading(
            "The continuous Bernoulli: fixing a pervasive error in variational autoencoders",
            "Loaiza-Ganem and Cunningham",
            2019,
            "NeurIPS",
            "https://arxiv.org/abs/1907.06845",
        ),
        Reading(
            "Simple and effective VAE training with calibrated decoders",
            "Rybkin, Daniilidis and Levine",
            2021,
            "ICML",
            "https://arxiv.org/abs/2006.13202",
        ),
        Reading(
            "A note on the evaluation of generative models",
            "Theis, van den Oord and Bethge",
            2016,
            "ICLR",
            "https://arxiv.org/abs/1511.01844",
        ),
    ),
    answers=(
        "The continuous Bernoulli, with about +1,400 nats: densities exceed 1.",
        "White at 20 or more: every density loses 784 log k nats.",
        "0.5; at λ = 0.99 it is 0.21.",
        "The root mean square error of the picture, 0.1 to 0.2 for most.",
        "The same σ, found on the slider: the first term is −392.",
        "Four times: the squared error is divided by 2σ².",
        "σ = 0.37, twice the learned 0.185 (0.35 to 0.39 count).",
        "The numbers cannot say: another unit.",
    ),
)
