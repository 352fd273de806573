"""Projections to take away: as a picture, as a table, as lines that make them again."""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image, ImageDraw

from ui.palette import CLASS_COLOURS
from ui.projections.choose import TITLES
from vae_core import LatentExplorer
from vae_core.latent.projection_files import table_of
from vae_core.latent.projections import Projection

SIDE, EDGE, ROW = 960, 24, 18
INK, PAPER = (31, 42, 51), (251, 250, 247)
DOT, CROWD = 1.6, 10_000
"""Pixels, half a point's width where there are so many; fewer are larger."""


def offer_files(explorer: LatentExplorer, projection: Projection) -> None:
    """Download buttons, and the command and Python lines."""
    settings, name = projection.settings, explorer.name
    file = f"{name}-{settings.method}"
    with st.container(horizontal=True):
        for title, content, ending, kind in (
            ("PNG", lambda: projection_png(explorer, projection), "png", "image/png"),
            ("CSV", lambda: table_of(projection, explorer.latents), "csv", "text/csv"),
        ):
            st.download_button(
                f"{title} of the map",
                content,
                f"{file}.{ending}",
                kind,
                key=f"take projection {ending}",
                on_click="ignore",
                icon=":material/download:",
            )
    with st.expander("Make it again", icon=":material/code:"):
        st.code(command_line(explorer, projection, f"{file}.csv"), language="bash", wrap_lines=True)
        st.code(python_lines(explorer, projection), wrap_lines=True)


def command_line(explorer: LatentExplorer, projection: Projection, out: str) -> str:
    """The command that makes the table anew."""
    settings = projection.settings
    more = "" if settings.method == "pca" else f" --neighbours {settings.neighbours} --seed {settings.seed}"
    return f"python -m vae_core project {shlex.quote(explorer.name)} --method {settings.method}{more} --out {out}"


def python_lines(explorer: LatentExplorer, projection: Projection) -> str:
    """Lines that make the projection anew."""
    settings = projection.settings
    more = "" if settings.method == "pca" else f", neighbours={settings.neighbours}, seed={settings.seed}"
    return (
        "from vae_core import LatentExplorer\n"
        "from vae_core.latent.projection_files import make_projection\n"
        "from vae_core.latent.projections import Settings\n"
        f'explorer = LatentExplorer.load("{explorer.name}")\n'
        f'projection = make_projection(explorer.latents, Settings.of("{settings.method}"{more}))\n'
        "projection.xy  # (n, 2), of explorer.latents.mu[projection.rows]"
    )


def projection_png(explorer: LatentExplorer, projection: Projection) -> bytes:
    """The map in the colours of a light page, with a legend, settings and trustworthiness."""
    labels, names = explorer.latents.labels, explorer.card.data.class_names
    chosen = None if labels is None or not names else labels[projection.rows]
    settings = projection.settings
    more = "" if settings.method == "pca" else f", {settings.neighbours} neighbours, seed {settings.seed}"
    words = f"{TITLES[settings.method]} of {len(projection.xy):,} codes of {explorer.name}{more}; " + (
        f"trustworthiness {projection.trust.value:.3f}"
    )
    legend = legend_rows(names if chosen is not None else ())
    canvas = Image.new("RGB", (SIDE + 2 * EDGE, SIDE + 3 * EDGE + ROW * len(legend)), PAPER)
    pen = ImageDraw.Draw(canvas)
    dot = min(3 * DOT, DOT * (CROWD / len(projection.xy)) ** 0.3)
    points(pen, projection.xy, chosen, (EDGE, EDGE), SIDE, dot)
    pen.text((EDGE, SIDE + EDGE + 10), printable(words), INK)
    write_legend(pen, legend, (EDGE, SIDE + 2 * EDGE + 8))
    return png(canvas)


def points(
    pen: ImageDraw.ImageDraw,
    xy: npt.NDArray[np.floating],
    labels: npt.NDArray[np.int64] | None,
    corner: tuple[float, float],
    side: float,
    dot: float,
    reach: float | None = None,
) -> None:
    """Draw points into a square of `side` pixels, both axes in one scale: all in view, or from -reach to reach."""
    low, high = (xy.min(0), xy.max(0)) if reach is None else (np.array([-reach] * 2), np.array([reach] * 2))
    scale = (side - 4 * dot) / max(float((high - low).max()), 1e-9)
    places = (xy - (low + high) / 2) * scale * [1, -1] + side / 2 + np.array(corner)
    for i in np.random.default_rng(0).permutation(len(places)):  # else the last class would cover the others
        x, y = places[i]
        pen.ellipse((x - dot, y - dot, x + dot, y + dot), class_colour(0 if labels is None else int(labels[i])))


def class_colour(label: int) -> str:
    """The colour of a class on a light page."""
    return CLASS_COLOURS["light"][label % len(CLASS_COLOURS["light"])]


def legend_rows(names: Sequence[str]) -> list[list[tuple[int, str]]]:
    """Classes and their names, ten a row."""
    named = [(label, printable(name)[:12]) for label, name in enumerate(names)]
    return [named[i : i + 10] for i in range(0, len(named), 10)]


def write_legend(pen: ImageDraw.ImageDraw, rows: list[list[tuple[int, str]]], corner: tuple[float, float]) -> None:
    """Draw them."""
    for line, row in enumerate(rows):
        for column, (label, name) in enumerate(row):
            x, y = corner[0] + column * SIDE / 10, corner[1] + line * ROW
            pen.ellipse((x, y + 1, x + 9, y + 10), class_colour(label))
            pen.text((x + 13, y), name, INK)


def printable(text: str) -> str:
    """What Pillow's own font can draw of a text."""
    return text.encode("latin-1", "replace").decode("latin-1")


def png(canvas: Image.Image) -> bytes:
    """The bytes of a picture."""
    buffer = io.BytesIO()
    canvas.save(buffer, format="PNG")
    return buffer.getvalue()
