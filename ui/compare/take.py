"""Linked maps to take away: all of them as one picture, and the chosen images as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from ui.axes import widest_plane
from ui.compare.carry import Journey
from ui.compare.choice import Compared
from ui.latent_map import MapGroup
from ui.maps import map_points
from ui.projections.take import INK, PAPER, class_colour, legend_rows, png, printable, write_legend
from vae_core.tables import csv_text, numbered

SIDE, EDGE, TITLE, ROW = 640, 24, 30, 18
DOT, LIT, RING = 1.2, 2.0, 8
FAINT = (218, 220, 220)
ACCENT = (15, 118, 110)


def maps_png(
    models: Sequence[Compared],
    twins: Sequence[Compared],
    image: int | None,
    group: tuple[str, MapGroup] | None,
    path: Journey | None,
) -> bytes:
    """The maps beside each other in the colours of a light page, with the chosen group, the path, the marked image."""
    names = twins[0].card.data.class_names if twins and twins[0].explorer.latents.labels is not None else ()
    legend = legend_rows(names)
    width = len(models) * (SIDE + EDGE) + EDGE
    canvas = Image.new("RGB", (width, TITLE + SIDE + 2 * EDGE + ROW * len(legend)), PAPER)
    pen = ImageDraw.Draw(canvas)
    rows = None if group is None else group[1].indices
    for number, one in enumerate(models):
        corner = (EDGE + number * (SIDE + EDGE), TITLE)
        pen.rectangle((corner[0], 10, corner[0] + 10, 20), fill=one.colour)
        pen.text((corner[0] + 16, 9), printable(one.name), INK)
        pen.rectangle((*corner, corner[0] + SIDE, corner[1] + SIDE), outline=FAINT)
        is_twin = one in twins
        _draw_map(pen, one, corner, image if is_twin else None, rows if is_twin else None, path)
    write_legend(pen, legend, (EDGE, TITLE + SIDE + EDGE))
    return png(canvas)


def _draw_map(
    pen: ImageDraw.ImageDraw,
    one: Compared,
    corner: tuple[int, int],
    image: int | None,
    rows: npt.NDArray[np.int64] | None,
    path: Journey | None,
) -> None:
    plane = widest_plane(one.explorer)
    points = map_points(one.explorer, plane)
    ways = [] if path is None else [np.asarray(way.xy, np.float64) for way in path.paths_of(one, plane.plane)]
    seen = np.concatenate([points.xy, *ways]) if points.n or ways else np.zeros((0, 2))
    low, high = (seen.min(0), seen.max(0)) if len(seen) else (np.full(2, -3.0), np.full(2, 3.0))
    scale = (SIDE - 24) / max(float((high - low).max()), 1e-9)

    def pixels(xy: npt.ArrayLike) -> npt.NDArray[np.float64]:
        offsets = (np.asarray(xy, np.float64) - (low + high) / 2) * scale * [1, -1]
        placed: npt.NDArray[np.float64] = offsets + np.array(corner) + SIDE / 2
        return placed

    lit = None if rows is None else set(rows.tolist())
    places = pixels(points.xy)
    for i in np.random.default_rng(0).permutation(points.n):  # else the last class would cover the others
        x, y = places[i]
        is_lit = lit is None or int(i) in lit
        label = 0 if points.labels is None else int(points.labels[i])
        dot = LIT if lit is not None and is_lit else DOT
        pen.ellipse((x - dot, y - dot, x + dot, y + dot), class_colour(label) if is_lit else FAINT)
    for way in ways:
        pen.line([tuple(place) for place in pixels(way)], fill=INK, width=3, joint="curve")
    if image is not None:
        x, y = places[image]
        pen.ellipse((x - RING, y - RING, x + RING, y + RING), outline=ACCENT, width=4)


def chosen_csv(twins: Sequence[Compared], rows: npt.NDArray[np.int64]) -> str:
    """A row for each chosen test image: its number, its class, and its code in every model."""
    labels, names = twins[0].explorer.latents.labels, twins[0].card.data.class_names
    known = labels is not None and bool(names)
    header = ["test_image", *(["class"] if known else [])]
    header += [column for one in twins for column in numbered(f"{one.name}_mu", one.explorer.latent_dim)]
    table = []
    for index in rows.tolist():
        named = [names[int(labels[index])]] if known and labels is not None else []
        codes = [value for one in twins for value in one.explorer.latents.mu[index].tolist()]
        table.append([index, *named, *codes])
    return csv_text(header, table)
