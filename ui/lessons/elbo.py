"""Lesson 3: the ELBO and its two terms, and what the bound leaves out."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.axes import widest_plane
from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.elbo_figures import bounds_figure, density_figure, posterior_figure, running_figure
from ui.lessons.elbo_numbers import MODEL, N_DRAWS, Facts, colour_of, draws_of, opened
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate, Spot
from ui.lessons.stage import stage
from ui.maps import map_points
from ui.text import minus
from vae_core import LatentExplorer
from vae_core.latent.bounds import gaussian_kl, gaussian_kl_terms, kl_spread, running_means
from vae_core.models import DiagonalGaussian, Model
from vae_core.models.objectives.importance import ImportanceWeighted

KS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
LOOSE_IMAGE = 352
"""Of the test split; the bounds of the last step are its."""
CHEAP, BADLY, LOOSE, NEAR = 1.5, -28.0, 1.0, 0.1
"""Nats: what the exercises ask for."""


def _map(explorer: LatentExplorer, facts: Facts, names: tuple[str, ...]) -> tuple[int, bool]:
    """The live map, coloured by a figure; the image nearest to the pin, and whether a hand put that there."""
    name = st.segmented_control("Colour", names, default=names[0], required=True, key=here.key("colour"))
    start = explorer.latents.mu[0]
    z = stage(explorer, start=start, colour=colour_of(explorer.card.key, name, facts.named()[name]), height=450)
    return int(explorer.nearest(z[None])[0][0]), here.has_moved(explorer)


DEAREST = Spot(
    "dearest",
    "Each point is a test image of a handwritten digit, at the mean of its $q(z|x)$. Which image costs the most "
    "nats of **KL**? Click where you expect it.",
)
CHEAP_BAD = Exercise(
    "cheap-bad",
    f"Find an image whose KL is below {CHEAP:g} nats and which is badly explained all the same: log-likelihood below "
    f"{minus(BADLY, 0)} nats. Pin it.",
    hint="A cheap code lies near the origin. Colour by the log-likelihood, and look there for the darkest points.",
    solved="A low KL alone is worth little: the ELBO of this image is among the lowest. The bound asks for both terms.",
)


def two_terms() -> None:
    """The two terms of single images on the map."""
    explorer, _, facts = opened()
    st.markdown(
        "A VAE is trained to make $\\log p(x)$ large, which it cannot compute. It raises a lower bound: how well "
        "the image is explained by $z$, less what $z$ costs."
    )
    plane, mu = widest_plane(explorer), explorer.latents.mu
    falling = np.argsort(-facts.kl)
    dearest = set(falling[: len(falling) // 10].tolist())
    if not DEAREST.ask(
        map_points(explorer, plane),
        plane,
        judge=lambda at: int(explorer.nearest(at[None])[0][0]) in dearest,
        answers=plane.plane.project(mu[falling[:5]]),
        truth=f"The five dearest, up to {facts.kl.max():.1f} nats, are marked",
        reason="KL = ½ Σ (μ² + σ² − 1 − log σ²): it is dear to lie far from the origin, and to be narrow. The mean "
        f"is {facts.kl.mean():.2f} nats.",
        height=360,
    ):
        return
    image, moved = _map(explorer, facts, ("KL", "Log-likelihood", "ELBO"))
    found, kl = float(facts.log_likelihood[image]), float(facts.kl[image])
    equation(
        "elbo",
        r"[[elbo]] = [[likelihood]] - [[kl]]",
        {
            "elbo": Term(r"\mathrm{ELBO}", float(facts.elbo[image])),
            "likelihood": Term(r"\mathbb{E}_{q(z|x)}\log p(x|z)", found),
            "kl": Term(r"\mathrm{KL}(q(z|x)\,\|\,p(z))", kl),
        },
    )
    st.caption(
        f"Test image {image}, the nearest to the pin; nats. The expectation is taken over all z, on a grid; beside "
        "the picture stands what a single draw of z says of it, as in an evaluation."
    )
    CHEAP_BAD.check(
        kl < CHEAP and found < BADLY if moved else None,
        f"Image {image}: KL {kl:.2f}, log-likelihood {minus(found)} nats.",
    )
    show_code(excerpt(Model.elbo_terms))


SHIFTED = Estimate(
    "shifted",
    "q is as wide as the prior N(0, 1), but stands at μ = 2. How many nats is its KL?",
    0.0,
    6.0,
    0.1,
    "%.1f nats",
)
NARROW = Exercise(
    "narrow",
    "Set μ to 0, and let the width alone cost 1 nat, to within 0.05.",
    hint="Mind μ first. A q that is narrower than the prior costs ½ (σ² − 1 − log σ²) nats.",
    solved="At the origin, a code about four times as sharp as the prior costs 1 nat in each dimension.",
)


def closed_form() -> None:
    """The KL of one dimension in closed form, and by draws."""
    st.markdown("Both $q$ and the prior are Gaussian, so their divergence has a closed form: no draws, no noise.")
    if not SHIFTED.ask(
        gaussian_kl(2.0, 1.0),
        within=0.25,
        reason="With equal widths it is μ²/2: the square of the distance, halved.",
    ):
        return
    first, second, third = st.columns(3, gap="medium")
    with first:
        mu = st.slider("μ", -3.0, 3.0, 1.0, 0.1, key=here.key("mu"))
    with second:
        sigma = st.slider("σ", 0.05, 2.0, 0.4, 0.01, key=here.key("sigma"))
    with third:
        n = st.select_slider("Draws", (1, 10, 100, 1000, 10_000), 100, key=here.key("draws"))
    kl, spread = gaussian_kl(mu, sigma), kl_spread([mu], [sigma])
    means = running_means(gaussian_kl_terms(mu, sigma, N_DRAWS, generator=np.random.default_rng(0)))
    left, right = st.columns(2, gap="medium")
    with left:
        show_chart(density_figure(mu, sigma), "densities", "The densities of q and of the prior.")
    with right:
        show_chart(running_figure(means, spread, kl), "running mean", "The KL's mean over draws nears the closed form.")
    equation(
        "kl",
        r"[[kl]] = \tfrac12\left([[mu]]^2 + [[sigma]]^2 - 1 - \log\sigma^2\right) \approx [[estimate]]",
        {
            "kl": Term(r"\mathrm{KL}", kl),
            "mu": Term(r"\mu", mu),
            "sigma": Term(r"\sigma", sigma),
            "estimate": Term(r"\mathrm{KL}_n", float(means[n - 1])),
        },
    )
    st.caption(
        f"KLₙ is the mean of log q(z) − log p(z) over n draws. One has a standard deviation of {spread:.2f} nats, "
        f"so the mean of {n:,} has a standard error of {spread / np.sqrt(n):.3f}. At μ = 0, σ = 1 each is 0: where q "
        "is the prior, draws make no noise."
    )
    touched = (mu, sigma) != (1.0, 0.4)
    NARROW.check(mu == 0 and abs(kl - 1) <= 0.05 if touched else None, f"μ = {mu:g}, σ = {sigma:g}: {kl:.2f} nats.")
    show_code(excerpt(DiagonalGaussian.kl))


GAP = Estimate(
    "gap",
    "digits-2d has two latent dimensions, so log p(x) can be integrated on a grid after all. How many nats does the "
    "ELBO lie below it, in the mean over the test images?",
    0.0,
    6.0,
    0.1,
    "%.1f nats",
)
LOOSEST = Exercise(
    "loosest",
    f"Pin an image whose gap is above {LOOSE:g} nat, and compare the two posteriors.",
    hint="Colour by the gap. The largest are where clusters meet, not at the rim.",
    solved="Several places explain such an image. One Gaussian cannot stand on all of them, and pays for it.",
)


def gap() -> None:
    """What the bound leaves out: the divergence from the true posterior."""
    explorer, _, facts = opened()
    mean = float(facts.gap.mean())
    if not GAP.ask(
        mean,
        within=0.3,
        reason=f"{mean:.2f} nats: log p(x) is {minus(facts.truth.log_evidence.mean(), 2)} and the ELBO "
        f"{minus(facts.elbo.mean(), 2)}. What the bound leaves out is itself a divergence, from q to the true "
        "posterior p(z|x); training makes it small.",
    ):
        return
    image, moved = _map(explorer, facts, ("Gap", "ELBO"))
    latents = explorer.latents
    assert latents.logvar is not None  # it is a VAE
    left, right = st.columns(2, gap="medium")
    with left:
        chart = posterior_figure(
            facts.truth, image, latents.mu[image].astype(np.float64), np.exp(0.5 * latents.logvar[image])
        )
        show_chart(chart, "posteriors", "Outlines of the true posterior and of the encoder's Gaussian.")
    with right:
        equation(
            "gap",
            r"[[evidence]] = [[elbo]] + [[gap]]",
            {
                "evidence": Term(r"\log p(x)", float(facts.truth.log_evidence[image])),
                "elbo": Term(r"\mathrm{ELBO}", float(facts.elbo[image])),
                "gap": Term(r"\mathrm{KL}(q(z|x)\,\|\,p(z|x))", float(facts.gap[image])),
            },
        )
        st.caption(f"Test image {image}, the nearest to the pin. Each outline holds 50 % or 95 % of its density.")
        LOOSEST.check(bool(facts.gap[image] > LOOSE) if moved else None, f"Image {image}: {facts.gap[image]:.2f} nats.")


RISE = Choice(
    "rise",
    "Draw k times from q, and average the k weights p(x|z) p(z) / q(z|x) inside the logarithm. As k grows, the mean "
    "of it …",
    (
        "stays at the ELBO, only its noise shrinks",
        "rises towards log p(x)",
        "rises above log p(x)",
    ),
    "rises towards log p(x)",
    reason="The weights' mean is p(x) for any k. The logarithm is concave, so noise in them costs; more draws, less "
    "noise.",
)
ENOUGH = Exercise(
    "enough",
    f"Choose the smallest k whose bound comes within {NEAR:g} nats of log p(x).",
    hint="Read the chart from the left: the first point that is so near to the dashed line.",
    solved="So many times must the decoder run for one image and one step. The last tenth of a nat is the dearest.",
)


def tighten() -> None:
    """The importance-weighted bound of one image."""
    explorer, images, facts = opened()
    image = LOOSE_IMAGE
    st.markdown(f"Test image {image} of digits-2d, one with a loose bound: its gap is {facts.gap[image]:.2f} nats.")
    if not RISE.ask():
        return
    draws, log_evidence = draws_of(explorer.card.key, image, explorer, images), float(facts.truth.log_evidence[image])
    bounds = [draws.bound(k) for k in KS]
    k = int(st.select_slider("k", KS, 1, key=here.key("k")))
    show_chart(bounds_figure(KS, bounds, k, log_evidence), "bounds", "The bound rises with k towards log p(x).")
    bound = bounds[KS.index(k)].value
    equation(
        "bound",
        r"[[bound]] = \mathbb{E}\log\frac{1}{[[k]]}\sum_{i=1}^{k}\frac{p(x|z_i)\,p(z_i)}{q(z_i|x)} \le [[evidence]]",
        {
            "bound": Term(r"\mathcal{L}_k", bound),
            "k": Term("k", k, digits=0),
            "evidence": Term(r"\log p(x)", log_evidence),
        },
    )
    st.caption(f"Of {N_DRAWS:,} draws in groups of k: the larger k, the fewer groups, so the larger the error shown.")
    enough = next((some for some, found in zip(KS, bounds, strict=True) if log_evidence - found.value <= NEAR), KS[-1])
    ENOUGH.check(k == enough if k != 1 else None, f"k = {k}: {log_evidence - bound:.2f} nats below log p(x).")
    show_code(excerpt(ImportanceWeighted.losses))


LESSON = Lesson(
    number=3,
    title="The ELBO and its two terms",
    summary="What the bound is made of, how its KL is computed, what it leaves out, and how more draws tighten it.",
    minutes=10,
    goals=(
        "say what each term of the ELBO rewards, and read both off for an image",
        "compute the KL of a Gaussian by its closed form, and judge the noise of an estimate by draws",
        "name what the bound leaves out, and where it is loose",
        "explain why the bound tightens when k draws are averaged inside the logarithm",
    ),
    models=(MODEL,),
    steps=(
        Step("terms", "Two terms, one bound", two_terms, ("dearest", "cheap-bad")),
        Step("closed-form", "The KL: closed form against draws", closed_form, ("shifted", "narrow")),
        Step("gap", "What the bound leaves out", gap, ("gap", "loosest")),
        Step("bound", "More draws, a tighter bound", tighten, ("rise", "enough")),
    ),
    reading=(
        Reading("Auto-Encoding Variational Bayes", "Kingma and Welling", 2014, "ICLR", "https://arxiv.org/abs/1312.6114"),
        Reading(
            "Importance Weighted Autoencoders", "Burda, Grosse and Salakhutdinov", 2016, "ICLR",
            "https://arxiv.org/abs/1509.00519",
        ),
        Reading(
            "Inference Suboptimality in Variational Autoencoders", "Cremer, Li and Duvenaud", 2018, "ICML",
            "https://arxiv.org/abs/1801.03558",
        ),
        Reading(
            "An Introduction to Variational Methods for Graphical Models", "Jordan, Ghahramani, Jaakkola and Saul",
            1999, "Machine Learning 37",
        ),
    ),
    answers=(
        "At the rim of the map, far from the origin: any of the dearest tenth of the images counts.",
        "An image near the origin that is badly explained, such as test images 1, 15, 125 and 145.",
        "2 nats: μ²/2.",
        "σ = 0.23 (or 0.22, 0.24) with μ = 0.",
        "0.2 nats.",
        "A point between clusters: test image 125 has the largest gap, 3.7 nats; eight are above 1.",
        "It rises towards log p(x).",
        "k = 20; with k = 10 it lies 0.12 nats below.",
    ),
)  # fmt: skip
