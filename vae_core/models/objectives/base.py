"""What an objective is: a model, whatever else its training needs, and a loss of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vae_core.card import SplitFigures
from vae_core.config import TrainConfig
from vae_core.models.model import Model


@dataclass(frozen=True)
class Weights:
    """What changes from step to step: the weight of the KL term, and the KL in nats that it is drawn to."""

    kl: float
    capacity: float


@dataclass(frozen=True)
class Losses:
    """What a step minimises, and the standard ELBO's terms of the same batch, to be watched.

    Attributes
    ----------
    loss : Tensor of shape ()
        Mean over the images.
    log_likelihood, kl : Tensor of shape (B,), or None
        In nats; None where the family has none.
    """

    loss: Tensor
    log_likelihood: Tensor | None = None
    kl: Tensor | None = None

    def sums(self, n: int) -> Tensor:
        """Loss, log-likelihood and KL summed over the n images, (3,) float64; 0 for what there is none of."""
        terms = (self.log_likelihood, self.kl)
        parts = [self.loss * n, *(self.loss.new_zeros(()) if term is None else term.sum() for term in terms)]
        return torch.stack(parts).double()


class Objective(nn.Module, ABC):
    """A loss for a model. Its own parameters, where it has any, are trained with the model's but not kept with them.

    Attributes
    ----------
    adam_betas : tuple of float
        Decay rates of Adam's two moments.
    """

    adam_betas = (0.9, 0.999)

    def __init__(self, model: Model, config: TrainConfig, n_train: int) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.n_train = n_train

    def score(self, figures: SplitFigures) -> float | None:
        """What the best weights are chosen by, higher is better: the ELBO, else the log-likelihood, else None."""
        best = figures.elbo or figures.log_likelihood
        return best.value if best else None

    @abstractmethod
    def losses(self, x: Tensor, label: Tensor | None, weights: Weights, *, generator: torch.Generator) -> Losses:
        """The loss of images x (B, C, H, W) in [0, 1]; `label` (B,) int64 for a model that takes a class."""
