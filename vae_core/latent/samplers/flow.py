"""A small normalising flow: a bijection, learned, that makes a standard normal of the codes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
import zuko
from torch import Tensor, nn

from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.fit import Arrays, Doubles, Fit, Floats, Progress, held_out, member, scales

N_TRANSFORMS, N_BINS, WIDTHS = 3, 8, (64, 64)
BATCH, EPOCHS, FEWEST_STEPS, MOST_STEPS = 512, 20, 400, 2000
LEARNING_RATE = 5e-3
STEPS_A_CHECK = 50
"""Steps between two looks at the codes that were held out."""


@dataclass(frozen=True, eq=False)
class Flow(Fit):
    """log p(z) = log N(f(u); 0, I) + log |det df/dz| with u = (z - shift) / scale.

    f is a neural spline flow (Durkan, Bekasov, Murray & Papamakarios 2019) of three autoregressive transformations
    (Papamakarios, Pavlakou & Murray 2017), eight bins each on [-5, 5] and the identity beyond. It is fitted by
    maximum likelihood: in each epoch each image gives a new z ~ q(z|x). What is kept is the state at which codes that
    were held out were likeliest, so that few codes are not learned by heart.

    A temperature scales the standard normal before it goes through the inverse of f (Kingma & Dhariwal 2018);
    at 0 all draws are one.

    Attributes
    ----------
    weights : ndarray of float32, shape (P,)
        The flow's parameters in their order.
    shift, scale : ndarray of float64, shape (D,)
    """

    kind = "flow"
    members = ("weights", "shift", "scale")

    weights: Floats
    shift: Doubles
    scale: Doubles

    @classmethod
    def fitted(cls, codes: Codes, *, generator: np.random.Generator, on_progress: Progress) -> Self:
        shift, scale = scales(codes.draws(generator=generator))

        def new_draws() -> Tensor:
            return torch.from_numpy(((codes.draws(generator=generator) - shift) / scale).astype(np.float32))

        rest, judges = (torch.from_numpy(rows) for rows in held_out(len(codes), generator=generator))
        judge = new_draws()[judges]
        flow = _module(codes.latent_dim, seed=int(generator.integers(2**62)))
        n_batches = -(-len(rest) // BATCH)
        n_steps = min(MOST_STEPS, max(FEWEST_STEPS, EPOCHS * n_batches))
        optimizer = torch.optim.Adam(flow.parameters(), LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
        best, highest = _parameters(flow), -np.inf
        for step in range(n_steps):
            if step % n_batches == 0:
                shuffled = new_draws()[rest[torch.from_numpy(generator.permutation(len(rest)))]]
            batch = shuffled[(step % n_batches) * BATCH :][:BATCH]
            loss = -flow().log_prob(batch).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(flow.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            if (step + 1) % STEPS_A_CHECK == 0 or step + 1 == n_steps:
                with torch.inference_mode():
                    found = float(flow().log_prob(judge).mean())
                if found > highest:  # false for NaN too
                    best, highest = _parameters(flow), found
                on_progress((step + 1) / n_steps)
        return cls(best, shift, scale)

    @classmethod
    def from_arrays(cls, arrays: Arrays, latent_dim: int) -> Self:
        n_parameters = sum(parameter.numel() for parameter in _module(latent_dim).parameters())
        weights = member(arrays, "weights", np.float32, (n_parameters,))
        shift, scale = (member(arrays, name, np.float64, (latent_dim,)) for name in ("shift", "scale"))
        if not (scale > 0).all():
            raise ValueError("scale is not positive")
        return cls(weights, shift, scale)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"weights": self.weights, "shift": self.shift, "scale": self.scale}

    @torch.inference_mode()
    def draw(self, n: int, *, temperature: float, generator: np.random.Generator) -> Floats:
        noise = np.float32(temperature) * generator.standard_normal((n, len(self.shift)), dtype=np.float32)
        u = self._flow().transform.inv(torch.from_numpy(noise)).double().numpy()
        return np.asarray((self.shift + self.scale * u).astype(np.float32))

    def change_of_variables(self, z: npt.ArrayLike) -> tuple[Doubles, Doubles]:
        """Where the bijection takes z, and by how much it stretches volume there.

        Parameters
        ----------
        z : array of shape (N, D)

        Returns
        -------
        base : float64 array of shape (N, D)
            f(u), which is a draw of N(0, I) when z is one of the flow.
        log_det : float64 array of shape (N,)
            log |det df/dz|, so that log p(z) = log N(base; 0, I) + log_det.
        """
        u = torch.from_numpy(((np.asarray(z, np.float64) - self.shift) / self.scale).astype(np.float32))
        with torch.inference_mode():
            base, log_det = self._flow().transform.call_and_ladj(u)
        return base.double().numpy(), log_det.double().numpy() - np.log(self.scale).sum()

    def log_prob(self, z: Doubles) -> Doubles:
        # In parts: a spline's knots take some thirty numbers a dimension.
        parts = np.array_split(z, -(-z.size // (1 << 17)))
        base, log_det = (np.concatenate(some) for some in zip(*map(self.change_of_variables, parts), strict=True))
        normal = -0.5 * (np.square(base) + math.log(2 * math.pi)).sum(axis=1)  # log N(base; 0, I)
        return np.asarray(normal + log_det)

    @cached_property
    def _flow(self) -> Any:
        flow = _module(len(self.shift)).requires_grad_(False)
        nn.utils.vector_to_parameters(torch.from_numpy(self.weights.copy()), flow.parameters())
        return flow


def _module(latent_dim: int, *, seed: int = 0) -> Any:
    with torch.random.fork_rng(devices=[]):  # modules draw their first weights from the global generator
        torch.manual_seed(seed)
        return zuko.flows.NSF(latent_dim, transforms=N_TRANSFORMS, bins=N_BINS, hidden_features=WIDTHS)


def _parameters(flow: nn.Module) -> Floats:
    return nn.utils.parameters_to_vector(flow.parameters()).detach().numpy().copy()
