"""A picture made as a data set's images are, by what must be true of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from vae_core.data.decode import UnusableError
from vae_core.data.fit import squares
from vae_core.data.recipe import RECIPES, SWITCHES, Pixels, default_switches, prepare, read_picture
from vae_core.errors import ShapeError

MNIST = RECIPES["mnist"]
SHAPE = (1, 28, 28)


def stroke(side: int = 112, *, top: float = 0.2, left: float = 0.3, size: float = 0.4) -> Pixels:
    """A seven, light on black, (side, side, 1): its box is `size` of the side high and three quarters of that wide."""
    rows, columns = np.mgrid[:side, :side] / side
    y, x = (rows - top) / size, (columns - left) / size
    bar = (0 <= y) & (y < 0.15) & (0 <= x) & (x < 0.75)
    leg = (0 <= y) & (y < 1) & (0.6 <= x) & (x < 0.75)
    return ((bar | leg) * 255).astype(np.uint8)[..., None]


def made(picture: Pixels, name: str = "mnist", shape: tuple[int, int, int] = SHAPE) -> Pixels:
    """The image of a picture, with all steps."""
    return prepare(picture, shape, RECIPES[name], SWITCHES)[-1].image


def extent(image: Pixels) -> tuple[int, int]:
    """Height and width of the box of what is not black."""
    ink = image.max(axis=0) > 0
    return tuple(int(np.ptp(np.flatnonzero(ink.any(axis))) + 1) for axis in (1, 0))  # type: ignore[return-value]


def test_the_ink_is_scaled_and_centred_as_in_mnist() -> None:
    """The longer side has 20 of 28 pixels, and the centre of mass lies within half a pixel of index 14."""
    image = made(stroke())[0].astype(float)
    places = [np.average(np.arange(28), weights=image.sum(axis)) for axis in (1, 0)]
    assert 20 == max(extent(image[None]))
    assert np.abs(np.array(places) - 14).max() <= 0.5


@pytest.mark.parametrize("name", ["mnist", "digits", "fashion-mnist", "emnist-letters"])
def test_an_image_made_once_stays_as_it_is(name: str) -> None:
    """What the recipe has made it leaves alone, to the last grey value."""
    shape = (1, 8, 8) if name == "digits" else SHAPE
    image = made(stroke(), name, shape)
    assert np.array_equal(image, made(image.transpose(1, 2, 0), name, shape))


def test_where_and_how_large_it_was_drawn_does_not_matter() -> None:
    """Elsewhere on the board the image is the same; on a finer board nearly so."""
    image = made(stroke())
    assert np.array_equal(image, made(np.roll(stroke(), (24, -20), axis=(0, 1))))
    assert np.abs(image.astype(int) - made(stroke(224))).mean() < 3


def test_dark_ink_on_light_paper_is_inverted() -> None:
    """The negative gives the same image; faint ink on grey paper too, within rounding; without the step it does not."""
    image, negative = made(stroke()), 255 - stroke()
    faint = (200 - stroke() // 5).astype(np.uint8)
    assert np.array_equal(image, made(negative))
    assert np.abs(image.astype(int) - made(faint)).max() <= 4
    assert not np.array_equal(image, prepare(negative, SHAPE, MNIST, ("crop", "centre"))[-1].image)


def test_the_noise_of_the_paper_is_no_ink() -> None:
    """A photograph's grain does not widen the box."""
    grain = np.random.default_rng(0).normal(0, 4, (112, 112, 1))
    photograph = np.clip(225 - stroke() * 0.75 + grain, 0, 255).astype(np.uint8)
    assert 20 == max(extent((made(photograph) > 40).astype(np.uint8)))


def test_each_step_is_shown_and_can_be_left_out() -> None:
    """There is a picture of the model's shape for each step that is on, and before them the one that came."""
    for switches in ((), ("invert",), ("crop", "centre"), SWITCHES):
        steps = prepare(stroke(), SHAPE, MNIST, switches)
        assert ["", *switches] == [step.switch for step in steps]
        assert {SHAPE} == {step.image.shape for step in steps}


def test_without_a_recipe_it_is_fitted_as_data_of_ones_own() -> None:
    """The picture scaled with antialiasing, and no step is on by itself; colour stays, grey is repeated."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    (step,) = prepare(picture, (3, 32, 32), None, default_switches(None))
    assert np.array_equal(squares(picture.transpose(2, 0, 1)[None], 32)[0], step.image)
    grey = prepare(stroke(64), (3, 32, 32), None, ())[0].image
    assert np.array_equal(grey[0], grey[2])


@pytest.mark.parametrize("level", [0, 255, 130])
def test_an_empty_picture_is_black(level: int) -> None:
    """Of one grey there is nothing to crop or to centre."""
    assert not made(np.full((56, 56, 1), level, np.uint8)).any()


def test_a_drawing_at_the_edge_stays_whole() -> None:
    """A shape whose mass lies far to one side is moved no farther than its ink fits."""
    picture = np.zeros((56, 56, 1), np.uint8)
    picture[5:8, 5:50] = picture[5:50, 5:8] = 255
    assert (20, 20) == extent(made(picture))


def file_of(picture: Image.Image, kind: str = "PNG") -> bytes:
    """The bytes of a picture's file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def test_a_file_becomes_a_square_of_its_whole() -> None:
    """With a recipe nothing is cut off: a wide photograph stands on its paper's colour; without, its middle is kept."""
    wide = np.full((60, 200, 3), 240, np.uint8)
    wide[20:40, 10:190] = 10
    file = file_of(Image.fromarray(wide))
    whole, middle = read_picture(file, 100, MNIST), read_picture(file, 100, None)
    assert ((100, 100, 1), (30, 30, 1)) == (whole.shape, middle.shape)
    assert 240 == whole[0, 0, 0]
    assert 20 == extent(made(whole))[1]


@pytest.mark.parametrize("content", [b"", b"no picture", file_of(Image.effect_noise((40, 40), 50))[:200]])
def test_what_is_no_picture_is_refused_with_a_reason(content: bytes) -> None:
    """Nothing, text, and a file cut short."""
    with pytest.raises(UnusableError, match=r"\w+ \w+"):
        read_picture(content, 100, MNIST)


def test_an_array_that_is_no_picture_is_refused() -> None:
    """Of two channels, of floats, or empty."""
    for picture in (np.zeros((9, 9, 2), np.uint8), np.zeros((9, 9, 1)), np.zeros((0, 9, 1), np.uint8)):
        with pytest.raises(ShapeError, match="A picture must be uint8"):
            prepare(picture, SHAPE, MNIST, ())
