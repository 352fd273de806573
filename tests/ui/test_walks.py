"""Paths that a page asks for."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from ui import walks as module
from ui.walks import Walk, walks
from vae_core import LatentExplorer


def test_a_search_that_was_given_up_as_it_was_asked_for_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still to be found, and the next question begins it anew."""
    search = module._Search(future=Future[Walk]())
    assert search.future is not None
    search.future.set_exception(module._UnwantedError())
    monkeypatch.setattr(module, "_search", lambda *_: search)
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    anchors = explorer.latents.mu[:2]
    found = walks(explorer, anchors, 3, ["linear"], None)["linear"]
    assert (None, "") == (found.walk, found.problem)
    search.future = None  # as the search leaves it
    again = walks(explorer, anchors, 3, ["linear"], None)["linear"]
    for _ in range(40):
        if again.walk is not None:
            break
        again = walks(explorer, anchors, 3, ["linear"], None)["linear"]
    assert again.walk is not None
