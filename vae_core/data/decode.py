"""The bytes of one picture -> pixels, whatever Pillow can read, under limits that hold before it is decoded."""

from __future__ import annotations

import functools
import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from vae_core.config import Colour, DataConfig
from vae_core.data.fit import DEFAULT_SIDE, coloured, is_trainable, square

MOST_PIXELS = 50_000_000
"""Of one picture: what the largest cameras of telephones make. One with alpha takes 600 MB while it is decoded."""

LARGE = 4_000_000
"""Pixels from which pictures are decoded one at a time, so that a few of them do not fill the memory."""

BACKGROUND = "white"
"""What shines through where a picture is transparent: most such pictures are drawn to stand on a page."""

READ = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TGA", "TIFF", "WEBP")
"""Formats that are opened: what cameras, scanners, screens and browsers make.

Of the others that Pillow knows some are programs (EPS), are packed without a bound (FITS), hold files of another size
than they tell (ICO), or are decoded in Python, which takes minutes for what others do in a second (BLP, DDS, QOI, XPM).
"""

MOST_PARTS = 100
"""Scans of a JPEG, and parts of its EXIF data; cameras and browsers make ten."""

TILE_WIDTH, TILE_LENGTH = 322, 323
"""Tags of TIFF 6.0, section 15."""

MOST_READS = 1_000_000
"""Steps in which a file may be read: one made of millions of tiny parts would keep a processor busy for a minute."""

_LARGE_ONE = threading.Lock()
_QUIET = threading.Lock()
_quiet_blocks: list[warnings.catch_warnings[None]] = []  # the filters as they were, once for each block that goes on


class UnusableError(Exception):
    """A picture that cannot be used; the text is the reason, as it is shown to people."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture decoded: pixels (C, H, W) uint8, fitted already where that can be said of it alone, and its own size.

    `size` is (width, height) as it is to be seen.
    """

    pixels: NDArray[np.uint8]
    size: tuple[int, int]


def decode(content: bytes, options: DataConfig, *, whole: int | None = None) -> Picture:
    """Decode a picture: the first frame, turned as its EXIF orientation says, as grey or RGB in 8 bits.

    16-bit grey is divided by 257, so that black stays 0 and white becomes 255; floating point has to be in [0, 1].
    CMYK, YCbCr and palettes become RGB, what is transparent is laid on white; colour profiles are not applied.
    With no side asked for, a picture of 8 to 64 pixels keeps its size and any other is made `DEFAULT_SIDE` square.

    Parameters
    ----------
    content : bytes
    options : DataConfig
        With `auto`, grey is made of colours that are grey within `GREY_TOLERANCE`.
    whole : int, optional
        Keep all of the picture, with its longer side at most so many pixels, whatever side is asked for.

    Raises
    ------
    UnusableError
        When it cannot be decoded, or is too large.
    """
    if not content:
        raise UnusableError("it is empty")
    # Each scan of a JPEG goes over all its pixels, and each part of EXIF is copied to those before.
    if content.startswith(b"\xff\xd8") and max(map(content.count, (b"\xff\xda", b"Exif\0\0"))) > MOST_PARTS:
        raise UnusableError("it is made of too many parts, save it anew")
    try:
        with Image.open(_Counted(content), formats=_formats()) as picture:
            width, height = picture.size
            _check_size(width, height)
            _check_packing(picture)
            with _LARGE_ONE if width * height > LARGE else nullcontext():
                return _decoded(picture, options, whole)
    except UnusableError:
        raise
    except Image.DecompressionBombError:
        raise UnusableError(f"it has more than {MOST_PIXELS / 1e6:.0f} million pixels") from None
    except UnidentifiedImageError:
        raise UnusableError("it is no picture that can be read") from None
    except MemoryError:
        raise UnusableError("there is not enough memory to decode it") from None
    except Exception as problem:  # what is damaged ends in errors of a dozen kinds, after the format that it is of
        first_line = (str(problem).splitlines() or [""])[0][:120]
        raise UnusableError(f"it is damaged or cut short ({first_line or type(problem).__name__})") from None


@contextmanager
def quietly() -> Iterator[None]:
    """Pillow and NumPy warn of files that they read all the same; here the reasons that count are collected.

    The filters of `warnings` belong to the whole process: the first of several blocks at a time sets them, the last
    one sets them back, and none waits for another, of which one may read a folder for minutes.
    """
    with _QUIET:
        if not _quiet_blocks:
            _quiet_blocks.append(warnings.catch_warnings())
            _quiet_blocks[0].__enter__()
            warnings.simplefilter("ignore")
        else:
            _quiet_blocks.append(_quiet_blocks[0])
    try:
        yield
    finally:
        with _QUIET:
            filters = _quiet_blocks.pop()
            if not _quiet_blocks:
                filters.__exit__(None, None, None)


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnusableError(f"it has {width} x {height} pixels, more than {MOST_PIXELS / 1e6:.0f} million in all")


def _check_packing(picture: ImageFile.ImageFile) -> None:
    """Refuse what takes far more memory or time to decode than pictures of that size do."""
    if isinstance(picture, TiffImageFile):  # a tile is decoded whole, however little of it the picture shows
        _check_size(picture.tag_v2.get(TILE_WIDTH, 0), picture.tag_v2.get(TILE_LENGTH, 0))
    if picture.size[0] * picture.size[1] > LARGE and any(tile[0] in Image.DECODERS for tile in picture.tile):
        raise UnusableError("it is packed in a way that takes too long to read, save it anew, as PNG")


@functools.cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(kind for kind in READ if kind in Image.OPEN)  # a Pillow built without one does without


class _Counted(io.BytesIO):
    """Bytes that may be read `MOST_READS` times."""

    _n_reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._n_reads += 1
        if self._n_reads > MOST_READS:
            raise UnusableError("it is made of too many small parts, save it anew, as PNG")
        return super().read(size)


def _decoded(picture: Image.Image, options: DataConfig, whole: int | None) -> Picture:
    target = whole or options.side or DEFAULT_SIDE
    width, height = picture.size
    if picture.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8):  # the four that turn it by a quarter
        width, height = height, width
    picture.draft(None, (4 * target, 4 * target))  # JPEG only: decodes at a half, a quarter or an eighth
    ImageOps.exif_transpose(picture, in_place=True)
    plain = _plain(picture)
    if whole is not None:
        plain.thumbnail((whole, whole), reducing_gap=3.0)
    elif options.side is not None or not is_trainable(height, width):
        plain = square(plain, target)
    return Picture(_pixels(plain, options.colour), (width, height))


def _plain(picture: Image.Image) -> Image.Image:
    """The picture as L, RGB or RGBA, all of 8 bits."""
    mode = picture.mode
    if mode.startswith("I"):
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 65535:
            raise UnusableError(f"its values are from {values.min()} to {values.max()}, expected 0 to 65535")
        return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    if mode == "F":
        values = np.asarray(picture)
        if not (values.min() >= 0 and values.max() <= 1):  # false for NaN too
            raise UnusableError("its values are floating point beyond [0, 1]")
        return Image.fromarray((values * 255 + 0.5).astype(np.uint8))
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture.convert("L" if mode in ("1", "L") else "RGB")


def _pixels(picture: Image.Image, colour: Colour) -> NDArray[np.uint8]:
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, BACKGROUND), picture).convert("RGB")
    pixels = np.asarray(picture)
    channels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    # Grey stays one channel even where rgb is asked for: it is repeated when all are laid together.
    kept = channels if colour == "rgb" else coloured(channels[None], colour)[0]
    return np.ascontiguousarray(kept)
