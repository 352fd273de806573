"""The decoder's Jacobian: finite differences, and a decoder whose derivative is known."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.errors import ShapeError
from vae_core.latent.jacobian import decoder_jacobian, local_stretch, pulled_back_metric

Doubles = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture(scope="module")
def digits_2d() -> LatentExplorer:
    """A shipped model in two dimensions."""
    return LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")


def in_double(explorer: LatentExplorer, z: Doubles) -> Doubles:
    """The decoder's means in float64, (N, P), from a copy of the model."""
    model = copy.deepcopy(explorer.model).double()
    with torch.no_grad():
        return model.mean(torch.from_numpy(z)).flatten(1).numpy()


def differences(explorer: LatentExplorer, z: Doubles, step: float = 1e-4) -> Doubles:
    """The Jacobian by central differences, (N, P, D)."""
    moves = step * np.eye(z.shape[1])
    return np.stack([(in_double(explorer, z + m) - in_double(explorer, z - m)) / (2 * step) for m in moves], -1)


def test_the_jacobian_is_that_of_finite_differences(digits_2d: LatentExplorer) -> None:
    """And the stretch is sqrt(det J^T J) of these, both within a thousandth."""
    z = np.random.default_rng(0).normal(0, 1.5, (40, 2)).astype(np.float32).astype(np.float64)
    expected = differences(digits_2d, z)
    np.testing.assert_allclose(expected, decoder_jacobian(digits_2d, z), atol=1e-3 * np.abs(expected).max())
    stretch = np.sqrt(np.linalg.det(expected.transpose(0, 2, 1) @ expected))
    np.testing.assert_allclose(stretch, local_stretch(digits_2d, z), rtol=1e-3)


def test_the_first_vector_stretches_most(digits_2d: LatentExplorer) -> None:
    """A step along it moves the picture by its singular value; no other direction moves it further."""
    z = np.array([[0.3, -0.7]])
    metric, jacobian = pulled_back_metric(digits_2d, z), decoder_jacobian(digits_2d, z)[0].astype(np.float64)
    lengths = np.linalg.norm(jacobian @ metric.vectors[0].T, axis=0)
    np.testing.assert_allclose(metric.singular_values[0], lengths, rtol=1e-5)
    turned = np.stack([np.cos(np.linspace(0, np.pi, 99)), np.sin(np.linspace(0, np.pi, 99))])
    assert np.linalg.norm(jacobian @ turned, axis=0).max() <= lengths[0] * (1 + 1e-6)


def test_along_directions_it_is_the_jacobian_times_these(digits_2d: LatentExplorer) -> None:
    """The diagonal alone is stretched by the length of J times it."""
    diagonal = np.array([[1, 1]]) / np.sqrt(2)
    expected = np.linalg.norm(decoder_jacobian(digits_2d, [[0.5, 0.5]])[0].astype(np.float64) @ diagonal[0])
    found = pulled_back_metric(digits_2d, [[0.5, 0.5]], directions=diagonal)
    np.testing.assert_allclose(expected, found.stretch[0], rtol=1e-5)


def test_a_linear_decoder_is_its_own_jacobian(digits_2d: LatentExplorer) -> None:
    """Whatever the z, and batch after batch."""

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.n_classes = 0
            self.weight = nn.Parameter(torch.randn(64, 2, generator=torch.Generator().manual_seed(0)))

        def mean(self, z: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
            return (z @ self.weight.T).reshape(-1, 1, 8, 8)

    linear = Linear()
    explorer = replace(digits_2d, model=linear)  # type: ignore[arg-type]
    z = np.random.default_rng(0).normal(size=(600, 2))
    expected = np.broadcast_to(linear.weight.detach().numpy(), (600, 64, 2))
    np.testing.assert_allclose(expected, decoder_jacobian(explorer, z), rtol=1e-5)


def test_a_conditional_model_is_told_its_class() -> None:
    """Another class, another Jacobian; none is refused."""
    explorer = LatentExplorer.load(SHIPPED_DIR / "mnist-2d-cvae", device="cpu")
    z = [[0.2, 0.4]]
    assert not np.allclose(decoder_jacobian(explorer, z, 1), decoder_jacobian(explorer, z, 8))
    with pytest.raises(ShapeError, match="class"):
        decoder_jacobian(explorer, z)


def test_what_has_no_jacobian(digits_2d: LatentExplorer) -> None:
    """A z of another shape is refused; no z at all has no Jacobians."""
    with pytest.raises(ShapeError, match="shape"):
        local_stretch(digits_2d, [[0.0, 0.0, 0.0]])
    assert (0, 64, 2) == decoder_jacobian(digits_2d, np.zeros((0, 2))).shape
    assert (0,) == local_stretch(digits_2d, np.zeros((0, 2))).shape
