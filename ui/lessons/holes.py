"""Lesson 1: from the autoencoder to the VAE, by the holes in its latent space."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.axes import widest_plane
from ui.latent_map import MapMarkers, MapPath
from ui.lessons import here
from ui.lessons.charts import NO_TOOLS, bars
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate, Spot
from ui.lessons.stage import stage
from ui.maps import map_points
from ui.pictures import show as show_picture
from vae_core import LatentExplorer
from vae_core.images import montage
from vae_core.latent.density import OUTSIDE, support
from vae_core.latent.groups import typical_row
from vae_core.latent.paths import linear
from vae_core.latent.prior import sample_prior
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.objectives.elbo import Elbo
from vae_core.models.objectives.reconstruction import Reconstruction

Floats = npt.NDArray[np.float32]

AE, VAE = "mnist-2d-ae", "mnist-2d"
N_DRAWS, N_SHOWN, SEED = 1000, 48, 0
DETOUR = 0.05
"""Share of held-out codes below the lowest density of a walk that counts as one on the data."""

TRAINED = Choice(
    "trained",
    "Where on this plane was the decoder taught what to draw?",
    ("Everywhere", "At the codes of the training images alone", "In a disc around 0"),
    right="At the codes of the training images alone",
    reason="The loss compares x̂ with x at z = f(x), and at no other place. Elsewhere it guesses.",
)
SEVEN = Exercise(
    "seven",
    "Pin z where the decoder draws a 7: the nearest code must be that of a 7.",
    hint="Click among the points of a 7's colour; the legend below the map names the colours.",
    solved="Near the codes of sevens the decoder draws sevens: there it was trained.",
)
MIDDLE = Choice(
    "middle",
    "z goes halfway from the code of this 0 to that of this 1. Which picture does the decoder draw?",
    ("A", "B", "C"),
    right="B",
    reason="C is what half of each pixel would give, A is another digit. The decoder was never shown this place, and "
    "draws what is neither.",
)
DETOUR_WALK = Exercise(
    "detour",
    "Pin a stop such that the walk from the 0 over the pin to the 1 stays on the data: nowhere less than "
    f"{DETOUR:.0%} of held-out codes at a lower density.",
    hint="Both legs count. Go around the empty space between the blue and the pink points: through other digits.",
    solved="A straight line in z is not the way that images go: the data is where the codes are.",
)
LANDING = Spot(
    "landing",
    "To make new images, one would draw z from N(0, I) and decode it. **Click where on this map such draws land.**",
)
TWOS = Estimate(
    "twos",
    f"The same {N_DRAWS:,} draws in the space of a VAE: how many land nearest to the code of a 2?",
    0,
    500,
    20,
    "%d",
)
GAP = Exercise(
    "gap",
    f"Drag the pin to a place within 2 of the middle where even this decoder was hardly trained: less than "
    f"{OUTSIDE:.0%} of held-out codes at a lower density.",
    hint="Look for thin empty seams between the colours, and zoom in with +. A click takes the nearest code: drag.",
    solved="A VAE's map has no holes of the size of a digit, but it has seams. What is drawn there lies between two "
    "digits.",
)
LEFT = Choice(
    "left",
    "Set β to 0 and σ to 0 in the VAE's objective. What is left?",
    ("The autoencoder's objective", "The prior", "Nothing: it is 0"),
    right="The autoencoder's objective",
    reason="log p(x|z) at z = μ is all that remains. The VAE adds two things: noise in the code, and a price for codes "
    "away from the prior.",
)
DEAR = Exercise(
    "dear",
    "Choose the model that gives up most log-likelihood for codes close to the prior.",
    hint="Compare log p(x|z) of the three: the smallest gives up most.",
    solved="Its KL is the smallest, and its pictures the least like the images: the two terms pull against each other.",
)


def typical(explorer: LatentExplorer, digit: int) -> Floats:
    """The code of a typical test image of a digit, (D,)."""
    latents = explorer.latents
    assert latents.labels is not None  # the shipped models have them
    code: Floats = latents.mu[typical_row(latents.mu, latents.labels == digit)]
    return code


def digit_at(explorer: LatentExplorer, z: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The digit of the test image whose code lies nearest, (N,) of z (N, D)."""
    assert explorer.latents.labels is not None
    return explorer.latents.labels[explorer.nearest(z)[0]]


def draws(n: int = N_DRAWS) -> Floats:
    """The first of the draws from N(0, I) that the lesson shows, (n, 2)."""
    return sample_prior(N_DRAWS, 2, generator=np.random.default_rng(SEED))[:n]


def counts(explorer: LatentExplorer) -> npt.NDArray[np.int64]:
    """How many of the draws land nearest to each digit, (10,)."""
    return np.bincount(digit_at(explorer, draws()), minlength=10)


def wall(explorer: LatentExplorer, z: npt.ArrayLike, alt: str, columns: int) -> None:
    """Decoded pictures in rows."""
    show_picture(montage(explorer.decode(z), columns=columns, scale=2), alt, stretch=True)


def codes() -> None:
    """What an autoencoder is, and where it was trained."""
    explorer = here.model(AE)
    st.markdown(
        "An autoencoder squeezes an image of 784 pixels into two numbers, z = f(x), and makes a picture of them again, "
        "x̂ = g(z). It is trained for one thing: that x̂ is like x."
    )
    if not TRAINED.ask():
        return
    st.markdown("Each point is the code of a test image. Move the pointer over the map; click to pin z.")
    start = typical(explorer, 0)
    z = here.place(explorer, start=start).z

    def say() -> None:
        equation("codes", r"\hat{x} = g([[z]])", {"z": Term("z", z.tolist())})
        digit = int(digit_at(explorer, z[None])[0])
        SEVEN.check(digit == 7 if here.has_moved(explorer) else None, now=f"The nearest code is that of a {digit}.")

    stage(explorer, start=start, beside=say)
    show_code(excerpt(Autoencoder.encode), excerpt(Reconstruction.losses))


def between() -> None:
    """A point between two clusters."""
    explorer = here.model(AE)
    one, other = typical(explorer, 0), typical(explorer, 1)
    middle = 0.5 * (one + other)
    start, end, halfway, third = explorer.decode(np.stack([one, other, middle, typical(explorer, 6)]))
    with st.container(horizontal=True, gap="medium"):
        for name, image in {"0": start, "1": end, "A": third, "B": halfway, "C": 0.5 * (start + end)}.items():
            with st.container(width=112, gap=None):
                show_picture(montage(image[None], gap=0, scale=4), f"Picture {name}")
                st.markdown(f"**{name}**" if name in "ABC" else f"the {name}")
    if not MIDDLE.ask():
        return
    straight = linear(one, other, 21)
    lowest = float(support(explorer, straight).share.min())
    st.markdown(
        f"The straight walk in eleven pictures. At its worst only {lowest:.1%} of held-out codes lie at a lower "
        "density: the pictures there are of no digit."
    )
    wall(explorer, straight[::2], "The straight walk from the 0 to the 1", 11)
    here.place(explorer, start=middle)
    stop = here.place(explorer).z
    walk = np.concatenate([linear(one, stop, 21), linear(stop, other, 21)])
    worst = float(support(explorer, walk).share.min())

    def say() -> None:
        DETOUR_WALK.check(
            worst >= DETOUR if here.has_moved(explorer) else None,
            now=f"Over the pin: at worst {worst:.1%} at a lower density.",
        )

    stage(explorer, start=middle, paths=[MapPath("Over the pin", np.stack([one, stop, other]))], beside=say)


def landing() -> None:
    """Where draws from the prior land in the autoencoder's map."""
    explorer, vae_plane = here.model(AE), widest_plane(here.model(AE))
    z = draws()
    far = float(np.linalg.norm(z, axis=1).max())
    answered = LANDING.ask(
        map_points(explorer, vae_plane),
        vae_plane,
        judge=lambda at: float(np.linalg.norm(at)) <= far,
        answers=z[:N_SHOWN],
        truth=f"All {N_DRAWS:,} draws lie within {far:.1f} of 0",
        reason="Nothing in its loss told the encoder where to put the codes, so they lie anywhere, and wide apart. "
        "The prior knows nothing of that.",
    )
    if not answered:
        return
    found = counts(explorer)
    most, least = int(found.argmax()), int(found.argmin())
    st.markdown(
        f"{N_SHOWN} draws, decoded. Of {N_DRAWS:,}, {found[most]} land nearest to a {most} and {found[least]} to a "
        f"{least}; a tenth of the images, about {N_DRAWS // 10}, would be fair."
    )
    wall(explorer, z[:N_SHOWN], "Draws from N(0, I), decoded by the autoencoder", 12)


def vae() -> None:
    """The same draws in a VAE's map."""
    explorer, other = here.model(VAE), here.model(AE)
    st.markdown(
        "A VAE's encoder gives a cloud instead of a point: z is drawn from N(μ, σ²), so the decoder is trained around "
        "each code too. And its loss has a second term, KL, that draws all clouds towards N(0, I)."
    )
    found = counts(explorer)
    answered = TWOS.ask(
        float(found[2]),
        within=60,
        reason=f"In the autoencoder's map it was {counts(other)[2]}. Here each digit has its share of the prior.",
    )
    if not answered:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        names = [str(digit) for digit in range(10)]
        chart = bars(names, {"Autoencoder": counts(other), "VAE": found}, title="Draws nearest to each digit")
        st.plotly_chart(chart, config=NO_TOOLS, key=here.key("bars"), alt="Draws nearest to each digit, both models.")
    with right:
        st.markdown("The same draws, decoded by the VAE.")
        wall(explorer, draws(N_SHOWN), "Draws from N(0, I), decoded by the VAE", 12)

    def say() -> None:
        share, away = float(support(explorer, z[None]).share[0]), float(np.linalg.norm(z))
        GAP.check(
            share < OUTSIDE and away <= 2 if here.has_moved(explorer) else None,
            now=f"{share:.1%} of held-out codes at a lower density, {away:.1f} from the middle.",
        )

    z = here.place(explorer).z
    stage(explorer, markers=[MapMarkers("Draws", draws(N_SHOWN), one="Draw")], beside=say)


def price() -> None:
    """What it costs: log-likelihood against KL, by three models of the same size."""
    if not LEFT.ask():
        return
    st.markdown("Three models with the same network. Choose one: the numbers are those of its test images, in nats.")
    betas = {AE: 0.0, "mnist-2d-beta0.1": 0.1, "mnist-2d-beta8": 8.0}
    titles = {AE: "Autoencoder", "mnist-2d-beta0.1": "VAE, β = 0.1", "mnist-2d-beta8": "VAE, β = 8"}
    name = st.segmented_control(
        "Model", list(betas), format_func=titles.__getitem__, default=AE, required=True, key=here.key("model")
    )
    explorer = here.model(str(name))
    measured = explorer.card.test
    terms = {
        "fit": Term(r"\log p(x|z)", None if measured.log_likelihood is None else measured.log_likelihood.value, 1),
        "beta": Term(r"\beta", betas[str(name)], 1),
        "kl": Term(r"\mathrm{KL}(q(z|x)\,\|\,p(z))", None if measured.kl is None else measured.kl.value, 1),
    }
    equation("objective", r"\mathcal{L} = \mathbb{E}_{q(z|x)}\,[[fit]] - [[beta]]\,[[kl]]", terms)
    wall(explorer, draws(24), f"Draws from N(0, I), decoded by {titles[str(name)]}", 12)
    touched = st.session_state.setdefault(here.key("models tried"), {AE})
    touched.add(name)
    DEAR.check(name == "mnist-2d-beta8" if len(touched) > 1 else None)
    show_code(excerpt(Reconstruction.losses), excerpt(Elbo.losses), title="Both objectives")


LESSON = Lesson(
    number=1,
    title="From autoencoder to VAE",
    summary="Two numbers for an image, the holes between the codes, and what a VAE does about them.",
    minutes=10,
    goals=(
        "say at which places of its latent space a decoder has been trained",
        "predict what a point between two clusters decodes to, and find a way around the hole",
        "say why an autoencoder is no generator: draws from a prior miss its codes",
        "name the two things that a VAE adds, and what each of them costs",
    ),
    models=(AE, VAE, "mnist-2d-beta0.1", "mnist-2d-beta8"),
    steps=(
        Step("codes", "Two numbers for an image", codes, ("trained", "seven")),
        Step("between", "Between two clusters", between, ("middle", "detour")),
        Step("landing", "Where draws land", landing, ("landing",)),
        Step("vae", "The same draws in a VAE", vae, ("twos", "gap")),
        Step("price", "What it costs", price, ("left", "dear")),
    ),
    reading=(
        Reading(
            "Reducing the Dimensionality of Data with Neural Networks",
            "Hinton and Salakhutdinov",
            2006,
            "Science 313",
            "https://doi.org/10.1126/science.1127647",
        ),
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
            "From Variational to Deterministic Autoencoders",
            "Ghosh, Sajjadi, Vergari, Black and Schölkopf",
            2020,
            "ICLR",
            "https://arxiv.org/abs/1903.12436",
        ),
    ),
    answers=(
        "At the codes of the training images alone.",
        "Any pin among the sevens, such as z = (25, −15).",
        "B, a picture of no digit; C is the cross-fade of the pixels, A is a 6.",
        "Through the fives and the nines: a stop at about z = (3, −10).",
        "Around 0, at the rim of the codes: a disc of radius 3 on a map that is 80 wide.",
        "About 80 of 1,000; in the autoencoder's map 383.",
        "The seams between colours, such as z = (1.45, −1.3) or (0.2, −1.7).",
        "The autoencoder's objective.",
        "β = 8.",
    ),
)
