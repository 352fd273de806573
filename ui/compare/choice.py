"""Which models are compared: chosen on the page, carried by its address, opened; those that cannot be are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui import address, state
from ui.cache import open_explorer
from ui.known_figures import KnownFigures, known_figures
from ui.palette import MODEL_COLOURS
from ui.text import plain
from vae_core import LatentExplorer, list_checkpoints
from vae_core.card import Card
from vae_core.checkpoints import NAME_PATTERN, CheckpointEntry
from vae_core.device import available_devices
from vae_core.errors import VaeCoreError

KEY = "compared models"
FEWEST, MOST = 2, len(MODEL_COLOURS)


@dataclass(frozen=True, eq=False)
class Compared:
    """A model among others: opened, with its figures, and the colour that it has all over the page."""

    explorer: LatentExplorer
    known: KnownFigures
    colour: str

    @property
    def name(self) -> str:
        """The checkpoint's."""
        return self.explorer.name

    @property
    def card(self) -> Card:
        """What the model says of itself."""
        return self.explorer.card


def choose_models() -> list[Compared]:
    """Draw the select box; returns the chosen models that can be opened, in the order in which they were chosen."""
    entries = list_checkpoints()
    usable = {entry.name: entry for entry in entries if entry.card is not None}
    asked = address.asked("models")
    if asked is not None:
        st.session_state[KEY] = _asked_for(asked, entries)
    if KEY not in st.session_state:
        st.session_state[KEY] = proposed(list(usable.values()), st.session_state.get("model"))
    st.session_state[KEY] = [name for name in st.session_state[KEY] if name in usable]
    names = st.multiselect(
        "Models",
        list(usable),
        key=KEY,
        persist_state="session",
        max_selections=MOST,
        select_all=False,
        placeholder=f"Choose {FEWEST} to {MOST} models",
        label_visibility="collapsed",
    )
    address.write("models", ",".join(names) or None)
    return _opened([usable[name] for name in names])


def proposed(entries: Sequence[CheckpointEntry], current: str | None) -> list[str]:
    """The current model and the one most like it: of the same data and as many dimensions, if there is such."""
    if len(entries) < FEWEST:
        return [entry.name for entry in entries]
    first = next((entry for entry in entries if entry.name == current), entries[0])
    others = [entry for entry in entries if entry is not first]
    return [first.name, max(others, key=lambda entry: _likeness(entry, first)).name]


def _likeness(entry: CheckpointEntry, other: CheckpointEntry) -> tuple[bool, bool]:
    assert entry.card is not None
    assert other.card is not None
    same_data = entry.card.data.checksum == other.card.data.checksum
    return same_data, entry.card.model.latent_dim == other.card.model.latent_dim


def _asked_for(text: str, entries: Sequence[CheckpointEntry]) -> list[str]:
    """The models that an address asks for; of those that are not to be had it is said why."""
    by_name, names = {entry.name: entry for entry in entries}, list[str]()
    for name in dict.fromkeys(text[:1000].split(",")[: 2 * MOST]):
        entry = by_name.get(name)
        if entry is None:
            # An address may come from anybody: only what can be a name is shown, and as code, lest it become a link.
            named = f" named `{name}`" if NAME_PATTERN.fullmatch(name) else " of a name that the address asks for"
            st.warning(f"There is no model{named} here.", icon=":material/link_off:")
        elif entry.card is None:
            _left_out(entry.problem or "")
        else:
            names.append(name)
    return names[:MOST]


def _opened(entries: Sequence[CheckpointEntry]) -> list[Compared]:
    current = state.open_model()
    device = current.device if current else available_devices()[0]
    found = []
    for entry, colour in zip(entries, MODEL_COLOURS, strict=False):
        assert entry.card is not None
        try:
            explorer = open_explorer(entry, device)
        except VaeCoreError as problem:
            _left_out(str(problem))
            continue
        found.append(Compared(explorer, known_figures(explorer.path, explorer.card), colour))
    return found


def _left_out(why: str) -> None:
    st.warning(f"Left out: {plain(why)}", icon=":material/broken_image:")
