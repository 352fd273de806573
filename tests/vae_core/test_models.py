"""The networks: those of the tutorials to the last parameter, and every size that is promised."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vae_core.config import ModelConfig, default_hidden
from vae_core.errors import ConfigError
from vae_core.models import VAE, build_model
from vae_core.models.outline import outline
from vae_core.models.posterior import LOGVAR_RANGE

MNIST = (1, 28, 28)


def model_of(image_shape: tuple[int, int, int] = MNIST, **config: Any) -> VAE:
    """A model with weights that are the same each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(ModelConfig(**config), image_shape)
    assert isinstance(model, VAE)
    return model


def n_parameters(model: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(parameter.numel() for parameter in model.parameters())


def linear(n_in: int, n_out: int) -> int:
    """Parameters of a dense layer."""
    return n_in * n_out + n_out


def conv(n_in: int, n_out: int) -> int:
    """Parameters of a 4×4 convolution, transposed or not."""
    return n_in * n_out * 16 + n_out


@pytest.mark.parametrize(
    ("hidden", "latent_dim", "expected"),
    [
        ((512,), 20, linear(784, 512) + 2 * linear(512, 20) + linear(20, 512) + linear(512, 784)),
        (
            (512, 256),
            20,
            linear(784, 512) + linear(512, 256) + 2 * linear(256, 20)
            + linear(20, 256) + linear(256, 512) + linear(512, 784),
        ),
        ((128,), 2, linear(784, 128) + 2 * linear(128, 2) + linear(2, 128) + linear(128, 784)),
    ],
)  # fmt: skip
def test_tutorials_perceptrons(hidden: tuple[int, ...], latent_dim: int, expected: int) -> None:
    """784-512-20, 784-512-256-20 and 784-128-2 with ReLU have these layers and no others."""
    model = model_of(hidden=hidden, latent_dim=latent_dim, activation="relu")
    widths = [784, *hidden]
    layers = [(layer.in_features, layer.out_features) for layer in model.modules() if isinstance(layer, nn.Linear)]
    inwards = list(pairwise(widths))
    heads = 2 * [(hidden[-1], latent_dim)]
    outwards = [(latent_dim, hidden[-1]), *((n_out, n_in) for n_in, n_out in reversed(inwards))]
    assert sorted(inwards + outwards + heads) == sorted(layers)
    assert 2 * len(hidden) == sum(isinstance(layer, nn.ReLU) for layer in model.modules())
    assert expected == n_parameters(model)


def test_tutorials_convolutions() -> None:
    """The 32-d ConvVAE: 4×4 kernels, stride 2, 32 and 64 channels, mirrored."""
    model = model_of(network="conv", hidden=(32, 64), latent_dim=32, activation="relu")
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    expected = [("Conv2d", 1, 32), ("Conv2d", 32, 64), ("ConvTranspose2d", 64, 32), ("ConvTranspose2d", 32, 1)]
    assert expected == [(type(layer).__name__, layer.in_channels, layer.out_channels) for layer in layers]
    assert {((4, 4), (2, 2))} == {(layer.kernel_size, layer.stride) for layer in layers}
    n_features = 64 * 7 * 7
    bodies = conv(1, 32) + conv(32, 64) + linear(32, n_features) + conv(64, 32) + conv(32, 1)
    assert bodies + 2 * linear(n_features, 32) == n_parameters(model)


@settings(max_examples=60)
@given(
    network=st.sampled_from(["mlp", "conv", "resnet"]),
    image_shape=st.tuples(st.sampled_from([1, 3]), st.integers(8, 64), st.integers(8, 64)),
    hidden=st.lists(st.integers(1, 6), max_size=3).map(tuple),
    latent_dim=st.integers(1, 5),
)
def test_every_size_goes_in_and_comes_out(
    network: str, image_shape: tuple[int, int, int], hidden: tuple[int, ...], latent_dim: int
) -> None:
    """Images of 8 to 64 pixels a side, even or odd, are encoded to D numbers and decoded to their own shape."""
    model = model_of(image_shape, network=network, hidden=hidden or (4,), latent_dim=latent_dim)
    with torch.inference_mode():
        posterior = model.encode(torch.zeros(2, *image_shape))
        x_hat = model.likelihood.mean(model.decode(posterior.mu))
    assert ((2, latent_dim), (2, latent_dim)) == (posterior.mu.shape, posterior.logvar.shape)
    assert (2, *image_shape) == x_hat.shape


@pytest.mark.parametrize("image_shape", [(1, 7, 28), (1, 28, 7), (1, 65, 28), (1, 28, 65), (2, 28, 28), (0, 28, 28)])
@pytest.mark.parametrize("network", ["mlp", "conv", "resnet"])
def test_other_images_are_refused(network: str, image_shape: tuple[int, int, int]) -> None:
    """Sides below 8 or above 64, and other channels than 1 or 3, are named in the message."""
    with pytest.raises(ConfigError, match=rf"\({image_shape[0]}, {image_shape[1]}, {image_shape[2]}\)"):
        model_of(image_shape, network=network, hidden=(4,))


@pytest.mark.parametrize(("side", "most"), [(8, 3), (28, 4), (31, 4), (64, 6)])
def test_too_many_convolutions_are_refused(side: int, most: int) -> None:
    """As many halvings as leave a pixel are built; one more is refused with the number that is possible."""
    model_of((1, side, side), network="conv", hidden=(2,) * most)
    with pytest.raises(ConfigError, match=f"at most {most} channels"):
        model_of((1, side, side), network="conv", hidden=(2,) * (most + 1))


def test_logvar_stays_in_its_range() -> None:
    """Whatever the encoder's head says, the variance can neither vanish nor overflow."""
    model = model_of(hidden=(4,))
    for bias, expected in ((-1e4, LOGVAR_RANGE[0]), (1e4, LOGVAR_RANGE[1])):
        model.to_logvar.bias.data.fill_(bias)
        assert {expected} == set(model.encode(torch.rand(3, *MNIST)).logvar.flatten().tolist())


def test_elbo_terms_are_those_of_the_parts() -> None:
    """One draw of z, its log p(x|z), and the KL by dimension."""
    model = model_of(hidden=(4,))
    x = torch.rand(3, *MNIST, generator=torch.Generator().manual_seed(0))
    terms = model.elbo_terms(x, generator=torch.Generator().manual_seed(1))
    posterior = model.encode(x)
    z = posterior.rsample(generator=torch.Generator().manual_seed(1))
    assert torch.equal(model.likelihood.log_prob(model.decode(z), x), terms.log_likelihood)
    assert torch.equal(posterior.kl(), terms.kl)
    assert ((3,), (3, 2)) == (terms.log_likelihood.shape, terms.kl.shape)


def test_training_mode_changes_nothing() -> None:
    """A model draws where it is asked to, not because it is in training mode."""
    model = model_of(hidden=(4,))
    x = torch.rand(3, *MNIST, generator=torch.Generator().manual_seed(0))
    in_training, in_evaluation = model.train().encode(x), model.eval().encode(x)
    assert torch.equal(in_training.mu, in_evaluation.mu)
    assert torch.equal(model.train().decode(in_training.mu), model.eval().decode(in_training.mu))


@pytest.mark.parametrize("image_shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 9, 64)])
@pytest.mark.parametrize("network", ["mlp", "conv", "resnet"])
def test_default_widths_fit_every_size(network: Any, image_shape: tuple[int, int, int]) -> None:
    """Without widths of one's own a model has up to 14 million weights, and its smallest map 2 to 7 pixels a side."""
    model = model_of(image_shape, network=network)
    assert 10_000 < n_parameters(model) < 14_000_000
    if network != "mlp":
        n_halvings = len(default_hidden(network, image_shape))
        assert 2 <= min(image_shape[1:]) >> n_halvings <= 7


def test_a_residual_network_looks_at_each_image_alone() -> None:
    """No statistics of a batch: an image's code does not depend on its neighbours."""
    model = model_of(network="resnet", hidden=(4, 8))
    x = torch.rand(5, *MNIST, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model.encode(x).mu[3:4], model.encode(x[3:4]).mu)


@pytest.mark.parametrize("family", ["ae", "gan", "cvae"])
@pytest.mark.parametrize("network", ["mlp", "conv", "resnet"])
@pytest.mark.parametrize("sigma", ["learned", "per-pixel"])
def test_the_outline_has_every_weight(family: Any, network: Any, sigma: Any) -> None:
    """The layers of each network add up to the model, and each ends where the next begins."""
    likelihood = "bernoulli" if family == "gan" else "gaussian"
    config = ModelConfig(family=family, network=network, hidden=(4, 8), likelihood=likelihood, sigma=sigma)
    model = build_model(config, (1, 12, 8), 3)
    layers = outline(model)
    of_likelihood = sum(parameter.numel() for parameter in model.likelihood.parameters())
    assert n_parameters(model) == of_likelihood + sum(layer.n_parameters for layer in layers)
    assert 96 * model.likelihood.params_per_pixel == math.prod(layers[-1].after)
    assert all(layer.kind for layer in layers)
    for part in ("encoder", "decoder"):
        some = [layer for layer in layers if layer.part == part]
        assert all(math.prod(a.after) == math.prod(b.before) for a, b in pairwise(some))
