"""Lesson 2: mu, sigma and the reparameterization trick, by hand, and by the variance of its gradient."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import widest_plane
from ui.encoded import images_of
from ui.latent_map import MapMarkers
from ui.lessons import here
from ui.lessons.charts import NO_TOOLS, histograms
from ui.lessons.code import excerpt, show_code
from ui.lessons.epsilon import epsilon_pad
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate, Spot
from ui.lessons.stage import stage
from ui.maps import map_points
from ui.pictures import magnified
from ui.pictures import show as show_picture
from ui.place import Settled
from vae_core import LatentExplorer
from vae_core.images import montage
from vae_core.latent.gradients import GradientDraws, gradient_draws, likelihood_gradients
from vae_core.latent.prior import sample_prior
from vae_core.models.model import Model
from vae_core.models.posterior import DiagonalGaussian

Doubles = npt.NDArray[np.float64]

MODEL, IMAGE = "digits-2d", 33
"""A model whose images come with scikit-learn, and one of its test images, a 4."""

N_DRAWS = 1000
EPSILON = np.array([1.5, -1.0])
START = np.array([-1.0, 0.5])
GOAL = np.array([0.8, 1.6])
"""Of epsilon: what is asked about, where the pad begins, what is to be found."""
HELD = -1.2
"""The epsilon that is held while mu and sigma move."""

WIDTH = Estimate(
    "width",
    "The prior has σ = 1 in each direction. How wide is the cloud of this one image in z₁?",
    0.0,
    1.5,
    0.05,
    "%.2f",
)
LANDS = Spot("lands", "μ is marked, and a few draws show σ. The noise is ε = (1.5, −1). **Click where z lands.**")
TARGET = Exercise(
    "target",
    "Move ε on the pad until z lies on the hollow mark *Goal*, closer than 0.05.",
    hint="Solve z = μ + σ ⊙ ε for ε: it is (z − μ) / σ, in each direction.",
    solved="Each z has one ε, and each ε one z. The noise decides nothing that μ and σ cannot move.",
)
SLOPE = Estimate(
    "slope",
    f"ε₁ = {HELD:g} is held and σ₁ grows by 0.5. By how much does z₁ move?".replace("-", "−"),
    -1.0,
    1.0,
    0.1,
    "%+.1f",
)
HOLD = Exercise(
    "hold",
    f"Leave ε₁ at {HELD:g} and μ₁ where it is, and bring z₁ to −0.50 or nearer than 0.05 to it.".replace("-", "−"),
    hint="z₁ = μ₁ + σ₁ ε₁: only σ₁ is left. Put the other two back where they were.",
    solved="∂z₁/∂σ₁ = ε₁: a gradient tells σ too which way to go, draw by draw.",
)
TIMES = Choice(
    "times",
    "Two estimators of the same gradient, both without bias. How many times larger is the score function's variance?",
    ("About the same", "About ten times", "A few hundred times", "A million times"),
    right="A few hundred times",
    reason="It knows of each draw only how good it was, some 20 nats, and multiplies that by ε/σ. The reparameterized "
    "one asks the decoder which way is better.",
)
DRAWS = Exercise(
    "draws",
    "Choose the fewest draws whose mean has, by the score function, a variance no larger than one reparameterized "
    "draw's.",
    hint="The variance of a mean of K draws is that of one divided by K. Fewest, and yet no larger.",
    solved="So many passes through the decoder for what the trick has from one.",
)
NARROW = Choice(
    "narrow",
    "Training makes the clouds narrow. When σ falls to a quarter, what happens to the score function's variance?",
    ("It falls to a sixteenth", "It stays", "It grows more than tenfold"),
    right="It grows more than tenfold",
    reason="The estimate is log p(x|z) ε/σ: it divides by σ. The reparameterized one is the decoder's slope, which "
    "varies less the narrower the cloud is.",
)


def explorer_and_posterior() -> tuple[LatentExplorer, Doubles, Doubles]:
    """The model, and mu and sigma of the image, (2,) each."""
    explorer = here.model(MODEL)
    latents = explorer.latents
    assert latents.logvar is not None  # it is a VAE
    return explorer, latents.mu[IMAGE].astype(np.float64), np.exp(0.5 * latents.logvar[IMAGE].astype(np.float64))


def image_of(explorer: LatentExplorer) -> npt.NDArray[np.uint8]:
    """The image itself, (1, C, H, W)."""
    images = images_of(explorer, "test")
    if images is None:
        st.error("This step shows an image of scikit-learn's digits, which are not on this machine.")
        st.stop()
    return images[IMAGE : IMAGE + 1]


def draws(n: int) -> Doubles:
    """The first draws of epsilon that the lesson shows, (n, 2)."""
    return sample_prior(64, 2, generator=np.random.default_rng(0))[:n].astype(np.float64)


@st.cache_data(max_entries=16, show_spinner=False)
def gradients(card: str, scale: float, _explorer: LatentExplorer, _image: npt.NDArray[np.uint8]) -> GradientDraws:
    """Single-draw estimates of the gradient for the image, its sigma multiplied by `scale`."""
    latents = _explorer.latents
    assert latents.logvar is not None
    return likelihood_gradients(
        _explorer,
        _image,
        mu=latents.mu[IMAGE : IMAGE + 1],
        logvar=latents.logvar[IMAGE : IMAGE + 1] + 2 * math.log(scale),
        n_draws=N_DRAWS,
        generator=np.random.default_rng(0),
    )


def cloud() -> None:
    """An image is a cloud."""
    explorer, mu, sigma = explorer_and_posterior()
    image = image_of(explorer)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width=112):
            show_picture(magnified(image[0], 104), "The image, a 4 of 8 by 8 pixels")
        st.markdown(
            "A VAE's encoder says of this image not where it lies but how it is spread: q(z|x) = N(μ, σ²), two numbers "
            "of μ and two of σ. Each time the image is shown in training, the decoder gets another z of that cloud.",
            width="stretch",
        )
    if not WIDTH.ask(
        float(sigma[0]),
        within=0.1,
        reason="Wider, and the decoder could not tell the image from its neighbours; narrower, and KL would cost more.",
    ):
        return
    z = (mu + sigma * draws(24)).astype(np.float32)
    st.markdown("Draws z ~ q(z|x) on the map, and what each decodes to.")
    show_picture(montage(explorer.decode(z), columns=12, scale=6), "24 draws of the cloud, decoded", stretch=True)
    stage(explorer, start=mu, markers=[MapMarkers("z ~ q(z|x)", z, one="Draw")], height=420)
    terms = {"mu": Term(r"\mu", mu.tolist()), "sigma": Term(r"\sigma", sigma.tolist())}
    equation("posterior", r"q(z|x) = \mathcal{N}(z;\, [[mu]],\, [[sigma]]^2)", terms)


def epsilon() -> None:
    """z = mu + sigma epsilon, by hand."""
    explorer, mu, sigma = explorer_and_posterior()
    plane, lands, goal = widest_plane(explorer), mu + sigma * EPSILON, mu + sigma * GOAL
    st.markdown(
        "A draw from N(μ, σ²) can be made in two parts: noise ε ~ N(0, I) that knows nothing of the image, and then "
        "z = μ + σ ⊙ ε, without any chance."
    )
    answered = LANDS.ask(
        map_points(explorer, plane),
        plane,
        judge=lambda at: bool(np.linalg.norm((at - lands) / sigma) <= 0.75),
        answers=lands[None],
        truth=f"It lands at ({lands[0]:.2f}, {lands[1]:.2f})",
        reason="1.5 times σ₁ to the right of μ, once σ₂ below it.",
        markers=[MapMarkers("μ", mu[None]), MapMarkers("Draws", mu + sigma * draws(24), one="Draw")],
    )
    if not answered:
        return
    place = here.place(explorer, start=mu + sigma * START)

    def pad() -> None:
        def settled(now: Settled) -> None:
            here.settle(explorer, now)

        epsilon_pad(place, mu=mu, sigma=sigma, key=here.key("pad"), on_settled=settled)

    z = stage(explorer, start=place.z, markers=[MapMarkers("Goal", goal[None])], beside=pad, height=420)
    terms = {
        "z": Term("z", z.tolist()),
        "mu": Term(r"\mu", mu.tolist()),
        "sigma": Term(r"\sigma", sigma.tolist()),
        "epsilon": Term(r"\epsilon", ((z - mu) / sigma).tolist()),
    }
    equation("trick", r"[[z]] = [[mu]] + [[sigma]] \odot [[epsilon]]", terms)
    away = float(np.linalg.norm(z - goal))
    TARGET.check(away < 0.05 if here.has_moved(explorer) else None, now=f"z is {away:.2f} from the goal.")
    show_code(excerpt(DiagonalGaussian.rsample))


def slope() -> None:
    """With the noise held, z has a slope in mu and sigma."""
    explorer, mu, sigma = explorer_and_posterior()
    st.markdown(
        "Training must know how the loss changes with μ and σ. A draw has no slope. But with ε held, z = μ + σ ⊙ ε is "
        "a line in μ and in σ, and the gradient passes through it to the encoder."
    )
    reason = "∂z/∂σ = ε, so it moves by ε₁ times 0.5; and ∂z/∂μ = 1: z goes wherever μ goes."
    if not SLOPE.ask(0.5 * HELD, within=0.05, reason=reason):
        return
    left, right = st.columns([3, 2], gap="medium")
    mu_1, sigma_1 = round(float(mu[0]), 2), round(float(sigma[0]), 2)
    with left:
        now_mu = st.slider("μ₁", -2.0, 2.0, mu_1, 0.01, key=here.key("mu"))
        now_sigma = st.slider("σ₁", 0.0, 2.0, sigma_1, 0.01, key=here.key("sigma"))
        now_epsilon = st.slider("ε₁", -3.0, 3.0, HELD, 0.1, key=here.key("epsilon"))
        z_1 = now_mu + now_sigma * now_epsilon
        terms = {
            "z": Term("z_1", z_1),
            "mu": Term(r"\mu_1", now_mu),
            "sigma": Term(r"\sigma_1", now_sigma),
            "epsilon": Term(r"\epsilon_1", now_epsilon),
            "slope": Term(r"\frac{\partial z_1}{\partial \sigma_1}", now_epsilon),
            "one": Term(r"\frac{\partial z_1}{\partial \mu_1}", 1, 0),
        }
        equation("slope", r"[[z]] = [[mu]] + [[sigma]]\,[[epsilon]] \qquad [[one]] \qquad [[slope]]", terms)
    with right:
        picture = explorer.decode([[z_1, float(mu[1])]])[0]
        show_picture(magnified(picture, 200), f"The picture at z = ({z_1:.2f}, {mu[1]:.2f})")
        st.caption("Decoded at (z₁, μ₂)")
    untouched = now_epsilon == HELD and now_mu == mu_1
    moved = not (untouched and now_sigma == sigma_1)
    HOLD.check(untouched and abs(z_1 + 0.5) < 0.05 if moved else None, now=f"z₁ is {z_1:.2f}.".replace("-", "−"))
    show_code(excerpt(DiagonalGaussian.rsample), excerpt(Model.elbo_terms), title="The draw, and the loss through it")


def variance() -> None:
    """The variance of two estimators."""
    explorer, _, _ = explorer_and_posterior()
    st.markdown(
        "There is another way, which needs no slope of z, the score function: draw z, see how large log p(x|z) is, and "
        "make good draws likelier. Reparameterized, one follows the decoder's slope at z instead."
    )
    st.markdown(
        r"$\underbrace{\nabla_{\!z} \log p(x|z)}_{\text{reparameterized}}$ $\quad$ "
        r"$\underbrace{\log p(x|z)\,\nabla_{\!\mu} \log q(z|x)}_{\text{score function}}$ "
        r"$\quad z = \mu + \sigma\epsilon$",
        text_alignment="center",
    )
    if not TIMES.ask():
        return
    found = gradients(explorer.card.key, 1.0, explorer, image_of(explorer))
    show_estimates(found)
    ratio = found.variance["score"] / found.variance["reparameterized"]
    options = [1, 3, 10, 30, 100, 200, 400, 1000, 3000]
    chosen = st.select_slider("Draws K of the score function", options, key=here.key("draws"))
    terms = {
        "score": Term(r"\mathrm{Var}_{\text{score}}", found.variance["score"], 0),
        "k": Term("K", chosen, 0),
        "mean": Term(r"\mathrm{Var}_{\text{mean}}", found.variance["score"] / chosen, 1),
        "one": Term(r"\mathrm{Var}_{\text{reparameterized}}", found.variance["reparameterized"], 1),
    }
    equation("draws", r"[[mean]] = [[score]] \,/\, [[k]] \qquad [[one]]", terms)
    fewest = next(option for option in options if option >= ratio)
    DRAWS.check(chosen == fewest if chosen > 1 else None)
    show_code(excerpt(gradient_draws, "q = ", "less = "))


def narrow() -> None:
    """What becomes of both when sigma is small."""
    explorer, _, sigma = explorer_and_posterior()
    if not NARROW.ask():
        return
    scales = [0.25, 0.5, 1.0, 2.0, 4.0]
    scale = st.select_slider(
        "σ, times that of the encoder", scales, 1.0, key=here.key("scale"), format_func=lambda value: f"{value:g}"
    )
    found = gradients(explorer.card.key, scale, explorer, image_of(explorer))
    terms = {
        "sigma": Term(r"\sigma_1", scale * float(sigma[0])),
        "score": Term(r"\mathrm{Var}_{\text{score}}", found.variance["score"], 0),
        "one": Term(r"\mathrm{Var}_{\text{reparameterized}}", found.variance["reparameterized"], 1),
        "ratio": Term(r"\text{ratio}", found.variance["score"] / found.variance["reparameterized"], 0),
    }
    equation("narrow", r"[[sigma]] \qquad [[score]] \qquad [[one]] \qquad [[ratio]]", terms)
    show_estimates(found)
    st.markdown(
        "A baseline, the mean of log p(x|z) over the other draws, takes away much of the score function's variance. It "
        "serves where there is no trick: where z is discrete. With the trick one draw an image is enough, and with "
        "one draw the VAEs here were trained."
    )


def show_estimates(found: GradientDraws) -> None:
    """Each estimator's estimates as a chart and as numbers."""
    names = {"reparameterized": "Reparameterized", "baseline": "Score, with a baseline", "score": "Score function"}
    estimates = {title: getattr(found, name)[:, 0] for name, title in names.items()}
    chart = histograms(estimates, title=f"{N_DRAWS:,} estimates of ∂/∂μ₁, one draw each", across="nats per unit of z")
    st.plotly_chart(chart, config=NO_TOOLS, key=here.key("estimates"), alt="Histograms of the three estimators.")
    lines = ["| estimator | mean | variance |", "| --- | ---: | ---: |"]
    for name, title in names.items():
        numbers = getattr(found, name)[:, 0]
        error = numbers.std(ddof=1) / math.sqrt(len(numbers))
        lines.append(f"| {title} | {numbers.mean():.2f} ± {error:.2f} | {found.variance[name]:,.0f} |")
    st.markdown("\n".join(lines))
    st.caption("The mean with its standard error; the variance of one draw, both directions together.")


LESSON = Lesson(
    number=2,
    title="μ, σ and the reparameterization trick",
    summary="An image is a cloud; how a draw from it can have a gradient, and what one saves by that.",
    minutes=10,
    goals=(
        "say what μ and σ of q(z|x) mean for one image",
        "find z from μ, σ and ε, and ε from z",
        "say why a draw blocks the gradient, and how the trick lets it through",
        "compare two unbiased estimators by their variance, and say which one gets worse as σ falls",
    ),
    models=(MODEL,),
    steps=(
        Step("cloud", "An image is a cloud", cloud, ("width",)),
        Step("epsilon", "Noise apart", epsilon, ("lands", "target")),
        Step("slope", "A slope through the draw", slope, ("slope", "hold")),
        Step("variance", "Two ways to one gradient", variance, ("times", "draws")),
        Step("narrow", "When the cloud gets narrow", narrow, ("narrow",)),
    ),
    reading=(
        Reading(
            "Auto-Encoding Variational Bayes", "Kingma and Welling", 2014, "ICLR", "https://arxiv.org/abs/1312.6114"
        ),
        Reading(
            "Stochastic Backpropagation and Approximate Inference in Deep Generative Models",
            "Rezende, Mohamed and Wierstra",
            2014,
            "ICML",
            "https://arxiv.org/abs/1401.4082",
        ),
        Reading(
            "Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning",
            "Williams",
            1992,
            "Machine Learning 8",
            "https://doi.org/10.1007/BF00992696",
        ),
        Reading(
            "Monte Carlo Gradient Estimation in Machine Learning",
            "Mohamed, Rosca, Figurnov and Mnih",
            2020,
            "Journal of Machine Learning Research 21",
            "https://jmlr.org/papers/v21/19-346.html",
        ),
        Reading(
            "Buy 4 REINFORCE Samples, Get a Baseline for Free!",
            "Kool, van Hoof and Welling",
            2019,
            "ICLR workshop on deep RL meets structured prediction",
            "https://openreview.net/forum?id=r1lgTGL5DE",
        ),
    ),
    answers=(
        "0.45.",
        "1.5 σ₁ to the right of μ and σ₂ below it.",
        "ε = (0.8, 1.6).",
        "−0.6: ε₁ times 0.5.",
        "σ₁ = 1.3.",
        "A few hundred times.",
        "400 draws: the ratio is about 370, and 200 are too few.",
        "It grows more than tenfold.",
    ),
)
