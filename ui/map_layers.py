"""A layer beneath the map's points: its field, first coarse and then fine, and where the data lies, for the browser."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ui import decoder
from ui.layer_work import OFFERS
from vae_core import LatentExplorer
from vae_core.errors import CheckpointError
from vae_core.latent.density import region_of
from vae_core.latent.layer_files import Asked, field_file, keep_field, kept_field
from vae_core.latent.layer_kinds import LAYERS, question
from vae_core.latent.layers import COARSE, FINE, Extent, Field, layer_field
from vae_core.latent.pieces import OnProgress
from vae_core.latent.plane import Plane, axes_plane

READING = {
    "density": "How often the encoder puts images near here, by the density of all codes, q(z). The stronger the tone, "
    "the denser; within the bold line lie 99 % of held-out codes.",
    "prior": "What the model was told to expect of z before it saw an image: "
    "p(z), a standard normal. The stronger the tone, the denser.",
    "cycle": "How far z moves when its picture is encoded again, ‖z − encode(decode(z))‖. The stronger the tone, the "
    "further: there the picture belongs elsewhere.",
    "stretch": "How much picture a small area of the map holds, √det JᵀJ. The stronger the tone, the more; the strokes "
    "show which way the picture changes fastest.",
    "entropy": "How unsure a small classifier is of the class of what is drawn here: 0 is sure, {most:.2f} is all "
    "classes alike. The stronger the tone, the less sure.",
}
DOUBTS = {
    "density": "It is made of the test images alone, so an island of few codes may be missing; dense does not mean "
    "sharp.",
    "prior": "It says nothing of where the data went: see the density of the data for that.",
    "cycle": "Small is no proof: far from the data, encoder and decoder may agree on a picture of nothing.",
    "stretch": "It is the slope at a point: a step longer than the folds of the map says something else, and off the "
    "data it is the slope of a guess.",
    "entropy": "The classifier has seen images of the data set only: it may be sure of a picture that is none.",
}
"""How to read a layer, and when not to trust it."""

HUE = 4.3
"""Angle of the layers' one hue in OKLab, radians: a grey that leans to blue, as no class is."""

N_COLOURS = 64

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class MapLayer:
    """A layer on a plane of a model; `missing` of `vae_core.latent.layer_kinds` has found nothing against it.

    Attributes
    ----------
    explorer : LatentExplorer
    name : str
        In `LAYERS`.
    plane : Plane
    z : ndarray of float32, shape (D,)
        Where the coordinates stay that the plane does not show.
    label : int or None
        The class, for a model that takes one.
    """

    explorer: LatentExplorer
    name: str
    plane: Plane
    z: npt.NDArray[np.float32]
    label: int | None

    def data(self) -> dict[str, Any]:
        """Hold the fields ready for browsers, and say what a map must know of them."""
        fine, coarse = self._asked(FINE), self._asked(COARSE)
        is_kept = field_file(self.explorer, fine).is_file()
        layer = LAYERS[self.name]
        return {
            "key": fine.key,
            "urls": [self._offer(asked) for asked in ([fine] if is_kept else [coarse, fine])],
            "name": layer.title,
            "unit": layer.unit,
            "logarithmic": layer.logarithmic,
            "hint": f"{self.reading} {DOUBTS[self.name]}",
            "scales": ramps(),
        }

    def fine(self, on_progress: OnProgress = lambda share: None) -> Field:
        """The field of 128 x 128 cells: as it was kept, else computed now, and kept."""
        return self._field(self._asked(FINE), on_progress)

    @property
    def reading(self) -> str:
        """One or two sentences on how to read it."""
        n_classes = max(2, len(self.explorer.card.data.class_names))
        return READING[self.name].format(most=math.log(n_classes))

    @property
    def lines(self) -> list[str]:
        """The Python that computes the field."""
        names = f'"{self.explorer.name}"'
        axes = [int(np.argmax(axis)) for axis in (self.plane.a, self.plane.b)]
        is_axes = all(np.count_nonzero(axis) <= 1 for axis in (self.plane.a, self.plane.b))
        made, how = ("axes_plane", f"axes_plane(({axes[0]}, {axes[1]}), {self.explorer.latent_dim})")
        if not is_axes:
            made, how = "pca_plane", "pca_plane(explorer.latents.mu)[0]"
        more = "" if self.explorer.latent_dim <= 2 else f", z={[round(float(value), 4) for value in self.z]}"
        more += "" if self.label is None else f", label={self.label}"
        return [
            "from vae_core import LatentExplorer",
            "from vae_core.latent.layers import layer_field",
            f"from vae_core.latent.plane import {made}",
            f"explorer = LatentExplorer.load({names})",
            f'field = layer_field(explorer, "{self.name}", {how}, n={FINE}{more})',
            "field.values, field.places, field.extent",
        ]

    def _asked(self, n: int) -> Asked:
        return Asked.of(self.explorer, self.name, self.plane, n=n, z=self.z, label=self.label)

    def _offer(self, asked: Asked) -> str:
        return OFFERS.offer(f"{asked.key}-{self.explorer.device}", lambda told: field_bytes(self._field(asked, told)))

    def _field(self, asked: Asked, on_progress: OnProgress) -> Field:
        kept = kept_field(self.explorer, asked)
        if kept is not None:
            return kept
        field = layer_field(
            self.explorer,
            self.name,
            self.plane,
            n=asked.n,
            z=self.z,
            label=self.label,
            extent=Extent(*asked.extent),
            in_pieces=lambda n, ask: decoder.in_background(self.explorer, n, ask).result(),
            on_progress=on_progress,
        )
        if asked.n == FINE:
            try:
                keep_field(self.explorer, asked, field)
            except CheckpointError:
                logger.exception("A field could not be kept.")
        return field


def warm_up(explorer: LatentExplorer) -> None:
    """Do what the first layer would wait for: torch's first derivative, half a second, and the supported region."""
    label = 0 if explorer.can.label else None
    origin = np.zeros((1, explorer.latent_dim), np.float32)
    question(explorer, "stretch", axes_plane((0, 1), explorer.latent_dim), label)(origin)
    if explorer.can.encode:
        region_of(explorer, label)


def field_bytes(field: Field) -> bytes:
    """A field as the browser reads it: n and whether there are angles, uint32; six float32, then values and angles."""
    threshold = math.nan if field.threshold is None else field.threshold
    extent = field.extent
    parts = [
        np.array([field.n, field.angles is not None], "<u4"),
        np.array([*field.span, threshold, extent.x, extent.y, extent.half], "<f4"),
        field.values.astype("<f4"),
    ]
    if field.angles is not None:
        parts.append(field.angles.astype("<f4"))
    return b"".join(part.tobytes() for part in parts)


def support_urls(explorer: LatentExplorer) -> dict[str, str]:
    """Where a browser finds where the decoder was trained, by the class told ("-1": none); none without an encoder."""
    if not explorer.can.encode:
        return {}
    labels = range(explorer.n_classes) if explorer.can.label else (None,)
    key = f"support-{explorer.card.key[:32]}"

    def offer(label: int | None) -> str:
        return OFFERS.offer(f"{key}-{label}", lambda _: region_bytes(explorer, label))

    return {str(-1 if label is None else label): offer(label) for label in labels}


def region_bytes(explorer: LatentExplorer, label: int | None) -> bytes:
    """The supported region as the browser reads it: M, D and whether there is a factor, uint32; then float32.

    First what the sum of exponentials has to reach, as a logarithm; the inverse of the factor (D, D), if there is one;
    then means (M, D), inverse variances (M, D) and constants (M,) of the Gaussians.
    """
    region = region_of(explorer, label)
    density = region.density
    n, dims = density.means.shape
    need = region.threshold + math.log(n)
    factor: list[npt.NDArray[np.floating]] = []
    if density.factor is not None:
        need += float(np.log(np.diagonal(density.factor)).sum())
        factor = [np.linalg.inv(density.factor)]
    constants: npt.NDArray[np.float64] = -0.5 * np.log(2 * math.pi * density.variances).sum(1)
    numbers: list[npt.NDArray[np.floating]] = [
        np.array([need]),
        *factor,
        density.means,
        1 / density.variances,
        constants,
    ]
    head = np.array([n, dims, len(factor)], "<u4").tobytes()
    return head + b"".join(part.astype("<f4").tobytes() for part in numbers)


@cache
def ramps() -> dict[str, list[str]]:
    """The colours from low to high, #rrggbb, for light and for dark pages: from the page's own to a middling tone.

    Even steps of lightness in OKLab (Ottosson 2020) and hardly any hue, so that they read the same with any colour
    vision, and the points of all classes stand out above them.
    """
    return {"light": _ramp((0.984, 0.003), (0.62, 0.045)), "dark": _ramp((0.192, 0.012), (0.56, 0.05))}


def _ramp(low: tuple[float, float], high: tuple[float, float]) -> list[str]:
    lightness, chroma = (np.linspace(one, other, N_COLOURS) for one, other in zip(low, high, strict=True))
    a, b = chroma * math.cos(HUE), chroma * math.sin(HUE)
    cones = np.stack([
        lightness + 0.3963377774 * a + 0.2158037573 * b,
        lightness - 0.1055613458 * a - 0.0638541728 * b,
        lightness - 0.0894841775 * a - 1.2914855480 * b,
    ])  # fmt: skip
    matrix = np.array([
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ])  # fmt: skip
    linear = np.clip(matrix @ cones**3, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in coded.T]
