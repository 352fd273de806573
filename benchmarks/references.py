"""The training paths that `train.py` measures this project's loop against, each with the same model and batch.

pytorch/examples: the recipe of its `vae` example, written anew. pythae: its own trainer, where it is installed.
"""

from __future__ import annotations

import gzip
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae_core.data import DATASETS, data_dir

BATCH_SIZE, LEARNING_RATE = 128, 1e-3
WIDTH, LATENT_DIM = 400, 20

Burst = Callable[[], None]
"""Trains for one epoch over the burst's images."""


class _ExamplesModel(nn.Module):
    """784-400-20-400-784 as the example has it: the likelihood's parameters are probabilities, not logits."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, WIDTH), nn.ReLU())
        self.to_mu, self.to_logvar = nn.Linear(WIDTH, LATENT_DIM), nn.Linear(WIDTH, LATENT_DIM)
        self.decoder = nn.Sequential(nn.Linear(LATENT_DIM, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 784), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Loss of a batch x (B, 1, 28, 28): cross-entropy and KL, summed over the batch."""
        x = x.flatten(1)  # (B, 784)
        features = self.body(x)
        mu, logvar = self.to_mu(features), self.to_logvar(features)  # (B, 20)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        cross_entropy = F.binary_cross_entropy(self.decoder(z), x, reduction="sum")
        return cross_entropy - 0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()


def examples_path(n_images: int, device: str, scratch: Path) -> Burst:
    """The path of the pytorch/examples VAE: an image at a time through PIL and ToTensor, the loss read every step."""
    from torchvision import transforms
    from torchvision.datasets import MNIST

    _unpack_mnist(scratch / "MNIST" / "raw")
    images = MNIST(scratch, train=True, transform=transforms.ToTensor())
    # The example's own settings: no worker on a CPU, one and pinned memory on a GPU.
    settings: dict[str, Any] = {} if device == "cpu" else {"num_workers": 1, "pin_memory": True}
    subset = torch.utils.data.Subset(images, range(n_images))
    loader = torch.utils.data.DataLoader(subset, batch_size=BATCH_SIZE, shuffle=True, **settings)
    model = _ExamplesModel().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def burst() -> None:
        model.train()
        total = 0.0
        for x, _ in loader:
            optimizer.zero_grad()
            loss = model(x.to(device))
            loss.backward()
            optimizer.step()
            total += loss.item()

    return burst


def _unpack_mnist(target: Path) -> None:
    """Copy the four files, unpacked: torchvision wants them so, and a data folder may be read-only."""
    target.mkdir(parents=True)
    spec = DATASETS["mnist"]
    for name in spec.files:
        packed = data_dir() / spec.folder / name
        unpacked = packed.with_suffix("")
        read = gzip.open if packed.is_file() else open
        with (
            read(packed if packed.is_file() else unpacked, "rb") as source,
            (target / unpacked.name).open("wb") as copy,
        ):
            shutil.copyfileobj(source, copy)


def pythae_trainer(pixels: npt.NDArray[np.uint8], device: str, scratch: Path) -> Burst:
    """pythae's trainer, without its progress bar: float images resident, fetched and collated one by one."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.INFO)  # its modules log to stderr whatever their parent says

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(784, WIDTH), nn.ReLU())
            self.to_mu, self.to_logvar = nn.Linear(WIDTH, LATENT_DIM), nn.Linear(WIDTH, LATENT_DIM)

        def forward(self, x: Tensor) -> Any:
            features = self.body(x)
            return ModelOutput(embedding=self.to_mu(features), log_covariance=self.to_logvar(features))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(LATENT_DIM, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 784), nn.Sigmoid())

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=self.body(z).unflatten(-1, (1, 28, 28)))

    images = torch.tensor(pixels).float().div_(255)  # (N, 1, 28, 28)
    model_config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT_DIM, reconstruction_loss="bce")
    trainer = BaseTrainer(
        model=VAE(model_config, Encoder(), Decoder()),
        train_dataset=BaseDataset(images, torch.zeros(len(images))),
        training_config=BaseTrainerConfig(
            output_dir=str(scratch / "pythae"),
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            no_cuda=device == "cpu",
        ),
    )
    trainer.prepare_training()
    trainer.callback_handler.callbacks.clear()
    return lambda: trainer.train_step(1)
