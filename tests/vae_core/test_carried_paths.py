"""A path carried over through the data, and the tour: what stays, what moves with the spaces, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.errors import ShapeError
from vae_core.latent.paths.carried import carried, detour
from vae_core.latent.paths.curves import linear
from vae_core.latent.paths.tour import tour

seeds = st.integers(0, 10_000)


def spaces(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes of 40 images in two spaces, and a straight path in the first, whose middle, as near to both, is no step."""
    generator = np.random.default_rng(seed)
    codes = generator.normal(size=(40, 2)).astype(np.float32)
    others = generator.normal(size=(40, 3)).astype(np.float32)
    return codes, others, linear(codes[0], codes[1], 12)


@given(seeds)
def test_a_path_through_codes_is_itself_in_the_same_space(seed: int) -> None:
    """Carried over to the very model that it came from, a path through data points does not change."""
    codes, _, _ = spaces(seed)
    path = codes[[3, 17, 3, 8]]
    found = carried(path, codes, codes)
    np.testing.assert_array_equal([3, 17, 3, 8], found.indices)
    np.testing.assert_array_equal(path, found.z)
    np.testing.assert_array_equal(np.zeros(4), found.distances)


@given(seeds)
def test_in_the_same_space_each_point_moves_by_its_distance(seed: int) -> None:
    """What is said of how far the nearest image is holds, and no image is nearer."""
    codes, _, path = spaces(seed)
    found = carried(path, codes, codes)
    np.testing.assert_allclose(np.linalg.norm(found.z - path, axis=1), found.distances, atol=1e-6)
    every = np.linalg.norm(codes[None].astype(np.float64) - path[:, None].astype(np.float64), axis=2)
    np.testing.assert_allclose(every.min(axis=1), found.distances, atol=1e-9)


@given(seeds)
def test_what_the_other_space_does_to_its_codes_it_does_to_the_path(seed: int) -> None:
    """Turned, stretched and shifted codes give the path turned, stretched and shifted: only images carry over."""
    codes, others, path = spaces(seed)
    turn, _ = np.linalg.qr(np.random.default_rng(seed + 1).normal(size=(3, 3)))
    found, moved = carried(path, codes, others), carried(path, codes, 5 * others @ turn + 2)
    np.testing.assert_array_equal(found.indices, moved.indices)
    np.testing.assert_allclose(5 * found.z @ turn + 2, moved.z, atol=1e-4)


@given(seeds)
def test_neither_the_order_of_the_images_nor_the_direction_matters(seed: int) -> None:
    """Images in another order give the same way, and the way back is the way backwards."""
    codes, others, path = spaces(seed)
    order = np.random.default_rng(seed).permutation(len(codes))
    found = carried(path, codes, others)
    np.testing.assert_array_equal(found.z, carried(path, codes[order], others[order]).z)
    np.testing.assert_array_equal(found.z[::-1], carried(path[::-1], codes, others).z)


def test_the_ends_are_the_images_themselves() -> None:
    """A path from image to image arrives, in the other space, at the codes of these two images."""
    codes, others, path = spaces(5)
    found = carried(path, codes, others)
    np.testing.assert_array_equal(others[[0, 1]], found.z[[0, -1]])
    np.testing.assert_array_equal([0, 1], found.indices[[0, -1]])


def test_corners_leave_out_what_repeats() -> None:
    """An image that is nearest to several steps in a row is one corner; one that comes back is another."""
    codes = np.array([[0, 0], [10, 0]], np.float32)
    found = carried([[0, 0], [1, 0], [9, 0], [10, 0], [1, 0]], codes, codes)
    np.testing.assert_array_equal([[0, 0], [10, 0], [0, 0]], found.corners)


def test_spaces_that_do_not_have_the_same_images_are_refused() -> None:
    """Other numbers of images, other dimensions than the path's, no point at all: a sentence."""
    codes, others, path = spaces(1)
    for bad in ((path, codes, others[:-1]), (path[:, :1], codes, others), (path[:0], codes, others)):
        with pytest.raises(ShapeError):
            carried(*bad)


def test_the_detour_of_a_way() -> None:
    """A straight way is 1, two sides of a square √2; a way back to where it began has none."""
    assert detour([[0, 0], [1, 1], [3, 3]]) == pytest.approx(1)
    assert detour([[0, 0], [1, 0], [1, 1]]) == pytest.approx(np.sqrt(2))
    assert np.isnan(detour([[0, 0], [1, 0], [0, 0]]))
    assert np.isnan(detour([[0, 0]]))


def test_the_tour_is_closed_even_and_passes_each_class() -> None:
    """The last point is the first, steps are even, and each class's mean is on the way."""
    generator = np.random.default_rng(0)
    middles = np.array([[3, 0], [0, 3], [-3, 0], [0, -3]])
    labels = np.repeat([2, 0, 3, 1], 50)
    codes = np.repeat(middles, 50, axis=0) + generator.normal(scale=0.1, size=(200, 2))
    way = tour(codes, labels, 400)
    np.testing.assert_array_equal(way[0], way[-1])
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert steps.max() < 1.05 * steps.min()
    for label in range(4):
        mean = codes[labels == label].mean(axis=0)
        assert np.linalg.norm(way - mean, axis=1).min() < steps.max()
    angles = np.unwrap(np.arctan2(way[:, 1], way[:, 0]))
    assert angles[-1] - angles[0] == pytest.approx(2 * np.pi)  # once around, whatever the order of the labels


def test_a_tour_needs_three_classes_apart() -> None:
    """Two classes, two classes in one place, or labels that do not fit: a sentence."""
    codes = np.array([[0, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    for bad in (([0, 0, 1, 1]), ([0, 1, 2, 3]), ([0, 1, 2])):
        with pytest.raises(ShapeError):
            tour(codes, bad, 10)
