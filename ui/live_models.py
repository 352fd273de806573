"""Which model the live channel is asked for: the first bytes of a card's key -> an open model.

Holds no model itself: those that pages were given are kept by `ui.cache` and the sessions. What is not among them was
offered by another server, or before this one was restarted; it is looked up in the checkpoints' folders and opened.
"""

from __future__ import annotations

from threading import Lock
from time import monotonic
from weakref import WeakValueDictionary

from ui.cache import open_explorer
from vae_core import LatentExplorer, list_checkpoints
from vae_core.checkpoints import CheckpointEntry
from vae_core.errors import CheckpointError

N_MODEL_BYTES = 16

LIST_SECONDS = 3.0
"""How old the list of the folders may be. A list that takes long may be twenty times as old as that took."""

_open: WeakValueDictionary[tuple[bytes, str], LatentExplorer] = WeakValueDictionary()
_listed: dict[bytes, list[CheckpointEntry]] = {}
_listed_until = 0.0
_lock, _list_lock = Lock(), Lock()


def remember(explorer: LatentExplorer) -> bytes:
    """Note a model that a page was given; returns its name on the channel."""
    model = bytes.fromhex(explorer.card.key)[:N_MODEL_BYTES]
    with _lock:
        _open[model, explorer.device] = explorer
    return model


def recall(model: bytes, device: str) -> LatentExplorer | None:
    """The model, if it is open; None while it must be looked up. Takes no time.

    Raises
    ------
    CheckpointError
        When the folders were looked through not long ago and it was in none.
    """
    with _lock:
        found = _open.get((model, device))
    if found is None and monotonic() < _listed_until and model not in _listed:
        raise _missing()
    return found


def look_up(model: bytes, device: str) -> LatentExplorer:
    """Look for the model in the folders, and open it; many that ask at once share one look.

    Raises
    ------
    CheckpointError
        When there is none, or it is damaged.
    """
    global _listed, _listed_until
    with _list_lock:
        began = monotonic()
        if began >= _listed_until:
            found = [entry for entry in list_checkpoints() if entry.card is not None]
            _listed = {}
            for entry in found:
                assert entry.card is not None
                _listed.setdefault(bytes.fromhex(entry.card.key)[:N_MODEL_BYTES], []).append(entry)
            _listed_until = monotonic() + max(LIST_SECONDS, 20 * (monotonic() - began))
        entries = _listed.get(model, [])
    problem = _missing()
    for entry in entries:  # copies, of which one may be damaged
        try:
            explorer = open_explorer(entry, device)
        except CheckpointError as damage:
            problem = damage
            continue
        remember(explorer)
        return explorer
    raise problem


def _missing() -> CheckpointError:
    return CheckpointError("This model is not here any more: reload the page.")
