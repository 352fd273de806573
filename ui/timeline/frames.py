"""Snapshots as a browser fetches them: at `/timeline/<sha256 of the file>`, the map's two dimensions and the pictures.

A page offers a run's files under their hashes, and the route reads them from the disk: no snapshot is held in memory, a
browser keeps each for good, and what it gets is what the file of that hash holds, or nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ui.routes import FOR_GOOD, NOT_KEPT
from vae_core.latent.plane import axes_plane
from vae_core.training.records import FixedSubset, Snapshot, read_npz
from vae_core.training.snapshot_files import FIXED, fixed_from, snapshot_from

MOST_OFFERS = 20_000


class Offers:
    """Which files may be asked for, by their hashes; the least recently offered go first. Thread-safe."""

    def __init__(self) -> None:
        self._paths: OrderedDict[str, Path] = OrderedDict()
        self._lock = Lock()

    def offer(self, key: str, path: Path) -> None:
        """Let browsers ask for a file whose content has this sha256."""
        with self._lock:
            self._paths[key] = path
            self._paths.move_to_end(key)
            while len(self._paths) > MOST_OFFERS:
                self._paths.popitem(last=False)

    def get(self, key: str) -> Path | None:
        """The file, or None when it was never offered or has been dropped."""
        with self._lock:
            return self._paths.get(key)


OFFERS = Offers()
"""The process's own: scripts offer, the route answers."""


def pack(head: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    """Arrays as one message: length of the head (uint32), the head as JSON, and each array at a multiple of four bytes.

    Parameters
    ----------
    head : dict
        Goes along; `parts` is added to it, the arrays' names, types and shapes in their order.
    arrays : dict
        Of float32 or uint8.
    """
    types = {np.dtype(np.float32): "f4", np.dtype(np.uint8): "u1"}
    parts = [{"name": name, "type": types[a.dtype], "shape": list(a.shape)} for name, a in arrays.items()]
    text = json.dumps({**head, "parts": parts}).encode()
    text += b" " * (-len(text) % 4)
    pieces = [np.uint32(len(text)).astype("<u4").tobytes(), text]
    for array in arrays.values():
        content = array.astype(array.dtype.newbyteorder("<")).tobytes()
        pieces += [content, bytes(-len(content) % 4)]
    return b"".join(pieces)


def pack_snapshot(snapshot: Snapshot) -> bytes:
    """A snapshot for a browser: `mu` along the grid's dimensions (of an older one without a grid all of them)."""
    grid, mu = snapshot.grid, snapshot.mu
    head: dict[str, Any] = {"axes": None, "reach": 0.0}
    if grid is not None:
        head = {"axes": grid.axes, "reach": grid.reach}
        mu = axes_plane(grid.axes, mu.shape[1]).project(mu)
    arrays: dict[str, npt.NDArray[Any]] = {
        "mu": mu.astype(np.float32),
        "reconstructions": _pixels(snapshot.reconstructions),
    }
    if snapshot.draws is not None:
        arrays["draws"] = _pixels(snapshot.draws)
    if grid is not None:
        arrays["grid"] = _pixels(grid.pictures)
    return pack(head, arrays)


def pack_fixed(fixed: FixedSubset) -> bytes:
    """What all snapshots of a run have in common, for a browser; classes beyond the 256th share its colour."""
    arrays: dict[str, npt.NDArray[Any]] = {"originals": _pixels(fixed.originals)}
    if fixed.labels is not None:
        arrays["labels"] = np.minimum(fixed.labels, 255).astype(np.uint8)
    return pack({}, arrays)


def _pixels(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.moveaxis(images, 1, -1)  # (n, H, W, C)


def _packed(key: str) -> bytes | None:
    path = OFFERS.get(key)
    try:
        content = path.read_bytes() if path else b""
    except OSError:
        return None
    if path is None or hashlib.sha256(content).hexdigest() != key:
        return None
    arrays = read_npz(content)
    if path.name == FIXED:
        fixed = fixed_from(arrays)
        return None if fixed is None else gzip.compress(pack_fixed(fixed), 4, mtime=0)
    snapshot = snapshot_from(0, arrays)
    return None if snapshot is None else gzip.compress(pack_snapshot(snapshot), 4, mtime=0)


async def _send(request: Request) -> Response:
    zipped = await run_in_threadpool(_packed, request.path_params["key"])
    if zipped is None:
        return PlainTextResponse("There is no such snapshot any more; reload the page.", 404, headers=NOT_KEPT)
    headers = {**FOR_GOOD, "Content-Encoding": "gzip"}
    return Response(zipped, media_type="application/octet-stream", headers=headers)


TIMELINE_ROUTES = [Route("/timeline/{key}", _send)]
"""For `st.App(routes=...)`."""
