"""What the page "Inside one image" says of its graph, and what can be taken away of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import streamlit as st

from ui.graph.asked import Asked
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.trace import Box


def meaning(explorer: LatentExplorer, asked: Asked) -> str:
    """What the graph shows, in a sentence or two."""
    family = plain(explorer.card.model.family.upper())
    if asked.image is None:
        return f"A {family} has no encoder: the graph begins at z, a draw of the prior, and ends at the image."
    if asked.is_original:
        source = f"Test image no. {asked.number}"
    else:
        source = f"The data set is not on this machine: x is what the code of test image no. {asked.number} decodes to"
    if not explorer.can.posterior:
        return f"{source}. This encoder gives a point: no σ, no ε, no KL, and so no ELBO."
    return f"{source}. Open a box for its tensor; move ε and everything after z follows."


def take_away(explorer: LatentExplorer, asked: Asked, boxes: tuple[Box, ...]) -> None:
    """All tensors as a file, and the lines that make them again."""
    with st.popover("Take away", icon=":material/download:"):
        st.download_button(
            "All tensors (NPZ)",
            lambda: tensors_npz(boxes),
            f"{explorer.name}-graph.npz",
            "application/octet-stream",
            key="take graph",
            on_click="ignore",
            icon=":material/download:",
        )
        st.code("\n".join(lines(explorer, asked)), language="python", wrap_lines=True)


def tensors_npz(boxes: tuple[Box, ...]) -> bytes:
    """The tensors by name, for numpy."""
    file = io.BytesIO()
    arrays: dict[str, Any] = {box.name: box.values for box in boxes}
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def lines(explorer: LatentExplorer, asked: Asked) -> list[str]:
    """The Python lines that compute the boxes again."""
    label = "" if asked.label is None else f", {asked.label}"
    numbers = ", ".join(f"{value:.6g}" for value in asked.epsilon)
    start = ["from vae_core import LatentExplorer"]
    load = f'explorer = LatentExplorer.load("{explorer.name}")'
    if asked.image is None:
        return [*start, "from vae_core.trace import trace_z", load, f"boxes = trace_z(explorer, [{numbers}]{label})"]
    data = explorer.card.data.name
    if asked.is_original:
        image = [f'image = load_dataset("{data}").test.images[{asked.number}]']
        start.append("from vae_core.data import load_dataset")
    else:
        labels = explorer.latents.labels
        own = f", {int(labels[asked.number])}" if asked.label is not None and labels is not None else ""
        image = [f"image = explorer.decode(explorer.latents.mu[[{asked.number}]]{own})[0]"]
    start.append("from vae_core.trace import trace_image")
    return [*start, load, *image, f"boxes = trace_image(explorer, image{label}, epsilon=[{numbers}])"]
