"""model.safetensors: from a model to its file and back, checked tensor by tensor."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from vae_core.card import Card
from vae_core.checkpoints import WEIGHTS, checked_bytes
from vae_core.config import ModelConfig
from vae_core.errors import CheckpointError, ConfigError
from vae_core.files import write_atomically
from vae_core.models import Model, build_model

DTYPES = {"float32": torch.float32, "float16": torch.float16}
LARGEST_HEADER = 1 << 20
"""Bytes, far more than the names of any model's tensors take."""


def save_weights(model: Model, path: Path, dtype: str) -> str:
    """Write a model's weights in the given type; returns the file's sha256."""
    tensors = {
        name: tensor.detach().to("cpu", DTYPES[dtype]).contiguous() for name, tensor in model.state_dict().items()
    }
    content = safetensors.torch.save(tensors)
    write_atomically(path, content)
    return hashlib.sha256(content).hexdigest()


def load_model(folder: Path, card: Card) -> Model:
    """The model of a checkpoint, on the CPU in float32, frozen and ready for inference.

    Raises
    ------
    CheckpointError
        When the weights are missing, damaged, not finite, or of other names, types or shapes than the card implies.
    """
    content = checked_bytes(folder, WEIGHTS, card.files.weights)
    n_classes = len(card.data.class_names)
    return model_from_bytes(content, card.model, card.data.image_shape, n_classes, where=folder.name)


def model_from_bytes(
    content: bytes, config: ModelConfig, image_shape: tuple[int, int, int], n_classes: int = 0, *, where: str
) -> Model:
    """As `load_model`, from the file's bytes."""
    try:
        # On the meta device nothing is allocated: what the card claims is held against the file before memory is spent.
        with torch.device("meta"):
            model = build_model(config, image_shape, n_classes)
    except ConfigError as problem:
        raise CheckpointError(f"{where}: card.json describes a model that cannot be built: {problem}") from None
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    n_values = sum(math.prod(shape) for shape in expected.values())
    if len(content) > 4 * n_values + LARGEST_HEADER:
        raise CheckpointError(f"{where}: {WEIGHTS} is too long for the model that card.json describes.")
    if len(content) < 2 * n_values:
        raise CheckpointError(f"{where}: {WEIGHTS} is too short for the model that card.json describes.")
    try:
        tensors = safetensors.torch.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError) as problem:
        raise CheckpointError(f"{where}: {WEIGHTS} is not a readable safetensors file ({problem}).") from None
    for name in sorted(expected.keys() | tensors.keys()):
        if name not in tensors or name not in expected:
            state = "missing" if name not in tensors else "not part of the model that card.json describes"
            raise CheckpointError(f"{where}: {WEIGHTS}: tensor {name!r} is {state}.")
        tensor = tensors[name]
        if tuple(tensor.shape) != expected[name] or tensor.dtype not in DTYPES.values():
            raise CheckpointError(
                f"{where}: {WEIGHTS}: tensor {name!r} is {tensor.dtype} {tuple(tensor.shape)}, "
                f"expected float32 or float16 {expected[name]}."
            )
        tensors[name] = tensor.float()
        if not torch.isfinite(tensors[name]).all():
            raise CheckpointError(f"{where}: {WEIGHTS}: tensor {name!r} has values that are not finite.")
    model.load_state_dict(tensors, assign=True)
    return model.requires_grad_(False).eval()
