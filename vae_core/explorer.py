"""LatentExplorer: numpy in, numpy out. The only door to a model for pages, command line and notebooks."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core import scoring
from vae_core.batches import Batches
from vae_core.card import Card
from vae_core.checkpoints import Latents, find_checkpoint, read_card, read_latents
from vae_core.device import default_threads, resolve_device
from vae_core.errors import ShapeError
from vae_core.images import to_uint8
from vae_core.inputs import checked_images, checked_z
from vae_core.latent.neighbours import nearest
from vae_core.metrics.elbo import ImageScores
from vae_core.models import Capabilities, Model
from vae_core.models.likelihood import LOG_SIGMA_RANGE, Gaussian
from vae_core.models.outline import Layer, outline
from vae_core.weights import load_model

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Posterior:
    """q(z|x) of N images: mu (N, D), and logvar (N, D), or None when the encoder gives a point."""

    mu: Floats
    logvar: Floats | None


@dataclass(frozen=True, eq=False, repr=False)
class LatentExplorer:
    """A trained model, to be asked questions.

    Immutable, so that all sessions of a server can share one. Device, dtype, inference mode and batching live in here.

    Attributes
    ----------
    path : Path
        The checkpoint's folder, absolute.
    card : Card
        What the model is and how it was trained, as it stood there when the model was opened.
    latents : Latents
        The encoded test split; its arrays are read-only. Without an encoder it has no rows.
    model : Model
        The torch module itself, for the rest of vae_core; nobody outside touches it.
    device : str
        Where it runs: `cpu` or `cuda:N`.
    """

    path: Path
    card: Card
    latents: Latents
    model: Model
    device: str

    def __post_init__(self) -> None:
        for array in (self.latents.mu, self.latents.logvar, self.latents.labels):
            if array is not None:
                array.setflags(write=False)

    @classmethod
    def load(
        cls, name: str | os.PathLike[str], device: str = "auto", *, checkpoints_dir: str | Path | None = None
    ) -> LatentExplorer:
        """Open a checkpoint, checking card, checksums and shapes; nothing is ever unpickled.

        Parameters
        ----------
        name : str or path
            A checkpoint's name, or the path of its folder.
        device : str
            `auto` (the first GPU, else the CPU), `cpu`, `cuda` or `cuda:N`.
        checkpoints_dir : path, optional
            Where new runs lie; by default VAE_CHECKPOINTS_DIR, else `checkpoints/local`.

        Raises
        ------
        CheckpointError
            When it is missing, unfinished or damaged.
        ConfigError
            When the device is not there.
        """
        folder = find_checkpoint(os.fspath(name), checkpoints_dir).absolute()
        card, place = read_card(folder), resolve_device(device)
        latents = read_latents(folder, card)
        # Convolutions are faster with the channels last (benchmarks/README.md); all else is left as it is.
        model = load_model(folder, card).to(place).to(memory_format=torch.channels_last)
        return cls(folder, card, latents, model, place)

    @property
    def name(self) -> str:
        """The checkpoint folder's name."""
        return self.path.name

    @property
    def latent_dim(self) -> int:
        """Number of dimensions of z."""
        return self.card.model.latent_dim

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.card.data.image_shape

    @property
    def can(self) -> Capabilities:
        """What may be asked of this model."""
        return self.model.can

    @property
    def n_classes(self) -> int:
        """Number of classes that it may be asked for, 0 to n_classes - 1; 0 for a model that takes none."""
        return self.model.n_classes

    @property
    def n_parameters(self) -> int:
        """Number of weights, encoder and decoder together."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def sigma(self) -> float | None:
        """The one standard deviation of a Gaussian likelihood, in units of [0, 1]; None for the others."""
        likelihood = self.model.likelihood
        return float(likelihood.log_sigma.clamp(*LOG_SIGMA_RANGE).exp()) if isinstance(likelihood, Gaussian) else None

    @cached_property
    def batches(self) -> Batches:
        """How the model is asked, for the rest of vae_core."""
        # On a CPU, convolutions are fastest while what lies between them stays in the cache (benchmarks/README.md).
        size = 128 if self.card.model.network != "mlp" and self.device == "cpu" else 1024
        return Batches(self.name, self.n_classes, self.device, size)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network from image to z and back, layer by layer."""
        return outline(self.model)

    def nearest(self, z: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """For each z the image of the encoded test split whose mu lies nearest.

        Parameters
        ----------
        z : array of shape (N, D)

        Returns
        -------
        indices : int64 array of shape (N,)
            Into `latents`; of equally near ones the lowest.
        distances : float64 array of shape (N,)
            Euclidean, in units of z.

        Raises
        ------
        ShapeError
            When z has another shape or is not finite.
        """
        return nearest(self.latents.mu, checked_z(z, self.latent_dim, self.name))

    def encode(self, images: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Posterior:
        """q(z|x) of images.

        Parameters
        ----------
        images : array of shape (N, C, H, W)
            uint8 in 0..255, or floats in [0, 1].
        label : int, or int array of shape (N,)
            The class, for a model that takes one, and only for such.

        Raises
        ------
        ShapeError
            When the shape, the type or the range is another, the label does not fit, or there is no encoder.
        """
        if not self.can.encode:
            raise ShapeError(f"{self.name} has no encoder: a {self.card.model.family} only makes images of z.")
        array = checked_images(images, self.image_shape, self.name)

        def ask(x: Tensor, label: Tensor | None) -> Tensor:
            posterior = self.model.encode(x, label)
            return posterior.mu[None] if posterior.logvar is None else torch.stack([posterior.mu, posterior.logvar])

        parts = self.batches.ask(ask, array, label=label, axis=1)  # (1 or 2, N, D)
        return Posterior(parts[0], parts[1] if len(parts) == 2 else None)

    def decode(self, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Floats:
        """The mean of p(x|z): never a sample.

        Parameters
        ----------
        z : array of shape (N, D)
        label : int, or int array of shape (N,)
            The class, for a model that takes one, and only for such.

        Returns
        -------
        float32 array of shape (N, C, H, W), in [0, 1]

        Raises
        ------
        ShapeError
            When z has another shape or is not finite, or the label does not fit.
        """
        return self.batches.ask(self.model.mean, checked_z(z, self.latent_dim, self.name), label=label)

    def decode_uint8(self, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> npt.NDArray[np.uint8]:
        """`decode` as a screen shows it: each pixel rounded to 0..255, the channels last.

        Returns
        -------
        uint8 array of shape (N, H, W, C), contiguous
            `vae_core.images.to_uint8` of `decode`; N at least 1.

        Raises
        ------
        ShapeError
            As `decode`; also when there is no z.
        """
        return np.ascontiguousarray(to_uint8(self.decode(z, label)).transpose(0, 2, 3, 1))

    def draw(self, z: npt.ArrayLike, label: npt.ArrayLike | None = None, *, generator: np.random.Generator) -> Floats:
        """A draw x ~ p(x|z): what the model says an image is, noise and all.

        Parameters
        ----------
        z : array of shape (N, D)
        label : int, or int array of shape (N,)
            As `decode` takes it.
        generator : numpy Generator

        Returns
        -------
        float32 array of shape (N, C, H, W), in [0, 1]

        Raises
        ------
        ShapeError
            As `decode`; also when the model makes images, no distributions.
        """
        scoring.need_likelihood(self)
        rows = checked_z(z, self.latent_dim, self.name)
        inner = torch.Generator(self.device).manual_seed(int(generator.integers(2**62)))
        likelihood = self.model.likelihood

        def ask(some: Tensor, label: Tensor | None) -> Tensor:
            return likelihood.sample(self.model.decode(some, label), generator=inner)

        return self.batches.ask(ask, rows, label=label)

    def evaluation_draws(self, posterior: Posterior) -> Floats:
        """The z ~ q(z|x) that an evaluation draws, (N, D): see `vae_core.scoring.evaluation_draws`."""
        return scoring.evaluation_draws(self, posterior)

    def log_likelihood(
        self, images: npt.NDArray[np.uint8], z: npt.ArrayLike, label: npt.ArrayLike | None = None
    ) -> npt.NDArray[np.float64]:
        """log p(x|z) of each image at its z, (N,), in nats: see `vae_core.scoring.log_likelihood`."""
        return scoring.log_likelihood(self, images, z, label)

    def score(self, images: npt.NDArray[np.uint8], label: npt.ArrayLike | None = None) -> ImageScores:
        """The ELBO's terms of each image, as `evaluate` has them: see `vae_core.scoring.score`."""
        return scoring.score(self, images, label)


def warm_up() -> None:
    """Do what the first questions would wait for; leave a core of the CPU to others, as a training run does."""
    importlib.import_module("torchvision")  # two seconds, for whoever opens the first data set
    torch.set_num_threads(default_threads())
