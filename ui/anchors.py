"""The anchors of a walk: images of the test split, chosen by number, by class, at random, or by clicking on a map.

The first and the last are its ends, those between them stops in their order. Of a model without an encoder they are
draws from its prior, by number. The address holds the numbers.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui import address
from ui.encoded import images_of
from ui.latent_map import MapClick
from ui.numbered import n_points
from ui.pictures import magnified, show
from vae_core import LatentExplorer
from vae_core.latent.neighbours import nearest
from vae_core.latent.plane import Plane

MOST = 12
"""Anchors of a walk."""
ROOM = 154
"""Pixels of more than three anchors: three rows and a half, so that one sees that there are more."""
ADDS = "clicks add stops"
TURN = "next end"


def choose_anchors(explorer: LatentExplorer) -> list[int]:
    """Draw the controls of all anchors; gives their numbers."""
    numbers = _numbers(explorer)
    n = len(numbers)
    with st.container(height=ROOM if n > 3 else "content", border=False, gap="xsmall"):
        for place in range(n):
            _choose(explorer, place, n)
    address.write("anchors", ",".join(map(str, numbers)))
    return numbers


def anchor_buttons(explorer: LatentExplorer) -> None:
    """Draw the buttons that change several anchors at once."""
    adds = bool(st.session_state.get(ADDS))
    turn = ("From", "To")[st.session_state.get(TURN, 0)]
    click = (
        "A click on the map adds a stop." if adds else f"A click on the map sets one end: now “{turn}”, then the other."
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _buttons(explorer, click)


def _buttons(explorer: LatentExplorer, click: str) -> None:
    st.button(
        "Random",
        icon=":material/casino:",
        on_click=_draw_all,
        args=(explorer,),
        help=f"Others at random. {click}" if explorer.can.encode else "Other draws from the prior.",
    )
    st.button("Swap", icon=":material/swap_horiz:", on_click=_reverse, args=(explorer,), help="The way back.")
    st.button(
        "Add stop",
        icon=":material/add_location_alt:",
        on_click=_add,
        args=(explorer, None),
        disabled=len(_numbers(explorer)) >= MOST,
        help="Add a stop before the end, at random; choose another one in its row.",
    )


def choose_click(explorer: LatentExplorer) -> None:
    """Draw the switch that says what a click on the map is for."""
    if explorer.can.encode:
        help_ = "A click on the map adds a stop before the end; else it sets the two ends, in turn."
        st.toggle("Clicks add stops", key=ADDS, persist_state="session", help=help_)


def take_click(explorer: LatentExplorer, click: MapClick, plane: Plane) -> None:
    """Make the data point nearest to a click on the map a stop, or else one end, and the next one the other."""
    index = click.index
    if index is None:
        (found,), _ = nearest(plane.project(explorer.latents.mu), [click.z])
        index = int(found)
    if st.session_state.get(ADDS):
        _add(explorer, index)
        return
    turn = st.session_state.get(TURN, 0)
    _numbers(explorer)[-turn] = index  # 0: the first, 1: the last
    st.session_state[TURN] = 1 - turn


def parse_anchors(text: str, n: int) -> list[int] | None:
    """The numbers of an address; None when they are not 2 to 12 whole ones below n."""
    parts = text.split(",")
    if not 2 <= len(parts) <= MOST or not all(p.isascii() and p.isdigit() and len(p) < 9 for p in parts):
        return None
    numbers = [int(part) for part in parts]
    return numbers if max(numbers) < n else None


def _numbers(explorer: LatentExplorer) -> list[int]:
    """The session's anchors of a model: its own list, to be changed in place."""
    key, n = f"anchors of {explorer.name}", n_points(explorer)
    wish = address.asked("anchors")
    if wish is not None and (asked := parse_anchors(wish, n)) is not None:
        st.session_state[key] = asked
    known: list[int] = st.session_state.get(key, [])
    if len(known) < 2 or max(known) >= n:
        known = st.session_state[key] = _first_pair(explorer)
    return known


def _choose(explorer: LatentExplorer, place: int, n: int) -> None:
    numbers = _numbers(explorer)
    index = numbers[place]
    title = "From" if place == 0 else "To" if place == n - 1 else f"Stop {place}"
    names, labels = explorer.card.data.class_names, explorer.latents.labels
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(f"{place}." if 0 < place < n - 1 else title, width=38)
        images = images_of(explorer, "test") if explorer.can.encode else None
        if images is not None:
            show(magnified(images[index], 40), f"{title}: the original of test image {index}.")
        if labels is not None and names:
            key = f"class {place} of {explorer.name}"
            if st.session_state.get(key) != int(labels[index]):
                st.session_state[key] = int(labels[index])
            st.selectbox(
                f"{title}: class",
                range(len(names)),
                key=key,
                format_func=names.__getitem__,
                on_change=_draw_of_class,
                args=(explorer, place, key),
                help="Another class draws one of its test images at random." if place == 0 else None,
                label_visibility="collapsed",
                width=104 if n > 2 else "stretch",
            )
        key = f"number {place} of {explorer.name}"
        if st.session_state.get(key) != index:  # see ui.sliders: only what changed elsewhere is set
            st.session_state[key] = index
        label = "Test image no." if explorer.can.encode else f"{title}: draw no."
        st.number_input(
            label,
            0,
            n_points(explorer) - 1,
            key=key,
            on_change=_take_number,
            args=(explorer, place, key),
            width=116,
            label_visibility="collapsed",
        )
        if n > 2:
            st.button(
                "",
                icon=":material/arrow_upward:",
                key=f"earlier {place}",
                type="tertiary",
                disabled=place == 0,
                on_click=_earlier,
                args=(explorer, place),
                help=f"{title}: one place earlier",
            )
            st.button(
                "",
                icon=":material/close:",
                key=f"remove {place}",
                type="tertiary",
                on_click=_remove,
                args=(explorer, place),
                help=f"Remove: {title}",
            )


def _take_number(explorer: LatentExplorer, place: int, key: str) -> None:
    _numbers(explorer)[place] = int(st.session_state[key])


def _draw_of_class(explorer: LatentExplorer, place: int, key: str) -> None:
    labels = explorer.latents.labels
    assert labels is not None  # else there is no such box
    members = np.flatnonzero(labels == st.session_state[key])
    if len(members):
        _numbers(explorer)[place] = int(np.random.default_rng().choice(members))


def _first_pair(explorer: LatentExplorer) -> list[int]:
    """Two images of different classes, where there are classes."""
    labels = explorer.latents.labels
    if not explorer.can.encode:
        return [0, 1]
    if labels is None:
        return [0, len(explorer.latents.mu) - 1]
    others = np.flatnonzero(labels != labels[0])
    return [0, int(others[0]) if len(others) else len(labels) - 1]


def _draw_all(explorer: LatentExplorer) -> None:
    numbers, n = _numbers(explorer), n_points(explorer)
    numbers[:] = np.random.default_rng().choice(n, len(numbers), replace=n < len(numbers)).tolist()


def _reverse(explorer: LatentExplorer) -> None:
    _numbers(explorer).reverse()


def _add(explorer: LatentExplorer, index: int | None) -> None:
    numbers = _numbers(explorer)
    if len(numbers) < MOST:
        numbers.insert(-1, int(np.random.default_rng().integers(n_points(explorer))) if index is None else index)


def _earlier(explorer: LatentExplorer, place: int) -> None:
    numbers = _numbers(explorer)
    numbers[place - 1], numbers[place] = numbers[place], numbers[place - 1]


def _remove(explorer: LatentExplorer, place: int) -> None:
    numbers = _numbers(explorer)
    if len(numbers) > 2:
        numbers.pop(place)
