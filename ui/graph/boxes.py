"""The boxes of a computation graph as the browser draws them: words, figures, a picture of each tensor."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.images import to_uint8
from vae_core.trace import Box

SYMBOLS = {
    "x": "x",
    "class": "c",
    "mu": "μ",
    "logvar": "log σ²",
    "sigma": "σ",
    "epsilon": "ε",
    "z": "z",
    "class for z": "c",
    "x_hat": "x̂",
    "log p(x|z)": "log p(x|z)",
    "KL": "KL",
    "ELBO": "ELBO",
}
LISTED = ("mu", "logvar", "sigma", "epsilon", "z", "KL")
"""Have a number in each dimension of z, and so one table together."""

MOST_LISTED = 64
N_BINS = 24


def boxes_data(boxes: Sequence[Box]) -> list[dict[str, Any]]:
    """What the browser needs of each box."""
    found = {box.name: box for box in boxes}
    table = _table(found)
    return [
        {
            "name": box.name,
            "symbol": SYMBOLS.get(box.name, ""),
            "part": box.part,
            "what": _words(box.what),
            "inputs": list(box.inputs),
            "shape": list(box.values.shape),
            "main": main_number(box),
            "figures": _figures(box.values),
            "picture": _picture(box),
            "histogram": _histogram(box.values),
            "table": table if box.name in table.get("columns", ()) else None,
        }
        for box in boxes
    ]


def main_number(box: Box) -> str:
    """What stands in the box itself: its number, a pair of them, or what they sum to."""
    if box.name in ("log p(x|z)", "KL", "ELBO"):
        return _number(box.total)
    if box.name.startswith("class"):
        return str(int(box.values.argmax()))
    if box.part in ("posterior", "draw") and box.values.size <= 2:
        return ", ".join(_number(value) for value in box.values)
    return ""


def _words(text: str) -> str:
    for name, symbol in (("logvar", "log σ²"), ("mu", "μ"), ("sigma", "σ"), ("epsilon", "ε"), ("x_hat", "x̂")):
        text = text.replace(name, symbol)
    return text.replace("σ^2", "σ²").replace(" - ", " − ")


def _table(found: dict[str, Box]) -> dict[str, Any]:
    columns = [name for name in LISTED if name in found]
    if not columns or found["z"].values.size > MOST_LISTED:
        return {}
    rows = np.stack([found[name].values for name in columns], axis=1)
    return {"columns": columns, "symbols": [SYMBOLS[name] for name in columns], "rows": rows.astype(float).tolist()}


def _figures(values: npt.NDArray[np.float32]) -> dict[str, float]:
    doubles = values.astype(np.float64)
    return {
        "min": float(doubles.min()),
        "max": float(doubles.max()),
        "mean": float(doubles.mean()),
        "sd": float(doubles.std()),
        "sum": float(doubles.sum()),
        "size": values.size,
    }


def _histogram(values: npt.NDArray[np.float32]) -> dict[str, Any] | None:
    if values.size < 2 * N_BINS:
        return None
    counts, edges = np.histogram(values.astype(np.float64), N_BINS)
    return {"counts": counts.tolist(), "from": float(edges[0]), "to": float(edges[-1])}


def _picture(box: Box) -> dict[str, Any] | None:
    """An image as pixels, any other tensor of more than a few numbers as a map of them around 0."""
    values = box.values
    if box.part == "image":
        pixels = np.ascontiguousarray(to_uint8(values).transpose(1, 2, 0))
        return {"kind": "image", **_pixels(pixels)}
    if values.size <= 2:
        return None
    flat = _laid_out(values)
    limit = float(np.abs(values).max()) or 1.0
    scaled = np.rint(128 + 127 * np.nan_to_num(flat, nan=0.0) / limit).astype(np.uint8)
    scaled[np.isnan(flat)] = 0  # no number stands there: a tensor of 128 ± 127 never uses it
    return {"kind": "map", "limit": limit, **_pixels(scaled[..., None])}


def _laid_out(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A tensor as rows of numbers; NaN where a row or a gap between channels has none."""
    if values.ndim == 2:
        return values
    if values.ndim == 3:
        n, height, width = values.shape
        if n == 1:
            return np.asarray(values[0])
        columns = math.ceil(math.sqrt(n * 1.6))
        rows = -(-n // columns)
        page = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan, np.float32)
        for i, channel in enumerate(values):
            top, left = i // columns * (height + 1), i % columns * (width + 1)
            page[top : top + height, left : left + width] = channel
        return page
    columns = values.size if values.size <= 16 else math.ceil(math.sqrt(2 * values.size))
    rows = -(-values.size // columns)
    page = np.full(rows * columns, np.nan, np.float32)
    page[: values.size] = values.ravel()
    return page.reshape(rows, columns)


def _pixels(pixels: npt.NDArray[np.uint8]) -> dict[str, Any]:
    height, width, channels = pixels.shape
    data = b64encode(pixels.tobytes()).decode()
    return {"n": 1, "height": height, "width": width, "channels": channels, "data": data}


def _number(value: float) -> str:
    digits = 1 if abs(value) >= 100 else 2
    return f"{value:.{digits}f}".replace("-", "−")
