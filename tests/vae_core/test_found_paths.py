"""Paths that a model decides: on decoders whose geodesics are known in closed form, and on the shipped digits."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from vae_core import LatentExplorer
from vae_core.errors import ConfigError, ShapeError
from vae_core.latent.paths import METHODS, linear
from vae_core.latent.paths.find import LEGS, cost_of, find_path
from vae_core.latent.paths.find import Path as FoundPath
from vae_core.latent.paths.geodesic import geodesic_curve
from vae_core.latent.paths.graph import _bridged, graph_curve, graph_of
from vae_core.latent.paths.length import pixel_length
from vae_core.models import Capabilities

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def digits() -> LatentExplorer:
    """Give a small shipped model of two dimensions."""
    return LatentExplorer.load("digits-2d", device="cpu")


class Known(nn.Module):
    """A decoder of two dimensions that is a formula, with no encoder."""

    can = Capabilities(encode=False, posterior=False, label=False, likelihood=False)
    n_classes = 0

    def mean(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """The formula's values in the first pixels of an image, the others black."""
        x = torch.stack(self.formula(*z.T), dim=1)
        return nn.functional.pad(x, (0, 64 - x.shape[1])).reshape(-1, 1, 8, 8)

    def formula(self, u: Tensor, v: Tensor) -> list[Tensor]:
        """Values of pixels."""
        raise NotImplementedError


class Sphere(Known):
    """Latitude u and longitude v on the sphere of radius 2."""

    def formula(self, u: Tensor, v: Tensor) -> list[Tensor]:
        """Cartesian coordinates."""
        return [2 * u.cos() * v.cos(), 2 * u.cos() * v.sin(), 2 * u.sin()]


class Flat(Known):
    """A linear map: its metric is the same everywhere."""

    def formula(self, u: Tensor, v: Tensor) -> list[Tensor]:
        """Three linear combinations."""
        return [3 * u + v, u - 2 * v, 0.5 * v]


def known(digits: LatentExplorer, decoder: Known) -> LatentExplorer:
    """Give an explorer of that decoder."""
    return replace(digits, model=decoder)  # type: ignore[arg-type]


def great_circle(one: Floats, other: Floats) -> float:
    """Length between two points (latitude, longitude) on the sphere of radius 2 (haversine formula)."""
    (u0, v0), (u1, v1) = one.astype(float), other.astype(float)
    half = np.sin((u1 - u0) / 2) ** 2 + np.cos(u0) * np.cos(u1) * np.sin((v1 - v0) / 2) ** 2
    return float(4 * np.arcsin(np.sqrt(half)))


def test_on_a_sphere_the_geodesic_is_the_great_circle(digits: LatentExplorer) -> None:
    """Within 1 % of the haversine length for each of ten pairs, where straight lines are longer by up to half."""
    explorer, rng = known(digits, Sphere()), np.random.default_rng(0)
    detours = []
    for _ in range(10):
        one, other = rng.uniform([-1.3, -1.4], [1.3, 1.4], (2, 2)).astype(np.float32)
        true = great_circle(one, other)
        found = pixel_length(explorer, geodesic_curve(explorer, one, other))
        assert true * 0.999 <= found <= true * 1.01
        detours.append(pixel_length(explorer, np.stack([one, other])) / true)
    assert 1.1 < max(detours)


def test_a_linear_decoder_has_straight_geodesics(digits: LatentExplorer) -> None:
    """All points lie on the segment, and the length is that of the ends' difference."""
    explorer, one, other = known(digits, Flat()), np.float32([-1, 2]), np.float32([3, 0.5])
    curve = geodesic_curve(explorer, one, other).astype(np.float64)
    shares = (curve - one) @ (other - one) / np.square(other - one).sum()
    np.testing.assert_allclose(one + shares[:, None] * (other - one), curve, atol=1e-4)
    du, dv = (other - one).astype(float)
    expected = np.linalg.norm([3 * du + dv, du - 2 * dv, 0.5 * dv])
    assert expected == pytest.approx(pixel_length(explorer, curve), rel=1e-4)


def test_the_geodesic_is_never_longer_than_line_or_graph(digits: LatentExplorer) -> None:
    """For each of eight pairs, as all curves are measured; the way back is as long within 1 %."""
    rng = np.random.default_rng(1)
    for one, other in digits.latents.mu[rng.choice(len(digits.latents.mu), (8, 2), replace=False)]:
        found = pixel_length(digits, geodesic_curve(digits, one, other))
        assert found <= pixel_length(digits, np.stack([one, other]))
        assert found <= pixel_length(digits, graph_curve(digits, one, other))
        assert found == pytest.approx(pixel_length(digits, geodesic_curve(digits, other, one)), rel=0.01)


def test_a_length_has_converged(digits: LatentExplorer) -> None:
    """A straight line of 20,000 steps is longer by less than 0.1 %."""
    ends = digits.latents.mu[[3, 8]]
    pictures = digits.decode(linear(*ends, 20_001)).reshape(20_001, -1).astype(np.float64)
    expected = np.linalg.norm(np.diff(pictures, axis=0), axis=1).sum()
    assert expected == pytest.approx(pixel_length(digits, ends), rel=1e-3)


def test_the_graph_path_uses_edges_only(digits: LatentExplorer) -> None:
    """Each step but the first and the last, which leave and reach the anchors, is an edge; none is used twice."""
    graph = graph_of(digits)
    path = graph_curve(digits, np.float32([-2.5, -2]), np.float32([2, 2.5]))
    where = {tuple(np.float32(code)): number for number, code in enumerate(graph.codes)}
    way = [where[tuple(z)] for z in path[1:-1]]
    edges = {tuple(edge) for edge in graph.edges.tolist()}
    steps = [tuple(sorted(pair)) for pair in pairwise(way)]
    assert steps
    assert edges.issuperset(steps)
    assert len(set(way)) == len(way)


def test_an_edge_weighs_how_far_the_picture_changes(digits: LatentExplorer) -> None:
    """The distance of its ends' decoded pictures, not of their codes."""
    graph = graph_of(digits)
    one, other = (digits.decode(graph.codes[ends]).reshape(len(ends), -1) for ends in graph.edges[:500].T)
    np.testing.assert_allclose(np.linalg.norm(one - other, axis=1), graph.weights[:500], rtol=1e-4)


def test_unevenness_is_the_coefficient_of_variation_of_the_steps(digits: LatentExplorer) -> None:
    """Steps of 1 and 3: mean 2, standard deviation 1."""
    images = np.zeros((3, *digits.image_shape), np.float32)
    images[:, 0, 0, 0] = 0.0, 1.0, 4.0
    cost = cost_of(digits, FoundPath("pixel", None, images, None, 0.0))
    assert pytest.approx([4.0, 0.5]) == [cost.length, cost.unevenness]


def test_a_graph_in_parts_is_bridged_where_they_are_nearest() -> None:
    """Three groups on a line hang together by the two shortest bridges."""
    codes = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
    assert [[0, 1], [1, 2], [2, 3], [3, 4]] == _bridged(codes, np.array([[0, 1], [2, 3]])).tolist()


def test_every_method_keeps_the_ends_and_passes_the_anchors(digits: LatentExplorer) -> None:
    """Through three anchors: the first and the last exactly, the second on the curve; nine images each."""
    anchors = digits.latents.mu[[1, 5, 9]]
    for method in LEGS:
        path = find_path(digits, anchors, 9, method=method)
        assert path.z is not None
        assert path.curve is not None
        np.testing.assert_array_equal(anchors[[0, 2]], path.z[[0, -1]])
        assert (path.curve == anchors[1]).all(axis=1).any()
        assert (9, *digits.image_shape) == path.images.shape
        np.testing.assert_array_equal(digits.decode(path.z), path.images)


def test_the_cross_fade_is_the_shortest_of_all_and_even(digits: LatentExplorer) -> None:
    """Its length is the distance of the two pictures, its steps are equal, and it has neither z nor density."""
    anchors = digits.latents.mu[[2, 6]]
    costs = {method: cost_of(digits, find_path(digits, anchors, 11, method=method)) for method in METHODS}
    one, other = digits.decode(anchors).astype(np.float64)
    assert np.linalg.norm(one - other) == pytest.approx(costs["pixel"].length, rel=1e-5)
    assert min(costs, key=lambda method: costs[method].length) == "pixel"
    assert 0 == pytest.approx(costs["pixel"].unevenness, abs=1e-5)
    assert costs["pixel"].lowest_density is None
    assert all(costs[method].lowest_density is not None for method in LEGS)
    assert costs["geodesic"].length <= costs["linear"].length


def test_without_an_encoder_there_is_no_graph(digits: LatentExplorer) -> None:
    """The graph is refused in a sentence; the other methods go on, without a density."""
    explorer, ends = known(digits, Sphere()), [[0, 0], [0, 1]]
    with pytest.raises(ConfigError, match="no encoder"):
        find_path(explorer, ends, 5, method="graph")
    path = find_path(explorer, ends, 5, method="geodesic")
    assert cost_of(explorer, path).lowest_density is None


@pytest.mark.parametrize(
    ("anchors", "n_steps", "label"),
    [([[0, 0]], 5, None), ([[0, 0], [1, 1]], 1, None), ([[0], [1]], 5, None), ([[0, 0], [1, 1]], 5, 3)],
)
def test_what_is_no_path_is_refused(
    anchors: list[list[float]], n_steps: int, label: int | None, digits: LatentExplorer
) -> None:
    """One anchor, one step, another dimension, and a class for a model that takes none."""
    for method in METHODS:
        with pytest.raises(ShapeError):
            find_path(digits, anchors, n_steps, method=method, label=label)


def test_another_name_is_no_method(digits: LatentExplorer) -> None:
    """The message names the methods there are."""
    with pytest.raises(ConfigError, match="linear, slerp, graph, geodesic, pixel"):
        find_path(digits, [[0, 0], [1, 1]], 5, method="magic")
