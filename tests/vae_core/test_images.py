"""Pictures, and the files made of them."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from vae_core.errors import ConfigError, ShapeError
from vae_core.images import GAP_GREY, enlarge, gif_bytes, montage, png_bytes, to_uint8

both_channels = pytest.mark.parametrize("channels", [1, 3])


def noise(*shape: int) -> npt.NDArray[np.uint8]:
    """Random pixels, the same ones each time."""
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def gif_frames(content: bytes) -> list[npt.NDArray[np.uint8]]:
    """The frames of a GIF file as (H, W, 3)."""
    with Image.open(io.BytesIO(content)) as file:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(file)]


def test_every_grey_value_survives_the_way_through_floats() -> None:
    """v / 255 becomes v again, as float32 and as float64."""
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    for dtype in (np.float32, np.float64):
        np.testing.assert_array_equal(values, to_uint8(values.astype(dtype) / dtype(255)))


def test_pixels_are_rounded_half_up_and_clipped() -> None:
    """0.5 of a grey value goes up, always; what is outside [0, 1] goes to its end."""
    x = np.array([0.5, 1.5, 2.5, 0.49, -1.0, 999.0, np.inf, -np.inf], np.float64).reshape(1, 2, 4) / 255
    np.testing.assert_array_equal([1, 2, 3, 0, 0, 255, 255, 0], to_uint8(x).ravel())


@pytest.mark.parametrize(
    "x",
    [
        np.full((1, 2, 2), np.nan),
        np.zeros((2, 2)),
        np.zeros((2, 4, 4)),
        np.zeros((1, 2, 2), np.int64),
        np.zeros((0, 1, 2, 2)),
        np.array([[["a"]]]),
    ],
)
def test_what_is_no_image_is_refused(x: npt.NDArray[np.generic]) -> None:
    """NaN, a missing axis, two channels, integers of unknown range, no images and text are one clear error."""
    with pytest.raises(ShapeError):
        to_uint8(x)


@both_channels
@given(n=st.integers(1, 12), columns=st.integers(1, 6), gap=st.integers(0, 3), scale=st.integers(1, 3))
def test_each_image_stands_in_its_cell(channels: int, n: int, columns: int, gap: int, scale: int) -> None:
    """Image k is in row k // columns and column k % columns, enlarged; everything else is grey."""
    images = noise(n, channels, 2, 3)
    sheet = montage(images, columns=columns, gap=gap, scale=scale)
    height, width, rows = 2 * scale, 3 * scale, -(-n // columns)
    assert (rows * (height + gap) - gap, columns * (width + gap) - gap, channels) == sheet.shape
    rest = np.ones(sheet.shape[:2], bool)
    for k, image in enumerate(images):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        expected = np.kron(image.transpose(1, 2, 0), np.ones((scale, scale, 1)))
        np.testing.assert_array_equal(expected, sheet[top : top + height, left : left + width])
        rest[top : top + height, left : left + width] = False
    assert (sheet[rest] == GAP_GREY).all()


@pytest.mark.parametrize(("n", "side"), [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4)])
def test_without_columns_the_montage_fills_the_smallest_square(n: int, side: int) -> None:
    """The number of columns is the root of n, rounded up."""
    assert side == montage(noise(n, 1, 1, 1), gap=0).shape[1]


def test_floats_and_bytes_give_the_same_montage() -> None:
    """Decoded images and those of the data set look alike."""
    images = noise(5, 3, 4, 4)
    np.testing.assert_array_equal(montage(images), montage(images.astype(np.float32) / np.float32(255)))


@both_channels
def test_png_keeps_every_pixel(channels: int) -> None:
    """What Pillow reads back is what was written."""
    picture = noise(7, 5, channels)
    with Image.open(io.BytesIO(png_bytes(picture))) as file:
        assert ("L" if channels == 1 else "RGB") == file.mode
        np.testing.assert_array_equal(picture, np.asarray(file).reshape(picture.shape))


@both_channels
def test_enlarging_repeats_each_pixel(channels: int) -> None:
    """Every third pixel of a picture enlarged three times is the picture, whichever of the three is taken."""
    picture = noise(4, 5, channels)
    for offset in range(3):
        np.testing.assert_array_equal(picture, enlarge(picture, 3)[offset::3, offset::3])


@both_channels
def test_gif_frames_are_the_images(channels: int) -> None:
    """Grey images, and colour images of few colours, come back exactly, there and back again."""
    images = noise(4, channels, 8, 8)
    frames = gif_frames(gif_bytes(images, seconds_per_frame=0.1, scale=2))
    expected = [np.broadcast_to(enlarge(images[k].transpose(1, 2, 0), 2), (16, 16, 3)) for k in (0, 1, 2, 3, 2, 1)]
    assert len(expected) == len(frames)
    np.testing.assert_array_equal(np.stack(expected), np.stack(frames))


def test_all_grey_values_survive_small_changes_between_frames() -> None:
    """Frames that differ in a few pixels, as neighbours on a path do, are kept exactly too."""
    images = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16), 5, axis=0)
    for k in range(1, 5):
        images[k, 0, k, :k] += 1
    frames = gif_frames(gif_bytes(images, seconds_per_frame=0.1, bounce=False))
    np.testing.assert_array_equal(images[:, 0], np.stack(frames)[..., 0])


@pytest.mark.parametrize(("n", "bounce", "n_frames"), [(1, True, 1), (2, True, 2), (5, True, 8), (5, False, 5)])
def test_number_of_frames(n: int, bounce: bool, n_frames: int) -> None:
    """N frames one way, 2 N - 2 there and back: neither end stands twice."""
    assert n_frames == len(gif_frames(gif_bytes(noise(n, 1, 4, 4), seconds_per_frame=0.1, bounce=bounce)))


def test_gif_loops_at_the_given_pace() -> None:
    """The file says: for ever, and how many milliseconds each frame stands."""
    with Image.open(io.BytesIO(gif_bytes(noise(3, 1, 4, 4), seconds_per_frame=0.08))) as file:
        assert 0 == file.info["loop"]
        assert [80] * 4 == [frame.info["duration"] for frame in ImageSequence.Iterator(file)]


@pytest.mark.parametrize("seconds", [0.0, 0.019, -1.0, 601.0, float("nan")])
def test_a_pace_that_no_browser_keeps_is_refused(seconds: float) -> None:
    """Frames shorter than 20 ms or longer than the format can say are one clear error."""
    with pytest.raises(ConfigError):
        gif_bytes(noise(2, 1, 4, 4), seconds_per_frame=seconds)


def test_wrong_shapes_are_refused() -> None:
    """A single image is no stack, a stack is no picture, and counts start at 1."""
    with pytest.raises(ShapeError):
        montage(noise(1, 4, 4))
    with pytest.raises(ShapeError):
        png_bytes(noise(2, 4, 4, 1))
    with pytest.raises(ShapeError):
        montage(noise(2, 1, 4, 4), columns=0)
    with pytest.raises(ShapeError):
        enlarge(noise(4, 4, 1), 0)
