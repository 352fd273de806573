"""Names of data of one's own: `folder:PATH`, `zip:PATH`, `npz:PATH`, `npy:PATH`."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from vae_core.config import DataConfig
from vae_core.errors import DataError
from vae_core.files import expanded

KINDS = ("folder", "zip", "npz", "npy")

LONGEST_BASE = 40
"""Characters that a run's name takes from its data's; a suffix has to fit behind them."""


def is_own(name: str) -> bool:
    """Whether a data set's name means data of one's own."""
    kind, colon, _ = name.partition(":")
    return bool(colon) and kind in KINDS


def parse_own(name: str) -> tuple[str, Path]:
    """The kind and the path that such a name is made of; whether anything lies there is not looked at.

    Raises
    ------
    DataError
        When the path is missing or cannot be one.
    """
    kind, _, path = name.partition(":")
    if kind not in KINDS or not path.strip() or "\0" in path:
        raise DataError(
            f"{name[:80]!r} names no data: write {', '.join(f'{kind}:PATH' for kind in KINDS)} with the path of a "
            "folder or file."
        )
    return kind, expanded(path)


def own_name_of(path: str) -> str:
    """The name of the data at a path: a folder's, or by its ending a zip, npz or npy file's.

    Raises
    ------
    DataError
        When nothing of these lies there.
    """
    if is_own(path):
        return absolute_spec(path)
    place = expanded(path)
    # os.path asks as Path does, and says no of a path that is too long or closed, which Path raises an error for.
    kind = "folder" if os.path.isdir(place) else place.suffix.lower().removeprefix(".")  # noqa: PTH112
    if kind not in KINDS or not os.path.exists(place):  # noqa: PTH110
        raise DataError(f"{printable(path[:200])!r}: expected the path of a folder, or of a .zip, .npz or .npy file.")
    return absolute_spec(f"{kind}:{place}")


def absolute_spec(name: str) -> str:
    """The name with its path made absolute, so that it means the same from any folder; other names as they are."""
    if not is_own(name):
        return name
    kind, path = parse_own(name)
    return f"{kind}:{os.path.abspath(path)}"  # noqa: PTH100 - Path.absolute keeps `..`, and resolve follows links


def absolute_options(options: DataConfig) -> DataConfig:
    """The options with the path of the labels made absolute."""
    if not options.labels:
        return options
    return replace(options, labels=os.path.abspath(expanded(options.labels)))  # noqa: PTH100 - as above


def title_of(name: str) -> str:
    """The name of the folder or file, for people."""
    _, path = parse_own(absolute_spec(name))
    return printable(path.name or str(path))


def short_name(name: str) -> str:
    """What a run on this data set is called at first: the set's name, or its folder's or file's in plain letters."""
    if not is_own(name):
        return name
    kind, _ = parse_own(name)
    return plain_letters(Path(title_of(name)).stem, otherwise=kind)


def plain_letters(text: str, *, otherwise: str) -> str:
    """A name made of the plain letters and digits of a text; `otherwise` where there are none."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return plain[:LONGEST_BASE].strip("-") or otherwise


def printable(text: str) -> str:
    """A text from a file's name or content without what a terminal would obey or UTF-8 cannot hold."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
