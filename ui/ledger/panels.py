"""The ledger's parts below its controls: the wall of the first rows, and the neighbours of what is chosen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import decoder
from ui.classes import told_classes
from ui.encoded import images_of
from ui.ledger import chosen
from ui.ledger.columns import title_of
from ui.ledger.looks import Rows, columns_of
from ui.tiles import Tile, tiles
from vae_core import LatentExplorer
from vae_core.latent.ledger import Ledger

ON_THE_WALL = 34


def wall_of_rows(
    explorer: LatentExplorer, ledger: Ledger, rows: Rows, order: str, row: int | None, on_pick: Callable[[int], None]
) -> None:
    """The first rows as pictures, each with its class, that of its neighbours where it differs, and its figure."""
    first = rows[:ON_THE_WALL]
    if not len(first):
        return
    name = order.removeprefix("-")
    names, values = explorer.card.data.class_names, columns_of(ledger)[name]
    words = []
    for number in first.tolist():
        label = -1 if ledger.labels is None else int(ledger.labels[number])
        title = names[label] if label >= 0 and names else "{} {}".format(*ledger.place(number))
        odd = bool(ledger.disagrees[number])
        if odd and ledger.near_class is not None and names:
            title += f" → {names[ledger.near_class[number]]}"
        note = (
            f"{values[number]:.1f}".replace("-", "−")
            if name in ledger.figures or name.startswith("kl_")
            else f"no. {number}"
        )
        words.append(Tile(number, title, note, label, odd))
    which = "images" if images_of(explorer, chosen.split_of(ledger)) is not None else "reconstructions"
    way = {"image": "", "class": "", "near_class": ""}.get(
        name, f", {'highest' if order.startswith('-') else 'lowest'} {title_of(name)} first"
    )
    st.caption(f"The first {len(first)} {which}{way}. Class → the one that most of its neighbours have, if another.")
    tiles(
        chosen.pictures_of(explorer, ledger, first),
        words,
        label=f"The first {len(first)} rows",
        key=f"ledger wall of {explorer.card.key[:12]}",
        chosen=row,
        size=46,
        on_pick=on_pick,
    )


def neighbours(
    explorer: LatentExplorer,
    ledger: Ledger,
    z: npt.NDArray[np.float32],
    row: int | None,
    on_pick: Callable[[int], None],
) -> None:
    """Nearest in latent space and in pixels, of a row or else of the image decoded at z."""
    card, names = explorer.card, explorer.card.data.class_names
    near = chosen.near_in_latent(card.key, len(ledger), tuple(map(float, z)), row, ledger)
    st.markdown("##### Neighbours")
    st.caption("Nearest in latent space: distance of the means, in units of z.")
    if len(near.rows):
        tiles(
            chosen.pictures_of(explorer, ledger, near.rows),
            chosen.near_tiles(ledger, names, near),
            label="Nearest in latent space",
            key=f"near in latent space of {card.key[:12]}",
            on_pick=on_pick,
        )
    images = images_of(explorer, chosen.split_of(ledger))
    if images is None or not sum(ledger.counts[:2]):
        st.caption(":material/cloud_off: The nearest in pixels need the training images and the whole ledger.")
        return
    decoded = decoder.decode(explorer, z[None], told_classes(explorer, 1))[0]
    image = decoded if row is None else np.moveaxis(images[row], 0, -1)
    alike = chosen.near_in_pixels(card.key, image.tobytes(), row, explorer, image)
    what = "the picture decoded at z" if row is None else "this image"
    st.caption(f"Training images nearest to {what} in pixels: root mean squared difference, 1 is black to white.")
    tiles(
        chosen.pictures_of(explorer, ledger, alike.rows),
        chosen.near_tiles(ledger, names, alike),
        label="Nearest in pixels",
        key=f"near in pixels of {card.key[:12]}",
        on_pick=on_pick,
    )
    memorised = alike if row is None else chosen.near_in_pixels(card.key, decoded.tobytes(), None, explorer, decoded)
    _say_memorisation(explorer, float(memorised.distances[0]))


def _say_memorisation(explorer: LatentExplorer, distance: float) -> None:
    usual = chosen.held_out(explorer.card.key, explorer)
    st.caption(
        f"Learned by heart? What is decoded here is **{distance:.3f}** from the nearest training image; held-out "
        f"images are {usual.median:.3f} (5 to 95 %: {usual.low:.3f} to {usual.high:.3f}) from theirs. Much less would "
        "be a copy; blurred pictures lie near as well, since nothing in them is particular."
    )
