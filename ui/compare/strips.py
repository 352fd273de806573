"""Pictures of several models: a strip for each beneath the other, and all of them with their names as one PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from ui.compare.choice import Compared
from ui.pictures import show
from vae_core.images import montage, png_bytes

TILE = 112
"""Pixels that a small image is enlarged to, as far as whole factors go."""

LABEL_HEIGHT, MARGIN = 26, 8
BACKGROUND, INK = (255, 255, 255), (31, 42, 51)
"""Of the PNG, which goes into slides and papers."""

ORIGINALS = "Originals"


@dataclass(frozen=True, eq=False)
class Strip:
    """Images (N, H, W, C) in a row, or in several of `columns`; a model's, or of the data when `model` is None.

    `note` says what they are, where several strips of one model or kind could be meant.
    """

    images: npt.NDArray[np.uint8]
    model: Compared | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """What stands above it."""
        name = self.model.name if self.model else ORIGINALS
        return f"{name}: {self.note}" if self.note else name

    def picture(self, columns: int) -> npt.NDArray[np.uint8]:
        """All of its images as one, (H, W, C)."""
        scale = max(1, TILE // self.images.shape[1])
        return montage(np.moveaxis(self.images, -1, 1), columns=columns, scale=scale, gap=2)


def show_strips(
    strips: Sequence[Strip], columns: int, file_name: str, what: str, *, side_by_side: bool = False
) -> None:
    """Draw them, each with its name, and a button that takes them away.

    Parameters
    ----------
    columns : int
        Images in a row.
    what : str
        What the images are, for those who cannot see them.
    side_by_side : bool
        Not beneath each other.
    """
    places = st.columns(len(strips), gap="medium") if side_by_side else [st.container() for _ in strips]
    for strip, place in zip(strips, places, strict=True):
        with place:
            show_name(strip.model, strip.note)
            show(strip.picture(columns), f"{what}: {strip.title}.", stretch=True)
    st.download_button(
        "PNG",
        lambda: labelled_png(strips, columns),
        f"{file_name}.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
        key=f"{what} as PNG",
    )


def show_name(model: Compared | None, note: str = "") -> None:
    """A model's name with its colour; without a model, that these are originals."""
    more = f": {escape(note)}" if note else ""
    if model is None:
        st.html(f"<small>{ORIGINALS}{more}</small>", width="content")
    else:
        name = f"{escape(model.name)}{more}"
        st.html(f'<small><span style="color:{model.colour}">■</span> {name}</small>', width="content")


def labelled_png(strips: Sequence[Strip], columns: int) -> bytes:
    """All strips beneath each other, on white, each below its name."""
    pictures = [strip.picture(columns) for strip in strips]
    width = max(picture.shape[1] for picture in pictures) + 2 * MARGIN
    height = sum(picture.shape[0] + LABEL_HEIGHT for picture in pictures) + MARGIN
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    pen, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(14), 0
    for strip, picture in zip(strips, pictures, strict=True):
        left = MARGIN
        if strip.model is not None:
            pen.rectangle((left, top + 8, left + 10, top + 18), fill=strip.model.colour)
            left += 18
        pen.text((left, top + 5), strip.title, fill=INK, font=font)
        top += LABEL_HEIGHT
        sheet.paste(Image.fromarray(np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture), (MARGIN, top))
        top += picture.shape[0]
    return png_bytes(np.asarray(sheet))
