"""A run's snapshots as the frames of a film: each epoch's map turned so that it lies as the one before it. No torch.

A latent space has no up and no right of its own: two trainings, and two epochs of one, may say the same in axes that
are turned or mirrored against each other. What is left when that is taken away is what the training has moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import orthogonal_procrustes

from vae_core.latent.plane import axes_plane
from vae_core.training.records import Snapshot, read_npz
from vae_core.training.run_folder import RunFolder
from vae_core.training.shown_plane import shown_axes
from vae_core.training.snapshot_files import snapshot_from

Doubles = npt.NDArray[np.float64]

MOST_FRAMES = 400
"""Frames that are kept in mind, of all runs together: of one that is watched no more are read, however long it is."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One epoch of a timeline.

    Attributes
    ----------
    epoch : int
    path : Path
        The snapshot's file.
    key : str
        The sha256 of its content.
    axes : tuple of int
        The latent dimensions of the map and of the decoded grid, counted from 0.
    points : ndarray of float32, shape (n, 2)
        The codes along them, as the model has them.
    turn : ndarray of float64, shape (2, 2)
        Orthogonal: `points @ turn` is the map aligned to that of the frame before.
    reach : float
        The decoded grid goes from -reach to reach along both axes; 0 where there is none.
    """

    epoch: int
    path: Path
    key: str
    axes: tuple[int, int]
    points: npt.NDArray[np.float32]
    turn: Doubles
    reach: float


def align(points: npt.ArrayLike, before: npt.ArrayLike) -> Doubles:
    """The rotation, perhaps with a reflection, about the origin that brings points nearest to where they were before.

    The Q that minimises ||points Q - before|| in the Frobenius norm over all orthogonal Q (Schönemann 1966, "A
    generalized solution of the orthogonal Procrustes problem"). Nothing is moved or scaled: z = 0 is the prior's
    middle, and how far codes lie from it is what a KL term is about.

    Parameters
    ----------
    points, before : array_like, shape (n, 2)
        The same images, in the same order.

    Returns
    -------
    ndarray of float64, shape (2, 2)
        The identity where there is nothing to go by: no points, or another number of them.
    """
    here, there = np.asarray(points, np.float64), np.asarray(before, np.float64)
    if here.shape != there.shape or not here.any() or not there.any():
        return np.eye(2)
    turn, _ = orthogonal_procrustes(here, there)
    return np.asarray(turn)


def turns(maps: Sequence[npt.NDArray[np.floating]]) -> list[Doubles]:
    """For each of some maps (n, 2) the turn that aligns it to the one before, itself aligned; the first stays."""
    found: list[Doubles] = []
    for i, points in enumerate(maps):
        found.append(align(points, maps[i - 1] @ found[-1]) if i else np.eye(2))
    return found


def timeline(run: RunFolder, history: Sequence[Mapping[str, Any]]) -> list[Frame]:
    """All frames of a run, ascending in their epochs; a snapshot that is damaged or just gone is left out.

    Parameters
    ----------
    run : RunFolder
    history : sequence of mappings
        Its history, which tells the shown dimensions of snapshots that do not say so themselves.
    """
    kl = [line["kl_per_dimension"] for line in history]
    read: list[tuple[int, Path, _Read]] = []
    for epoch in run.snapshot_epochs():
        path = run.snapshot_path(epoch)
        try:
            stat = path.stat()
        except OSError:
            continue
        found = _read(path, stat.st_mtime_ns, stat.st_size)
        if found is not None:
            read.append((epoch, path, found))
    maps = [found.points if found.axes else _map(found.points, kl[:epoch]) for epoch, _, found in read]
    return [
        Frame(epoch, path, found.key, found.axes or _axes(found.points, kl[:epoch]), points, turn, found.reach)
        for (epoch, path, found), points, turn in zip(read, maps, turns(maps), strict=True)
    ]


def snapshot_of(frame: Frame) -> Snapshot | None:
    """The snapshot of a frame; None when its file is no longer the one that the frame was made of."""
    content = _content(frame.path)
    return snapshot_from(frame.epoch, read_npz(content)) if _key(content) == frame.key else None


@dataclass(frozen=True, eq=False)
class _Read:
    """What is kept in mind of a snapshot; of one that does not say which plane it shows, points in all dimensions."""

    key: str
    axes: tuple[int, int] | None
    points: npt.NDArray[np.float32]
    reach: float


@lru_cache(maxsize=MOST_FRAMES)
def _read(path: Path, modified: int, size: int) -> _Read | None:
    content = _content(path)
    snapshot = snapshot_from(0, read_npz(content))
    if snapshot is None:
        return None
    mu, grid, key = snapshot.mu, snapshot.grid, _key(content)
    if grid is None:
        return _Read(key, None, mu, 0.0)
    return _Read(key, grid.axes, axes_plane(grid.axes, mu.shape[1]).project(mu), grid.reach)


def _axes(mu: npt.NDArray[np.float32], kl: Sequence[Sequence[float]]) -> tuple[int, int]:
    return shown_axes(kl, mu.shape[1])


def _map(mu: npt.NDArray[np.float32], kl: Sequence[Sequence[float]]) -> npt.NDArray[np.float32]:
    return axes_plane(_axes(mu, kl), mu.shape[1]).project(mu)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _key(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
