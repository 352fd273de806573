"""The training images on the device as uint8, so that a batch is an index and a division."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.metrics.elbo import labels_of
from vae_core.models import Model
from vae_core.training.seeds import derived_seed


class ResidentImages:
    """Batches of the training split, in an order that the seed and the epoch decide alone."""

    def __init__(self, config: RunConfig, data: ImageSet, model: Model, device: torch.device) -> None:
        self.images = torch.from_numpy(np.array(data.train.images)).to(device)  # uint8 (N, C, H, W)
        labels = labels_of(model, data.train.labels)
        self.labels = None if labels is None else labels.to(device)
        self.redrawn = config.data.binarize == "dynamic"
        self.seed, self.batch_size = config.training.seed, config.training.batch_size
        self.steps_per_epoch = math.ceil(len(self.images) / self.batch_size)

    def __len__(self) -> int:
        return len(self.images)

    def order(self, epoch: int) -> Tensor:
        """The order of an epoch, (N,): of a generator of its own, so that an epoch can be entered in its middle."""
        shuffle = torch.Generator().manual_seed(derived_seed(self.seed, "order", epoch))
        return torch.randperm(len(self.images), generator=shuffle).to(self.images.device)

    def batch(self, order: Tensor, step: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """The images x (B, C, H, W) in [0, 1] of a step of the epoch; labels (B,) where the model takes any."""
        index = order[step * self.batch_size : (step + 1) * self.batch_size]
        x = self.images.index_select(0, index).to(torch.float32).div_(255)
        if self.redrawn:
            x = torch.bernoulli(x, generator=generator)
        return x, None if self.labels is None else self.labels.index_select(0, index)
