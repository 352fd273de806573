"""The typed door to the lifeline."""

from __future__ import annotations

from pathlib import Path

from ui import live
from ui.javascript import component
from vae_core import LatentExplorer

_component = component("lifeline", Path(__file__).parent / "assets", ["lifeline"])


def lifeline(explorer: LatentExplorer) -> None:
    """Have the whole script run again when the live channel needs a fresh token; nothing is to be seen of it.

    It stands outside of all fragments: a server that has been restarted knows none of them, and what a component inside
    of one asks for is not heard until the script has run.
    """
    # What asks needs no answer: the rerun itself brings the token, to this and to all other components.
    _component(key="lifeline", data=live.offer(explorer), height="content", on_renew_change=lambda: None)
