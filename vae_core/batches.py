"""A model asked by numpy arrays: in batches, on its device, and never with an answer that is no number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.errors import CheckpointError
from vae_core.inputs import checked_label


@dataclass(frozen=True)
class Batches:
    """How one model is asked.

    Attributes
    ----------
    name : str
        What messages call it.
    n_classes : int
        Classes that it takes; 0 for a model that takes none.
    device : str
        Where it runs.
    size : int
        Rows that it is asked at once.
    """

    name: str
    n_classes: int
    device: str
    size: int

    @torch.inference_mode()
    def ask(
        self,
        question: Callable[..., Tensor],
        *arrays: npt.NDArray[np.generic],
        label: npt.ArrayLike | None,
        axis: int = 0,
    ) -> npt.NDArray[Any]:
        """The answers to all rows of some arrays, joined.

        Parameters
        ----------
        question : callable
            Takes as many rows of each array, as tensors on the device, and their labels or None.
        *arrays : arrays of shape (N, ...)
            uint8 becomes float32 in [0, 1], all else float32.
        label : int, or int array of shape (N,)
            The class, for a model that takes one, and only for such.
        axis : int
            That of the rows in the answers.

        Raises
        ------
        ShapeError
            When the label does not fit.
        CheckpointError
            When an answer is not a finite number.
        """
        n = len(arrays[0])
        labels = checked_label(label, n, self.n_classes, self.name)
        starts = range(0, max(1, n), self.size)  # none is a batch too, whose answer has the right shape
        answers = []
        for some in (slice(start, start + self.size) for start in starts):
            told = None if labels is None else torch.from_numpy(np.array(labels[some])).to(self.device)
            answers.append(question(*(self.to_device(array[some]) for array in arrays), told).cpu().numpy())
        joined = answers[0] if len(answers) == 1 else np.concatenate(answers, axis)
        if not np.isfinite(joined).all():  # finite weights may be so large that what they yield is not
            raise CheckpointError(
                f"{self.name}: what the model yields is not a finite number: its weights are unusable."
            )
        return joined

    def to_device(self, rows: npt.NDArray[np.generic]) -> Tensor:
        """Rows as float32 on the device, those of uint8 divided by 255."""
        kind = np.uint8 if rows.dtype == np.uint8 else np.float32
        # Copied is what torch refuses or warns of: read-only arrays, negative strides, foreign byte orders.
        tensor = torch.from_numpy(np.require(rows, kind, ["C", "A", "W"])).to(self.device)
        return tensor if kind is np.float32 else tensor.to(torch.float32).div_(255)
