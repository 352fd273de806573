"""resume.safetensors: everything a run needs to go on as if it had never been interrupted.

One file, replaced in one step, so that a kill at any moment leaves either the old state or the new one.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from vae_core.errors import CheckpointError
from vae_core.files import write_atomically
from vae_core.models.objectives import Objective

NO_DIGEST = "0" * 64
"""Stands in the file's header for the sha256 of the file as it is with this in its place."""


@dataclass
class Position:
    """Where the run is: epochs done, steps of the one under way, and what has been found so far.

    Attributes
    ----------
    best_elbo : float or None
        Best validation score (the ELBO where there is one), reached at the end of `best_epoch`; None before there is
        one of the loss that was asked for, after warm-ups and rises.
    seconds : float
        Time spent training, over all sittings.
    n_seen : int
        Images of the epoch under way that were trained on so far.
    """

    epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best_elbo: float | None = None
    seconds: float = 0.0
    n_seen: int = 0


def save_state(
    path: Path,
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    sums: Tensor,
    position: Position,
) -> None:
    """Write the weights (the model's and the objective's), Adam's moments, generator, the epoch's sums, position."""
    tensors: dict[str, Tensor] = dict(objective.state_dict())
    for index, moments in optimizer.state_dict()["state"].items():
        for name, tensor in moments.items():
            tensors[f"adam.{index}.{name}"] = tensor
    tensors["generator"] = generator.get_state()
    tensors["sums"] = sums
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = safetensors.torch.save(on_cpu, metadata={"position": json.dumps(asdict(position)), "sha256": NO_DIGEST})
    write_atomically(path, content.replace(NO_DIGEST.encode(), _digest(content), 1))


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def load_state(
    path: Path, objective: Objective, optimizer: torch.optim.Optimizer, generator: torch.Generator
) -> tuple[Position, Tensor]:
    """Put a saved state back into objective, optimiser and generator; returns the position and the epoch's sums.

    Raises
    ------
    CheckpointError
        When the file is damaged or belongs to another model.
    """
    try:
        content = path.read_bytes()
        tensors = safetensors.torch.load(content)
        header_size = struct.unpack("<Q", content[:8])[0]
        metadata = json.loads(content[8 : 8 + header_size])["__metadata__"]
        digest = metadata["sha256"].encode()
        if digest != _digest(content.replace(digest, NO_DIGEST.encode(), 1)):
            raise ValueError("its sha256 is not the one that it was written with")
        position = Position(**json.loads(metadata["position"]))
        others = ("adam.", "generator", "sums")
        objective.load_state_dict({name: t for name, t in tensors.items() if not name.startswith(others)})
        moments: dict[int, dict[str, Any]] = {}
        for name, tensor in tensors.items():
            if name.startswith("adam."):
                _, index, key = name.split(".")
                moments.setdefault(int(index), {})[key] = tensor
        state = optimizer.state_dict()
        optimizer.load_state_dict({"state": moments, "param_groups": state["param_groups"]})
        generator.set_state(tensors["generator"])
        return position, tensors["sums"]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        struct.error,
        safetensors.SafetensorError,
    ) as problem:
        first_line = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise CheckpointError(
            f"{path.parent.name}: {path.name} cannot be used to resume ({first_line}); delete that file to "
            "begin the run anew."
        ) from None
