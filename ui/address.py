"""The page's address: what it asks for when a session begins or goes back in its history, and what it says since.

Python writes the model and how the map is looked at; z is the browser's to write (docs/decisions/0007).
"""

from __future__ import annotations

from time import monotonic

import streamlit as st

LOOKS = (
    "axes",
    "image",
    "at",
    "chosen",
    "leader",
    "together",
    "points",
    "colour",
    "group",
    "class",
    "layer",
    "around",
    "directions",
    "onto",
    "analogy",
    "do",
    "order",
    "where",
    "row",
    "anchors",
    "methods",
    "steps",
    "source",
    "spread",
    "count",
    "seed",
    "show",
    "only",
    "styles",
    "projection",
    "run",
    "sweep",
    "best",
    "epsilon",
    "box",
)
"""How a page is looked at, and which class a model that takes one is asked for."""

UNDERWAY_SECONDS = 2.0
"""A run that was asked for before the browser heard of the last change carries the address before: no going back."""


def begin() -> None:
    """Take note of what the address asks for, at a session's first run."""
    st.session_state["asked"] = st.query_params.to_dict()


def asked(name: str) -> str | None:
    """What is asked for `name`, once: afterwards the session knows. "" asks for what is usual, None for nothing."""
    wishes: dict[str, str] = st.session_state.get("asked", {})
    return wishes.pop(name, None)


def is_asked(name: str) -> bool:
    """Whether something is asked for `name` that nobody has taken up yet."""
    return bool(st.session_state.get("asked", {}).get(name))


def wish(name: str, value: str) -> None:
    """Have the page that is opened next find this asked for."""
    st.session_state.setdefault("asked", {})[name] = value


def write(name: str, value: str | None) -> None:
    """Have the address say so; None takes the name out of it."""
    said = _said()
    if said.get(name) != value:
        st.session_state["said at"] = monotonic()
    if value is None:
        said.pop(name, None)
        if name in st.query_params:
            del st.query_params[name]
    else:
        said[name] = value
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def forget() -> None:
    """Another model has been chosen: what the address says of the one before holds no longer."""
    st.session_state["asked"] = {}
    for name in ("z", *LOOKS):
        write(name, None)


def gone_back() -> str | None:
    """The model of the address, when somebody has gone back or forward to it; its looks are then `asked` for."""
    here = st.query_params.to_dict()
    if "model" not in here:  # a page switch has emptied it
        st.session_state["said"] = {}
        return None
    said = _said()
    if not said or monotonic() - st.session_state.get("said at", 0.0) < UNDERWAY_SECONDS:
        return None
    if all(here.get(name) == said.get(name) for name in ("model", *LOOKS)):
        return None
    st.session_state["asked"] = {name: here.get(name, "") for name in LOOKS}
    st.session_state["said"] = {name: here[name] for name in ("model", *LOOKS) if name in here}
    return here["model"]


def _said() -> dict[str, str]:
    said: dict[str, str] = st.session_state.setdefault("said", {})
    return said
