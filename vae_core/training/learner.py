"""What a step of training changes: the model, its objective, Adam's moments, the noise and the epoch's sums."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from vae_core.config import RunConfig
from vae_core.data import ImageSet
from vae_core.models import build_model
from vae_core.models.objectives import Weights, build_objective
from vae_core.training.seeds import derived_seed
from vae_core.training.state import Position, load_state, save_state

LARGEST_GRADIENT_NORM = 50.0


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Take denormal numbers, which a trained network is full of and which cost the CPU a hundredfold, as zero."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class Learner:
    """A model in training.

    Attributes
    ----------
    generator : torch.Generator
        Of all noise that training draws.
    sums : Tensor of shape (3,)
        Loss, log-likelihood and KL, summed over the images of the epoch so far.
    """

    def __init__(self, config: RunConfig, data: ImageSet, device: torch.device) -> None:
        training = config.training
        self.device = device
        torch.set_num_threads(training.threads)
        torch.manual_seed(derived_seed(training.seed, "weights"))
        self.model = build_model(config.model, data.image_shape, len(data.class_names))
        self.objective = build_objective(config.model.family, self.model, training, len(data.train.images))
        self.objective.to(device)
        self.parameters = list(self.objective.parameters())
        betas = self.objective.adam_betas
        self.optimizer = torch.optim.Adam(self.parameters, lr=training.learning_rate, betas=betas, fused=True)
        self.generator = torch.Generator(device).manual_seed(derived_seed(training.seed, "noise"))
        self.sums = torch.zeros(3, dtype=torch.float64, device=device)

    def step(self, x: Tensor, label: Tensor | None, rate: float, weights: Weights) -> Tensor:
        """One step of Adam on the objective, averaged over the batch; returns the gradient's norm."""
        losses = self.objective.losses(x, label, weights, generator=self.generator)
        self.optimizer.zero_grad()
        losses.loss.backward()  # type: ignore[no-untyped-call]
        norm = get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        # On the CPU a look is free, and it saves multiplying all gradients by one; a GPU would have to be waited for.
        if self.device.type != "cpu" or norm.item() > LARGEST_GRADIENT_NORM:
            clip_grads_with_norm_(self.parameters, LARGEST_GRADIENT_NORM, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        with torch.no_grad():
            self.sums += losses.sums(len(x))
        return norm

    def means(self, n_seen: int) -> tuple[float, float | None, float | None]:
        """Loss, log-likelihood and KL, means over the epoch's images so far; None for what the family has not."""
        loss, log_likelihood, kl = (self.sums / n_seen).tolist()
        can = self.model.can
        return loss, log_likelihood if can.likelihood else None, kl if can.posterior else None

    def save(self, path: Path, position: Position) -> None:
        """Write all of it, and where the run is, in one file."""
        save_state(path, self.objective, self.optimizer, self.generator, self.sums, position)

    def load(self, path: Path) -> Position:
        """Take up what was saved; returns where the run was.

        Raises
        ------
        CheckpointError
            When the file is damaged or belongs to another model.
        """
        position, sums = load_state(path, self.objective, self.optimizer, self.generator)
        self.sums = sums.to(self.device)
        return position
