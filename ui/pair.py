"""The two ends of a walk: images of the test split, chosen by number, by class, at random, or by clicking on a map.

Of a model without an encoder they are draws from its prior, by number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.encoded import images_of
from ui.pictures import magnified, show
from vae_core import LatentExplorer
from vae_core.latent.prior import sample_prior

ENDS = ("From", "To")
N_DRAWS = 10_000
"""Draws of the prior that a walk may begin or end at, without an encoder."""


@dataclass(frozen=True, eq=False)
class End:
    """One end of a walk: its number, of a test image or of a draw, and its z (D,)."""

    number: int
    z: npt.NDArray[np.float32]


def choose_pair(explorer: LatentExplorer) -> tuple[End, End]:
    """Draw the controls for both ends."""
    n = _n_numbers(explorer)
    for place, end in enumerate(ENDS):
        if not 0 <= st.session_state.get(_key(explorer, end), -1) < n:
            st.session_state[_key(explorer, end)] = _first_pair(explorer)[place]
    for end in ENDS:
        _choose_end(explorer, end, n)
    start, last = (int(st.session_state[_key(explorer, end)]) for end in ENDS)
    return End(start, _z_of(explorer, start)), End(last, _z_of(explorer, last))


def pair_buttons(explorer: LatentExplorer) -> None:
    """Draw the buttons that change both ends."""
    turn = ENDS[st.session_state.get("next end", 0)]
    st.button(
        "Random",
        icon=":material/casino:",
        on_click=_draw_pair,
        args=(explorer,),
        help=f"A random pair. A click on the map sets one end: now “{turn}”, then the other."
        if explorer.can.encode
        else "Two other draws from the prior.",
    )
    st.button("Swap", icon=":material/swap_horiz:", on_click=_swap, args=(explorer,))


def take_click(explorer: LatentExplorer, index: int) -> None:
    """Make a clicked data point the start, and the next one the end."""
    turn = st.session_state.get("next end", 0)
    st.session_state[_key(explorer, ENDS[turn])] = index
    st.session_state["next end"] = 1 - turn


def _choose_end(explorer: LatentExplorer, end: str, n: int) -> None:
    names, labels = explorer.card.data.class_names, explorer.latents.labels
    key = _key(explorer, end)
    index = int(st.session_state[key])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        images = images_of(explorer, "test") if explorer.can.encode else None
        if images is not None:
            show(magnified(images[index], 64), f"{end}: the original of test image {index}.")
        if labels is not None and names:
            chosen = f"class {key}"
            if st.session_state.get(chosen) != int(labels[index]):
                st.session_state[chosen] = int(labels[index])
            st.selectbox(
                f"{end}: class",
                range(len(names)),
                key=chosen,
                format_func=names.__getitem__,
                on_change=_draw_of_class,
                args=(explorer, end, chosen),
                help="Another class draws one of its test images at random." if end == ENDS[0] else None,
            )
        number = f"number {key}"
        if st.session_state.get(number) != index:  # see ui.sliders: only what changed elsewhere is set
            st.session_state[number] = index
        title = "Test image no." if explorer.can.encode else f"{end}: draw no."
        st.number_input(title, 0, n - 1, key=number, on_change=_take_number, args=(key, number), width=150)


def _key(explorer: LatentExplorer, end: str) -> str:
    return f"{end} of {explorer.name}"


def _n_numbers(explorer: LatentExplorer) -> int:
    return len(explorer.latents.mu) if explorer.can.encode else N_DRAWS


def _z_of(explorer: LatentExplorer, number: int) -> npt.NDArray[np.float32]:
    if not explorer.can.encode:
        return sample_prior(1, explorer.latent_dim, generator=np.random.default_rng(number)).reshape(-1)
    mu: npt.NDArray[np.float32] = explorer.latents.mu[number]
    return mu


def _take_number(key: str, number: str) -> None:
    st.session_state[key] = st.session_state[number]


def _first_pair(explorer: LatentExplorer) -> tuple[int, int]:
    """Two images of different classes, where there are classes."""
    labels = explorer.latents.labels
    if not explorer.can.encode:
        return 0, 1
    if labels is None:
        return 0, len(explorer.latents.mu) - 1
    others = np.flatnonzero(labels != labels[0])
    return 0, int(others[0]) if len(others) else len(labels) - 1


def _draw_pair(explorer: LatentExplorer) -> None:
    n = _n_numbers(explorer)
    for end, index in zip(ENDS, np.random.default_rng().choice(n, 2, replace=n < 2), strict=True):
        st.session_state[_key(explorer, end)] = int(index)


def _draw_of_class(explorer: LatentExplorer, end: str, chosen: str) -> None:
    labels = explorer.latents.labels
    assert labels is not None
    members = np.flatnonzero(labels == st.session_state[chosen])
    if len(members):
        st.session_state[_key(explorer, end)] = int(np.random.default_rng().choice(members))


def _swap(explorer: LatentExplorer) -> None:
    start, end = (_key(explorer, end) for end in ENDS)
    st.session_state[start], st.session_state[end] = st.session_state[end], st.session_state[start]
