"""Files of one's own for the tests: pictures of every kind, sound and broken, in a folder or a zip file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def picture(colour: bool = True, size: tuple[int, int] = (40, 30), seed: int = 0) -> Image.Image:
    """Draw a smooth picture, of another brightness and slope for each seed; size is (width, height)."""
    width, height = size
    generator = np.random.default_rng(seed)
    slopes = generator.uniform(0.2, 1, (3 if colour else 1, 2))
    x, y = np.linspace(0, 1, width)[None, :, None], np.linspace(0, 1, height)[:, None, None]
    pixels = (255 * (slopes[:, 0] * x + slopes[:, 1] * y) / 2).astype(np.uint8)
    return Image.fromarray(pixels if colour else pixels[:, :, 0])


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Save the picture as a file of a format that Pillow knows."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def claiming_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")
    )


def sound_files(n: int = 1) -> dict[str, bytes]:
    """Sound pictures by name, n of each kind: eleven kinds of file and of pixel."""
    files: dict[str, bytes] = {}
    for i in range(n):
        colour, grey = picture(seed=i), picture(colour=False, seed=i)
        deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        clear = colour.copy()
        clear.putalpha(grey)
        files |= {
            f"plain {i}.png": saved(colour, "PNG"),
            f"photo {i}.jpg": saved(colour, "JPEG"),
            f"moving {i}.gif": saved(grey, "GIF", save_all=True, append_images=[grey.rotate(90)]),
            f"web {i}.webp": saved(colour, "WEBP"),
            f"map {i}.bmp": saved(colour, "BMP"),
            f"scan {i}.tif": saved(grey, "TIFF"),
            f"deep {i}.png": saved(deep, "PNG"),
            f"print {i}.jpeg": saved(colour.convert("CMYK"), "JPEG"),
            f"clear {i}.png": saved(clear, "PNG"),
            f"palette {i}.png": saved(colour.quantize(16), "PNG"),
            f"猫 ñandú {i}.png": saved(colour, "PNG"),
        }
    return files


def broken_files() -> dict[str, tuple[bytes, str]]:
    """Files that cannot be used by name, with a part of the reason."""
    whole = saved(picture(size=(200, 200)), "JPEG")
    return {
        "cut.jpg": (whole[: len(whole) // 2], "damaged or cut short"),
        "text.png": (b"no picture at all", "no picture that can be read"),
        "nothing.png": (b"", "empty"),
        "claims.png": (claiming_png(10_000, 10_000), "10000 x 10000 pixels, more than 50 million"),
        "claims more.png": (claiming_png(60_000, 60_000), "more than 50 million pixels"),
        "huge.png": (saved(Image.new("1", (10_000, 10_000)), "PNG"), "10000 x 10000 pixels, more than 50 million"),
        "program.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n", "no picture that can be read"),
    }


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder, which is made; the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder
