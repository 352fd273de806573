"""The class that a conditional model is asked for: one a session and model, on all pages, and in the address."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui import address
from ui.class_chooser import class_chooser
from ui.place import Place, Settled
from vae_core import LatentExplorer


@dataclass(frozen=True)
class ChosenClass:
    """A class, -1 for a model that takes none; `stamp` and `first` are as in `ui.place.Place`."""

    label: int
    stamp: str
    first: bool = False


def chosen_class(explorer: LatentExplorer) -> ChosenClass:
    """The class of this session: what the address asks for, else what was chosen last, else the first."""
    if not explorer.can.label:
        return ChosenClass(-1, "", first=True)
    key, wish = _key(explorer), address.asked("class")
    known: ChosenClass | None = st.session_state.get(key)
    if known is None or wish is not None:
        known = ChosenClass(_parsed(wish or "", explorer.n_classes), secrets.token_hex(6), first=known is None)
        st.session_state[key] = known
    return known


def note_class(explorer: LatentExplorer, label: int) -> None:
    """Note the class that a hand has chosen: the browser is there already, so the stamp stays."""
    if explorer.can.label:
        now = chosen_class(explorer)
        st.session_state[_key(explorer)] = ChosenClass(label, now.stamp, now.first)


def set_class(explorer: LatentExplorer, label: int) -> None:
    """Choose a class for the session, and have the browser take it over."""
    if chosen_class(explorer).label != label:
        st.session_state[_key(explorer)] = ChosenClass(label, secrets.token_hex(6))


def choose_class(place: Place, key: str, on_settled: Callable[[Settled], None]) -> None:
    """A choice of the class, for a model that takes one; the address says what was chosen."""
    explorer = place.explorer
    if not explorer.can.label:
        address.write("class", None)
        return
    address.write("class", str(place.label))
    class_chooser(place, class_names=explorer.card.data.class_names, key=key, on_settled=on_settled)


def told_classes(explorer: LatentExplorer, n: int) -> list[int] | None:
    """The session's class for n images, as `decode` takes it: not at all where the model takes none."""
    return [chosen_class(explorer).label] * n if explorer.can.label else None


def _parsed(text: str, n_classes: int) -> int:
    """The class of an address; the first one when it is none of the model's."""
    is_class = text.isascii() and text.isdigit() and len(text) < 4 and int(text) < n_classes
    return int(text) if is_class else 0


def _key(explorer: LatentExplorer) -> str:
    return f"class of {explorer.card.files.weights}"
