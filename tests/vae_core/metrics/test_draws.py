"""Figures of drawn images alone: closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vae_core.data import load_dataset
from vae_core.errors import ShapeError
from vae_core.metrics.draws import class_shares, effective_classes, grey_share, laplacian_variance


def test_the_laplacian_of_a_chessboard_is_known() -> None:
    """Within, each pixel differs from its four neighbours by 1; a flat image and a ramp's inside have none."""
    board = np.indices((12, 12)).sum(axis=0) % 2
    inside = np.where(board, -4.0, 4.0)[1:-1, 1:-1]
    found = laplacian_variance(np.stack([board, 0 * board])[:, None].astype(float))
    assert 0 == found[1]
    assert found[0] == pytest.approx(inside.var(), rel=0.25)  # at the frame the mirrored neighbours are alike
    ramp = np.tile(np.linspace(0, 1, 12), (12, 1))
    assert laplacian_variance(ramp[None, None])[0] < 1e-2


def test_blur_lowers_it_and_noise_raises_it() -> None:
    """Of real digits: the order of blurred, sharp and speckled; a blurred image has more grey."""
    images = load_dataset("digits").test.images[:50].astype(float) / 255
    blurred = np.stack([gaussian_filter(image, (0, 1, 1)) for image in images])
    noisy = np.clip(images + 0.3 * np.random.default_rng(0).standard_normal(images.shape), 0, 1)
    low, middle, high = (laplacian_variance(some).mean() for some in (blurred, images, noisy))
    assert low < middle < high
    assert grey_share(images).mean() < grey_share(blurred).mean()


def test_as_many_classes_as_are_alike_frequent() -> None:
    """K of K for a uniform histogram, 1 for a single class, and shares that are counted."""
    assert effective_classes([0.25] * 4) == pytest.approx(4)
    assert effective_classes([0, 1.0, 0]) == pytest.approx(1)
    np.testing.assert_allclose([0.5, 0, 0.5], class_shares([[0.9, 0, 0.1], [0.2, 0.1, 0.7]]))


def test_other_shapes_are_refused() -> None:
    """A single image, and a table without rows."""
    with pytest.raises(ShapeError):
        laplacian_variance(np.zeros((8, 8)))
    with pytest.raises(ShapeError):
        class_shares(np.zeros((0, 3)))
