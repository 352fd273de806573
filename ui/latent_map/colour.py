"""Points coloured by a number instead of their class, such as the KL of each image."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from plotly.colors import hex_to_rgb, sample_colorscale, sequential

from ui.routes import POINTS, Blob, content_key
from vae_core.errors import ShapeError

N_COLOURS = 64
SPANS = {"light": (0.0, 0.75), "dark": (0.2, 1.0)}
"""The stretch of viridis (van der Walt and Smith 2015: even steps of lightness, with colour blindness too) by theme:
the rest would fade into the page. What is left has a WCAG contrast of 2 or more."""


@dataclass(frozen=True)
class MapColour:
    """A number for each point of a map; make it with `register`, and keep it in a cache.

    Attributes
    ----------
    key : str
        Hash of the content, the name under which the browser fetches it.
    n : int
        How many values.
    name, unit : str
        What they are, and in what they are measured ("" for a mere number); shown at the scale.
    low, high : float
        1st and 99th percentile of the values that are numbers: the ends of the scale. What lies outside takes the
        colour of the end; what is no finite number is grey.
    """

    key: str
    n: int
    name: str
    unit: str
    low: float
    high: float
    _blob: Blob = field(repr=False, compare=False)

    @classmethod
    def register(cls, name: str, unit: str, values: npt.ArrayLike) -> MapColour:
        """Check the values and make them ready to be fetched.

        Parameters
        ----------
        name, unit : str
        values : array_like of float (N,)
            One for each point, in the order of the points.

        Raises
        ------
        ShapeError
            When the values are not numbers of shape (N,).
        """
        numbers = np.asarray(values)
        if numbers.ndim != 1 or not (numbers.size == 0 or np.issubdtype(numbers.dtype, np.number)):
            came = f"{numbers.dtype} {numbers.shape}"
            raise ShapeError(f"latent map: {name} must be numbers of shape (N,), but is {came}.")
        with np.errstate(over="ignore"):  # too large for float32 is infinite, and so grey
            content = numbers.astype("<f4")
        finite = content[np.isfinite(content)].astype(np.float64)
        low, high = (float(end) for end in np.percentile(finite, (1, 99))) if finite.size else (0.0, 1.0)
        if not high - low > 1e-6 * max(abs(low), abs(high), 1e-6):  # all the same: in the middle of the scale
            air = 0.5 * max(abs(low), 1e-6)
            low, high = low - air, high + air
        blob = Blob(content.tobytes(), "application/octet-stream")
        return cls(content_key(blob.content), len(content), name, unit, low, high, blob)

    def data(self, n_points: int) -> dict[str, Any]:
        """Hold the values ready for browsers, and say what a map of `n_points` points must know of them.

        Raises
        ------
        ShapeError
            When there is not one value a point.
        """
        if self.n != n_points:
            raise ShapeError(f"latent map: {self.name} has {self.n} values for {n_points} points; give one for each.")
        POINTS.put(self.key, self._blob)
        about = {"key": self.key, "url": f"/points/{self.key}", "name": self.name, "unit": self.unit}
        return {**about, "low": self.low, "high": self.high, "scales": scales()}


@cache
def scales() -> dict[str, list[str]]:
    """The colours from low to high, #rrggbb, for light and for dark pages."""
    return {theme: _viridis(*span) for theme, span in SPANS.items()}


def _viridis(start: float, end: float) -> list[str]:
    stops = [tuple(part / 255 for part in hex_to_rgb(colour)) for colour in sequential.Viridis]
    colours = sample_colorscale(stops, list(np.linspace(start, end, N_COLOURS)), colortype="tuple")
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours]
