"""The codes of a map's points, for a map that has no inverse: the browser looks up there what a place means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from ui.routes import POINTS, Blob, content_key
from vae_core.checks import finite_rows
from vae_core.errors import ShapeError


@dataclass(frozen=True)
class MapCodes:
    """The z of each point; make it with `register`, and keep it in a cache.

    Attributes
    ----------
    key : str
        Hash of the content, the name under which the browser fetches it.
    shape : (int, int)
        N and D.
    """

    key: str
    shape: tuple[int, int]
    _blob: Blob = field(repr=False, compare=False)

    @classmethod
    def register(cls, z: npt.ArrayLike) -> MapCodes:
        """Check the codes, (N, D), and make them ready to be fetched.

        Raises
        ------
        ShapeError
            When they have another shape, or are not finite.
        """
        codes = finite_rows(z, "latent map: the codes").astype("<f4")
        blob = Blob(codes.tobytes(), "application/octet-stream")
        return cls(content_key(blob.content), (codes.shape[0], codes.shape[1]), blob)

    def data(self, n_points: int, latent_dim: int) -> dict[str, Any]:
        """Hold the codes ready for browsers, and say what a map of `n_points` points must know of them.

        Raises
        ------
        ShapeError
            When there is not one code of that many dimensions a point.
        """
        if self.shape != (n_points, latent_dim):
            raise ShapeError(
                f"latent map: {n_points} points need as many codes of {latent_dim} values, not {self.shape}."
            )
        POINTS.put(self.key, self._blob)
        return {"key": self.key, "url": f"/points/{self.key}", "latentDim": latent_dim}
