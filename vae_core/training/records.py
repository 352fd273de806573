"""What a run leaves behind of each epoch: a line of history.jsonl, and a snapshot to look at. No torch in here."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # pydantic cannot read typing's before Python 3.12

from vae_core.config import STRICT
from vae_core.files import atomic_path


class TrainTerms(TypedDict):
    """Means over an epoch's training images, nats per image; None for what the family has not."""

    loss: float
    log_likelihood: float | None
    kl: float | None
    elbo: float | None


class ValidationTerms(TypedDict):
    """Means over the validation images after an epoch, nats per image; None for what the family has not."""

    elbo: float | None
    log_likelihood: float | None
    kl: float | None


class EpochLine(TypedDict):
    """A line of history.jsonl; `kl_weight` is the mean over the epoch, `learning_rate` that of its last step."""

    __pydantic_config__ = STRICT  # type: ignore[misc]  # how pydantic is told, see its documentation of TypedDict

    epoch: int
    train: TrainTerms
    validation: ValidationTerms
    kl_per_dimension: Annotated[list[float], Field(max_length=512)]
    kl_weight: float
    learning_rate: float
    best: bool
    seconds: float
    images_per_second: float


EPOCH_LINE = TypeAdapter(EpochLine)
LARGEST_HISTORY = 64 << 20
"""Bytes of history.jsonl that are read: more than a hundred thousand epochs."""


@dataclass(frozen=True, eq=False)
class DecodedGrid:
    """What a square of two latent dimensions decodes to, all others 0.

    Attributes
    ----------
    axes : tuple of int
        The dimension to the right and the one upwards, counted from 0; where there is but one the second means nothing.
    reach : float
        The pictures stand at even steps from -reach to reach along both.
    pictures : ndarray of uint8, shape (k * k, C, h, w)
        Row by row from the top left; large images are shrunk.
    """

    axes: tuple[int, int]
    reach: float
    pictures: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What one epoch looked like.

    Attributes
    ----------
    mu : ndarray of shape (n, D)
        Posterior means of the fixed subset; no rows without an encoder.
    reconstructions : ndarray of uint8, shape (m, C, H, W)
        Of the originals; none without an encoder.
    draws : ndarray of uint8, shape (m, C, H, W), or None
        Decoded from the same z of N(0, I) in each epoch; None in the snapshots of older versions of this project.
    grid : DecodedGrid or None
        None as above.
    """

    epoch: int
    mu: npt.NDArray[np.float32]
    reconstructions: npt.NDArray[np.uint8]
    draws: npt.NDArray[np.uint8] | None = None
    grid: DecodedGrid | None = None


@dataclass(frozen=True)
class FixedSubset:
    """What all snapshots of a run show: labels (n,) or None of the points, originals uint8 (m, C, H, W).

    Without an encoder there are neither. `class_names[label]` is a class's name; none without labels.
    """

    labels: npt.NDArray[np.int64] | None
    originals: npt.NDArray[np.uint8]
    class_names: tuple[str, ...] = ()


LARGEST_NPZ = 64 << 20
"""Bytes that a snapshot may unpack to: a thousand codes of 512 dimensions and all its pictures take a few megabytes."""


def save_npz(path: Path, arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Write arrays as a compressed npz in one step; the same arrays give the same bytes."""
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_npz(path: Path) -> dict[str, npt.NDArray[Any]] | None:
    """Arrays of an npz, nothing unpickled; None when it is missing or damaged."""
    try:
        return read_npz(path.read_bytes())
    except OSError:
        return None


def read_npz(content: bytes) -> dict[str, npt.NDArray[Any]] | None:
    """Arrays of an npz's bytes, nothing unpickled; None when they are damaged, or too large for what a run records."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST_NPZ:
                return None
        with np.load(io.BytesIO(content), allow_pickle=False) as npz:
            arrays = {name: npz[name] for name in npz.files}
    except Exception:
        return None
    return arrays if all(isinstance(array, np.ndarray) for array in arrays.values()) else None
