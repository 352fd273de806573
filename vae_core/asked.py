"""What the arguments of a command name: a model, its data, a class of it, a file to write. Each is checked here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vae_core.data import ImageSet, load_dataset
from vae_core.data.own_name import absolute_spec, is_own, printable
from vae_core.errors import ConfigError, DataError
from vae_core.files import expanded, writable
from vae_core.training.run_folder import RunFolder

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

LARGEST_PICTURE = 1 << 26
"""Pixels of a picture, or of a film's frames together: 8192 x 8192, which takes a few hundred megabytes to make."""


def open_explorer(arguments: argparse.Namespace) -> LatentExplorer:
    """The model that a command names, on the device that it asks for."""
    from vae_core.explorer import LatentExplorer

    return LatentExplorer.load(arguments.name, arguments.device, checkpoints_dir=arguments.checkpoints_dir)


def class_index(explorer: LatentExplorer, text: str | None) -> int | None:
    """The class that --class names, by its name or its index; None for a model that takes none.

    Raises
    ------
    ConfigError
        When the model takes none and one is given, takes one and none is given, or there is no such class.
    """
    names = explorer.card.data.class_names[: explorer.n_classes]
    if not names:
        if text is not None:
            raise ConfigError(f"{explorer.name} takes no class: it was trained without one; leave out --class.")
        return None
    if text is None:
        raise ConfigError(f"{explorer.name} takes a class: give --class, one of {_known(names)}, or its index.")
    return class_among(names, text, explorer.name)


def class_among(names: Sequence[str], text: str, where: str) -> int:
    """The class that a name or an index means."""
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and len(text) < 5 and int(text) < len(names):
        return int(text)
    raise ConfigError(
        f"--class {text[:40]}: {where} has the classes {_known(names)}, or their indices 0 to {len(names) - 1}."
        if names
        else f"--class {text[:40]}: the data of {where} has no classes; leave it out."
    )


def _known(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def explorer_and_data(arguments: argparse.Namespace) -> tuple[LatentExplorer, ImageSet]:
    """The model and the data that a command names; without --dataset the data that the model was trained on.

    Raises
    ------
    DataError
        When the model came from elsewhere and its card alone names the data, or the data does not fit the model.
    """
    explorer = open_explorer(arguments)
    card = explorer.card.data
    name = arguments.dataset or card.name
    is_ours = not is_own(card.name) or RunFolder(explorer.path).asks_for(card)
    if not (is_ours or arguments.dataset):
        raise DataError(
            f"{explorer.name} came from elsewhere: what its card names, {printable(card.name[:200])}, is not read "
            "unasked; say with --dataset where the data lies."
        )
    # Labels are those of the card's own data, and their path is another one that a stranger may have written.
    has_labels = is_ours and absolute_spec(name) == card.name
    options = card.options if has_labels else replace(card.options, labels="")
    data = load_dataset(name, arguments.data_dir, options)
    if data.image_shape != explorer.image_shape:
        raise DataError(
            f"{explorer.name} takes images of the shape {explorer.image_shape}, but those of {data.name} are "
            f"{data.image_shape}."
        )
    if explorer.can.label and len(data.class_names) != explorer.n_classes:
        raise DataError(
            f"{explorer.name} takes one of {explorer.n_classes} classes, but {data.name} has {len(data.class_names)}."
        )
    return explorer, data


def check_picture_size(n_images: int, image_shape: tuple[int, int, int], scale: int) -> None:
    """Refuse a picture of images (C, H, W), each enlarged `scale` times, that would not fit into memory.

    Raises
    ------
    ConfigError
        When it would have more than `LARGEST_PICTURE` pixels.
    """
    _, height, width = image_shape
    if n_images * height * width * scale**2 > LARGEST_PICTURE:
        raise ConfigError(
            f"{n_images:,} images of {height}x{width} at --scale {scale} would be a picture of more than "
            f"{LARGEST_PICTURE:,} pixels; take fewer, or a smaller --scale."
        )


def out_path(path: str, *suffixes: str) -> Path:
    """The output path, when its ending is one of these and a file can be written there."""
    out = expanded(path)
    if out.suffix.lower() not in suffixes:
        raise ConfigError(f"--out {path}: the name must end in {' or '.join(suffixes)}.")
    return writable(out)
