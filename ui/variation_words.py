"""What is said of variations, and what can be taken away of them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.encoded import Pixels
from ui.variations import Settings
from vae_core import LatentExplorer
from vae_core.images import montage, png_bytes
from vae_core.latent.density import OUTSIDE
from vae_core.latent.variation_files import table, zipped
from vae_core.latent.variation_sources import Sources
from vae_core.latent.variations import Variations

MEANING = (
    "Support is the share of held-out codes that lie where the encoded images are less dense: near 50 % is ordinary, "
    "below 1 % (marked) the decoder was hardly ever trained, and what it draws need not be an image of the kind. "
    "Variations hold nothing but what the model has learned: they teach a classifier nothing that its training images "
    "did not hold already."
)


def notes(found: Variations) -> list[str]:
    """What stands with each tile: its support and its distances."""
    lines = []
    for i in range(len(found)):
        parts = []
        if found.support is not None:
            off = " · off the data" if found.support[i] < OUTSIDE else ""
            parts.append(f"support {found.support[i]:.0%}{off}")
        if found.to_source is not None:
            parts.append(f"{found.to_source[i]:.3f} from the source")
        if found.nearest is not None and found.to_nearest is not None:
            parts.append(f"{found.to_nearest[i]:.3f} from training image {found.nearest[i]:,}")
        lines.append(" · ".join(parts))
    return lines


def summary(found: Variations, asked: int) -> str:
    """How many, how far, how many off the data, in words."""
    parts = [f"{len(found)} variations" if len(found) == asked else f"{len(found)} of {asked} variations"]
    if found.is_outside is not None:
        parts.append(f"{int(found.is_outside.sum())} off the data")
    if found.rejected.sum():
        parts.append(f"{int(found.rejected.sum())} thrown away")
    if found.to_nearest is not None:
        parts.append(f"median distance to the nearest training image {np.median(found.to_nearest):.3f}")
    elif found.support is not None:
        parts.append("the training images are not on this machine, so no distance to them")
    return " · ".join(parts) + ". Distances are RMS over pixels, 0 to 1."


def take_away(explorer: LatentExplorer, sources: Sources, settings: Settings, found: Variations) -> None:
    """ZIP with the table, PNG of the wall, and the command."""
    name = f"{explorer.name}-variations-{sources.names[0]}-{int(sources.indices[0])}"
    classes = explorer.card.data.class_names
    files = [
        ("ZIP", lambda: zipped(found, table(found, model=explorer.name, seed=settings.seed, class_names=classes)),
         f"{name}.zip", "application/zip", "A PNG each, and variations.csv: how each was made."),
        ("PNG", lambda: png_bytes(montage(found.images, scale=4)), f"{name}.png", "image/png", "The wall."),
    ]  # fmt: skip
    if sources.names == ("own",) and sources.images is not None:
        own: Pixels = sources.images[0]
        files.append(
            ("Image", lambda: png_bytes(own.transpose(1, 2, 0)), "own.png", "image/png", "What the command reads.")
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        for title, content, file, kind, what in files:
            st.download_button(
                title, content, file, kind, key=f"take {title} of variations", help=what, on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
    with st.expander("Command line", icon=":material/terminal:"):
        st.code(command(explorer, sources, settings), language="bash", wrap_lines=True)


def command(explorer: LatentExplorer, sources: Sources, settings: Settings) -> str:
    """The command that makes the same files."""
    what = "--image own.png" if sources.names == ("own",) else f"--index {int(sources.indices[0])}"
    told = "" if sources.told is None else f" --class {int(sources.told[0])}"
    more = " --draw" * settings.is_draw + " --supported-only" * settings.supported_only
    return (
        f"python -m vae_core vary {explorer.name} {what} --count {settings.count} --spread {settings.spread:g} "
        f"--seed {settings.seed}{told}{more} --out variations.zip"
    )
