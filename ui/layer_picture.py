"""A layer to take away: as a picture with its scale, as a table, as arrays."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ui.map_layers import MapLayer, ramps
from vae_core.latent.layer_kinds import LAYERS
from vae_core.latent.layers import Field
from vae_core.tables import numbered

SIDE, EDGE = 768, 24
N_TICKS = 5
INK, PAPER = (31, 42, 51), (251, 250, 247)


def field_png(field: Field) -> bytes:
    """The field in the colours of a light page, its extent in units of z, and a scale with its unit."""
    low, high = _scale(np.array(field.span), field)
    shares = np.clip((_scale(field.values[::-1], field) - low) / (high - low), 0, 1)
    ramp = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in ramps()["light"]], np.uint8)
    tones = ramp[np.round(shares * (len(ramp) - 1)).astype(int)]
    canvas = Image.new("RGB", (SIDE + 2 * EDGE, SIDE + 6 * EDGE), PAPER)
    canvas.paste(Image.fromarray(tones).resize((SIDE, SIDE), Image.Resampling.BILINEAR), (EDGE, EDGE))
    pen, extent, layer = ImageDraw.Draw(canvas), field.extent, LAYERS[field.layer]
    across, up = ([f"{middle + way * extent.half:.3g}" for way in (-1, 1)] for middle in (extent.x, extent.y))
    below = SIDE + EDGE + 6
    pen.text((EDGE, below), f"across {' to '.join(across)}, up {' to '.join(up)}, units of z", INK)
    pen.text((EDGE, below + EDGE), f"{layer.title}, {layer.unit}", INK)
    bar = Image.fromarray(np.repeat(ramp[None], 1, 0)).resize((SIDE, 14), Image.Resampling.BILINEAR)
    canvas.paste(bar, (EDGE, below + 2 * EDGE))
    for share in np.linspace(0, 1, N_TICKS):
        value = low + share * (high - low)
        text = f"{10**value if layer.logarithmic else value:.3g}"
        width = pen.textlength(text)
        pen.text((EDGE + share * (SIDE - width), below + 2 * EDGE + 18), text, INK)
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG")
    return buffer.getvalue()


def field_csv(layer: MapLayer, field: Field) -> bytes:
    """A row a cell: x and y on the plane, each coordinate of z, the number, and the angle where there is one."""
    places = field.places
    z = layer.plane.lift(places, layer.z)
    columns = ["x", "y", *numbered("z", z.shape[1]), layer.name]
    rows: list[npt.NDArray[np.floating]] = [places, z, field.values.reshape(-1, 1)]
    if field.angles is not None:
        columns.append("angle")
        rows.append(field.angles.reshape(-1, 1))
    buffer = io.StringIO()
    np.savetxt(buffer, np.concatenate(rows, 1), "%.6g", ",", header=",".join(columns), comments="")
    return buffer.getvalue().encode()


def field_npz(layer: MapLayer, field: Field) -> bytes:
    """The arrays of the field, and what it is of as JSON: `values`, `places`, `z`, perhaps `angles`, and `about`."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "values": field.values,
        "places": field.places,
        "z": layer.plane.lift(field.places, layer.z),
    }
    if field.angles is not None:
        arrays["angles"] = field.angles
    about = {
        "model": layer.explorer.name,
        "weights": layer.explorer.card.files.weights,
        "layer": layer.name,
        "unit": LAYERS[layer.name].unit,
        "label": layer.label,
        "extent": [field.extent.x, field.extent.y, field.extent.half],
        "threshold": field.threshold,
    }
    buffer = io.BytesIO()
    arrays["about"] = np.array(json.dumps(about))
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _scale(values: npt.NDArray[np.floating], field: Field) -> npt.NDArray[np.float64]:
    numbers = values.astype(np.float64)
    return np.log10(np.maximum(numbers, 1e-30)) if LAYERS[field.layer].logarithmic else numbers
