"""Neighbours in pixels and in latent space, against sorting all distances."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.data import ImageSet
from vae_core.errors import ShapeError
from vae_core.latent.groups import group_figures
from vae_core.latent.neighbours import nearest_k
from vae_core.latent.pixel_neighbours import PixelNeighbours
from vae_core.metrics.samples import nearest_training_distance


def test_they_are_those_that_sorting_finds(digits: ImageSet) -> None:
    """The same images and distances as from all squared differences in float64, ties by the lower index."""
    images, asked = digits.train.images, digits.test.images[:20]
    indices, distances = PixelNeighbours(images).nearest(asked, 5)
    flat = images.reshape(len(images), -1).astype(np.float64) / 255
    for image, found, near in zip(asked, indices, distances, strict=True):
        all_of_them = np.sqrt(np.square(flat - image.reshape(-1) / 255).mean(axis=1))
        order = np.argsort(all_of_them, kind="stable")[:5]
        assert order.tolist() == found.tolist()
        assert np.allclose(all_of_them[order], near)


def test_what_float32_cannot_tell_apart_is_told_apart() -> None:
    """Bright images that differ in 1 to 60 pixels by one grey level: less than their squares' sums are rounded to."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        one = generator.integers(200, 255, (1, 28, 28), np.uint8)
        n_off = generator.permutation(60) + 1
        off = np.argsort(generator.random((60, 784))) < n_off[:, None]
        images = (one.ravel() + off).astype(np.uint8).reshape(60, 1, 28, 28)
        indices, distances = PixelNeighbours(images).nearest(one[None], 3)
        assert [1, 2, 3] == n_off[indices[0]].tolist()
        np.testing.assert_allclose(np.sqrt(np.arange(1, 4) / 784) / 255, distances[0])


def test_a_copy_has_the_distance_0_and_can_be_left_out() -> None:
    """Exactly 0, although bright images of many pixels lose digits in float32; without itself comes its twin."""
    images = np.random.default_rng(0).integers(200, 256, (300, 3, 40, 40), dtype=np.uint8)
    images[200] = images[17]
    images[200, 0, 0, 0] ^= 1  # the smallest difference that there is
    search = PixelNeighbours(images)
    (found,), (near,) = search.nearest(images[17:18], 2)
    assert [17, 200] == found.tolist()
    assert 0.0 == near[0]
    assert pytest.approx(1 / 255 / np.sqrt(4800)) == near[1]
    (found,), _ = search.nearest(images[17:18] / 255, 1, without=17)
    assert [200] == found.tolist()


def test_the_distance_is_that_of_the_figure(digits: ImageSet) -> None:
    """Its mean over held-out images is `nearest_training_distance`."""
    _, distances = PixelNeighbours(digits.train.images).nearest(digits.test.images)
    expected = nearest_training_distance(digits.test.images, digits.train.images).value
    assert expected == pytest.approx(float(distances.mean()), rel=1e-6)


def test_what_cannot_be_looked_for_is_refused(digits: ImageSet) -> None:
    """Other shapes, more than there are, and no images at all."""
    search = PixelNeighbours(digits.test.images[:3])
    with pytest.raises(ShapeError, match=r"1, 8, 8"):
        search.nearest(np.zeros((1, 3, 8, 8), np.uint8))
    with pytest.raises(ShapeError, match="There are 2 images"):
        search.nearest(digits.test.images[:1], 3, without=0)
    with pytest.raises(ShapeError, match="float64"):
        PixelNeighbours(np.zeros((2, 1, 8, 8)))  # type: ignore[arg-type]


def test_the_k_nearest_codes_are_those_that_sorting_finds() -> None:
    """In any dimension, with ties by the lower index, and all of them where there are fewer."""
    generator = np.random.default_rng(1)
    points = generator.integers(0, 4, (200, 3)).astype(np.float32)  # many ties
    distances = np.linalg.norm(points - [1, 2, 1], axis=1)
    order = np.argsort(distances, kind="stable")
    indices, near = nearest_k(points, [1, 2, 1], 30)
    assert order[:30].tolist() == indices.tolist()
    assert np.allclose(distances[order[:30]], near)
    assert 200 == len(nearest_k(points, [1, 2, 1], 900)[0])


def test_a_group_stands_beside_the_rest() -> None:
    """Centroid, spread, distances and shares of two groups that are known."""
    codes = np.array([[0.0, 0.0], [2.0, 0.0], [10.0, 4.0], [10.0, 4.0]])
    found = group_figures(codes, np.array([1, 0]), np.array([0, 1, 1, 1]), 3)
    assert ((2, 2), [1.0, 0.0]) == ((found.n, found.n_rest), found.mean.tolist())
    assert ([1.0, 0.0], [0.0, 0.0]) == (found.spread.tolist(), found.spread_rest.tolist())
    assert (1.0, pytest.approx(np.hypot(9, 4))) == (found.distance, found.distance_rest)
    assert ([0.5, 0.5, 0.0], [0.0, 1.0, 0.0]) == (found.share.tolist(), found.share_rest.tolist())


def test_a_group_of_all_has_no_rest() -> None:
    """Then the rest's figures are no numbers; a group of nothing is refused."""
    found = group_figures(np.eye(3), np.arange(3))
    assert np.isnan(found.distance_rest)
    assert np.isnan(found.spread_rest).all()
    with pytest.raises(ShapeError, match="at least one row"):
        group_figures(np.eye(3), np.zeros(0, np.int64))
