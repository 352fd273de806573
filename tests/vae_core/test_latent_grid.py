"""The grid that is even in the prior's probability, and its picture."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.errors import ShapeError
from vae_core.latent.grid import grid_picture, grid_points, prior_grid

sides = st.integers(2, 40)


@given(n=sides)
def test_centres_are_even_in_probability(n: int) -> None:
    """Phi of the centres is (i + 0.5) / n."""
    centres, _ = prior_grid(n)
    np.testing.assert_allclose((np.arange(n) + 0.5) / n, [NormalDist().cdf(c) for c in centres], atol=1e-14)


@given(n=sides)
def test_inner_edges_cut_equal_probabilities(n: int) -> None:
    """Phi of the edges but the outermost is i / n."""
    _, edges = prior_grid(n)
    np.testing.assert_allclose(np.arange(1, n) / n, [NormalDist().cdf(e) for e in edges[1:-1]], atol=1e-14)


@given(n=sides)
def test_edges_are_finite_symmetric_and_between_the_centres(n: int) -> None:
    """Edge, centre, edge, centre, … ascends, and is its own mirror image exactly."""
    centres, edges = prior_grid(n)
    assert n + 1 == edges.size
    assert np.isfinite(edges).all()
    assert (edges[:-1] < centres).all()
    assert (centres < edges[1:]).all()
    np.testing.assert_array_equal(-edges[::-1], edges)
    np.testing.assert_array_equal(-centres[::-1], centres)


def test_outermost_edges_mirror_their_neighbours() -> None:
    """The first and the last centre lie in the middle of their cells."""
    centres, edges = prior_grid(7)
    np.testing.assert_allclose(centres[[0, -1]], (edges[[0, -1]] + edges[[1, -2]]) / 2)


def test_points_are_read_like_a_picture() -> None:
    """Row i * n + j: i-th largest value of the second axis, j-th smallest of the first, the rest untouched."""
    n, rest = 4, np.array([9, 8, 7, 6], np.float32)
    centres = prior_grid(n)[0].astype(np.float32)
    points = grid_points(n, 4, axes=(3, 1), rest=rest)
    assert (n * n, 4) == points.shape
    for i in range(n):
        for j in range(n):
            np.testing.assert_array_equal([9, centres[n - 1 - i], 7, centres[j]], points[i * n + j])


def test_other_axes_default_to_the_priors_mean() -> None:
    """Without `rest` all other axes are 0."""
    np.testing.assert_array_equal(np.zeros((9, 3)), grid_points(3, 5, axes=(4, 0))[:, 1:4])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_cells_centre_shows_its_own_image(channels: int) -> None:
    """The picture's pixel at a grid point's coordinates comes from image i * n + j, y upwards."""
    n, size = 9, 400
    decoded = np.random.default_rng(0).integers(0, 256, (n * n, channels, 1, 1), dtype=np.uint8)
    centres, edges = prior_grid(n)
    picture = grid_picture(decoded.repeat(5, axis=2).repeat(5, axis=3), edges, size)
    assert (size, size, channels) == picture.shape
    columns = ((centres - edges[0]) / (edges[-1] - edges[0]) * size).astype(int)
    rows = ((edges[-1] - centres[::-1]) / (edges[-1] - edges[0]) * size).astype(int)
    np.testing.assert_array_equal(decoded.reshape(n, n, channels), picture[rows][:, columns])


def test_even_edges_and_a_fitting_size_give_the_plain_montage() -> None:
    """Where a pixel of the picture is a pixel of an image, nothing is resampled."""
    images = np.random.default_rng(0).integers(0, 256, (4, 1, 3, 3), dtype=np.uint8)
    expected = np.block([[images[0, 0], images[1, 0]], [images[2, 0], images[3, 0]]])
    np.testing.assert_array_equal(expected, grid_picture(images, [-1.0, 0.0, 1.0], 6)[..., 0])


def test_images_are_as_large_as_their_cells_allow_and_stay_square() -> None:
    """White images cover, in the middle of each cell, a square as wide as the cell's shorter side, to a pixel."""
    n, size = 6, 1000
    _, edges = prior_grid(n)
    sides = np.diff(edges) / (edges[-1] - edges[0]) * size
    for cell in (0, 2, 14, 35):
        decoded = np.zeros((n * n, 1, 4, 4), np.uint8)
        decoded[cell] = 255
        ys, xs = np.nonzero(grid_picture(decoded, edges, size)[..., 0])
        row, column = divmod(cell, n)
        expected = min(sides[n - 1 - row], sides[column])
        np.testing.assert_allclose([expected] * 2, [np.ptp(ys) + 1, np.ptp(xs) + 1], atol=1)
        middle = (edges[column] + edges[column + 1] - 2 * edges[0]) / 2 / (edges[-1] - edges[0]) * size
        assert abs((xs.min() + xs.max() + 1) / 2 - middle) <= 1


def test_uneven_edges_run_upwards_and_to_the_right() -> None:
    """With edges 0, 1, 4 the lowest row and the leftmost column are one pixel of four, the upper right image nine."""
    images = np.arange(1, 5, dtype=np.uint8).reshape(4, 1, 1, 1)
    expected = [[0, 2, 2, 2], [1, 2, 2, 2], [0, 2, 2, 2], [3, 0, 4, 0]]
    np.testing.assert_array_equal(expected, grid_picture(images, [0, 1, 4], 4)[..., 0])


@pytest.mark.parametrize(
    ("n", "latent_dim", "axes", "rest"),
    [
        (1, 2, (0, 1), None),
        (3, 1, (0, 1), None),
        (3, 2, (0, 0), None),
        (3, 2, (0, 2), None),
        (3, 2, (-1, 0), None),
        (3, 2, (0, 1), [1.0]),
        (3, 2, (0, 1), [1.0, float("nan")]),
    ],
)
def test_bad_grids_are_refused(n: int, latent_dim: int, axes: tuple[int, int], rest: list[float] | None) -> None:
    """A grid of one point, axes that are not there or equal, and an unfitting `rest` are one clear error."""
    with pytest.raises(ShapeError):
        grid_points(n, latent_dim, axes, rest)


@pytest.mark.parametrize(
    ("n_images", "edges", "size"),
    [(3, [0, 1, 2], 10), (4, [0, 2, 1], 10), (4, [0, 1, float("inf")], 10), (4, [0, 1, 2], 0), (0, [0], 10)],
)
def test_bad_pictures_are_refused(n_images: int, edges: list[float], size: int) -> None:
    """Images that do not fill the grid, edges that do not ascend and no pixels at all are one clear error."""
    with pytest.raises(ShapeError):
        grid_picture(np.zeros((n_images, 1, 2, 2), np.float32), edges, size)
