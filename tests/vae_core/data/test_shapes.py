"""The drawn set: that each factor does what its name says, and nothing else."""

import hashlib
import math

import numpy as np
import pytest

from vae_core.config import DataConfig
from vae_core.data import ImageSet, load_dataset
from vae_core.data.shapes import ELLIPSE_AXES, FACTOR_SIZES, HEART_SIDE, SCALES, SQUARE_SIDE, draw_shapes

AREAS = (SQUARE_SIDE**2, math.pi * math.prod(ELLIPSE_AXES), HEART_SIDE**2 * (1 + math.pi / 4))
"""Of the square, the ellipse and the heart at scale 1: closed forms, in units of the image."""


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """The set as it is drawn: images (3, 6, 10, 16, 16, 32, 32) in [0, 1], and factors."""
    images, factors = draw_shapes()
    return images.reshape(*FACTOR_SIZES, 32, 32), factors


@pytest.fixture(scope="module")
def loaded() -> ImageSet:
    """The set with its splits."""
    return load_dataset("shapes")


def test_factors_count_through_all_combinations(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """Each combination once, in lexicographic order."""
    _, factors = drawn
    assert (46_080, 5) == factors.shape
    assert np.array_equal(np.ravel_multi_index(tuple(factors.T), FACTOR_SIZES), np.arange(46_080))


def test_no_two_images_are_the_same(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """Not even after the quarter turn in which a square repeats, for it ends before."""
    images, _ = drawn
    assert 46_080 == len({image.tobytes() for image in images.reshape(-1, 32, 32)})


def test_areas_are_the_closed_forms(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """At any place, angle and scale a shape covers its area, so none is cut off anywhere."""
    images, _ = drawn
    covered = images.sum(axis=(-2, -1), dtype=np.int64) / 255 / 32**2  # (3, 6, 10, 16, 16)
    expected = np.multiply.outer(AREAS, SCALES**2)[:, :, None, None, None]
    assert 0.003 > np.abs(covered - expected).max()
    assert np.array_equal(covered, np.broadcast_to(covered[..., :1, :1], covered.shape))


def test_the_centroid_is_where_x_and_y_say(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """A step of x is a pixel to the right, one of y a pixel down, whatever the shape, its size and its angle."""
    images, _ = drawn
    weights = images / images.sum(axis=(-2, -1), keepdims=True, dtype=np.float64)
    at = np.arange(32) + 0.5
    expected = np.arange(16) + 8.5
    assert 0.1 > np.abs(np.einsum("...hw,w->...", weights, at) - expected[:, None]).max()
    assert 0.1 > np.abs(np.einsum("...hw,h->...", weights, at) - expected).max()


def test_orientation_turns_the_ellipse(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """Its long axis, from the second moments, is at 0, 9, ... 81 degrees, clockwise on the screen."""
    images, _ = drawn
    for k, image in enumerate(images[1, -1, :, 7, 7].astype(float)):
        y, x = np.indices((32, 32)) + 0.5 - 15.5
        angle = 0.5 * math.atan2(2 * (image * x * y).sum(), (image * (x**2 - y**2)).sum())
        assert 9.0 * k == pytest.approx(math.degrees(angle), abs=0.5)


def test_the_heart_points_down_and_turns(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """Its third moment along its axis is that of a tip: down at orientation 0, after 81 degrees to the left."""
    images, _ = drawn
    y, x = np.indices((32, 32)) + 0.5 - 15.5
    for k, image in enumerate(images[2, -1, :, 7, 7].astype(float)):
        turn = math.radians(9 * k)
        along = math.cos(turn) * y - math.sin(turn) * x
        assert 0 < (image * along**3).sum()


def test_edges_are_antialiased(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """A disc's worth of pixels on an outline are neither black nor white."""
    images, _ = drawn
    ellipse = images[1, -1, 5, 7, 7]
    assert 20 < ((ellipse > 0) & (ellipse < 255)).sum() < 80
    assert (0, 255) == (ellipse.min(), ellipse.max())


def test_the_drawing_is_golden(loaded: ImageSet) -> None:
    """Pixels, factors and splits stay what they are, so that figures measured on them can be compared.

    The numbers: python -c "from vae_core.data import load_dataset; print(load_dataset('shapes').checksum)", and the
    SHA-256 of draw_shapes(64)[0].
    """
    assert "d13453f9f7b5dda9a75d437d748ad8064661cffede8c70247790d69a551d4dc7" == loaded.checksum
    expected = "a59243e5fd826472740a5aa61bc049285a68150045967a29a54cdcbc337f3c4f"
    assert expected == hashlib.sha256(draw_shapes(64)[0].tobytes()).hexdigest()


def test_splits_keep_factors_with_their_images(loaded: ImageSet, drawn: tuple[np.ndarray, np.ndarray]) -> None:
    """Every image is in one split, with the factors that draw it; the label is the shape."""
    images, _ = drawn
    seen = []
    for name in ("train", "validation", "test"):
        split = loaded.split(name)
        assert np.array_equal(images[tuple(split.factors.T)], split.images[:, 0])
        assert np.array_equal(split.factors[:, 0], split.labels)
        seen.append(np.ravel_multi_index(tuple(split.factors.T), FACTOR_SIZES))
    assert [36_864, 4_608, 4_608] == [len(part) for part in seen]
    assert np.array_equal(np.arange(46_080), np.sort(np.concatenate(seen)))
    assert (("shape", "scale", "orientation", "x", "y"), FACTOR_SIZES) == (loaded.factor_names, loaded.factor_sizes)
    assert ("square", "ellipse", "heart") == loaded.class_names


@pytest.mark.parametrize("side", [8, 20, 33])
def test_any_side_is_drawn_not_resized(side: int) -> None:
    """Areas and centres are right at sizes whose steps are no whole pixels."""
    data = load_dataset("shapes", options=DataConfig(side=side, colour="rgb"))
    assert (3, side, side) == data.image_shape
    images, factors = data.test.images[:500, 0].astype(float) / 255, data.test.factors[:500]
    expected = np.array(AREAS)[factors[:, 0]] * SCALES[factors[:, 1]] ** 2
    assert 0.005 > np.abs(images.mean(axis=(1, 2)) - expected).max()
    x = (images.sum(axis=1) @ (np.arange(side) + 0.5)) / images.sum(axis=(1, 2)) / side
    assert 0.01 > np.abs(x - (17 / 64 + factors[:, 3] / 32)).max()
