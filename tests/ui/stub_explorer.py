"""A model that needs no torch, counts what it is asked, and decodes when it is let."""

from __future__ import annotations

import hashlib
import time
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from vae_core import LatentExplorer
from vae_core.errors import ShapeError


class StubExplorer:
    """Decodes z to images that are all z's first value; `call_seconds` a call, and not while `gate` is shut.

    `calls` holds what each call was asked for: the first values of its z.
    """

    def __init__(
        self,
        device: str,
        *,
        call_seconds: float = 0.0,
        latent_dim: int = 2,
        image_shape: tuple[int, int, int] = (1, 8, 8),
    ) -> None:
        self.device, self.latent_dim, self.image_shape, self.name = device, latent_dim, image_shape, "stub"
        self.card = SimpleNamespace(key=hashlib.sha256(device.encode()).hexdigest())
        self.n_classes = 0
        self.call_seconds, self.calls = call_seconds, list[list[float]]()
        self.labels: list[list[int] | None] = []
        self.entered, self.gate = Event(), Event()
        self.gate.set()

    def decode_uint8(self, z: npt.NDArray[np.float32], label: Any = None) -> npt.NDArray[np.uint8]:
        """Give images (N, H, W, C) whose pixels are round(z[0]); 240 is refused."""
        self.calls.append([float(value) for value in z[:, 0]])
        self.labels.append(None if label is None else [int(value) for value in label])
        self.entered.set()
        self.gate.wait(20)
        time.sleep(self.call_seconds)
        if (z[:, 0] == 240).any():
            raise ShapeError("stub: no 240.")
        channels, height, width = self.image_shape
        values = np.clip(np.round(z[:, 0]), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(values[:, None, None, None], (len(z), height, width, channels)))

    def shut(self) -> None:
        """Hold the next call, and those after it, until `gate` is set."""
        self.gate.clear()
        self.entered.clear()

    @property
    def as_explorer(self) -> LatentExplorer:
        """The same, for the type checker."""
        return cast(LatentExplorer, self)
