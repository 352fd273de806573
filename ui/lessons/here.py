"""Where the session is: in which step of which lesson, what has been done there, and the models that lessons show."""

from __future__ import annotations

import re
import secrets

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import state
from ui.cache import open_explorer
from ui.lessons.lesson import Lesson, Step
from ui.place import Place, Settled
from vae_core import LatentExplorer
from vae_core.device import available_devices
from vae_core.errors import CheckpointError

MARK = re.compile(r"[0-9]{1,2}(/[a-z0-9-]{1,40}){1,2}")
MOST_MARKS = 400

_HERE, _MARKS, _CLEARED = "lesson step", "lesson marks", "lesson marks cleared"


def enter(lesson: Lesson, step: Step) -> None:
    """Note which step is shown, and that it has been seen."""
    st.session_state[_HERE] = f"{lesson.number}/{step.name}"
    mark(st.session_state[_HERE])


def key(name: str) -> str:
    """An identity on the page for something of the step that is shown."""
    return f"lesson {st.session_state[_HERE]}/{name}"


def marks() -> set[str]:
    """What has been done: "1/holes" is a step seen, "1/holes/guess" a task solved."""
    found: set[str] = st.session_state.setdefault(_MARKS, set())
    return found


def mark(done: str) -> None:
    """Note that something has been done."""
    marks().add(done)


def solve(task: str) -> None:
    """Note that a task of the step that is shown is solved."""
    mark(f"{st.session_state[_HERE]}/{task}")


def is_solved(task: str) -> bool:
    """Whether a task of the step that is shown has been solved, now or in an earlier visit."""
    return f"{st.session_state[_HERE]}/{task}" in marks()


def restore(stored: object) -> None:
    """Take over what a browser remembers, which may be anything at all."""
    if isinstance(stored, list | tuple) and len(stored) <= MOST_MARKS:
        marks().update(text for text in stored if isinstance(text, str) and MARK.fullmatch(text))


def forget() -> None:
    """Forget all that has been done, here and in the browser, and what was answered."""
    st.session_state[_MARKS] = set()
    st.session_state[_CLEARED] = secrets.token_hex(6)
    for name in [name for name in st.session_state if str(name).startswith("lesson ") and "/" in str(name)]:
        del st.session_state[name]


def cleared() -> str:
    """Changes when the browser is to forget what it remembers."""
    return str(st.session_state.get(_CLEARED, ""))


def model(name: str) -> LatentExplorer:
    """A shipped model; where it cannot be opened the step ends here, and a sentence says why."""
    entry = next((entry for entry in state.usable_models() if entry.name == name), None)
    try:
        if entry is None:
            raise CheckpointError(f"This step shows the model {name}, which is not among the checkpoints here.")
        devices = available_devices()
        chosen = st.session_state.get("device")
        return open_explorer(entry, chosen if chosen in devices else devices[0])
    except CheckpointError as problem:
        st.error(str(problem), icon=":material/broken_image:")
        st.stop()


def place(explorer: LatentExplorer, name: str = "z", start: npt.ArrayLike | None = None) -> Place:
    """A place of the step's own in a model's space: at first at `start` (D,), by default 0; `settle` moves it on."""
    first = np.zeros(explorer.latent_dim) if start is None else start
    here = st.session_state.setdefault(
        _place_key(explorer, name), (np.asarray(first, np.float32), secrets.token_hex(4), False, 0)
    )
    z, stamp, _, label = here
    whose = f"{key(name)} of {explorer.card.key[:12]} {explorer.device}"
    return Place(whose, explorer, z, stamp, label=label if explorer.can.label else -1)


def has_moved(explorer: LatentExplorer, name: str = "z") -> bool:
    """Whether a hand has settled anywhere yet in the place of that name."""
    return bool(st.session_state.get(_place_key(explorer, name), (0, 0, False))[2])


def settle(explorer: LatentExplorer, settled: Settled, name: str = "z") -> None:
    """Note where a hand has settled; the browser is there already."""
    stamp = st.session_state[_place_key(explorer, name)][1]
    st.session_state[_place_key(explorer, name)] = (settled.z, stamp, True, max(0, settled.label))


def move(explorer: LatentExplorer, z: npt.ArrayLike, name: str = "z") -> None:
    """Move the place of that name to z (D,), and the browser with it."""
    label = st.session_state.get(_place_key(explorer, name), (0, 0, 0, 0))[3]
    st.session_state[_place_key(explorer, name)] = (np.asarray(z, np.float32), secrets.token_hex(4), True, label)


def _place_key(explorer: LatentExplorer, name: str) -> str:
    return f"{key(name)} at {explorer.card.key}"
