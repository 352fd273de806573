"""One step of training seen from both sides: for whoever goes through a training batch by batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.models.objectives import Weights
from vae_core.training.batch_record import BatchRecord, Terms
from vae_core.training.learner import Learner

N_IMAGES = 8


class Watched:
    """A step about to be trained; made before it, asked after it. Neither draws from the run's own noise.

    Parameters
    ----------
    x, label : Tensor of shape (B, C, H, W), (B,) or None
        The batch.
    """

    def __init__(self, learner: Learner, x: Tensor, label: Tensor | None, rate: float, weights: Weights) -> None:
        self._learner, self._x, self._label, self._rate, self._weights = learner, x, label, rate, weights
        self._noise = learner.generator.get_state()  # what the step itself is going to draw
        self._before, self._was = self._terms(), self._pictures()

    def after(self, step: int, norm: float) -> BatchRecord:
        """What the step did; `step` counts it, and `norm` is its gradient's."""
        x = self._x[:N_IMAGES] if self._learner.model.can.encode else self._x[:0]
        return BatchRecord(
            step=step,
            n_images=len(self._x),
            learning_rate=self._rate,
            kl_weight=self._weights.kl,
            gradient_norm=norm,
            before=self._before,
            after=self._terms(),
            images=_bytes(x),
            was=self._was,
            now=self._pictures(),
        )

    def _same_noise(self) -> torch.Generator:
        generator = torch.Generator(self._x.device)
        generator.set_state(self._noise)
        return generator

    def _terms(self) -> Terms:
        # Not without gradients: a GAN's loss has one in it.
        losses = self._learner.objective.losses(self._x, self._label, self._weights, generator=self._same_noise())
        log_likelihood, kl = (None if t is None else t.mean().item() for t in (losses.log_likelihood, losses.kl))
        return Terms(losses.loss.item(), log_likelihood, kl)

    @torch.no_grad()
    def _pictures(self) -> npt.NDArray[np.uint8]:
        model, label = self._learner.model, None if self._label is None else self._label[:N_IMAGES]
        if model.can.encode:
            z = model.encode(self._x[:N_IMAGES], label).mu
        else:
            shape = (N_IMAGES, model.latent_dim)
            z = torch.randn(shape, generator=self._same_noise(), device=self._x.device)
        return _bytes(model.mean(z, label))


def _bytes(images: Tensor) -> npt.NDArray[np.uint8]:
    return images.mul(255).round().to(torch.uint8).cpu().numpy()
