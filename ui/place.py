"""Place: one z of one model that the live components of a page share; the browser owns it while a hand moves it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import live
from vae_core import LatentExplorer

FARTHEST = 100.0
"""|z| beyond which what comes from a browser is taken for a mistake: no prior of unit variance reaches there."""


def farthest(explorer: LatentExplorer) -> float:
    """How far from 0 a coordinate may lie in a model's space: codes that no prior holds together may go beyond."""
    return max(FARTHEST, 2.0 * float(np.abs(explorer.latents.mu).max(initial=0.0)))


@dataclass(frozen=True, eq=False)
class Place:
    """Where a page stands in a model's latent space, as Python knows it.

    Attributes
    ----------
    name : str
        Identity within the page's document: components with a place of the same name share it. Another model, or
        another device, takes another name.
    explorer : LatentExplorer
    z : ndarray of float32, shape (D,)
        Where Python last put it, or was last told that it was settled.
    stamp : str
        Changes when, and only when, Python itself has moved z: the browser then takes it over, and never otherwise.
    label : int
        The class that z is decoded as, by a model that takes one; -1: none. It moves as z does: with the stamp.
    pinned : bool
        False: there is no pin, z stays where the pointer left it.
    in_address : bool
        The page's address shows z.
    split : str
        Of which encoded images the nearest is shown: "test", "train" or "all".
    first : bool
        The stamp is that of a session's first run, and z that of its address: a document that shows this place already,
        whose server has been restarted, keeps its own z and tells it.
    """

    name: str
    explorer: LatentExplorer
    z: npt.NDArray[np.float32]
    stamp: str
    label: int = -1
    pinned: bool = True
    in_address: bool = False
    split: str = "test"
    first: bool = False

    def data(self) -> dict[str, Any]:
        """What the browser needs of it, a fresh token of the live channel included."""
        data = self.explorer.card.data
        return {
            **live.offer(self.explorer),
            "name": self.name,
            "z": [float(value) for value in self.z],
            "label": self.label,
            "farthest": farthest(self.explorer),
            "encodes": self.explorer.can.encode,
            "pinned": self.pinned,
            "stamp": self.stamp,
            "address": self.in_address,
            "split": self.split,
            "counts": [data.n_train, data.n_validation, data.n_test],
            "first": self.first,
        }


@dataclass(frozen=True, eq=False)
class Settled:
    """What a hand has settled on: z (D,) float32, whether it is pinned, and the class, -1 for none."""

    z: npt.NDArray[np.float32]
    pinned: bool
    label: int = -1


def read_settled(state: object, explorer: LatentExplorer) -> Settled | None:
    """Read what a component's "settled" trigger holds, which may be anything at all; None when it is no place."""
    settled = state.get("settled") if isinstance(state, Mapping) else None
    if not isinstance(settled, Mapping):
        return None
    z, pinned, label = settled.get("z"), settled.get("pinned"), settled.get("label", -1)
    if not (isinstance(z, list | tuple) and len(z) == explorer.latent_dim and isinstance(pinned, bool)):
        return None
    if type(label) is not int or not (0 <= label < explorer.n_classes if explorer.can.label else label == -1):
        return None
    if not all(_is_number(value) for value in z):
        return None
    reach = farthest(explorer)
    return Settled(np.clip(np.array(z, np.float32), -reach, reach), pinned, label)


def when_settled(
    key: str, explorer: LatentExplorer, on_settled: Callable[[Settled], None] | None
) -> Callable[[], None]:
    """What the component `key` does with its "settled" trigger: it tells `on_settled`, if what came is a place."""

    def settled() -> None:
        now = read_settled(st.session_state.get(key), explorer)
        if now is not None and on_settled is not None:
            on_settled(now)

    return settled


def _is_number(value: object) -> bool:
    # A bool is no number here; an int too large for a float is refused by its size.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e6 and math.isfinite(value)
