"""Squared error and SSIM, against slow computations of their own."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from vae_core.errors import ShapeError
from vae_core.metrics.reconstruction import squared_error, ssim, ssim_per_image


def slow_ssim(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """SSIM of two grey images, window by window, with numpy's weighted covariance."""
    offsets = np.arange(7) - 3
    weights = np.array([[math.exp(-(i * i + j * j) / (2 * 1.5**2)) for j in offsets] for i in offsets])
    values = []
    for top in range(x.shape[0] - 6):
        for left in range(x.shape[1] - 6):
            a, b = (image[top : top + 7, left : left + 7].ravel() for image in (x, y))
            (va, c), (_, vb) = np.cov(a, b, aweights=weights.ravel(), ddof=0)
            ma, mb = (np.average(part, weights=weights.ravel()) for part in (a, b))
            luminance = (2 * ma * mb + 1e-4) / (ma**2 + mb**2 + 1e-4)
            values.append(luminance * (2 * c + 9e-4) / (va + vb + 9e-4))
    return float(np.mean(values))


@pytest.mark.parametrize("shape", [(3, 1, 8, 8), (2, 3, 28, 28), (2, 1, 9, 16)])
def test_ssim_is_the_papers(shape: tuple[int, ...]) -> None:
    """The slow computation, channel by channel, for small images, for colour and for oblong ones."""
    generator = np.random.default_rng(0)
    x = generator.random(shape)
    y = np.clip(x + generator.normal(0, 0.2, shape), 0, 1)
    expected = [np.mean([slow_ssim(*pair) for pair in zip(a, b, strict=True)]) for a, b in zip(x, y, strict=True)]
    assert expected == pytest.approx(ssim_per_image(x, y), abs=1e-10)


def test_ssim_of_known_pairs() -> None:
    """1 for equal images; of two flat ones only the luminance is left; below 0 for a negative."""
    x = np.random.default_rng(1).random((4, 1, 12, 12))
    assert np.ones(4) == pytest.approx(ssim_per_image(x, x))
    flat = [np.full((1, 1, 10, 10), value) for value in (0.2, 0.6)]
    assert (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4) == pytest.approx(ssim(*flat).value)
    assert ssim_per_image(x, 1 - x).max() < 0


def test_squared_error_is_per_pixel_in_units_of_one() -> None:
    """A known difference, the mean and standard error over images, however many there are."""
    x = np.zeros((1203, 1, 8, 8), np.uint8)
    y = np.full(x.shape, 0.5)
    y[::3, :, :4] = 0.0  # half of the pixels of every third image
    found = squared_error(x, y)
    each = np.where(np.arange(1203) % 3 == 0, 0.125, 0.25)
    assert each.mean() == pytest.approx(found.value)
    assert each.std(ddof=1) / math.sqrt(1203) == pytest.approx(found.standard_error)


def test_bytes_and_fractions_are_the_same_images() -> None:
    """Uint8 in 0..255 counts as its fraction of 255, on either side."""
    generator = np.random.default_rng(2)
    x, y = generator.integers(0, 256, (2, 5, 1, 9, 9), dtype=np.uint8)
    for figure in (squared_error, ssim):
        assert figure(x / 255, y / 255).value == pytest.approx(figure(x, y).value)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((2, 1, 8, 8)), np.zeros((3, 1, 8, 8)), "one shape"),
        (np.zeros((0, 1, 8, 8)), np.zeros((0, 1, 8, 8)), "one shape"),
        (np.zeros((2, 1, 6, 8)), np.zeros((2, 1, 6, 8)), "at least 7x7"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], message: str
) -> None:
    """Other shapes, no images, images smaller than the window."""
    with pytest.raises(ShapeError, match=message):
        ssim(x, y)
