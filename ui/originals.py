"""The images that a model was trained and tested on, where their data set is on this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from vae_core import LatentExplorer
from vae_core.card import DataCard
from vae_core.config import DataConfig
from vae_core.data import DATASETS, data_dir, is_available, load_dataset
from vae_core.data.own_name import is_own, parse_own
from vae_core.errors import VaeCoreError
from vae_core.training.run_folder import RunFolder


@dataclass(frozen=True, eq=False)
class Originals:
    """All images of a data set in one array, training, validation, test, so that every split is a view.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
        Read-only.
    labels : ndarray of int64, shape (N,), or None
        Read-only.
    counts : tuple of int
        How many are for training, validation and test.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    counts: tuple[int, int, int]


def originals(explorer: LatentExplorer) -> Originals | None:
    """The images of a model's data set; None while the very ones that its card names are not on this machine.

    Raises
    ------
    DataError
        When the data is damaged.
    """
    data = explorer.card.data
    if is_own(data.name):
        stamp = _own_stamp(explorer)
        found = None if stamp is None else _load_own(data.name, data.options, data.checksum, stamp)
    elif data.name in DATASETS and is_available(data.name):
        found = _load(data.name, data.options, data.checksum, _stamp(data.name))
    else:
        return None
    claimed = ((data.n_train, data.n_validation, data.n_test), data.image_shape)  # a card may claim any checksum
    return found if found is not None and claimed == (found.counts, found.images.shape[1:]) else None


def _own_stamp(explorer: LatentExplorer) -> str | None:
    """Changes when data of one's own does, as far as its folder or file tells; None where it must not be read.

    A card may come from anybody and name any path: only what a run of this machine was started with is looked at.
    """
    data = explorer.card.data
    try:
        if not _was_started_with(str(explorer.path), explorer.card.key, data):
            return None
        paths = [parse_own(data.name)[1], *([Path(data.options.labels)] if data.options.labels else [])]
        return " ".join(str(_changed(path)) for path in paths)
    except (VaeCoreError, OSError):
        return None


@st.cache_resource(max_entries=32, show_spinner=False)
def _was_started_with(folder: str, card: str, _data: DataCard) -> bool:
    return RunFolder(Path(folder)).asks_for(_data)


def _stamp(dataset: str) -> str:
    """Changes when the files do: another set of that name is looked at once, and once more when it was replaced."""
    folder, times = data_dir() / DATASETS[dataset].folder, list[int]()
    for name in DATASETS[dataset].files:
        with suppress(OSError):
            times.append(_changed(folder / name))
            continue
        with suppress(OSError):
            times.append(_changed(folder / name.removesuffix(".gz")))
    return f"{folder} {times}"


def _changed(path: Path) -> int:
    return os.stat(path).st_mtime_ns  # noqa: PTH116 - half the time of Path.stat, and asked with each data point


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_own(dataset: str, options: DataConfig, checksum: str, stamp: str) -> Originals | None:
    try:
        return _read(dataset, options, checksum)
    except VaeCoreError:  # it has changed so much since that it is no data set any more
        return None


@st.cache_resource(max_entries=4, show_spinner=False)
def _load(dataset: str, options: DataConfig, checksum: str, stamp: str) -> Originals | None:
    # No spinner: outside of a page there is none to show it on.
    return _read(dataset, options, checksum)


def _read(dataset: str, options: DataConfig, checksum: str) -> Originals | None:
    data = load_dataset(dataset, options=options)
    if data.checksum != checksum:
        return None
    splits = (data.train, data.validation, data.test)
    images = np.concatenate([split.images for split in splits])
    images.setflags(write=False)
    given, labels = [split.labels for split in splits if split.labels is not None], None
    if len(given) == len(splits):
        labels = np.concatenate(given)
        labels.setflags(write=False)
    return Originals(images, labels, (len(data.train), len(data.validation), len(data.test)))
