"""Lesson 8: VAE, GAN and flow. Sharpness, coverage and density, measured on the shipped models."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import widest_plane
from ui.encoded import images_of
from ui.lessons import here
from ui.lessons.chart_style import show_chart
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.generator_figures import classes_figure, sharpness_figure
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate, Spot
from ui.lessons.stage import stage
from ui.maps import map_points
from ui.pictures import show
from ui.samplers import fitted_sampler
from ui.walks import classifier
from vae_core import LatentExplorer
from vae_core.images import montage
from vae_core.latent.samplers.flow import Flow
from vae_core.latent.samplers.prior import Prior
from vae_core.latent.samplers.sampler import Sampler
from vae_core.metrics.draws import class_shares, effective_classes, laplacian_variance

Floats = npt.NDArray[np.float32]

VAE, GAN, AE, LARGE = "mnist-2d", "mnist-2d-gan", "mnist-2d-ae", "mnist-16d"
GENERATORS: dict[str, tuple[str, str]] = {
    "VAE, prior": (VAE, "prior"),
    "VAE, flow": (VAE, "flow"),
    "VAE of 16 dimensions, prior": (LARGE, "prior"),
    "Autoencoder, prior": (AE, "prior"),
    "Autoencoder, flow": (AE, "flow"),
    "GAN, prior": (GAN, "prior"),
}
"""What draws: a decoder, and where its z come from."""

N_SHARP, N_CLASSES, SHOWN = 500, 1000, 24
LOW, HIGH, NEAR, MANY = -1.0, 1.0, 2.0, 9.0


def _sampler(model: str, name: str) -> Sampler:
    sampler = fitted_sampler(here.model(model), name)
    if sampler is None:
        st.error(f"This step needs the {name} that is shipped with {model}.")
        st.stop()
    return sampler


def _drawn(title: str, n: int) -> Floats:
    model, sampler = GENERATORS[title]
    explorer = here.model(model)
    return _pictures(explorer.card.key, sampler, n, explorer, _sampler(model, sampler))


@st.cache_data(max_entries=16, show_spinner="Drawing …")
def _pictures(card: str, sampler: str, n: int, _explorer: LatentExplorer, _sampler: Sampler) -> Floats:
    return _explorer.decode(_sampler.draw(n, generator=np.random.default_rng(0)))


@st.cache_data(max_entries=16, show_spinner=False)
def _sharpness(title: str, keys: tuple[str, ...]) -> float:
    return float(laplacian_variance(_drawn(title, N_SHARP)).mean())


@st.cache_data(max_entries=2, show_spinner=False)
def _real_sharpness(card: str) -> float | None:
    images = images_of(here.model(VAE), "test")
    return None if images is None else float(laplacian_variance(images[:N_SHARP] / 255.0).mean())


@st.cache_data(max_entries=16, show_spinner="Asking the classifier …")
def _classes(title: str, keys: tuple[str, ...]) -> npt.NDArray[np.float64] | None:
    judge = classifier(here.model(VAE))
    return None if judge is None else class_shares(judge.predict(_drawn(title, N_CLASSES)))


def _keys() -> tuple[str, ...]:
    return tuple(here.model(name).card.key for name in (VAE, GAN, AE, LARGE))


WHOSE = Choice(
    "whose",
    "Three walls of 24 draws each. Which one did the GAN draw?",
    ("Wall A", "Wall B", "Wall C"),
    "Wall B",
    reason="Hard edges, and speckle: a discriminator punishes blur, and nobody punished the speckle enough. A is the "
    "VAE with z of the prior, C the same decoder with z of the flow.",
)


def whose() -> None:
    """Three walls without names."""
    walls = ("VAE, prior", "GAN, prior", "VAE, flow")
    for letter, title, column in zip("ABC", walls, st.columns(3, gap="medium"), strict=True):
        with column:
            show(montage(_drawn(title, N_CLASSES)[:SHOWN], columns=6, scale=2), f"Wall {letter}", stretch=True)
            st.caption(f"**Wall {letter}**")
    if not WHOSE.ask():
        return
    title = st.segmented_control("Move through", ["VAE", "GAN"], default="GAN", required=True, key=here.key("which"))
    explorer = here.model(GAN if title == "GAN" else VAE)
    stage(explorer, start=np.zeros(explorer.latent_dim), height=380)
    st.caption(
        "The GAN's map has no data: without an encoder no image has a place. Nearby z look alike all the same."
        if title == "GAN"
        else "The VAE's map shows the codes of the test images: it has an encoder."
    )


SHARP = Estimate(
    "sharp",
    "The variance of a picture's Laplacian is a common measure of sharpness: 0.03 for draws of mnist-2d, 0.16 for "
    "MNIST's images. And for draws of the GAN?",
    0.0, 0.6, 0.01, "%.2f",
)  # fmt: skip
FOOLED = Exercise(
    "fooled",
    "Make the VAE's draws as “sharp” as the GAN's, without a better model.",
    hint="Add noise to each pixel: look what the measure says of it.",
    solved="A measure of edges is a measure of speckle. More than the data's own value is no praise: a number is to be "
    "compared with that of real images, and with one's eyes.",
)


def sharp() -> None:
    """A measure of sharpness, and how it is fooled."""
    truth = _sharpness("GAN, prior", _keys())
    if not SHARP.ask(
        truth,
        within=0.08,
        reason="Twice the real images' value: sharper than the data is not better than the data.",
    ):
        return
    values = {title: _sharpness(title, _keys()) for title in GENERATORS}
    real = _real_sharpness(here.model(VAE).card.key)
    noise = st.slider("Noise added to the VAE's draws, σ", 0.0, 0.3, 0.0, 0.01, key=here.key("noise"))
    plain = _drawn("VAE, prior", N_SHARP)
    noisy = np.clip(plain + noise * np.random.default_rng(0).standard_normal(plain.shape), 0, 1)
    mine = f"VAE, prior, noise {noise:.2f}"
    values = {mine: float(laplacian_variance(noisy).mean())} | values
    if real is not None:
        values["MNIST's test images"] = real
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_chart(sharpness_figure(values, mine), "sharpness", "The variance of the Laplacian by generator.")
    with right:
        show(montage(noisy[:SHOWN], columns=6, scale=2), "The VAE's draws with noise", stretch=True)
    equation(
        "laplacian",
        r"[[sharp]] = \operatorname{Var}_{ij}\left(x_{i-1,j}+x_{i+1,j}+x_{i,j-1}+x_{i,j+1}-4x_{ij}\right),\quad "
        r"[[noise]]",
        {"sharp": Term(r"\text{sharpness}", values[mine], 3), "noise": Term(r"\sigma", noise)},
    )
    FOOLED.check(values[mine] >= truth if noise else None, f"{values[mine]:.3f}, and the GAN's are at {truth:.3f}.")
    show_code(excerpt(laplacian_variance))


COVER = Estimate(
    "cover",
    "A classifier sorts 1,000 draws. exp of the histogram's entropy says how many of the ten classes are effectively "
    "covered: 9.5 by the VAE. And by the GAN?",
    1.0, 10.0, 0.1, "%.1f of 10",
)  # fmt: skip
REPAIR = Exercise(
    "repair",
    f"Draws of the autoencoder cover 6.2 classes. Have the same decoder cover more than {MANY:g}.",
    hint="The decoder is not at fault: its z came from where no code lies. Take its z from elsewhere.",
    solved="Fitted to the codes, the flow puts z where the decoder was trained. What a model can draw and where one "
    "draws from are two questions.",
)


def cover() -> None:
    """Which classes are drawn at all."""
    shares = {title: _classes(title, _keys()) for title in ("VAE, prior", "GAN, prior")}
    gan = shares["GAN, prior"]
    if gan is None:
        st.info("This step needs the classifier of MNIST that is shipped in checkpoints/classifiers.")
        return
    if not COVER.ask(
        effective_classes(gan),
        within=0.8,
        reason=f"It hardly draws zeros, {gan[0]:.1%}, and ones all the more, {gan[1]:.0%}: what is left out costs a "
        "GAN nothing, while a VAE pays for each training image that it cannot explain.",
    ):
        return
    titles = list(GENERATORS)
    title = str(st.selectbox("Decoder, and where z comes from", titles, index=3, key=here.key("title"), width=320))
    found = _classes(title, _keys())
    assert found is not None  # the classifier is here
    left, right = st.columns([3, 2], gap="medium")
    with left:
        names = here.model(VAE).card.data.class_names
        show_chart(classes_figure(names, found.tolist()), "classes", "Share of each class among 1,000 draws.")
    with right:
        show(montage(_drawn(title, N_CLASSES)[:SHOWN], columns=6, scale=2), title, stretch=True)
    covered = effective_classes(found)
    equation(
        "cover",
        r"[[covered]] = \exp\Bigl(-\sum_{c} h_c\log h_c\Bigr),\qquad [[least]]",
        {
            "covered": Term(r"\text{effective classes}", covered),
            "least": Term(r"\min_c h_c", float(found.min()), 3),
        },
    )
    model, _ = GENERATORS[title]
    changed = title != titles[3]
    REPAIR.check(
        model == AE and covered > MANY if changed else None,
        f"{title}: {covered:.1f} of 10 classes.",
    )
    st.caption("Classes are a coarse sieve: a model may draw every class and a single hand. Compare has finer ones.")
    show_code(excerpt(class_shares), excerpt(effective_classes))


HOLE = Spot(
    "hole",
    f"Click a place within {NEAR:g} of the origin, where the prior draws often, yet where codes of MNIST hardly lie: "
    "the flow's density there is lower than the prior's by a nat or more.",
)
DENSE = Exercise(
    "dense",
    "Pin z where the flow's density is higher than the prior's by a nat or more.",
    hint="Go where codes are and the prior is thin: far from the origin, but within a class.",
    solved="log |det| is large there: the bijection stretches this region to fill its share of N(0, I).",
)


def _flow() -> tuple[Sampler, Flow]:
    sampler = _sampler(VAE, "flow")
    flow = sampler.fits[0]
    assert isinstance(flow, Flow)
    return sampler, flow


def _excess(z: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """log p of the flow less that of the prior, (N,), in nats."""
    rows = np.atleast_2d(np.asarray(z, np.float64))
    return np.asarray(_flow()[0].log_prob(rows) - Prior(rows.shape[1]).log_prob(rows))


@st.cache_data(max_entries=2, show_spinner=False)
def _lowest(card: str) -> npt.NDArray[np.float64]:
    """Places near the origin where codes hardly lie, (3, 2), apart from one another."""
    side = np.linspace(-NEAR, NEAR, 61)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    grid = grid[np.linalg.norm(grid, axis=1) <= NEAR]
    order = grid[np.argsort(_excess(grid))]
    chosen = [order[0]]
    for place in order:
        if len(chosen) < 3 and all(np.linalg.norm(place - other) > 0.8 for other in chosen):
            chosen.append(place)
    return np.stack(chosen)


def dense() -> None:
    """The exact density of the flow."""
    explorer = here.model(VAE)
    plane = widest_plane(explorer)
    st.markdown("The flow that comes with mnist-2d bends N(0, I) into the shape of the codes, and knows its density.")

    def judge(place: npt.NDArray[np.float64]) -> bool:
        return bool(np.linalg.norm(place) <= NEAR and _excess(place)[0] <= LOW)

    if not HOLE.ask(
        map_points(explorer, plane),
        plane,
        judge=judge,
        answers=_lowest(explorer.card.key),
        truth="The emptiest such places are marked",
        reason="There the prior draws, and no image was ever encoded: between the classes.",
    ):
        return
    z = stage(explorer, start=[0.0, 0.0], height=380)
    _, flow = _flow()
    base, log_det = flow.change_of_variables(z[None])
    excess = float(_excess(z)[0])
    normal = float(-0.5 * np.square(base[0]).sum() - math.log(2 * math.pi))
    equation(
        "change",
        r"[[log]] = \log\mathcal N([[base]];\,0, I) + [[det]],\qquad [[prior]]",
        {
            "log": Term(r"\log p_{\mathrm{flow}}(z)", normal + float(log_det[0])),
            "base": Term("f(z)", base[0].tolist()),
            "det": Term(r"\log\left|\det\frac{\partial f}{\partial z}\right|", float(log_det[0])),
            "prior": Term(r"\log p_{\mathrm{prior}}(z)", normal + float(log_det[0]) - excess),
        },
    )
    DENSE.check(
        excess >= HIGH if here.has_moved(explorer) else None,
        f"Here the flow's log-density is the prior's {excess:+.2f} nats.".replace("-", "−"),
    )
    show_code(excerpt(Flow.change_of_variables), excerpt(Flow.log_prob))


SAY = Choice(
    "say",
    "“How likely is this image under your model?” Which of the three has an answer?",
    ("The GAN, exactly", "The VAE, by a lower bound", "This flow, exactly", "None of them"),
    "The VAE, by a lower bound",
    reason="The ELBO, tightened by importance weights. This flow is exact for z, not for images; flows of images "
    "exist, this project has none. The GAN has no p(x) that could be asked for.",
)


def say() -> None:
    """What each can say, side by side."""
    if not SAY.ask():
        return
    keys, test = _keys(), here.model(VAE).card.test
    cover_of = {title: _classes(title, keys) for title in ("VAE, prior", "GAN, prior", "VAE, flow")}
    bound = "" if test.elbo is None else f"≥ −{-test.elbo.value:.1f} nats, by the ELBO"
    columns = {
        "VAE": ("VAE, prior", bound),
        "GAN": ("GAN, prior", "none"),
        "VAE + flow": ("VAE, flow", "a bound; of z exact"),
    }
    rows: dict[str, list[str]] = {"sharpness": [], "classes": [], "log p(x)": [], "encoder": []}
    for title, density in columns.values():
        shares = cover_of[title]
        rows["sharpness"].append(f"{_sharpness(title, keys):.3f}")
        rows["classes"].append("" if shares is None else f"{effective_classes(shares):.1f}")
        rows["log p(x)"].append(density)
        rows["encoder"].append("yes" if here.model(GENERATORS[title][0]).can.encode else "no")
    lines = [f"| | {' | '.join(columns)} |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    st.markdown("\n".join(lines))
    st.caption(
        "Measured just now on the shipped models: 500 and 1,000 draws, seed 0. One model of each kind, small ones: "
        "the table shows how one measures, not which family wins."
    )


LESSON = Lesson(
    number=8,
    title="VAE, GAN and flow",
    summary="Sharpness, coverage, density: three questions, three models, and how each measure can be fooled.",
    minutes=10,
    goals=(
        "measure sharpness and coverage of draws, and say what the measures miss",
        "read a density off a flow by the change of variables",
        "say which model can tell how likely an image is",
    ),
    models=(VAE, GAN, AE, LARGE),
    steps=(
        Step("whose", "Three walls", whose, ("whose",)),
        Step("sharp", "Sharpness", sharp, ("sharp", "fooled")),
        Step("cover", "Coverage", cover, ("cover", "repair")),
        Step("dense", "Density", dense, ("hole", "dense")),
        Step("say", "What each can say", say, ("say",)),
    ),
    reading=(
        Reading(
            "Generative adversarial nets",
            "Goodfellow and others",
            2014,
            "NeurIPS",
            "https://arxiv.org/abs/1406.2661",
        ),
        Reading(
            "Neural spline flows",
            "Durkan, Bekasov, Murray and Papamakarios",
            2019,
            "NeurIPS",
            "https://arxiv.org/abs/1906.04032",
        ),
        Reading(
            "Improved precision and recall metric for assessing generative models",
            "Kynkäänniemi and others",
            2019,
            "NeurIPS",
            "https://arxiv.org/abs/1904.06991",
        ),
        Reading(
            "From variational to deterministic autoencoders",
            "Ghosh and others",
            2020,
            "ICLR",
            "https://arxiv.org/abs/1903.12436",
        ),
    ),
    answers=(
        "B: hard edges and speckle.",
        "About 0.37; MNIST's images have 0.16.",
        "Noise of σ = 0.16 or more.",
        "About 8.0 of 10: hardly any zeros.",
        "Autoencoder, flow: 9.5.",
        "The gaps between the classes near the origin, such as (−0.8, 1.6).",
        "Far out within a class, such as (−0.4, −2.8).",
        "The VAE, by a lower bound.",
    ),
)
