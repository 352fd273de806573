"""Paths through a model's space, found in threads of their own, once for all sessions, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from time import monotonic

import numpy as np
import numpy.typing as npt
import streamlit as st

from vae_core import LatentExplorer
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.images import to_uint8
from vae_core.latent.density import region_of
from vae_core.latent.paths.find import Cost, Path, cost_of, find_path
from vae_core.metrics.classifier import Classifier, kept_classifier

AT_ONCE = 0.25
"""Seconds that a page waits for paths before it shows what there is."""
UNWANTED = 10.0
"""Seconds after which a search that no page has asked for any more ends."""

SEARCHED = ("graph", "geodesic")
# Pools, not threads of their own: a crowd's searches wait in line, and none is cut off in torch when the server ends.
_QUICK, _SLOW = ThreadPoolExecutor(2, "path"), ThreadPoolExecutor(2, "search")


class _UnwantedError(Exception):
    """Nobody looks at the page that asked for a path."""


@dataclass(frozen=True, eq=False)
class Walk:
    """A path that was found, with its pictures as a screen shows them (n, H, W, C) and its classes (n, K), if known."""

    path: Path
    cost: Cost
    pictures: npt.NDArray[np.uint8]
    probabilities: npt.NDArray[np.float32] | None


@dataclass(eq=False)
class _Search:
    """The search of one path: asked by any thread."""

    future: Future[Walk] | None = None
    share: float = 0.0
    asked: float = 0.0

    def told(self, share: float) -> None:
        if share < 1 and monotonic() - self.asked > UNWANTED:
            self.future = None  # who comes later begins anew
            raise _UnwantedError
        self.share = share


@dataclass(frozen=True, eq=False)
class Found:
    """What a page has of a path by now: the walk, or how far the search is, or why there is none."""

    walk: Walk | None
    share: float = 0.0
    problem: str = ""


def walks(
    explorer: LatentExplorer,
    anchors: npt.NDArray[np.float32],
    n_steps: int,
    methods: Sequence[str],
    label: int | None,
) -> dict[str, Found]:
    """The paths of some methods, as far as they are found within a quarter of a second; ask again for the rest."""
    searches = {name: _search(explorer.card.key, explorer.device, name, n_steps, label, anchors) for name in methods}
    futures = {}
    for name, search in searches.items():
        search.asked = monotonic()
        future = search.future  # which the search itself may forget at any time
        if future is None:
            pool = _SLOW if name in SEARCHED else _QUICK
            future = search.future = pool.submit(_find, explorer, anchors, n_steps, name, label, search)
        futures[name] = future
    wait(futures.values(), AT_ONCE)
    found = {}
    for name, future in futures.items():
        if not future.done():
            found[name] = Found(None, searches[name].share)
        elif (problem := future.exception()) is None:
            found[name] = Found(future.result())
        elif isinstance(problem, _UnwantedError):
            found[name] = Found(None)  # given up just before this was asked: the next question begins anew
        else:
            known = isinstance(problem, VaeCoreError)
            found[name] = Found(None, problem=str(problem) if known else "This path could not be found.")
    return found


@st.cache_resource(max_entries=128, show_spinner=False)
def _search(
    card: str, device: str, method: str, n_steps: int, label: int | None, anchors: npt.NDArray[np.float32]
) -> _Search:
    return _Search()


def _find(
    explorer: LatentExplorer,
    anchors: npt.NDArray[np.float32],
    n_steps: int,
    method: str,
    label: int | None,
    search: _Search,
) -> Walk:
    search.told(0.0)  # it may have waited in line
    path = find_path(explorer, anchors, n_steps, method=method, label=label, on_progress=search.told)
    judge = classifier(explorer)
    pictures = to_uint8(path.images)
    probabilities = None if judge is None else judge.predict(pictures)
    return Walk(path, cost_of(explorer, path, label), np.moveaxis(pictures, 1, -1), probabilities)


@st.cache_resource(max_entries=8, show_spinner=False)
def _classifier(card: str, checksum: str, _explorer: LatentExplorer) -> Classifier | None:
    try:
        return kept_classifier(_explorer.card.data)
    except CheckpointError:  # the Model page, which can train it anew, says what is wrong
        return None


def classifier(explorer: LatentExplorer) -> Classifier | None:
    """The small classifier of a model's data, if one is stored; none is trained here."""
    return _classifier(explorer.card.key, explorer.card.data.checksum, explorer)


def support_threshold(explorer: LatentExplorer, label: int | None) -> float | None:
    """The log density, nats, below which the decoder was hardly ever trained; None where there are no codes."""
    try:
        return region_of(explorer, label).threshold
    except VaeCoreError:
        return None
