"""Directions as JSON, to take away and to bring; what is brought may be anybody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from vae_core.card import Sha256, Text
from vae_core.config import STRICT, parse, to_json
from vae_core.errors import DataError
from vae_core.latent.directions.direction import Direction

if TYPE_CHECKING:  # imports torch
    from vae_core.explorer import LatentExplorer

LARGEST_FILE = 1 << 20
MOST_DIRECTIONS = 32


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _Document:
    format: Literal["latent-directions"]
    version: Literal[1]
    model: Text
    weights: Sha256
    latent_dim: Annotated[int, Field(ge=1, le=512)]
    directions: Annotated[tuple[Direction, ...], Field(max_length=MOST_DIRECTIONS)]


def directions_json(explorer: LatentExplorer, directions: Sequence[Direction]) -> bytes:
    """Directions of a model as JSON, with the checksum of the model's weights."""
    return to_json(
        _Document(
            format="latent-directions",
            version=1,
            model=explorer.name,
            weights=explorer.card.files.weights,
            latent_dim=explorer.latent_dim,
            directions=tuple(directions),
        )
    )


def read_directions(content: bytes, explorer: LatentExplorer) -> tuple[Direction, ...]:
    """The directions of a JSON file that `directions_json` has made for this very model.

    Raises
    ------
    DataError
        When it is no such file, of another version, of another model, or has two directions of one name.
    """
    where = "The file of directions"
    if len(content) > LARGEST_FILE:
        raise DataError(f"{where} has more than {LARGEST_FILE >> 20} MB: it is none.")
    found = parse(_Document, content, where=where, error=DataError)
    if found.weights != explorer.card.files.weights:
        raise DataError(
            f"{where} was made for another model ({_shown(found.model)}, weights {found.weights[:12]}…), and a "
            f"direction means nothing in another space: open that model, or bring directions of {explorer.name} "
            f"(weights {explorer.card.files.weights[:12]}…)."
        )
    odd = next((one.name for one in found.directions if len(one.vector) != explorer.latent_dim), None)
    if found.latent_dim != explorer.latent_dim or odd is not None:
        raise DataError(
            f"{where} must have vectors of {explorer.latent_dim} numbers, one for each latent dimension"
            + (f", but that of {odd} has another length." if odd is not None else f", not {found.latent_dim}.")
        )
    names = [one.name for one in found.directions]
    if len(set(names)) < len(names):
        raise DataError(f"{where} has two directions of one name: rename one.")
    return found.directions


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:60]
