"""The typed door to the small maps of pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.javascript import component
from ui.palette import CLASS_COLOURS
from ui.routes import POINTS, Blob, content_key
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError

_component = component("pairs", Path(__file__).parent / "assets", ["pairs"])


@dataclass(frozen=True)
class PairPoints:
    """Points of some dimensions; make it with `register`, and keep it in a cache.

    Attributes
    ----------
    key : str
        Hash of the content, the name under which the browser fetches it.
    n, k : int
        How many points and dimensions.
    reach : float
        The largest magnitude of all: the end of all axes.
    has_labels : bool
    """

    key: str
    n: int
    k: int
    reach: float
    has_labels: bool
    _blob: Blob = field(repr=False, compare=False)

    @classmethod
    def register(cls, z: npt.ArrayLike, labels: npt.NDArray[np.int64] | None) -> PairPoints:
        """Check the points, (n, k) with k of at least 2, and their classes, (n,), below 256, and make them ready.

        Raises
        ------
        ShapeError
            When the shapes do not fit, or a point is not finite.
        """
        codes = finite_rows(z, "pairs: the points").astype("<f4")
        n, k = codes.shape
        if k < 2 or (labels is not None and (labels.shape != (n,) or not ((labels >= 0) & (labels < 256)).all())):
            raise ShapeError(
                f"pairs: the points must have two dimensions and a class below 256 each, not {codes.shape}."
            )
        parts = [np.array([n, k, labels is not None], "<u4"), codes]
        if labels is not None:
            parts.append(labels.astype("u1"))
        content = b"".join(part.tobytes() for part in parts)
        reach = float(np.abs(codes).max(initial=1e-6))
        return cls(content_key(content), n, k, reach, labels is not None, Blob(content, "application/octet-stream"))

    def offer(self) -> None:
        """Hold the points ready for browsers, or keep them from being dropped."""
        POINTS.put(self.key, self._blob)


def pairs(
    points: PairPoints,
    *,
    names: Sequence[str],
    key: str,
    on_pick: Callable[[int, int], None] | None = None,
) -> None:
    """Draw each pair of dimensions as a small map, all axes in one scale from -reach to reach.

    Parameters
    ----------
    points : PairPoints
    names : sequence of str
        What stands at the axes, one a dimension; what follows a line's end is a second line.
    key : str
        Identity on the page.
    on_pick : callable, optional
        Called with the two dimensions, across and up, of the map that was clicked, before the script runs again.

    Raises
    ------
    ShapeError
        When there is not a name for each dimension.
    """
    if len(names) != points.k:
        raise ShapeError(f"pairs: {points.k} dimensions need as many names, but there are {len(names)}.")

    def picked() -> None:
        said = st.session_state.get(key)
        pair = said.get("picked") if isinstance(said, Mapping) else None
        if isinstance(pair, list | tuple) and len(pair) == 2 and all(type(axis) is int for axis in pair):
            across, up = pair
            if 0 <= across < up < points.k and on_pick is not None:
                on_pick(across, up)

    points.offer()
    data = {
        "url": f"/points/{points.key}",
        "reach": points.reach,
        "classes": points.has_labels,
        "names": list(names),
        "colours": CLASS_COLOURS,
        "label": f"Small maps of {points.n:,} encoded images, one for each pair of {points.k} dimensions.",
    }
    _component(key=key, data=data, height="content", on_picked_change=picked)
