"""What the page "Inside one image" follows: an image or a draw, a class, an epsilon; all in the address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address
from ui.classes import chosen_class, set_class
from ui.encoded import images_of
from ui.graph.wrapper import MOST_MOVED, REACH
from ui.numbered import n_points
from vae_core import LatentExplorer
from vae_core.latent.prior import sample_prior
from vae_core.trace import Box, trace_image, trace_z

Floats = npt.NDArray[np.float32]
MOST_SEEDS = 10_000


@dataclass(frozen=True, eq=False)
class Asked:
    """What is followed.

    Attributes
    ----------
    number : int
        Of the test image; 0 where there is no encoder.
    image : array of shape (C, H, W), or None
        uint8 of the data set, else float32 decoded at the code of that image; None where there is no encoder.
    is_original : bool
        The image is one of the data set.
    label : int or None
        The class told.
    seed : int
        Of epsilon, or of z where there is no encoder.
    epsilon : float32 array of shape (D,)
        Or z, where there is no encoder.
    """

    number: int
    image: npt.NDArray[np.generic] | None
    is_original: bool
    label: int | None
    seed: int
    epsilon: Floats

    def boxes(self, explorer: LatentExplorer) -> tuple[Box, ...]:
        """The tensors on the way."""
        if self.image is None:
            return trace_z(explorer, self.epsilon, self.label)
        return trace_image(explorer, self.image, self.label, epsilon=self.epsilon)


def choose(explorer: LatentExplorer) -> Asked:
    """Controls for the image, the class and the draw."""
    key = f"graph of {explorer.name}"
    _take_wishes(explorer, key)
    number = _choose_number(explorer, key) if explorer.can.encode else 0
    label = _choose_class(explorer, key, number) if explorer.can.label else None
    drawn = "ε" if explorer.can.posterior else "z" if not explorer.can.encode else None
    if drawn is not None:
        st.button(
            f"Draw {drawn} anew",
            icon=":material/casino:",
            key=f"draw {key}",
            on_click=lambda: st.session_state.update(
                {f"seed {key}": int(np.random.default_rng().integers(MOST_SEEDS)), f"moved {key}": None}
            ),
            help="Another draw of N(0, I); or open its box and move it.",
        )
    seed, moved = int(st.session_state.get(f"seed {key}", 0)), st.session_state.get(f"moved {key}")
    if moved is None:
        moved = sample_prior(1, explorer.latent_dim, generator=np.random.default_rng(seed))[0]
    image, is_original = _image(explorer, number, label)
    _tell(key, explorer, number, seed)
    return Asked(number, image, is_original, label, seed, np.asarray(moved, np.float32))


def note_moved(explorer: LatentExplorer, values: Floats) -> None:
    """Note where a hand has put epsilon, or z."""
    st.session_state[f"moved graph of {explorer.name}"] = values


def opened(explorer: LatentExplorer) -> str:
    """Name of the box that is open."""
    name: str = st.session_state.get(f"box graph of {explorer.name}", "z")
    return name


def note_opened(explorer: LatentExplorer, name: str) -> None:
    """Note which box was opened."""
    st.session_state[f"box graph of {explorer.name}"] = name


def _take_wishes(explorer: LatentExplorer, key: str) -> None:
    if (wish := address.asked("source")) is not None:
        st.session_state[f"number {key}"] = _whole(wish, n_points(explorer)) if explorer.can.encode else 0
    if (wish := address.asked("seed")) is not None:
        st.session_state[f"seed {key}"] = _whole(wish, MOST_SEEDS)
    if (wish := address.asked("epsilon")) is not None:
        st.session_state[f"moved {key}"] = _parsed(wish, explorer.latent_dim)
    if (wish := address.asked("box")) is not None and len(wish) < 40:
        st.session_state[f"box {key}"] = wish or "z"  # what is no box's name opens the last one


def _tell(key: str, explorer: LatentExplorer, number: int, seed: int) -> None:
    moved, box = st.session_state.get(f"moved {key}"), opened(explorer)
    address.write("source", str(number) if number else None)
    address.write("seed", str(seed) if seed else None)
    address.write("epsilon", None if moved is None else ",".join(f"{value:.2f}" for value in moved))
    address.write("box", None if box == "z" else box)


def _choose_number(explorer: LatentExplorer, key: str) -> int:
    n, field = n_points(explorer), f"field {key}"
    st.session_state[field] = min(int(st.session_state.get(f"number {key}", 0)), n - 1)

    def take(number: int) -> None:
        st.session_state[f"number {key}"] = number

    number = st.number_input(
        "Test image no.", 0, n - 1, key=field, width=130, on_change=lambda: take(int(st.session_state[field]))
    )
    st.button(
        "", icon=":material/shuffle:", key=f"any {key}", help="Another image at random.",
        on_click=lambda: take(int(np.random.default_rng().integers(n))),
    )  # fmt: skip
    return int(number)


def _choose_class(explorer: LatentExplorer, key: str, number: int) -> int:
    """The class told: a newly chosen image brings its own, and another one may be told instead."""
    labels, names = explorer.latents.labels, explorer.card.data.class_names
    if labels is not None and st.session_state.get(f"class told {key}") != number and not address.is_asked("class"):
        st.session_state[f"class told {key}"] = number
        set_class(explorer, int(labels[number]))
    box = f"class {key}"
    st.session_state[box] = chosen_class(explorer).label
    label: int = st.selectbox(
        "Class told", range(len(names)), key=box, format_func=names.__getitem__, width=110,
        on_change=lambda: set_class(explorer, st.session_state[box]),
        help="Encoder and decoder are told it; a class that is not the image's shows what it does.",
    )  # fmt: skip
    address.write("class", str(label))
    return label


def _image(explorer: LatentExplorer, number: int, label: int | None) -> tuple[npt.NDArray[np.generic] | None, bool]:
    if not explorer.can.encode:
        return None, False
    images = images_of(explorer, "test")
    if images is not None:
        return images[number], True
    labels = explorer.latents.labels
    own = None if label is None or labels is None else int(labels[number])
    return explorer.decode(explorer.latents.mu[[number]], own)[0], False


def _whole(text: str, n: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 and int(text) < n else 0


def _parsed(text: str, latent_dim: int) -> Floats | None:
    if latent_dim > MOST_MOVED or len(text) > 24 * latent_dim:
        return None
    try:
        values = np.array([float(part) for part in text.split(",")], np.float32)
    except ValueError:
        return None
    if len(values) != latent_dim or not np.isfinite(values).all():
        return None
    return np.clip(values, -REACH, REACH)
