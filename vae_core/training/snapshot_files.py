"""Snapshots as arrays of an npz, and back. No torch in here: the app watches runs without it.

A file may be torn, of an older version, or a stranger's: what does not fit together is no snapshot.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.training.records import DecodedGrid, FixedSubset, Snapshot

Arrays = dict[str, npt.NDArray[Any]]

FIXED = "fixed.npz"
LARGEST_HALF = float(np.finfo(np.float16).max)


def snapshot_arrays(snapshot: Snapshot) -> Arrays:
    """What is stored of a snapshot; half precision is plenty for a picture, codes beyond its reach stay at its end."""
    mu = np.clip(snapshot.mu, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
    arrays: Arrays = {"mu": mu, "reconstructions": snapshot.reconstructions}
    if snapshot.draws is not None:
        arrays["draws"] = snapshot.draws
    if (grid := snapshot.grid) is not None:
        arrays |= {"grid": grid.pictures, "axes": np.array(grid.axes), "reach": np.array(grid.reach)}
    return arrays


def snapshot_from(epoch: int, arrays: Arrays | None) -> Snapshot | None:
    """The snapshot that `snapshot_arrays` gave, also an older version without draws and grid; None when it is none."""
    if arrays is None or not {"mu", "reconstructions"} <= arrays.keys():
        return None
    mu, reconstructions, draws = arrays["mu"], arrays["reconstructions"], arrays.get("draws")
    is_codes = mu.ndim == 2 and mu.shape[1] > 0 and np.issubdtype(mu.dtype, np.floating)
    if not is_codes or not (np.abs(mu) < np.finfo(np.float32).max).all():
        return None
    if not _is_images(reconstructions) or not (draws is None or _is_images(draws)):
        return None
    if draws is None and not len(mu):  # the older version kept a generator's draws there
        reconstructions, draws = reconstructions[:0], reconstructions
    return Snapshot(epoch, mu.astype(np.float32), reconstructions, draws, _grid(arrays, mu.shape[1]))


def fixed_arrays(fixed: FixedSubset) -> Arrays:
    """What is stored of that which all snapshots of a run have in common."""
    arrays: Arrays = {"originals": fixed.originals}
    if fixed.labels is not None:
        arrays |= {"labels": fixed.labels, "class_names": np.array(fixed.class_names, dtype=np.str_)}
    return arrays


def fixed_from(arrays: Arrays | None) -> FixedSubset | None:
    """What `fixed_arrays` gave; None when it is not that."""
    if arrays is None or not _is_images(arrays.get("originals", np.zeros(0))):
        return None
    told, labels = arrays.get("class_names", np.zeros(0, np.str_)), arrays.get("labels")
    names = tuple(map(str, told)) if told.ndim == 1 else ()
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in "iu" or not names:
        return FixedSubset(None, arrays["originals"])
    is_named = not len(labels) or (labels.min() >= 0 and labels.max() < len(names))
    return FixedSubset(labels if is_named else None, arrays["originals"], names if is_named else ())


def _grid(arrays: Arrays, latent_dim: int) -> DecodedGrid | None:
    pictures, axes, reach = (arrays.get(name, np.zeros(0)) for name in ("grid", "axes", "reach"))
    if not _is_images(pictures) or not len(pictures) or math.isqrt(len(pictures)) ** 2 != len(pictures):
        return None
    if axes.shape != (2,) or axes.dtype.kind not in "iu" or reach.shape != () or reach.dtype.kind != "f":
        return None
    right, up = (int(axis) for axis in axes)
    if not 0 <= right < latent_dim or not 0 <= up < max(2, latent_dim) or right == up or not 0 < reach < np.inf:
        return None
    return DecodedGrid((right, up), float(reach), pictures)


def _is_images(array: npt.NDArray[Any]) -> bool:
    return array.dtype == np.uint8 and array.ndim == 4 and array.shape[1] in (1, 3) and 0 not in array.shape[2:]
