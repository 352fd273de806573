"""What the directions are worth: their effect on held-out codes, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.directions import words
from ui.directions.kept import Kept, forget, make
from ui.directions.permuting import show_progress, tested
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.directions import Direction, cosines


def show_worth(explorer: LatentExplorer, some: Sequence[Kept]) -> None:
    """The table of effects, the cosines below it, and what can be done with a direction."""
    show_progress(explorer, some)
    directions = [tested(explorer, one) for one in some]
    st.markdown("##### Effect on held-out codes", help=words.READING)
    st.dataframe(
        {
            "Direction": [one.name for one in directions],
            "Effect, 95 % interval": [words.effect(one) for one in directions],
            "p": [words.p_value(one) for one in directions],
            "Found for": [one.question for one in directions],
            "Method": [words.METHOD_TITLES[one.method] for one in directions],
            "Without": [", ".join(one.without) for one in directions],
            "Found on": [one.effect.n_fit for one in directions],
            "Measured on": [one.effect.n_held_out for one in directions],
            "Origin": ["this session" if one.source else "a file: not measured here" for one in some],
        },
        hide_index=True,
    )
    st.caption(
        "Measured on the half of the codes that no direction is found from; *p* by shuffled labels. The larger |d| "
        "or |r|, the more the codes differ along it; that nothing else changes with it is for the cosines and the "
        "pictures to say."
    )
    if len(directions) > 1:
        _show_cosines(explorer, directions)


def _show_cosines(explorer: LatentExplorer, directions: Sequence[Direction]) -> None:
    st.markdown("##### How alike they are", help="The cosine of the angle between any two.")
    table = cosines(directions)
    names = [one.name for one in directions]
    cells = [["" if i == j else words.cosine(value) for i, value in enumerate(row)] for j, row in enumerate(table)]
    st.dataframe({" ": names, **dict(zip(names, cells, strict=True))}, hide_index=True, width="content")
    for sentence in words.confounded(directions):
        st.caption(f":material/warning: {plain(sentence)}")
    st.caption(words.about_cosines(explorer.latent_dim))


def change_direction(explorer: LatentExplorer, some: Sequence[Kept]) -> Kept:
    """Choose one of the directions; remove from it what lies along others, or delete it."""
    names = [one.direction.name for one in some]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.selectbox("Direction", names, index=len(names) - 1, width=220)
        one = some[names.index(name)]
        others = st.multiselect(
            "Remove its component along", [other for other in names if other != name], width=280,
            disabled=one.source is None or len(names) < 2, key=f"remove from {name} of {names}",
            help="What is left is at right angles to these, a direction of its own, measured and tested anew. One that "
            "came in a file cannot be measured, so nothing is removed from it.",
        )  # fmt: skip
        pressed = st.button("Remove it", icon=":material/call_split:", disabled=not others)
        st.button("Delete", icon=":material/delete:", on_click=forget, args=(explorer, name), key="delete direction")
    if pressed and one.source is not None:
        removed = [other for other in some if other.direction.name in others]
        title = f"{name} without {', '.join(others)}"
        try:
            make(explorer, one.source, one.direction.method, title[:56], [*one.remove, *removed])
        except VaeCoreError as problem:
            st.error(plain(str(problem)), icon=":material/error:")
        else:
            st.rerun()
    return one
