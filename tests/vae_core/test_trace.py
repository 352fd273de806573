"""One image followed through a model: the boxes hold what the model itself computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.data import load_dataset
from vae_core.errors import ShapeError
from vae_core.metrics.elbo import posterior_kl
from vae_core.trace import trace_image, trace_z

IMAGE = load_dataset("digits").test.images[3]
EPSILON = [0.7, -1.2]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, LatentExplorer]:
    """A model of an epoch for each network and for the families that differ in what they have."""
    home, data = tmp_path_factory.mktemp("kinds"), load_dataset("digits")
    asked = {
        "mlp": {},
        "conv": {"network": "conv", "hidden": (4, 8)},
        "resnet": {"network": "resnet", "hidden": (8, 8), "likelihood": "gaussian"},
        "ae": {"family": "ae"},
        "cvae": {"family": "cvae"},
        "conv cvae": {"family": "cvae", "network": "conv", "hidden": (4, 8)},
        "gan": {"family": "gan"},
    }
    for name, options in asked.items():
        train_here(new_run(home, name.replace(" ", "-"), options, epochs=1), data)
    return {name: LatentExplorer.load(Path(home) / name.replace(" ", "-"), device="cpu") for name in asked}


@pytest.mark.parametrize("kind", ["mlp", "conv", "resnet", "ae", "cvae", "conv cvae"])
def test_every_box_holds_what_the_model_computes(kinds: dict[str, LatentExplorer], kind: str) -> None:
    """mu, logvar, x_hat, log p(x|z), KL and ELBO are those of the facade; each box comes after its inputs."""
    explorer = kinds[kind]
    label = 4 if explorer.can.label else None
    boxes = trace_image(explorer, IMAGE, label, epsilon=EPSILON)
    found = {box.name: box for box in boxes}
    names = [box.name for box in boxes]
    assert all(names.index(other) < names.index(box.name) for box in boxes for other in box.inputs)
    posterior = explorer.encode(IMAGE[None], label)
    z = posterior.mu[0]
    if posterior.logvar is not None:
        np.testing.assert_allclose(posterior.mu[0], found["mu"].values, rtol=1e-5, atol=1e-6)
        sigma = np.exp(0.5 * posterior.logvar[0])
        np.testing.assert_allclose(sigma, found["sigma"].values, rtol=1e-5)
        z = posterior.mu[0] + sigma * np.float32(EPSILON)
        assert found["KL"].total == pytest.approx(posterior_kl(posterior.mu, posterior.logvar)[0], rel=1e-5)
        assert found["ELBO"].total == pytest.approx(found["log p(x|z)"].total - found["KL"].total, rel=1e-6)
    np.testing.assert_allclose(z, found["z"].values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(explorer.decode(z[None], label)[0], found["x_hat"].values, atol=1e-5)
    expected = explorer.log_likelihood(IMAGE[None], z[None], label)[0]
    assert found["log p(x|z)"].total == pytest.approx(expected, rel=1e-4)
    assert (posterior.logvar is not None) == ("KL" in found) == ("epsilon" in found) == ("ELBO" in found)
    assert explorer.can.label == ("class" in found)


def test_the_boxes_have_the_shapes_of_the_outline(kinds: dict[str, LatentExplorer]) -> None:
    """Each layer with weights has its box, of the shape that the model's outline tells."""
    for kind in ("mlp", "conv", "resnet"):
        explorer = kinds[kind]
        boxes = trace_image(explorer, IMAGE, epsilon=EPSILON)
        shapes = [box.values.shape for box in boxes if box.part in ("encoder", "decoder")]
        expected = [layer.after for layer in explorer.layers if "mu and logvar" not in layer.kind]
        expected[-1] = explorer.image_shape  # the last layer's numbers are read as an image
        assert expected == shapes


def test_a_generator_is_followed_from_z_on(kinds: dict[str, LatentExplorer]) -> None:
    """Of a GAN there are z, the layers and x_hat; an image is refused in a sentence."""
    boxes = trace_z(kinds["gan"], EPSILON)
    assert "z" == boxes[0].name
    np.testing.assert_allclose(kinds["gan"].decode([EPSILON])[0], boxes[-1].values, atol=1e-6)
    with pytest.raises(ShapeError, match="no encoder"):
        trace_image(kinds["gan"], IMAGE, epsilon=EPSILON)


def test_what_does_not_fit_is_refused(kinds: dict[str, LatentExplorer]) -> None:
    """Another epsilon, another image, and a class where none is taken, or none where one is."""
    with pytest.raises(ShapeError):
        trace_image(kinds["mlp"], IMAGE, epsilon=[0.0])
    with pytest.raises(ShapeError):
        trace_image(kinds["mlp"], IMAGE[:, :4], epsilon=EPSILON)
    with pytest.raises(ShapeError):
        trace_image(kinds["mlp"], IMAGE, 3, epsilon=EPSILON)
    with pytest.raises(ShapeError):
        trace_z(kinds["cvae"], EPSILON)
