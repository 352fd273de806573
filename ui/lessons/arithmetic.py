"""Lesson 7: conditional generation, interpolation, and arithmetic with codes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.class_grid import class_grid
from ui.encoded import images_of
from ui.films import MEASURES, films_of
from ui.lessons import here
from ui.lessons.code import excerpt, show_code
from ui.lessons.equation import Term, equation
from ui.lessons.exercise import Exercise
from ui.lessons.lesson import Lesson, Reading, Step
from ui.lessons.question import Choice, Estimate
from ui.lessons.stage import stage
from ui.pictures import show
from ui.place import Settled
from ui.scrubber import scrubber
from ui.view import view
from ui.walks import classifier, walks
from ui.wall import wall
from vae_core import LatentExplorer
from vae_core.images import montage
from vae_core.latent.arithmetic import class_step, moved_codes, random_step, recognised_shares
from vae_core.latent.directions.find import held_out_codes
from vae_core.latent.paths.curves import linear, slerp
from vae_core.latent.prior import expected_norm, sample_prior
from vae_core.metrics.latent_quality import knn_accuracy
from vae_core.models.model import Model

CONDITIONAL, PLAIN, LARGE = "mnist-2d-cvae", "mnist-2d", "mnist-16d"
THIN, MOST, STEPS = 0.8, 0.95, 21
ENDS = (0, 3)
"""Numbers of the test images that the path joins: a seven and a zero."""


@st.cache_data(max_entries=8, show_spinner=False)
def _vote(card: str, _explorer: LatentExplorer) -> float:
    codes, labels = _explorer.latents.mu, _explorer.latents.labels
    assert labels is not None
    asked = held_out_codes(len(codes))
    return 100 * knn_accuracy(codes[~asked], labels[~asked], codes[asked], labels[asked]).value


TOLD = Estimate(
    "told",
    "From a code of mnist-2d, a vote of its ten neighbours tells the digit in 87 of 100 cases. mnist-2d-cvae was told "
    "the class, encoder and decoder both. In how many of 100 does a vote tell the digit from *its* code?",
    0.0, 100.0, 1.0, "%.0f of 100",
)  # fmt: skip


def told() -> None:
    """What is left for z when the class is told."""
    explorer = here.model(CONDITIONAL)
    found, plain = _vote(explorer.card.key, explorer), here.model(PLAIN)
    if not TOLD.ask(
        found,
        within=10,
        reason="Hardly more than guessing, 10. A nat of code costs a nat of KL, and the class comes free of charge: "
        "z has no reason to repeat it.",
    ):
        return
    stage(explorer, start=[0.0, 0.0], height=400)
    equation(
        "cvae",
        r"\log p(x|c) \ge \mathbb{E}_{q(z|x,c)}\log p(x|[[z]],[[c]]) - \mathrm{KL}(q(z|x,c)\,\|\,p(z))",
        {
            "z": Term("z", here.place(explorer).z.tolist()),
            "c": Term("c", here.place(explorer).label, 0),
        },
    )
    st.caption(
        f"All ten classes lie on one another. Choose a class above the picture, and move z. The vote: {found:.0f} of "
        f"100 here, {_vote(plain.card.key, plain):.0f} in mnist-2d; 5,000 codes asked of 5,000 others."
    )
    show_code(excerpt(Model.decode), excerpt(Model._one_hot))


SHARE = Choice(
    "share",
    "One z, decoded as each of the ten classes. What do the ten pictures have in common?",
    ("The digit", "Nothing that one could name", "The hand: slant, width and weight of the stroke"),
    "The hand: slant, width and weight of the stroke",
    reason="What the class does not explain is left for z: style.",
)
INK = Exercise(
    "thin",
    f"Pin a z whose ten digits together use less than {THIN:.0%} of the usual ink.",
    hint="Watch the row while you move: go to where the strokes become thin.",
    solved="A place of thin strokes, for all ten digits at once. It was found in z, without a label of thickness.",
)


@st.cache_data(max_entries=4, show_spinner=False)
def _usual_ink(card: str, _explorer: LatentExplorer) -> float:
    z = sample_prior(200, _explorer.latent_dim, generator=np.random.default_rng(0))
    return float(np.mean([_explorer.decode(z, label).mean() for label in range(_explorer.n_classes)]))


def style() -> None:
    """The same z as every class."""
    explorer = here.model(CONDITIONAL)
    if not SHARE.ask():
        return
    z = stage(explorer, start=[0.0, 0.0], height=380)
    class_grid(
        here.place(explorer),
        rows=np.zeros((1, explorer.latent_dim)),
        relative=True,
        names=["z"],
        class_names=explorer.card.data.class_names,
        key=here.key("classes"),
        on_settled=lambda settled: here.settle(explorer, settled),
    )
    ink = np.mean([explorer.decode(z[None], label).mean() for label in range(explorer.n_classes)])
    share = float(ink) / _usual_ink(explorer.card.key, explorer)
    INK.check(share < THIN if here.has_moved(explorer) else None, f"These ten use {share:.0%} of the usual ink.")


MIDDLE = Estimate(
    "middle",
    "In 16 dimensions draws of N(0, I) lie about 3.94 from the origin. How far from it is the middle of the straight "
    "line between two of them, on average?",
    0.0, 5.0, 0.05, "%.2f",
)  # fmt: skip
NEAREST = Exercise(
    "nearest",
    "On the straight path, settle at the step that lies nearest to the origin.",
    hint="Follow the straight line, not the arc, and go towards its middle.",
    solved="Near its middle, a straight line passes through a region where the prior hardly ever draws. The arc keeps "
    "its distance, and on this model both decode well: what matters is where the codes are.",
)


def line() -> None:
    """The straight line and the arc."""
    explorer = here.model(LARGE)
    if not MIDDLE.ask(
        expected_norm(explorer.latent_dim) / math.sqrt(2),
        within=0.35,
        reason="The mean of two independent draws is N(0, I/2): shorter by √2. The arc (slerp) keeps the length.",
    ):
        return
    anchors = explorer.latents.mu[list(ENDS)]
    found = walks(explorer, anchors, STEPS, ["linear", "slerp"], None)
    place = here.place(explorer, start=anchors[0])

    def settled(now: Settled) -> None:
        here.settle(explorer, now)

    followed, names = here.key("follows"), explorer.card.data.class_names
    straight, arc = (np.linalg.norm(way(anchors[0], anchors[1], 101), axis=1) for way in (linear, slerp))
    size, nearest = float(np.linalg.norm(place.z)), float(straight.min())
    left, right = st.columns([2, 3], gap="medium", vertical_alignment="center")
    with left:
        picture = explorer.decode_uint8(place.z[None])[0]
        view(place, picture=picture, record=None, class_names=names, key=here.key("view"))
    with right:
        equation(
            "line",
            r"z(t) = (1-t)\,z_0 + t\,z_1,\qquad [[here]],\qquad [[nearest]],\qquad [[arc]]",
            {
                "here": Term(r"\|z\|", size),
                "nearest": Term(r"\min_t\|z(t)\|", nearest),
                "arc": Term(r"\min_t\|z_{\mathrm{arc}}(t)\|", float(arc.min())),
            },
        )
        st.caption("Test images no. 0 and 3 as mnist-16d encoded them. Take a film with the hand, or the arrow keys.")
    scrubber(
        place,
        films_of(found, None),
        steps=STEPS,
        chosen=st.session_state.get(followed, "linear"),
        label="From a seven to a zero",
        measures=MEASURES,
        key=here.key("films"),
        on_settled=settled,
        on_chosen=lambda name: st.session_state.update({followed: name}),
    )
    NEAREST.check(size <= 1.03 * nearest if here.has_moved(explorer) else None, f"You are {size:.2f} from the origin.")
    show_code(excerpt(linear), excerpt(slerp))


MINUS = Estimate(
    "minus",
    "300 codes of nines, each moved by mean(4) − mean(9). Of 100, how many does a classifier then take for a four?",
    0.0, 100.0, 1.0, "%.0f of 100",
)  # fmt: skip
PAIR = Exercise(
    "pair",
    f"Find two digits and a length of the step for which {MOST:.0%} or more become the other digit.",
    hint="Go a little farther than the mean, t > 1; and try digits that look alike from the start.",
    solved="A difference of means is a direction that works for (nearly) all images of a class. Too long a step leaves "
    "the data again.",
)


@st.cache_data(max_entries=256, show_spinner="Decoding 300 codes …")
def _shares(card: str, source: int, target: int, t: float, _explorer: LatentExplorer) -> tuple[float, float] | None:
    """Shares taken for the target, in percent: after the step, and after one of that length anywhere."""
    judge = classifier(_explorer)
    if judge is None:
        return None
    step = t * class_step(_explorer, source, target)
    chance = moved_codes(_explorer, source, target, 0.0) + random_step(step, generator=np.random.default_rng(0))
    moved = moved_codes(_explorer, source, target, t)
    return tuple(100 * float(recognised_shares(_explorer, judge, z)[target]) for z in (moved, chance))  # type: ignore[return-value]


def minus() -> None:
    """A nine, minus nines, plus fours."""
    explorer = here.model(LARGE)
    st.markdown("z + (mean code of fours − mean code of nines). The means come from one half of the codes, z from "
    "the other.")  # fmt: skip
    first = _shares(explorer.card.key, 9, 4, 1.0, explorer)
    if first is None:
        st.info("This step needs the classifier of MNIST that is shipped in checkpoints/classifiers.")
        return
    if not MINUS.ask(
        first[0],
        within=10,
        reason=f"A step of the same length in a random direction makes a four of {first[1]:.0f} of 100.",
    ):
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = int(st.selectbox("From", range(10), index=9, key=here.key("from"), width=90))
        target = int(st.selectbox("To", range(10), index=4, key=here.key("to"), width=90))
        t = st.slider("t, the length of the step", 0.0, 3.0, 1.0, 0.25, key=here.key("t"))
    found = _shares(explorer.card.key, source, target, t, explorer)
    assert found is not None  # the classifier is here
    z = np.concatenate([moved_codes(explorer, source, target, share, 8) for share in (0.0, t)])
    order = [*range(4), *range(8, 12), *range(4, 8), *range(12, 16)]  # a row before the step, one after it
    _show_moved(explorer, z[order])
    equation(
        "step",
        r"z' = z + [[t]]\,(\bar z_{b} - \bar z_{a}),\qquad [[share]],\qquad [[chance]]",
        {
            "t": Term("t", t),
            "share": Term(rf"\text{{taken for a {target}}}", found[0], 0, "of 100"),
            "chance": Term(r"\text{random direction}", found[1], 0, "of 100"),
        },
    )
    changed = (source, target, t) != (9, 4, 1.0)
    PAIR.check(
        source != target and found[0] >= 100 * MOST if changed else None,
        f"{source} → {target}, t = {t:g}: {found[0]:.0f} of 100.",
    )
    show_code(excerpt(class_step), excerpt(moved_codes))


def _show_moved(explorer: LatentExplorer, z: npt.NDArray[np.float32]) -> None:
    place = here.place(explorer, "moved", z[0])
    left, right = st.columns(2, gap="medium")
    with left:
        wall(
            place,
            z=z,
            pictures=explorer.decode_uint8(z),
            key=here.key("moved"),
            notes=[("before" if i // 4 % 2 == 0 else "after") + " the step" for i in range(len(z))],
            on_settled=lambda settled: here.settle(explorer, settled, "moved"),
        )
    with right:
        view(
            place,
            picture=explorer.decode_uint8(place.z[None])[0],
            record=None,
            class_names=explorer.card.data.class_names,
            key=here.key("moved view"),
        )


SWITCH = Choice(
    "switch",
    "The CVAE makes fours of nines otherwise: it keeps z and is told 4. Of 100 nines, how many become a four?",
    ("About half of them", "Fewer than the step made", "Nearly all"),
    "Nearly all",
    reason="It was trained to obey. The step had to be found in a space that nobody ordered by class.",
)


def switch() -> None:
    """Two ways to the same end."""
    explorer = here.model(CONDITIONAL)
    labels = explorer.latents.labels
    assert labels is not None
    if not SWITCH.ask():
        return
    nines = explorer.latents.mu[np.flatnonzero(labels == 9)[:300]]
    judge = classifier(explorer)
    names = explorer.card.data.class_names
    target = st.segmented_control("Told", range(10), default=4, required=True, format_func=names.__getitem__,
    key=here.key("told"))  # fmt: skip
    pictures = explorer.decode(nines, int(target))
    if judge is not None:
        share = float((judge.predict(pictures).argmax(axis=1) == target).mean())
        st.markdown(f"Of {len(nines)} nines told to be a {names[int(target)]}, **{share:.0%}** are taken for one.")
    columns = st.columns(2, gap="medium")
    for column, some, what in zip(columns, (explorer.decode(nines[:12], 9), pictures[:12]),
    ("Their codes, told 9", f"The same codes, told {names[int(target)]}"), strict=True):  # fmt: skip
        with column:
            _strip(some, what)
    st.caption(
        "Arithmetic needs no labels in training and finds what a label never named; a condition has to be known "
        "beforehand, and then it is exact. Both decode what lies in the data, no more."
        + ("" if images_of(explorer, "test") is None else " Explore shows the nines' originals.")
    )


def _strip(images: npt.NDArray[np.float32], what: str) -> None:
    show(montage(images, columns=6, scale=2, gap=2), what, stretch=True)
    st.caption(what)


LESSON = Lesson(
    number=7,
    title="Condition, walk, add",
    summary="Conditional generation, interpolation, and arithmetic with codes: what each can promise.",
    minutes=10,
    goals=(
        "say what is left in z when the class is told",
        "say where a straight line and an arc lead in many dimensions",
        "measure what a direction does, against chance",
    ),
    models=(CONDITIONAL, PLAIN, LARGE),
    steps=(
        Step("told", "Told the class", told, ("told",)),
        Step("style", "One hand, ten digits", style, ("share", "thin")),
        Step("line", "The way between", line, ("middle", "nearest")),
        Step("minus", "Nine minus nines plus fours", minus, ("minus", "pair")),
        Step("switch", "Switch or step", switch, ("switch",)),
    ),
    reading=(
        Reading(
            "Learning structured output representation using deep conditional generative models",
            "Sohn, Lee and Yan",
            2015,
            "NeurIPS",
            "https://papers.nips.cc/paper/5775-learning-structured-output-representation-using-deep-conditional-generative-models",
        ),
        Reading("Sampling generative networks", "White", 2016, "arXiv:1609.04468", "https://arxiv.org/abs/1609.04468"),
        Reading(
            "Deep feature interpolation for image content changes",
            "Upchurch and others",
            2017,
            "CVPR",
            "https://arxiv.org/abs/1611.05507",
        ),
    ),
    answers=(
        "About 13 of 100; guessing is 10.",
        "The hand: slant, width and weight of the stroke.",
        "Any z whose row uses less than 80 % of the usual ink, as near (0, 2.5).",
        "2.79: 3.94 divided by √2.",
        "Follow the straight path to its middle; 3 % of slack.",
        "About 90 of 100 (by chance 2).",
        "As 9 → 4 with t = 1.5: 98 of 100.",
        "Nearly all: of 300 nines told 4, every one.",
    ),
)
