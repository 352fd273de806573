"""A picture of anything -> an image as a data set has them: ink on black, cropped, scaled and centred, step by step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae_core.config import DataConfig
from vae_core.data.decode import decode, quietly
from vae_core.data.fit import coloured, square
from vae_core.errors import ShapeError

Pixels = NDArray[np.uint8]
Switch = Literal["invert", "crop", "centre"]

SWITCHES: tuple[Switch, ...] = ("invert", "crop", "centre")
LIGHT = 127.5
"""A background brighter than this is light."""

INK = 26
"""Of 255: what is darker does not count as ink when a picture is cropped; a tenth of full ink."""

FAINTEST = 16
"""Of 255: a picture that rises less above its background is empty."""


@dataclass(frozen=True)
class Recipe:
    """How the images of a data set were made of scanned or photographed ones.

    Attributes
    ----------
    longest : float
        Share of the image's side that the longer side of the ink's box takes.
    by_mass : bool
        What comes to the middle: the ink's centre of mass, or else the middle of its box.
    """

    longest: float
    by_mass: bool


_MNIST = Recipe(20 / 28, by_mass=True)
RECIPES = {
    "mnist": _MNIST,
    "binarized-mnist": _MNIST,
    "emnist-letters": Recipe(24 / 28, by_mass=False),
    "fashion-mnist": Recipe(1.0, by_mass=False),
    "digits": Recipe(1.0, by_mass=False),
}
"""By data set. MNIST: "normalized to fit in a 20x20 pixel box while preserving their aspect ratio", the centre of mass
at the middle of 28x28 (LeCun, Bottou, Bengio & Haffner 1998, section III.A). EMNIST: a frame of 2 pixels around the box
(Cohen, Afshar, Tapson & van Schaik 2017, section II). Fashion-MNIST: the longest edge to 28, negated (Xiao, Rasul &
Vollgraf 2017, section 2). digits: every one of its images fills all 8 rows."""


@dataclass(frozen=True, eq=False)
class Step:
    """One step on the way: its switch ("" for the picture as it came), and the image after it, (C, H, W) uint8."""

    switch: Switch | Literal[""]
    image: Pixels


def default_switches(recipe: Recipe | None) -> tuple[Switch, ...]:
    """The steps that a data set's own images went through: all with a recipe, none without."""
    return SWITCHES if recipe is not None else ()


def prepare(
    picture: Pixels, image_shape: tuple[int, int, int], recipe: Recipe | None, switches: Collection[Switch]
) -> list[Step]:
    """Make a picture what a model trained on a data set takes, and keep each step to be shown.

    Without a recipe the picture is scaled and cut to the middle square, as data of one's own is, and may be inverted.
    With one, "invert" puts light on dark, with the background's level as 0 and the strongest ink as 255; "crop" scales
    the box of the ink as the recipe says; "centre" moves it, by whole pixels, so that its centre of mass (in pixel
    indices, H / 2 and W / 2: so it is in MNIST) or the middle of its box lies in the middle.

    Parameters
    ----------
    picture : uint8 array of shape (H', W', 1 or 3)
    image_shape : tuple of int
        (C, H, W) of the model.
    recipe : Recipe or None
    switches : collection of str
        Which of "invert", "crop" and "centre" are done.

    Returns
    -------
    list of Step
        The first is the picture as it came, at the model's size; the last is the image.

    Raises
    ------
    ShapeError
        When the picture has another shape or type.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (1, 3) or 0 in picture.shape:
        raise ShapeError(
            f"A picture must be uint8 of the shape (H, W, 1 or 3), but it is {picture.dtype} {picture.shape}."
        )
    came = coloured(picture.transpose(2, 0, 1)[None], "grey" if image_shape[0] == 1 else "rgb")[0]
    steps = [Step("", _fitted(came, image_shape))]
    if "invert" in switches:
        came = _on_black(came) if recipe is not None else 255 - came
        steps.append(Step("invert", _fitted(came, image_shape)))
    if recipe is None:
        return steps
    if "crop" in switches:
        steps.append(Step("crop", _cropped(came, image_shape, recipe)))
    if "centre" in switches:
        steps.append(Step("centre", _centred(steps[-1].image, by_mass=recipe.by_mass)))
    return steps


def read_picture(content: bytes, side: int, recipe: Recipe | None) -> Pixels:
    """A picture's file as a square of pixels (S, S, 1 or 3), S at most `side`; grey where it has no colour.

    With a recipe all of it is kept, on a square of its background's colour; without, its middle square is.

    Raises
    ------
    UnusableError
        As `decode` says: when it cannot be read, or is too large.
    """
    with quietly():
        pixels = decode(content, DataConfig(), whole=side).pixels
    if recipe is None:
        edge = min(pixels.shape[1:])
        top, left = ((size - edge) // 2 for size in pixels.shape[1:])
        return np.ascontiguousarray(pixels[:, top : top + edge, left : left + edge].transpose(1, 2, 0))
    channels, height, width = pixels.shape
    edge = max(height, width)
    whole = np.empty((channels, edge, edge), np.uint8)
    whole[:] = np.median(_frame(pixels), axis=1).astype(np.uint8)[:, None, None]
    top, left = (edge - height) // 2, (edge - width) // 2
    whole[:, top : top + height, left : left + width] = pixels
    return np.ascontiguousarray(whole.transpose(1, 2, 0))


def _on_black(picture: Pixels) -> Pixels:
    """Ink light on black; the background's level and its noise become 0, the strongest ink 255."""
    frame = _frame(picture.max(axis=0, keepdims=True)).astype(np.float64)[0]
    if np.median(frame) > LIGHT:
        picture, frame = 255 - picture, 255 - frame
    background = float(np.median(frame))
    floor = background + 4 * 1.4826 * float(np.median(np.abs(frame - background)))  # four sigma of the paper's noise
    ceiling = float(np.percentile(picture, 99.9))
    if ceiling - floor < FAINTEST:
        ceiling = float(picture.max())
    if ceiling - floor < FAINTEST:
        return np.zeros_like(picture)
    scaled = (picture.astype(np.float64) - floor) * (255 / (ceiling - floor))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _frame(picture: Pixels) -> Pixels:
    """The pixels along the four edges of a picture (C, H, W), (C, n)."""
    return np.concatenate([picture[:, 0], picture[:, -1], picture[:, 1:-1, 0], picture[:, 1:-1, -1]], axis=1)


def _cropped(picture: Pixels, image_shape: tuple[int, int, int], recipe: Recipe) -> Pixels:
    """The box of the ink, its longer side scaled as the recipe says, laid in the middle of black."""
    channels, height, width = image_shape
    canvas = np.zeros((channels, height, width), np.uint8)
    rows, columns = _box(picture)
    if rows is None or columns is None:
        return canvas
    box = picture[:, rows, columns]
    room = round(recipe.longest * min(height, width))
    scale = room / max(box.shape[1:])
    size = [max(1, round(scale * edge)) for edge in box.shape[1:]]
    # A triangle as wide as a pixel of the result: the antialiasing that leaves grey levels, without ringing.
    small = np.asarray(_pillow(box).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    canvas[:, top : top + size[0], left : left + size[1]] = small[None] if channels == 1 else small.transpose(2, 0, 1)
    return canvas


def _centred(image: Pixels, *, by_mass: bool) -> Pixels:
    """The image moved by whole pixels, as far as its ink stays within."""
    rows, columns = _box(image, least=1)
    if rows is None or columns is None:
        return image
    _, height, width = image.shape
    if by_mass:
        mass = image.sum(axis=0, dtype=np.float64)
        place = [
            float(mass.sum(1) @ np.arange(height) / mass.sum()),
            float(mass.sum(0) @ np.arange(width) / mass.sum()),
        ]
        wish = [height / 2 - place[0], width / 2 - place[1]]
    else:
        wish = [(height - rows.stop - rows.start) / 2, (width - columns.stop - columns.start) / 2]
    moves = [
        int(np.clip(round(by), -box.start, edge - box.stop))
        for by, box, edge in zip(wish, (rows, columns), (height, width), strict=True)
    ]
    return np.roll(image, moves, axis=(1, 2))


def _box(image: Pixels, least: int = INK) -> tuple[slice, slice] | tuple[None, None]:
    """Rows and columns that hold ink; None and None of an empty picture."""
    ink = image.max(axis=0) >= least
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return None, None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _fitted(picture: Pixels, image_shape: tuple[int, int, int]) -> Pixels:
    """The whole picture at the model's size: its middle square, scaled with antialiasing."""
    _, height, width = image_shape
    if height != width:
        small = _pillow(picture).resize((width, height), Image.Resampling.BICUBIC)
    else:
        small = square(_pillow(picture), height)
    pixels = np.asarray(small)
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


def _pillow(picture: Pixels) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)))
