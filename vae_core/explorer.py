"""LatentExplorer: numpy in, numpy out. The only door to a model for pages, command line and notebooks."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vae_core.card import Card
from vae_core.checkpoints import Latents, find_checkpoint, read_card, read_latents
from vae_core.device import default_threads, resolve_device
from vae_core.errors import CheckpointError, ShapeError
from vae_core.latent.neighbours import nearest
from vae_core.models import VAE, Capabilities
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
        The encoded test split; its arrays are read-only.
    model : VAE
        The torch module itself, for the rest of vae_core; nobody outside touches it.
    device : str
        Where it runs: `cpu` or `cuda:N`.
    """

    path: Path
    card: Card
    latents: Latents
    model: VAE
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
        return cls(folder, card, read_latents(folder, card), load_model(folder, card).to(place), place)

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
    def n_parameters(self) -> int:
        """Number of weights, encoder and decoder together."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def sigma(self) -> float | None:
        """Standard deviation of a Gaussian likelihood, given or learned, in units of [0, 1]; None for the others."""
        likelihood = self.model.likelihood
        return float(likelihood.log_sigma.clamp(*LOG_SIGMA_RANGE).exp()) if isinstance(likelihood, Gaussian) else None

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
        return nearest(self.latents.mu, self._checked_z(z))

    @torch.inference_mode()
    def encode(self, images: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Posterior:
        """q(z|x) of images.

        Parameters
        ----------
        images : array of shape (N, C, H, W)
            uint8 in 0..255, or floats in [0, 1].
        label : None
            This family takes no class.

        Raises
        ------
        ShapeError
            When the shape, the type or the range is another, or a label is given.
        """
        self._refuse_label(label)
        array = self._checked_images(images)
        mus, logvars = [], []
        for start in range(0, len(array), self._batch):
            posterior = self.model.encode(self._to_device(array[start : start + self._batch]))
            mus.append(posterior.mu.cpu().numpy())
            logvars.append(posterior.logvar.cpu().numpy())
        empty = np.zeros((0, self.latent_dim), np.float32)
        return Posterior(self._finite(np.concatenate([empty, *mus])), self._finite(np.concatenate([empty, *logvars])))

    @torch.inference_mode()
    def decode(self, z: npt.ArrayLike, label: npt.ArrayLike | None = None) -> Floats:
        """The mean of p(x|z): never a sample.

        Parameters
        ----------
        z : array of shape (N, D)
        label : None
            This family takes no class.

        Returns
        -------
        float32 array of shape (N, C, H, W), in [0, 1]

        Raises
        ------
        ShapeError
            When z has another shape or is not finite, or a label is given.
        """
        self._refuse_label(label)
        array = self._checked_z(z)
        images = [np.zeros((0, *self.image_shape), np.float32)]
        for start in range(0, len(array), self._batch):
            params = self.model.decode(self._to_device(array[start : start + self._batch]))
            images.append(self.model.likelihood.mean(params).cpu().numpy())
        return self._finite(np.concatenate(images))

    @torch.inference_mode()
    def draw(self, z: npt.ArrayLike, *, generator: np.random.Generator) -> Floats:
        """A draw x ~ p(x|z): what the model says an image is, noise and all.

        Parameters
        ----------
        z : array of shape (N, D)
        generator : numpy Generator

        Returns
        -------
        float32 array of shape (N, C, H, W), in [0, 1]
        """
        array = self._checked_z(z)
        inner = torch.Generator(self.device).manual_seed(int(generator.integers(2**62)))
        images = [np.zeros((0, *self.image_shape), np.float32)]
        for start in range(0, len(array), self._batch):
            params = self.model.decode(self._to_device(array[start : start + self._batch]))
            images.append(self.model.likelihood.sample(params, generator=inner).cpu().numpy())
        return self._finite(np.concatenate(images))

    @property
    def _batch(self) -> int:
        # A convolution of many small images is limited by memory; batches of a few hundred stay in the cache.
        return 256 if self.card.model.network == "conv" else 1024

    def _finite(self, array: Floats) -> Floats:
        if not np.isfinite(array).all():  # finite weights may be so large that what they yield is not
            raise CheckpointError(
                f"{self.name}: what the model yields is not a finite number: its weights are unusable."
            )
        return array

    def _refuse_label(self, label: npt.ArrayLike | None) -> None:
        if label is not None:
            raise ShapeError(f"{self.name} takes no class: it was trained without one.")

    def _to_device(self, array: npt.NDArray[np.generic]) -> Tensor:
        # A copy, because torch warns of read-only arrays, and refuses negative strides and foreign byte orders.
        if array.dtype == np.uint8:
            return torch.from_numpy(np.array(array, order="C")).to(self.device).to(torch.float32).div_(255)
        return torch.from_numpy(np.array(array, np.float32, order="C")).to(self.device)

    def _checked_z(self, z: npt.ArrayLike) -> npt.NDArray[np.generic]:
        array = _as_numbers(z, "z")
        if array.ndim != 2 or array.shape[1] != self.latent_dim:
            raise ShapeError(f"{self.name}: z has the shape {array.shape}, expected (N, {self.latent_dim}).")
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
            array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise ShapeError(f"{self.name}: z has values that are not finite numbers.")
        return array

    def _checked_images(self, images: npt.ArrayLike) -> npt.NDArray[np.generic]:
        array = _as_numbers(images, "images")
        if array.ndim != 4 or array.shape[1:] != self.image_shape:
            raise ShapeError(f"{self.name}: images have the shape {array.shape}, expected (N, *{self.image_shape}).")
        if array.dtype == np.uint8:
            return array
        if not np.issubdtype(array.dtype, np.floating):
            raise ShapeError(f"{self.name}: images are {array.dtype}; expected uint8 in 0..255 or floats in [0, 1].")
        if array.size and not (array.min() >= 0.0 and array.max() <= 1.0):
            raise ShapeError(
                f"{self.name}: float images must lie in [0, 1]; these go from {array.min():.3g} to {array.max():.3g}."
            )
        return array


def _as_numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[np.generic]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{what}: the rows are of different lengths.") from None
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise ShapeError(f"{what}: expected numbers, but it holds {array.dtype}.")
    return array


def warm_up() -> None:
    """Do what the first questions would wait for; leave a core of the CPU to others, as a training run does."""
    importlib.import_module("torchvision")  # two seconds, for whoever opens the first data set
    torch.set_num_threads(default_threads())
