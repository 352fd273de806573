"""Projections on disk: projections/<method>-<neighbours>-<seed>.npz among what is made for a checkpoint."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic.dataclasses import dataclass

from vae_core.card import Card, Measure, Sha256
from vae_core.checkpoints import Latents
from vae_core.config import STRICT, to_json
from vae_core.errors import CheckpointError
from vae_core.latent.projections import MOST_CODES, OnProgress, Projection, Settings, project, trust_in
from vae_core.made import made_places, place_to_write
from vae_core.metrics.spread import chosen_rows
from vae_core.training.records import load_npz, save_npz

FOLDER = "projections"
MOST_FILES = 24
"""Kept for a model; the oldest go."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Header:
    """What a file says of itself."""

    format: Literal[1] = 1
    weights: Sha256
    settings: Settings


def make_projection(
    latents: Latents, settings: Settings, *, on_progress: OnProgress = lambda share: None
) -> Projection:
    """Project the encoded test split that came with a model; for progress and errors see `projections.project`."""
    began = time.perf_counter()
    rows = chosen_rows(len(latents.mu), MOST_CODES)
    xy = project(latents.mu[rows], settings, on_progress=on_progress)
    seconds = time.perf_counter() - began
    return Projection(settings, xy, rows, trust_in(latents.mu[rows], xy), seconds)


def projection_file(folder: Path, card: Card, settings: Settings, checkpoints_dir: str | Path | None = None) -> Path:
    """Where a projection is kept, whether it is there or not."""
    return made_places(folder, card, _name(settings), checkpoints_dir)[0]


def keep_projection(
    folder: Path, card: Card, projection: Projection, checkpoints_dir: str | Path | None = None
) -> Path:
    """Store a projection in one step, in place of an earlier one; beyond 24 of a model the oldest go.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    trust = projection.trust
    error = np.nan if trust.standard_error is None else trust.standard_error
    arrays: dict[str, npt.NDArray[Any]] = {
        "header": np.frombuffer(_header(card, projection.settings), np.uint8),
        "xy": projection.xy,
        "numbers": np.array([trust.value, error, projection.seconds]),
    }
    path = projection_file(folder, card, projection.settings, checkpoints_dir)
    try:
        save_npz(place_to_write(folder, card, _name(projection.settings), checkpoints_dir), arrays)
        kept = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        for old in kept[:-MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError as problem:
        raise CheckpointError(f"{folder.name}: {path} cannot be written ({problem.strerror}).") from None
    return path


def kept_projection(
    folder: Path, card: Card, settings: Settings, checkpoints_dir: str | Path | None = None
) -> Projection | None:
    """A projection as it was stored; None where there is none, or it is damaged or of other weights."""
    arrays = load_npz(projection_file(folder, card, settings, checkpoints_dir))
    if arrays is None or {"header", "xy", "numbers"} - arrays.keys():
        return None
    xy, numbers, rows = arrays["xy"], arrays["numbers"], chosen_rows(card.data.n_test, MOST_CODES)
    if arrays["header"].tobytes() != _header(card, settings):
        return None
    if xy.shape != (len(rows), 2) or xy.dtype != np.float32 or not np.isfinite(xy).all():
        return None
    if numbers.shape != (3,) or numbers.dtype != np.float64 or not np.isfinite(numbers[[0, 2]]).all():
        return None
    value, error, seconds = map(float, numbers)
    trust = Measure(value=value, standard_error=None if np.isnan(error) else error)
    return Projection(settings, xy, rows, trust, seconds)


def table_of(projection: Projection, latents: Latents) -> bytes:
    """CSV: index in the test split, class where there are any, x and y, and each coordinate of the code."""
    rows, named = projection.rows, latents.labels is not None
    columns = ["index", *(["class"] if named else []), "x", "y", *(f"z{i + 1}" for i in range(latents.mu.shape[1]))]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    for row, xy in zip(rows, projection.xy, strict=True):
        label = [] if latents.labels is None else [int(latents.labels[row])]
        writer.writerow([int(row), *label, *(f"{value:.6g}" for value in (*xy, *latents.mu[row]))])
    return lines.getvalue().encode()


def _name(settings: Settings) -> str:
    return f"{FOLDER}/{settings.method}-{settings.neighbours}-{settings.seed}.npz"


def _header(card: Card, settings: Settings) -> bytes:
    return to_json(Header(weights=card.files.weights, settings=settings))
