"""Where the z of the Sample page come from: the samplers there are, in words, and what they draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.classes import told_classes
from ui.decoder import decode
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.images import to_uint8
from vae_core.latent.samplers import SAMPLERS
from vae_core.latent.samplers.sampler import Sampler
from vae_core.latent.samplers.storage import sampler_file, sampler_of

TITLES = {
    "prior": "Prior",
    "posterior": "Aggregate posterior",
    "gmm": "Gaussian mixture",
    "kde": "Kernel density",
    "flow": "Flow",
}
MEANINGS = {
    "posterior": "q(z|x) of an encoded image picked at random: where the decoder was trained. No sampler does better, "
    "and none is less new.",
    "gmm": "Up to ten Gaussians, fitted to the codes of images.",
    "kde": "A small Gaussian around the code of an image picked at random.",
    "flow": "N(0, I) bent by a learned bijection into the shape of the images' codes.",
}
TEMPERATURES = {
    "prior": "the standard deviation of the draws",
    "posterior": "the noise around the code of each image",
    "gmm": "the standard deviations of the Gaussians",
    "kde": "the width of the Gaussian around each code",
    "flow": "the standard deviation of what is bent",
}
"""What a temperature scales; 1 leaves it as it is."""

WHY_BOTH = (
    "The same decoder draws both walls. It was trained at the codes of images: where a sampler puts z and no image was "
    "encoded, it has never learned what to draw, however good its reconstructions are."
)


@dataclass(frozen=True, eq=False)
class Draws:
    """What a sampler drew, z (n, D), and what that was decoded to, (n, H, W, C)."""

    z: npt.NDArray[np.float32]
    pictures: npt.NDArray[np.uint8]


def choose_samplers(explorer: LatentExplorer) -> tuple[str, ...]:
    """Select boxes for a sampler and another one beside it; the prior alone where there is no encoder."""
    if not explorer.can.encode:
        return ("prior",)
    first = st.selectbox(
        "Draw z from", SAMPLERS, key="sampler", persist_state="session", format_func=TITLES.__getitem__, width=190
    )
    others = [None, *(name for name in SAMPLERS if name != first)]
    if st.session_state.get("sampler beside") not in others:
        st.session_state["sampler beside"] = None
    second = st.selectbox(
        "Beside it",
        others,
        key="sampler beside",
        persist_state="session",
        format_func=lambda name: "nothing" if name is None else TITLES[name],
        help="A second wall, of as many draws: the decoder is the same, only the z differ.",
        width=190,
    )
    return (first,) if second is None else (first, second)


def meaning(explorer: LatentExplorer, name: str) -> str:
    """What a sampler's draws are, in a sentence."""
    if name != "prior":
        return MEANINGS[name]
    if not explorer.can.encode:
        family = plain(explorer.card.model.family.upper())
        return (
            f"z ~ N(0, I), as in training. A {family} has no encoder, so there are no codes to fit other samplers to."
        )
    if not explorer.can.posterior:
        return "z ~ N(0, I). Nothing in this model's training drew its codes there."
    return "z ~ N(0, I), which training pulls the codes towards."


def fitted_sampler(explorer: LatentExplorer, name: str) -> Sampler | None:
    """A sampler, ready to draw; None while it must be fitted: also anew, when its file is damaged, which is said."""
    if name == "prior":
        return sampler_of(explorer, name)
    path = sampler_file(explorer.path, name, explorer.card)
    if path is None:
        return None
    try:
        return _loaded(explorer.card.key, name, path.stat().st_mtime_ns, explorer)
    except (VaeCoreError, OSError) as problem:
        st.error(plain(str(problem)), icon=":material/broken_image:")
        return None


@st.cache_resource(max_entries=32, show_spinner=False)
def _loaded(card: str, name: str, changed: int, _explorer: LatentExplorer) -> Sampler:
    return sampler_of(_explorer, name)


def choose_class_drawn(explorer: LatentExplorer, samplers: list[Sampler]) -> int | None:
    """Of which class z is drawn, where a sampler was fitted per class; None: of all.

    A model that takes a class has the one that is chosen for the page.
    """
    classes = sorted({label for sampler in samplers for label in sampler.classes})
    if not classes:
        return None
    if explorer.can.label:
        (label,) = told_classes(explorer, 1) or [0]
        return label
    names = explorer.card.data.class_names
    chosen: int | None = st.selectbox(
        "Class drawn",
        [None, *classes],
        format_func=lambda label: "all" if label is None else names[label],
        key=f"class drawn of {explorer.name}",
        help="Of samplers that were fitted to each class by itself.",
        width=130,
    )
    return chosen


def make_draws(
    explorer: LatentExplorer,
    sampler: Sampler,
    n: int,
    *,
    label: int | None,
    temperature: float,
    as_mean: bool,
    seed: int,
) -> Draws:
    """Draw n z, and decode them to the mean of p(x|z), or draw from that too.

    A class that the sampler was not fitted to by itself is drawn as all of them are.
    """
    generator = np.random.default_rng(seed)
    z = sampler.draw(
        n,
        label=label if label in sampler.classes else None,
        temperature=temperature if sampler.takes_temperature else 1.0,
        generator=generator,
    )
    told = told_classes(explorer, n)
    if as_mean:
        return Draws(z, decode(explorer, z, told))
    return Draws(z, np.moveaxis(to_uint8(explorer.draw(z, told, generator=generator)), 1, -1))


def how_far(explorer: LatentExplorer, z: npt.NDArray[np.float32]) -> str:
    """The draws' distance from the data, in words; nothing for a model without an encoder."""
    if not explorer.can.encode:
        return ""
    _, distances = explorer.nearest(z)
    return f" · median distance to the nearest test image's mean {np.median(distances):.2f}"
