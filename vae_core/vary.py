"""The command `vary`: variations of one image, of a test image, or of a whole data set, as a folder or a zip file."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vae_core.asked import class_index, open_explorer
from vae_core.config import DataConfig
from vae_core.data import ImageSet, is_available, load_dataset
from vae_core.data.arrays import read_arrays
from vae_core.data.decode import UnusableError
from vae_core.data.gathered import Gathered
from vae_core.data.own_name import is_own, parse_own, printable
from vae_core.data.pictures import read_pictures
from vae_core.data.recipe import RECIPES, default_switches, prepare, read_picture
from vae_core.errors import ConfigError, DataError
from vae_core.files import expanded
from vae_core.latent.pixel_neighbours import PixelNeighbours
from vae_core.latent.variation_files import free_place, table, write_variations
from vae_core.latent.variation_sources import Sources, sources_of_codes, sources_of_images
from vae_core.latent.variations import vary
from vae_core.training.run_folder import RunFolder

if TYPE_CHECKING:
    from vae_core.explorer import LatentExplorer

LARGEST_FILE = 1 << 26
SIDE_READ = 224
"""Of a picture that is cropped: as on the page "Bring an image"."""

Pixels = npt.NDArray[np.uint8]


def vary_command(arguments: argparse.Namespace) -> dict[str, Any]:
    """Variations, each decoded and judged, with a table of how each was made."""
    from vae_core.report import shown_progress

    out = free_place(expanded(arguments.out))
    explorer = open_explorer(arguments)
    told = None
    if arguments.class_ is not None or (explorer.can.label and (arguments.image or not explorer.can.encode)):
        told = class_index(explorer, arguments.class_)
    own = _own_data(explorer, arguments.data_dir)
    sources, n_left_out = _sources(explorer, arguments, told, own)
    with shown_progress() as say:
        found = vary(
            explorer,
            sources,
            arguments.count,
            spread=arguments.spread,
            as_draw=arguments.draw,
            supported_only=arguments.supported_only,
            training=None if own is None else PixelNeighbours(own.train.images),
            generator=np.random.default_rng(arguments.seed),
            on_progress=lambda share: say("varying", share),
        )
    if not len(found):
        raise ConfigError(
            f"All {int(found.rejected.sum()):,} draws were off the data: take a smaller --spread, or leave "
            "--supported-only out."
        )
    text = table(found, model=explorer.name, seed=arguments.seed, class_names=explorer.card.data.class_names)
    write_variations(out, found, text)
    outside = found.is_outside
    return {
        "name": explorer.name,
        "n_sources": len(sources),
        "n_images": len(found),
        "spread": found.spread,
        "seed": arguments.seed,
        "off_data": None if outside is None else int(outside.sum()),
        "rejected": int(found.rejected.sum()),
        "left_out": n_left_out,
        "median_distance_to_nearest": None if found.to_nearest is None else float(np.median(found.to_nearest)),
        "path": str(out),
    }


def _sources(
    explorer: LatentExplorer, arguments: argparse.Namespace, told: int | None, own: ImageSet | None
) -> tuple[Sources, int]:
    if arguments.split is not None and arguments.dataset is None:
        raise ConfigError("--split belongs to --dataset.")
    if arguments.dataset is not None:
        return _of_dataset(explorer, arguments, told)
    if arguments.image:
        pictures = [read_image(explorer, Path(expanded(path))) for path in arguments.image]
        names = [printable(Path(path).name) for path in arguments.image]
        return sources_of_images(explorer, np.stack(pictures), told, names=names), 0
    known = own is not None and explorer.can.encode and all(0 <= i < len(own.test) for i in arguments.index)
    images = np.array(own.test.images[arguments.index]) if own is not None and known else None
    return sources_of_codes(explorer, arguments.index, told, images), 0


def read_image(explorer: LatentExplorer, path: Path) -> Pixels:
    """A picture's file as the model takes images, (C, H, W).

    One of the model's size is taken as it is; another one is scaled, cropped and centred as the data set was, as on
    the page "Bring an image".

    Raises
    ------
    DataError
        When there is none, or it cannot be read.
    """
    shown = repr(printable(str(path)[:200]))
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(f"{shown} has more than {LARGEST_FILE >> 20} MB; take a smaller picture.")
        content = path.read_bytes()
    except (OSError, ValueError) as problem:
        raise DataError(f"The picture {shown} cannot be read: {getattr(problem, 'strerror', problem)}.") from None
    recipe, (channels, height, width) = RECIPES.get(explorer.card.data.name), explorer.image_shape
    try:
        picture = read_picture(content, max(SIDE_READ, height, width), recipe)
    except UnusableError as problem:
        raise DataError(f"The picture {shown} cannot be used: {problem}.") from None
    as_it_is = picture.shape == (height, width, channels)
    steps = prepare(picture, explorer.image_shape, recipe, () if as_it_is else default_switches(recipe))
    return steps[-1].image


def _of_dataset(explorer: LatentExplorer, arguments: argparse.Namespace, told: int | None) -> tuple[Sources, int]:
    split = arguments.split or ("all" if is_own(arguments.dataset) else "test")
    if is_own(arguments.dataset) and split == "all":
        gathered = _own_images(explorer, arguments.dataset)
        images, labels, class_names = gathered.images, gathered.labels, gathered.class_names
        n_left_out, names = len(gathered.left_out), [printable(name) for name in gathered.names]
        names = names or [printable(arguments.dataset)] * len(images)
    else:
        data = load_dataset(arguments.dataset, arguments.data_dir, replace(explorer.card.data.options, labels=""))
        parts = [data.train, data.validation, data.test] if split == "all" else [data.split(split)]
        images, class_names = np.concatenate([part.images for part in parts]), data.class_names
        known = [part.labels for part in parts if part.labels is not None]
        labels = np.concatenate(known) if len(known) == len(parts) else None
        n_left_out, names = len(data.left_out), [printable(f"{arguments.dataset} {split}")] * len(images)
    if images.shape[1:] != explorer.image_shape:
        raise DataError(
            f"{explorer.name} takes images of the shape {explorer.image_shape}, but those of {arguments.dataset} are "
            f"{images.shape[1:]}."
        )
    of_class = () if labels is None or not class_names else tuple(class_names[i] for i in labels)
    encoded_as: npt.ArrayLike | None = None
    if explorer.can.label:
        own_classes = explorer.card.data.class_names
        same = labels is not None and set(class_names) <= set(own_classes)
        if not same and told is None:
            class_index(explorer, None)  # says that one is needed, and which there are
        encoded_as = np.array([own_classes.index(name) for name in of_class], np.int64) if same else told
    return sources_of_images(explorer, images, encoded_as, names=names, told=told, labels=of_class), n_left_out


def _own_images(explorer: LatentExplorer, dataset: str) -> Gathered:
    """All images of data of one's own at the model's size, however few: here nothing is learned from them."""
    channels, height, width = explorer.image_shape
    side = height if height == width else explorer.card.data.options.side
    options = DataConfig(side=side, colour="grey" if channels == 1 else "rgb")
    kind, path = parse_own(dataset)
    gathered = (read_pictures if kind in ("folder", "zip") else read_arrays)(kind, path, options)
    if not len(gathered.images):
        left = gathered.left_out
        why = f": {left[0].name}: {left[0].reason}" if left else ""
        raise DataError(f"{printable(dataset)} holds no picture that can be read{why}.")
    return gathered


def _own_data(explorer: LatentExplorer, data_dir: str | None) -> ImageSet | None:
    """The very images that the model was trained on, where they are on this machine and may be read unasked."""
    card = explorer.card.data
    if is_own(card.name) and not RunFolder(explorer.path).asks_for(card):
        return None
    with suppress(DataError):
        if is_own(card.name) or is_available(card.name, data_dir):
            data = load_dataset(card.name, data_dir, card.options)
            return data if data.checksum == card.checksum else None
    return None
