"""A tiny MNIST on disk, and torchvision told to take it for the real one."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets
from numpy.typing import NDArray

import vae_core.data.load
from vae_core.data import DATASETS


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """The array as an IDX file."""
    header = bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def write_idx_set(folder: Path, names: tuple[str, ...], arrays: list[NDArray[np.uint8]]) -> dict[str, str]:
    """Write the arrays as packed IDX files; the MD5 of each by name."""
    folder.mkdir(parents=True)
    for name, array in zip(names, arrays, strict=True):
        (folder / name).write_bytes(gzip.compress(idx_bytes(array), mtime=0))
    return {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in names}


def random_arrays(*, labels_from: int = 0, n_classes: int = 10) -> list[NDArray[np.uint8]]:
    """Train images, train labels, test images, test labels: 30 and 8 of them."""
    generator = np.random.default_rng(0)
    return [
        part
        for n in (30, 8)
        for part in (
            generator.integers(0, 256, (n, 28, 28), dtype=np.uint8),
            generator.integers(labels_from, labels_from + n_classes, n, dtype=np.uint8),
        )
    ]


@dataclass(frozen=True)
class TinyMnist:
    """Where it lies, and what it holds."""

    data_dir: Path
    raw: Path
    arrays: list[NDArray[np.uint8]]


@pytest.fixture
def tiny_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMnist:
    """Write MNIST with 30 training and 8 test images, of which 5 are held out for validation."""
    spec, data_dir = DATASETS["mnist"], tmp_path / "there"
    arrays = random_arrays()
    md5 = write_idx_set(data_dir / spec.folder, spec.files, arrays)
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", list(md5.items()))
    monkeypatch.setattr(vae_core.data.load, "N_VALIDATION", 5)
    return TinyMnist(data_dir, data_dir / spec.folder, arrays)
