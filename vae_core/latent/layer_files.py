"""Fields on disk: layers/<hash of what was asked>.npz among what is made for a checkpoint, bound to its weights."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field as Constrained
from pydantic.dataclasses import dataclass

from vae_core.card import Sha256
from vae_core.config import STRICT, to_json
from vae_core.errors import CheckpointError
from vae_core.latent.layers import Extent, Field, map_extent, off_the_plane
from vae_core.latent.plane import Plane
from vae_core.made import made_places, place_to_write
from vae_core.training.records import save_npz
from vae_core.unzip import unzipped

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

FOLDER = "layers"
MOST_FILES = 64
"""Kept for a model; each new place of the pin off the plane makes another. The oldest go."""

LARGEST = 1 << 23
"""Bytes that a file may unpack to: twice those of the finest field with angles."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Asked:
    """All that a field depends on; make it with `of`."""

    format: Literal[1] = 1
    weights: Sha256
    layer: str
    label: int | None
    n: Annotated[int, Constrained(ge=2)]
    axes: tuple[tuple[float, ...], tuple[float, ...]]
    centre: tuple[float, ...]
    extent: tuple[float, float, float]
    rest: tuple[float, ...]
    classifier: str | None

    @classmethod
    def of(
        cls,
        explorer: LatentExplorer,
        layer: str,
        plane: Plane,
        *,
        n: int,
        z: npt.ArrayLike | None = None,
        label: int | None = None,
        checkpoints_dir: str | Path | None = None,
    ) -> Asked:
        """What `vae_core.latent.layers.layer_field` would be asked for, on the map's extent."""
        extent = map_extent(explorer, plane)
        return cls(
            weights=explorer.card.files.weights,
            layer=layer,
            label=label,
            n=n,
            axes=(tuple(map(float, plane.a)), tuple(map(float, plane.b))),
            centre=tuple(map(float, plane.centre)),
            extent=(extent.x, extent.y, extent.half),
            rest=tuple(map(float, off_the_plane(explorer, plane, z))),
            classifier=_classifier(explorer, checkpoints_dir) if layer == "entropy" else None,
        )

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name it."""
        return hashlib.sha256(to_json(self)).hexdigest()[:32]


def field_file(explorer: LatentExplorer, asked: Asked, checkpoints_dir: str | Path | None = None) -> Path:
    """Where a field is kept, whether it is there or not."""
    return made_places(explorer.path, explorer.card, f"{FOLDER}/{asked.key}.npz", checkpoints_dir)[0]


def keep_field(explorer: LatentExplorer, asked: Asked, field: Field, checkpoints_dir: str | Path | None = None) -> None:
    """Store a field in one step; beyond 64 of a model the oldest go.

    Raises
    ------
    CheckpointError
        When the file cannot be written.
    """
    arrays: dict[str, npt.NDArray[Any]] = {"asked": np.frombuffer(to_json(asked), np.uint8), "values": field.values}
    arrays["numbers"] = np.array([*field.span, np.nan if field.threshold is None else field.threshold])
    if field.angles is not None:
        arrays["angles"] = field.angles
    try:
        path = place_to_write(explorer.path, explorer.card, f"{FOLDER}/{asked.key}.npz", checkpoints_dir)
        save_npz(path, arrays)
        kept = sorted(path.parent.glob("*.npz"), key=lambda file: file.stat().st_mtime)
        for old in kept[:-MOST_FILES]:
            old.unlink(missing_ok=True)
    except OSError as problem:
        path = field_file(explorer, asked, checkpoints_dir)
        raise CheckpointError(f"{explorer.name}: {path} cannot be written ({problem.strerror}).") from None


def kept_field(explorer: LatentExplorer, asked: Asked, checkpoints_dir: str | Path | None = None) -> Field | None:
    """A field as it was stored; None where there is none, or its file is damaged or not what it is named for."""
    arrays = _arrays(field_file(explorer, asked, checkpoints_dir))
    if arrays is None or {"asked", "values", "numbers"} - arrays.keys():
        return None
    values, angles, numbers = arrays["values"], arrays.get("angles"), arrays["numbers"]
    shape = (asked.n, asked.n)
    fits = [grid.shape == shape and grid.dtype == np.float32 and np.isfinite(grid).all() for grid in (values, angles)
            if grid is not None]  # fmt: skip
    if not all(fits) or numbers.shape != (3,) or numbers.dtype != np.float64 or not numbers[0] < numbers[1]:
        return None
    if arrays["asked"].tobytes() != to_json(asked):
        return None
    threshold = None if np.isnan(numbers[2]) else float(numbers[2])
    span = float(numbers[0]), float(numbers[1])
    return Field(asked.layer, Extent(*asked.extent), values, angles, span, threshold)


def _arrays(path: Path) -> dict[str, npt.NDArray[Any]] | None:
    """Those of a file, nothing unpickled; None when it is missing, damaged or larger than a field can be."""
    names = [f"{name}.npy" for name in ("asked", "values", "angles", "numbers")]
    try:
        if not path.is_file() or path.stat().st_size > LARGEST:
            return None
        members = unzipped(path.read_bytes(), names, largest=LARGEST)
        return {
            name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
            for name, content in members.items()
        }
    except Exception:  # zipfile, zlib and numpy raise a dozen kinds
        return None


def _classifier(explorer: LatentExplorer, checkpoints_dir: str | Path | None) -> str | None:
    from vae_core.metrics.classifier import kept_classifier

    found = kept_classifier(explorer.card.data, checkpoints_dir=checkpoints_dir)
    return None if found is None else found.card.weights
