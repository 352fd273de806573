"""Pictures made to cost far more memory or time than they show: refused before they are decoded."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

import vae_core.data.decode as module
from tests.vae_core.data.own_files import picture, saved, write
from vae_core.config import DataConfig
from vae_core.data import image_shape
from vae_core.data.decode import UnusableError, decode, quietly
from vae_core.data.own_name import own_name_of
from vae_core.errors import DataError


def tiled_tiff(side: int) -> bytes:
    """A TIFF of 10 by 10 pixels in one tile of `side` by `side`."""
    packed = zlib.compress(bytes(256))
    tags = {256: 10, 257: 10, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side, 324: 134, 325: len(packed)}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + table + bytes(4) + packed


def many_chunks(n: int) -> bytes:
    """A PNG with n chunks that mean nothing."""
    whole, empty = saved(picture(), "PNG"), struct.pack(">I", 0) + b"prVt"
    return whole[:33] + (empty + struct.pack(">I", zlib.crc32(b"prVt"))) * n + whole[33:]


def many_scans(n: int) -> bytes:
    """A progressive JPEG whose last scan comes n times more."""
    whole = saved(picture(), "JPEG", progressive=True)
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * n + whole[-2:]


def much_exif(n: int) -> bytes:
    """A JPEG with n parts of EXIF data."""
    whole = saved(picture(), "JPEG")
    return whole[:2] + (b"\xff\xe1\x00\x28Exif\0\0" + bytes(32)) * n + whole[2:]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (tiled_tiff(40_000), "40000 x 40000 pixels"),
        (many_scans(200), "too many parts"),
        (much_exif(200), "too many parts"),
        (b"P3 3000 3000 255 " + b"1 " * 1000, "too long to read"),
        (b"qoif" + struct.pack(">IIBB", 64, 64, 3, 0) + bytes(64 * 64), "no picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n", "no picture that can be read"),
    ],
    ids=["tile", "scans", "EXIF", "Python", "QOI", "EPS"],
)
def test_what_would_cost_too_much_is_left_out(content: bytes, why: str) -> None:
    """The reason is said, and nothing was decoded."""
    with pytest.raises(UnusableError, match=why):
        decode(content, DataConfig())


def test_a_file_of_too_many_parts_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading ends after so many steps, and an ordinary picture takes few of them."""
    monkeypatch.setattr(module, "MOST_READS", 1000)
    assert (3, 30, 40) == decode(saved(picture(), "PNG"), DataConfig()).pixels.shape
    with pytest.raises(UnusableError, match="too many small parts"):
        decode(many_chunks(2000), DataConfig())


def test_ordinary_parts_are_no_harm() -> None:
    """A progressive JPEG, one with EXIF data in two parts, and a TIFF in small tiles are read."""
    for content in (many_scans(0), much_exif(2), saved(picture(), "TIFF", compression="tiff_deflate")):
        assert (40, 30) == decode(content, DataConfig()).size
    assert (10, 10) == decode(tiled_tiff(16), DataConfig()).size


def test_too_few_pictures_are_told_before_a_run_is_made(tmp_path: Path) -> None:
    """The shape is asked for before a run folder is made: nine are as few then as they are later."""
    nine = {f"{i}.png": saved(picture(), "PNG") for i in range(9)} | {"bad.png": b"x"}
    with pytest.raises(DataError, match=r"has 9 usable images.*at least 10; 1 left out.*bad\.png"):
        image_shape(f"folder:{write(tmp_path / 'few', nine)}")
    np.save(tmp_path / "few.npy", np.zeros((9, 8, 8), np.uint8))
    with pytest.raises(DataError, match="has 9 usable images"):
        image_shape(f"npy:{tmp_path}/few.npy")


def test_a_path_too_long_is_one_sentence() -> None:
    """What no file can be called is not there."""
    with pytest.raises(DataError, match="expected the path of a folder"):
        own_name_of("x" * 5000)


def test_who_reads_one_picture_does_not_wait_for_a_folder() -> None:
    """Several blocks may go on at once, in any order; the process warns again after the last."""
    inside, ended = Event(), Event()

    def long() -> None:
        with quietly():
            inside.set()
            ended.wait(20)

    reads = Thread(target=long)
    reads.start()
    assert inside.wait(10)
    with quietly():
        assert reads.is_alive()
        warnings.warn("heard by nobody", UserWarning, stacklevel=1)
    ended.set()
    reads.join(10)
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", UserWarning, stacklevel=1)
