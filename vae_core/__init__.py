"""Train or load a low-dimensional variational autoencoder and move through its latent space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vae_core.errors import CheckpointError, ConfigError, DataError, ShapeError, VaeCoreError

if TYPE_CHECKING:
    from vae_core.checkpoints import list_checkpoints
    from vae_core.explorer import LatentExplorer

__version__ = "0.1.0"

__all__ = [
    "CheckpointError",
    "ConfigError",
    "DataError",
    "LatentExplorer",
    "ShapeError",
    "VaeCoreError",
    "__version__",
    "list_checkpoints",
]


def __getattr__(name: str) -> Any:
    # Imported on first use: `python -m vae_core train` makes its run folder, and waits for its device, before torch.
    if name == "LatentExplorer":
        from vae_core.explorer import LatentExplorer

        return LatentExplorer
    if name == "list_checkpoints":
        from vae_core.checkpoints import list_checkpoints

        return list_checkpoints
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
