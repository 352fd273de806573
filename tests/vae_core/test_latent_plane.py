"""Planes through a latent space: what they show, what they leave alone, and which one holds most of the variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from vae_core.errors import ShapeError
from vae_core.latent.plane import Plane, axes_plane, pca_plane

Doubles = np.ndarray[Any, np.dtype[np.float64]]

DIMS = st.integers(2, 20)
SEEDS = st.integers(0, 2**32 - 1)
AXES = [((0, 1), 2), ((1, 0), 2), ((3, 0), 5), ((0, 1), 1)]


def some_plane(rng: np.random.Generator, latent_dim: int) -> Plane:
    """Any plane at all: a rotated and shifted one."""
    vectors, _ = np.linalg.qr(rng.normal(size=(latent_dim, 2)))
    return Plane(vectors[:, 0], vectors[:, 1], rng.normal(size=latent_dim))


def cloud(rng: np.random.Generator, n: int, latent_dim: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Points that spread differently in each of some rotated directions, away from the origin."""
    spread = rng.normal(size=(latent_dim, latent_dim)) * np.linspace(0.2, 3, latent_dim)
    return (rng.normal(size=(n, latent_dim)) @ spread + rng.normal(size=latent_dim)).astype(np.float32)


@given(SEEDS, DIMS)
def test_what_is_lifted_projects_to_where_it_was_lifted(seed: int, latent_dim: int) -> None:
    """The map's pointer decodes the z that the map would draw under the pointer."""
    rng = np.random.default_rng(seed)
    xy, plane = rng.uniform(-5, 5, (7, 2)), some_plane(rng, latent_dim)
    lifted = plane.lift(xy, rng.normal(size=latent_dim))
    assert ((7, latent_dim), np.float32) == (lifted.shape, lifted.dtype)
    np.testing.assert_allclose(xy, plane.project(lifted), atol=1e-5)


@given(SEEDS, DIMS)
def test_lifting_moves_within_the_plane_alone(seed: int, latent_dim: int) -> None:
    """What is at right angles to the plane stays; lifting to where z lies anyway moves nothing."""
    rng = np.random.default_rng(seed)
    plane, z = some_plane(rng, latent_dim), rng.normal(size=latent_dim).astype(np.float32)
    step = (plane.lift(rng.uniform(-5, 5, (3, 2)), z) - z).astype(np.float64)
    within = (step @ plane.a)[:, None] * plane.a + (step @ plane.b)[:, None] * plane.b
    np.testing.assert_allclose(within, step, atol=1e-5)
    np.testing.assert_allclose(z, plane.lift(plane.project(z[None]), z)[0], atol=1e-5)


@pytest.mark.parametrize(("axes", "latent_dim"), AXES)
def test_a_plane_of_axes_shows_these_coordinates(axes: tuple[int, int], latent_dim: int) -> None:
    """x and y are two coordinates of z, to the bit; one dimension is drawn on the line y = 0."""
    z = np.random.default_rng(0).normal(size=(9, latent_dim)).astype(np.float32)
    expected = z[:, list(axes)] if latent_dim > 1 else np.column_stack([z[:, 0], np.zeros(9)])
    np.testing.assert_array_equal(expected, axes_plane(axes, latent_dim).project(z))


def test_on_two_axes_the_others_stay() -> None:
    """Lifting sets the two coordinates that are shown, to the bit, and no other."""
    np.testing.assert_array_equal([[7, 2, 3, -5]], axes_plane((0, 3), 4).lift([[7, -5]], [1, 2, 3, 4]))


def test_one_dimension_has_no_upwards() -> None:
    """On a line x moves z and y does not."""
    np.testing.assert_array_equal([[2], [2]], axes_plane((0, 1), 1).lift([[2, 0], [2, 9]], [0.5]))
    plane, share = pca_plane([[1.0], [2.0], [6.0]])
    assert 1.0 == share
    np.testing.assert_allclose([[-2, 0], [-1, 0], [3, 0]], plane.project([[1.0], [2.0], [6.0]]))


@pytest.mark.parametrize("latent_dim", [2, 3, 16])
def test_principal_components_are_scikit_learns(latent_dim: int) -> None:
    """Directions (up to their sign), centre, projection and share of the variance."""
    mu = cloud(np.random.default_rng(latent_dim), 500, latent_dim)
    expected = PCA(n_components=2, svd_solver="full").fit(mu.astype(np.float64))
    plane, share = pca_plane(mu)
    signs = np.sign([plane.a @ expected.components_[0], plane.b @ expected.components_[1]])
    np.testing.assert_allclose(signs[:, None] * expected.components_, [plane.a, plane.b], atol=1e-10)
    np.testing.assert_allclose(expected.mean_, plane.centre, rtol=1e-12)
    np.testing.assert_allclose(expected.transform(mu.astype(np.float64)) * signs, plane.project(mu), atol=1e-4)
    assert expected.explained_variance_ratio_[:2].sum() == pytest.approx(share, rel=1e-12)


@given(SEEDS, DIMS)
def test_a_plane_of_components_is_orthonormal_and_of_one_sign(seed: int, latent_dim: int) -> None:
    """Also of few points and of degenerate ones; the largest entry of each direction is positive."""
    rng = np.random.default_rng(seed)
    mu = cloud(rng, int(rng.integers(2, 6)), latent_dim)
    plane, share = pca_plane(mu)
    axes = np.stack([plane.a, plane.b])
    np.testing.assert_allclose(np.eye(2), axes @ axes.T, atol=1e-12)
    assert all(axis[np.argmax(np.abs(axis))] > 0 for axis in axes)
    assert 0 < share <= 1


def test_two_dimensions_lose_nothing() -> None:
    """The plane of a two-dimensional space is all of it, turned: distances stay."""
    mu = cloud(np.random.default_rng(1), 50, 2)
    plane, share = pca_plane(mu)
    assert pytest.approx(1.0, abs=1e-12) == share
    expected = np.linalg.norm(mu[:, None] - mu, axis=2)
    np.testing.assert_allclose(expected, np.linalg.norm((p := plane.project(mu))[:, None] - p, axis=2), atol=1e-4)


BAD: list[Any] = [
    lambda: axes_plane((0, 0), 3), lambda: axes_plane((0, 3), 3), lambda: axes_plane((-1, 0), 3),
    lambda: axes_plane((1, 0), 1), lambda: axes_plane((0, 1), 0), lambda: axes_plane((0, 1.5), 3),  # type: ignore[arg-type]
    lambda: pca_plane([[1.0, 2.0]]), lambda: pca_plane([[1.0, 2.0]] * 4), lambda: pca_plane(np.zeros((0, 3))),
    lambda: pca_plane([1.0, 2.0]), lambda: pca_plane([[1.0, np.nan], [0, 0]]), lambda: pca_plane(np.zeros((3, 0))),
    lambda: axes_plane((0, 1), 3).project([[0.0, 0.0]]), lambda: axes_plane((0, 1), 3).project([0.0, 0.0, 0.0]),
    lambda: axes_plane((0, 1), 3).lift([[0.0, 0.0, 0.0]], [0, 0, 0]),
    lambda: axes_plane((0, 1), 3).lift([[0.0, 0.0]], [0, 0]), lambda: axes_plane((0, 1), 3).lift([["a", 0]], [0, 0, 0]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_is_no_plane_is_refused(number: int) -> None:
    """Wrong axes, shapes and values, and points without a spread, are one sentence."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        BAD[number]()
