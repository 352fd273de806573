"""From a configuration to a model."""

from __future__ import annotations

from vae_core.config import Family, ModelConfig
from vae_core.models.autoencoder import Autoencoder
from vae_core.models.generator import Generator
from vae_core.models.model import Model
from vae_core.models.vae import VAE

CLASSES: dict[Family, type[Model]] = {"ae": Autoencoder, "dae": Autoencoder, "gan": Generator}
"""What is asked of a model; families that differ in their training alone share a class. The others are VAEs."""


def build_model(config: ModelConfig, image_shape: tuple[int, int, int], n_classes: int = 0) -> Model:
    """The model that a configuration names, with freshly drawn weights (from torch's global generator).

    Parameters
    ----------
    config : ModelConfig
    image_shape : tuple of int
        (C, H, W).
    n_classes : int
        Classes of the data; they matter to the families that take one.

    Raises
    ------
    ConfigError
        When the image's shape does not fit the network, or the family needs classes and there are none.
    """
    return CLASSES.get(config.family, VAE)(config, image_shape, n_classes)
