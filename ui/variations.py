"""What the page Variations varies, how, and what it says of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui import address, own_image
from ui.classes import chosen_class, set_class
from ui.decoder import decode
from ui.encoded import images_of
from ui.ledger.chosen import training_pixels
from ui.pictures import magnified, show
from ui.search import searched
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.latent.variation_sources import Sources, sources_of_codes, sources_of_images
from vae_core.latent.variations import Variations, vary

OWN = "own"
N_DRAWS = 10_000
WIDEST = 4.0
MOST = 144
SIDE = 84
"""px of the source's picture."""


@dataclass(frozen=True)
class Settings:
    """How a source is varied."""

    spread: float
    count: int
    seed: int
    is_draw: bool
    supported_only: bool


def choose_source(explorer: LatentExplorer) -> Sources:
    """The image to vary: of the test split by number, class or at random, or one's own; else a draw of the prior."""
    own = own_image.seen(explorer) if explorer.can.encode else None
    key = f"varied of {explorer.name}"
    n = len(explorer.latents.mu) if explorer.can.encode else N_DRAWS
    if (wish := address.asked("source")) is not None:
        st.session_state[key] = OWN if wish == OWN else parse_number(wish, n)
    source = st.session_state.get(key, 0)
    if source == OWN and own is None:
        st.session_state["notice of variations"] = (
            "There is no image of yours in this session: draw or bring one first."
        )
        source = 0
    if own is not None:
        kind = f"kind {key}"
        st.session_state[kind] = source == OWN
        st.segmented_control(
            "Vary",
            [False, True],
            key=kind,
            format_func=lambda is_own: "Your image" if is_own else "Test image",
            required=True,
            on_change=lambda: st.session_state.update({key: OWN if st.session_state[kind] else 0}),
        )
    if source != OWN:
        _choose_number(explorer, key, int(source), n)
    address.write("source", str(source))
    label = _class_of(explorer, source)
    if source == OWN and own is not None:
        return sources_of_images(explorer, own.image[None], label, names=["own"])
    images = images_of(explorer, "test") if explorer.can.encode else None
    return sources_of_codes(explorer, [int(source)], label, None if images is None else images[[int(source)]])


def _choose_number(explorer: LatentExplorer, key: str, source: int, n: int) -> None:
    names, labels = explorer.card.data.class_names, explorer.latents.labels
    if explorer.can.encode and labels is not None and names:
        box = f"class {key}"
        st.session_state[box] = int(labels[source])

        def draw_of_class() -> None:
            members = np.flatnonzero(labels == st.session_state[box])
            if len(members):
                st.session_state[key] = int(np.random.default_rng().choice(members))

        st.selectbox(
            "Class", range(len(names)), key=box, format_func=names.__getitem__, on_change=draw_of_class, width=95,
            help="Another class draws one of its test images at random.",
        )  # fmt: skip
    field = f"number {key}"
    st.session_state[field] = source
    st.number_input(
        "Test image no." if explorer.can.encode else "Draw no.", 0, n - 1, key=field, width=125,
        on_change=lambda: st.session_state.update({key: int(st.session_state[field])}),
    )  # fmt: skip
    st.button(
        "", icon=":material/casino:", key=f"any {key}", help="Another one at random.",
        on_click=lambda: st.session_state.update({key: int(np.random.default_rng().integers(n))}),
    )  # fmt: skip


def _class_of(explorer: LatentExplorer, source: int | str) -> int | None:
    """The class told, by a model that takes one: a newly chosen test image brings its own."""
    if not explorer.can.label:
        return None
    key, labels = f"class told of {explorer.name}", explorer.latents.labels
    if st.session_state.get(key) != source:
        st.session_state[key] = source
        if source != OWN and explorer.can.encode and labels is not None and not address.is_asked("class"):
            set_class(explorer, int(labels[int(source)]))
    return chosen_class(explorer).label


def choose_settings(explorer: LatentExplorer) -> Settings:
    """How far, how many, which seed; the address holds them."""
    spread = _asked("spread", parse_spread, 1.0)
    count = _asked("count", lambda text: parse_number(text, MOST + 1) or 36, 36)
    seed = _asked("seed", lambda text: parse_number(text, 2**31), 0)
    st.slider(
        "Spread", 0.0, WIDEST, key=spread, step=0.05, width=150, persist_state="session", help=unit_of_spread(explorer)
    )
    st.number_input("How many", 1, MOST, key=count, width=105, persist_state="session")
    st.number_input("Seed", 0, 2**31 - 1, key=seed, width=110, persist_state="session", help="Same seed, same files.")
    st.button(
        "Others", icon=":material/casino:", help="Another seed.",
        on_click=lambda: st.session_state.update({seed: int(np.random.default_rng().integers(1_000_000))}),
    )  # fmt: skip
    show_, only = _asked("show", lambda text: text == "draw", False), _asked("only", lambda text: text == "1", False)
    with st.container(gap="xxsmall", width="content"):
        if explorer.can.likelihood:
            help_ = "A draw from p(x|z) with its pixel noise, in place of its mean."
            st.toggle("Draws of p(x|z)", key=show_, persist_state="session", help=help_)
        if explorer.can.encode:
            help_ = "Throw away what is off the data, and draw again."
            st.toggle("Supported only", key=only, persist_state="session", help=help_)
    state = st.session_state
    found = Settings(
        float(state[spread]),
        int(state[count]),
        int(state[seed]),
        explorer.can.likelihood and bool(state[show_]),
        explorer.can.encode and bool(state[only]),
    )
    usual = Settings(1.0, 36, 0, False, False)
    address.write("spread", None if found.spread == usual.spread else f"{found.spread:g}")
    address.write("count", None if found.count == usual.count else str(found.count))
    address.write("seed", None if found.seed == usual.seed else str(found.seed))
    address.write("show", "draw" if found.is_draw else None)
    address.write("only", "1" if found.supported_only else None)
    return found


def _asked(name: str, parse: Callable[[str], object], usual: object) -> str:
    """The session's key of a setting, which holds what the address asks for."""
    key = f"variations {name}"
    if (wish := address.asked(name)) is not None:
        st.session_state[key] = parse(wish) if wish else usual
    st.session_state.setdefault(key, usual)
    return key


def unit_of_spread(explorer: LatentExplorer) -> str:
    """What a spread of 1 is."""
    if explorer.can.posterior:
        return "Times the standard deviation of q(z|x): 1 draws from it, 0 is the reconstruction."
    if explorer.can.encode:
        return "This model has no q(z|x): times the spacing of the ten nearest codes; 0 is the reconstruction."
    return "This model has no encoder: times the standard deviation of the prior, around a draw of it."


def varied(explorer: LatentExplorer, sources: Sources, settings: Settings) -> Variations | None:
    """The variations; None while they are being made, or where that is not possible, which is said."""
    told = None if sources.told is None else int(sources.told[0])
    mu = hashlib.blake2b(sources.mu.tobytes() + sources.sigma.tobytes()).hexdigest()
    key = f"{settings} {mu} {told} {sources.images is None} {explorer.card.key}"

    def work(tell: Callable[[float], None]) -> Variations:
        tell(0.0)
        training = training_pixels(explorer) if explorer.can.encode else None
        return vary(
            explorer,
            sources,
            settings.count,
            spread=settings.spread,
            as_draw=settings.is_draw,
            supported_only=settings.supported_only,
            training=training,
            generator=np.random.default_rng(settings.seed),
            on_progress=tell,
        )

    return searched("variations", key, "Varying it", work)


def show_source(explorer: LatentExplorer, sources: Sources) -> None:
    """The source, and what it is decoded to, at the head of the wall."""
    told = None if sources.told is None else sources.told
    reconstruction = decode(explorer, sources.mu, told)[0].transpose(2, 0, 1)
    is_prior = not explorer.can.encode
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if sources.images is not None:
            show(magnified(sources.images[0], SIDE), "The source.")
        show(magnified(reconstruction, SIDE), "What the source is decoded to.")
        what = "your image" if sources.names == ("own",) else f"test image {int(sources.indices[0])}"
        if is_prior:
            st.caption(
                f"Draw {int(sources.indices[0])} of the prior. This model has no encoder, so no image is varied."
            )
        elif sources.images is None:
            st.caption(
                f"The reconstruction of {what}; the original is not on this machine, so no distance to it.", width=150
            )
        else:
            label = f", {plain(sources.labels[0])}" if sources.labels else ""
            st.caption(f"The source, {what}{label}, and its reconstruction: what a spread of 0 gives.", width=150)


def say_notice() -> None:
    """What the address asked for and is not there."""
    if notice := st.session_state.pop("notice of variations", None):
        st.info(notice, icon=":material/draw:")


def parse_number(text: str, n: int) -> int:
    """A number below n of an address; 0 when it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 11
    return int(text) if is_number and int(text) < n else 0


def parse_spread(text: str) -> float:
    """A spread of an address; 1 when it is none."""
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return round(value * 20) / 20 if math.isfinite(value) and 0 <= value <= WIDEST else 1.0
