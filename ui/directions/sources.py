"""What a direction can be made from on a page: a class, a group drawn on the map, a column of a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ui.axes import PCA, MapPlane, axes_of, plane_named
from ui.latent_map import MapGroup
from ui.maps import map_points, outline_text, parse_outline
from vae_core import LatentExplorer
from vae_core.latent.directions import Question, Table, class_question, column_question, group_question

LONGEST_OUTLINE = 1000
"""Letters of an outline in an address; longer ones are not in it."""


@dataclass(frozen=True, eq=False)
class Source:
    """A question with what it takes to ask it again.

    Attributes
    ----------
    question : Question
    wish : str or None
        What stands for it in an address; None: nothing can, as it comes from a file.
    lines : tuple of str
        Python that makes `question` anew.
    name : str
        What a direction found for it is called, unless somebody names it.
    """

    question: Question
    wish: str | None
    lines: tuple[str, ...]
    name: str


def from_class(explorer: LatentExplorer, label: int, against: int | None) -> Source:
    """A class against all others, or against another one."""
    question = class_question(explorer, label, against)
    given = str(label) if against is None else f"{label}, {against}"
    wish = f"class:{label}" if against is None else f"class:{label}:{against}"
    name = f"class {question.ends[1]}"[:56] if against is None else f"{question.ends[0]} to {question.ends[1]}"[:60]
    return Source(question, wish, (f"question = directions.class_question(explorer, {given})",), name)


def from_group(explorer: LatentExplorer, plane: MapPlane, group: MapGroup) -> Source:
    """The group that was drawn on a plane against all other images."""
    n = len(explorer.latents.mu)
    question = group_question(group.indices, n)
    text = outline_text(group)
    axes = axes_of(plane)
    if plane.key != PCA and axes is None:  # a plane that no address knows
        members = ", ".join(map(str, group.indices))
        return Source(question, None, (f"question = directions.group_question([{members}], {n})",), "group")
    make = "pca_plane(mu)[0]" if axes is None else f"axes_plane({axes}, explorer.latent_dim)"
    corners, _, shown = text.partition(";")
    lines = [
        "from vae_core.latent.groups import inside",
        f"from vae_core.latent.plane import {make.partition('(')[0]}",
        f"outline = np.reshape([{corners.replace(',', ', ')}], (-1, 2))",
        f"members = inside(outline, {make}.project(mu))",
    ]
    if shown:
        lines.append(f"members &= np.isin(explorer.latents.labels, [{shown.replace(',', ', ')}])")
    lines.append("question = directions.group_question(np.flatnonzero(members), len(mu))")
    wish = f"group:{plane.key}:{text}" if len(text) <= LONGEST_OUTLINE else None
    return Source(question, wish, tuple(lines), "group")


def from_column(explorer: LatentExplorer, table: Table, column: str, file: str) -> Source:
    """A column of a table that somebody has brought."""
    question = column_question(table, column, len(explorer.latents.mu))
    lines = (
        f"table = directions.read_table(Path({file!r}).read_bytes())",
        f"question = directions.column_question(table, {column!r}, len(mu))",
    )
    return Source(question, None, lines, (column.strip() or "column")[:60])


def from_wish(explorer: LatentExplorer, wish: str) -> Source | None:
    """What an address asks for; None when that is nothing. DataError: it cannot be had of this model."""
    kind, _, rest = wish.partition(":")
    if kind == "class":
        numbers = rest.split(":")
        if len(numbers) not in (1, 2) or not all(n.isascii() and n.isdigit() and len(n) < 4 for n in numbers):
            return None
        return from_class(explorer, int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None)
    if kind == "group" and explorer.can.encode:
        key, _, text = rest.partition(":")
        plane, outline = plane_named(explorer, key), parse_outline(text) if len(text) <= LONGEST_OUTLINE else None
        if plane is None or outline is None:
            return None
        group = MapGroup.of(outline[0], map_points(explorer, plane), outline[1])
        return from_group(explorer, plane, group) if np.size(group.indices) else None
    return None
