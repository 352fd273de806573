"""What data of one's own is, to be looked at before a model is trained on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae_core.config import DataConfig
from vae_core.data.gathered import Progress
from vae_core.data.image_set import LeftOut, held_out_counts
from vae_core.data.own import gather
from vae_core.data.own_name import title_of

N_SAMPLES = 24


@dataclass(frozen=True, eq=False)
class Preview:
    """What a run with these options would train on.

    Attributes
    ----------
    n_train, n_validation, n_test : int
        Images in each split.
    image_shape : tuple of int
        (C, H, W) as chosen.
    sizes : tuple of ((width, height), count)
        Sizes that were found, the most frequent first.
    classes : tuple of (name, count)
        In the order of the labels; empty without classes.
    left_out : tuple of LeftOut
    samples : ndarray of uint8, shape (at most 24, C, H, W)
        Evenly spread over all images, with `sample_labels` (n,) or None.
    """

    name: str
    title: str
    n_train: int
    n_validation: int
    n_test: int
    image_shape: tuple[int, int, int]
    sizes: tuple[tuple[tuple[int, int], int], ...]
    classes: tuple[tuple[str, int], ...]
    left_out: tuple[LeftOut, ...]
    samples: NDArray[np.uint8]
    sample_labels: NDArray[np.int64] | None


def inspect(name: str, options: DataConfig, on_progress: Progress | None = None) -> Preview:
    """Read data of one's own as training would, and tell what it is.

    Raises
    ------
    DataError
        Where training would be refused, in the same words.
    """
    data = gather(name, options, on_progress)
    counts = np.bincount(data.labels, minlength=len(data.class_names)).tolist() if data.labels is not None else []
    at = np.unique(np.linspace(0, len(data.images) - 1, N_SAMPLES).astype(int))
    n_train, n_validation, n_test = data.given
    _, channels, height, width = data.images.shape
    tenths = held_out_counts(n_train)
    held = (0 if n_validation else tenths[0], 0 if n_test else tenths[1])
    return Preview(
        name=name,
        title=title_of(name),
        n_train=n_train - sum(held),
        n_validation=n_validation or held[0],
        n_test=n_test or held[1],
        image_shape=(channels, height, width),
        sizes=tuple(sorted(data.sizes.items(), key=lambda item: (-item[1], item[0]))),
        classes=tuple(zip(data.class_names, counts, strict=True)),
        left_out=data.left_out,
        samples=data.images[at],
        sample_labels=None if data.labels is None else data.labels[at],
    )
