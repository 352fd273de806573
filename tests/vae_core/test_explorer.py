"""LatentExplorer: the same answers as torch, whatever the batch and the type, and clear refusals."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vae_core
from tests.vae_core.runs import new_run, train_here
from vae_core.checkpoints import PROJECT_ROOT
from vae_core.config import ModelConfig
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, ConfigError, ShapeError
from vae_core.explorer import LatentExplorer
from vae_core.images import to_uint8
from vae_core.models import Capabilities, build_model
from vae_core.weights import load_model


@pytest.fixture(scope="module")
def explorer(finished: Path) -> LatentExplorer:
    """The small model on the CPU."""
    return LatentExplorer.load(finished, "cpu")


def some_z(n: int) -> np.ndarray[Any, Any]:
    """Points around the origin."""
    return np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)


def test_answers_are_torchs(explorer: LatentExplorer, digits: ImageSet) -> None:
    """encode and decode are the module's own, to the last bit for one batch."""
    images = digits.test.images[:10]
    with torch.inference_mode():
        expected = explorer.model.encode(torch.from_numpy(images.astype(np.float32)) / 255)
        means = explorer.model.likelihood.mean(explorer.model.decode(torch.from_numpy(some_z(10))))
    posterior = explorer.encode(images)
    np.testing.assert_allclose(expected.mu, posterior.mu, atol=1e-6)
    np.testing.assert_allclose(expected.logvar, posterior.logvar, atol=1e-6)
    assert np.array_equal(means, explorer.decode(some_z(10)))


@pytest.mark.parametrize("n", [0, 1, 1024, 1025])
def test_batches_leave_no_trace(n: int, explorer: LatentExplorer, digits: ImageSet) -> None:
    """Any number of rows gives what each alone gives, also none and more than a batch."""
    z, images = some_z(n), np.resize(digits.train.images, (n, 1, 8, 8))
    decoded, posterior = explorer.decode(z), explorer.encode(images)
    assert posterior.logvar is not None
    assert ((n, 1, 8, 8), (n, 2), (n, 2)) == (decoded.shape, posterior.mu.shape, posterior.logvar.shape)
    assert {np.dtype(np.float32)} == {a.dtype for a in (decoded, posterior.mu, posterior.logvar)}
    for i in {0, n // 2, n - 1} if n else ():
        np.testing.assert_allclose(explorer.decode(z[i : i + 1])[0], decoded[i], atol=1e-6)
        np.testing.assert_allclose(explorer.encode(images[i : i + 1]).mu[0], posterior.mu[i], atol=1e-5)
    assert n == 0 or 0 <= decoded.min() <= decoded.max() <= 1


def test_types_of_images_agree(explorer: LatentExplorer, digits: ImageSet) -> None:
    """uint8, every floating type, read-only, reversed and nested lists are the same pixels."""
    images = digits.test.images[:6]
    expected = explorer.encode(images).mu
    assert not images.flags.writeable
    for kind in (np.float16, np.float32, np.float64, np.longdouble, ">f4"):
        tolerance = 1e-2 if kind is np.float16 else 1e-5
        np.testing.assert_allclose(expected, explorer.encode((images / 255).astype(kind)).mu, atol=tolerance)
    np.testing.assert_allclose(expected[::-1], explorer.encode(images[::-1]).mu, atol=1e-5)
    np.testing.assert_allclose(expected, explorer.encode((images / 255).tolist()).mu, atol=1e-5)


def test_types_of_z_agree(explorer: LatentExplorer) -> None:
    """Lists, integers and every floating type are the same points."""
    expected = explorer.decode([[1, -2], [0, 3]])
    for kind in (np.int8, np.int64, np.float16, np.float64, ">f8"):
        assert np.array_equal(expected, explorer.decode(np.array([[1, -2], [0, 3]], kind)))


BAD_Z: list[Any] = [
    [1.0, 2.0], [[1.0]], [[1.0, 2.0, 3.0]], [[[1.0, 2.0]]], 3.0, [], [[float("nan"), 0]], [[float("inf"), 0]],
    [[1e39, 0]], [["a", "b"]], [[None, 1]], [[1j, 0]], [[True, False]], [[1], [2, 3]], {"z": 1}, None,
]  # fmt: skip


@pytest.mark.parametrize("z", BAD_Z, ids=repr)
def test_bad_z(z: Any, explorer: LatentExplorer) -> None:
    """Wrong shapes, types and values are one sentence, in decode and in draw."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        explorer.decode(z)
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        explorer.draw(z, generator=np.random.default_rng(0))


BAD_IMAGES: list[Any] = [
    np.zeros((1, 8, 8)), np.zeros((8, 8)), np.zeros((2, 3, 8, 8)), np.zeros((2, 1, 28, 28)), np.zeros((2, 64)),
    np.full((1, 1, 8, 8), 1.1), np.full((1, 1, 8, 8), -0.1), np.full((1, 1, 8, 8), np.nan),
    np.full((1, 1, 8, 8), np.inf),
    np.zeros((1, 1, 8, 8), np.int64), np.zeros((1, 1, 8, 8), bool), np.zeros((1, 1, 8, 8), complex),
    np.full((1, 1, 8, 8), "x"), [[1], [1, 2]], None, [], 255 * np.ones((1, 1, 8, 8), np.float32),
]  # fmt: skip


@pytest.mark.parametrize("images", BAD_IMAGES, ids=range(len(BAD_IMAGES)))
def test_bad_images(images: Any, explorer: LatentExplorer) -> None:
    """Wrong shapes, types and ranges are one sentence."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        explorer.encode(images)


def test_a_label_is_refused(explorer: LatentExplorer, digits: ImageSet) -> None:
    """A model without classes says that it takes none."""
    with pytest.raises(ShapeError, match="tiny takes no class"):
        explorer.decode([[0, 0]], label=3)
    with pytest.raises(ShapeError, match="tiny takes no class"):
        explorer.encode(digits.test.images[:1], label=[3])


def test_decode_never_draws(explorer: LatentExplorer) -> None:
    """The same z gives the same image; torch's global generator is not touched."""
    before = torch.random.get_rng_state()
    assert np.array_equal(explorer.decode(some_z(3)), explorer.decode(some_z(3)))
    assert torch.equal(before, torch.random.get_rng_state())


def test_draws_come_from_their_generator(explorer: LatentExplorer) -> None:
    """Equal generators give equal pictures, pixels of 0 and 1 for a Bernoulli, whose mean is x_hat."""
    first, again, other = (explorer.draw(some_z(3), generator=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert {0.0, 1.0} == set(first.flat)
    many = explorer.draw(np.repeat(some_z(1), 2000, axis=0), generator=np.random.default_rng(0))
    np.testing.assert_allclose(explorer.decode(some_z(1))[0], many.mean(0), atol=0.06)


def test_answers_are_the_askers_own(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Writing into a result changes neither the next answer nor what was given."""
    z, images = some_z(2), np.array(digits.test.images[:2])
    expected, pixels = explorer.decode(z).copy(), images.copy()
    explorer.decode(z).fill(0)
    explorer.encode(images).mu.fill(0)
    assert np.array_equal(expected, explorer.decode(z))
    assert np.array_equal(pixels, images)


@pytest.fixture(scope="module")
def convolutions(digits: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> LatentExplorer:
    """A small convolutional model on the CPU, loaded from its checkpoint."""
    folder = new_run(tmp_path_factory.mktemp("conv"), "conv", {"network": "conv", "hidden": (4, 8)}, epochs=1)
    train_here(folder, digits)
    return LatentExplorer.load(folder.path, "cpu")


@pytest.fixture(scope="module", params=["conv", "mlp"])
def colours(explorer: LatentExplorer, request: pytest.FixtureRequest) -> LatentExplorer:
    """An untrained model of colour images."""
    config = ModelConfig(network=request.param, hidden=(4, 8), latent_dim=2)
    shape = (3, 16, 12)
    card = replace(explorer.card, model=config, data=replace(explorer.card.data, image_shape=shape))
    model = build_model(config, shape).requires_grad_(False).eval().to(memory_format=torch.channels_last)
    return replace(explorer, card=card, model=model)


@pytest.mark.parametrize("n", [0, 1, 128, 300])
def test_convolutions_answer_as_plain_torch(n: int, convolutions: LatentExplorer, digits: ImageSet) -> None:
    """The order in which their weights lie in memory, and the batches, change nothing."""
    plain = load_model(convolutions.path, convolutions.card)
    images, z = digits.train.images[:n], some_z(n)
    with torch.inference_mode():
        expected = plain.encode(torch.from_numpy(images / np.float32(255)))
        means = plain.likelihood.mean(plain.decode(torch.from_numpy(z)))
    posterior = convolutions.encode(images)
    np.testing.assert_allclose(expected.mu, posterior.mu, atol=1e-5)
    np.testing.assert_allclose(expected.logvar, posterior.logvar, atol=1e-5)
    np.testing.assert_allclose(means, convolutions.decode(z), atol=1e-6)


@pytest.mark.parametrize("n", [1, 130])
def test_a_screen_shows_decode_rounded(n: int, explorer: LatentExplorer, colours: LatentExplorer) -> None:
    """decode_uint8 is to_uint8 of decode, to the bit, contiguous and with the channels last."""
    for model in (explorer, colours):
        shown = model.decode_uint8(some_z(n))
        channels, height, width = model.image_shape
        assert (n, height, width, channels) == shown.shape
        assert shown.flags.c_contiguous
        assert np.array_equal(to_uint8(model.decode(some_z(n))), shown.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("kind", ["explorer", "convolutions"])
def test_scores_are_the_cards(kind: str, digits: ImageSet, request: pytest.FixtureRequest) -> None:
    """The terms of each image have the means that evaluation wrote on the card, and the ELBO is their difference."""
    explorer = request.getfixturevalue(kind)
    scores, card = explorer.score(digits.test.images), explorer.card.test
    assert (len(digits.test),) == scores.elbo.shape
    assert card.elbo.value == pytest.approx(scores.elbo.mean(), abs=1e-4)
    assert card.log_likelihood.value == pytest.approx(scores.log_likelihood.mean(), abs=1e-4)
    assert card.kl.value == pytest.approx(scores.kl.mean(), abs=1e-4)
    np.testing.assert_allclose(scores.log_likelihood - scores.kl, scores.elbo, rtol=1e-12)


@pytest.mark.parametrize(
    "images", [np.zeros((0, 1, 8, 8), np.uint8), np.zeros((1, 1, 8, 8)), np.zeros((1, 1, 9, 8), np.uint8)]
)
def test_what_cannot_be_scored(images: Any, explorer: LatentExplorer) -> None:
    """No images, rounded ones and ones of another shape are one sentence."""
    with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
        explorer.score(images)


def test_weights_that_overflow_have_no_score(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Finite weights may be so large that the figures are not."""
    huge = copy.deepcopy(explorer.model)
    for parameter in huge.parameters():
        parameter.fill_(1e30)
    with pytest.raises(CheckpointError, match="its weights are unusable"):
        replace(explorer, model=huge).score(digits.test.images[:2])


def test_it_says_what_it_is(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Name, card, shape, capabilities and the encoded test split."""
    assert ("tiny", "cpu", 2, (1, 8, 8)) == (
        explorer.name,
        explorer.device,
        explorer.latent_dim,
        explorer.image_shape,
    )
    assert Capabilities(encode=True, posterior=True, label=False) == explorer.can
    assert len(digits.test) == len(explorer.latents.mu) == explorer.card.data.n_test
    assert not any(parameter.requires_grad for parameter in explorer.model.parameters())


@pytest.mark.parametrize("name", ["path", "card", "latents", "model", "device", "name", "latent_dim", "something_new"])
def test_no_attribute_can_be_given_another_value(explorer: LatentExplorer, name: str) -> None:
    """All sessions of a server share one: neither what it holds nor what it derives can be replaced or removed."""
    with pytest.raises(AttributeError):
        setattr(explorer, name, None)
    with pytest.raises(AttributeError):
        delattr(explorer, name)
    assert "tiny" == explorer.name


@pytest.mark.parametrize("name", ["mu", "logvar", "labels"])
def test_the_latents_are_read_only(explorer: LatentExplorer, name: str) -> None:
    """Writing into the encoded test split is refused, also through a view of it."""
    array = getattr(explorer.latents, name)
    before = array.copy()
    for view in (array, array[:5], array.T):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 7
    assert np.array_equal(before, array)


def test_the_nearest_image_of_a_mean_is_its_own(explorer: LatentExplorer) -> None:
    """Each mu finds itself, at no distance; a bad z is refused as in decode."""
    mu = explorer.latents.mu
    assert len(np.unique(mu, axis=0)) == len(mu)
    indices, distances = explorer.nearest(mu)
    assert np.array_equal(np.arange(len(mu)), indices)
    assert not distances.any()
    with pytest.raises(ShapeError, match=r"tiny: z has the shape \(1, 3\)"):
        explorer.nearest([[0, 0, 0]])


def test_it_remembers_its_folder(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path is absolute, however the model was named, and stays true when the working directory changes."""
    monkeypatch.chdir(checkpoint)
    for name in ("tiny", "./", str(checkpoint)):
        assert (checkpoint, "tiny") == ((opened := LatentExplorer.load(name, "cpu")).path, opened.name)


def test_warm_up_imports_what_data_sets_need_and_leaves_a_core() -> None:
    """Afterwards torchvision is there, and torch takes no more threads than a training run."""
    code = (
        "import sys, torch, vae_core.explorer as e; from vae_core.device import default_threads; "
        "assert 'torchvision' not in sys.modules; assert 'vae_core.training.process' not in sys.modules; "
        "e.warm_up(); assert 'torchvision' in sys.modules; assert torch.get_num_threads() == default_threads()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, check=True)


def test_a_name_or_a_path(checkpoint: Path, tmp_path: Path) -> None:
    """Both find the checkpoint; a folder can be renamed and carried elsewhere."""
    assert vae_core.LatentExplorer is LatentExplorer
    elsewhere = shutil.copytree(checkpoint, tmp_path / "renamed")
    loaded = [LatentExplorer.load(where, device="cpu") for where in ("tiny", checkpoint, str(checkpoint), elsewhere)]
    assert ["tiny", "tiny", "tiny", "renamed"] == [explorer.name for explorer in loaded]
    assert all(np.array_equal(loaded[0].decode([[0, 1]]), explorer.decode([[0, 1]])) for explorer in loaded)


def test_what_cannot_be_loaded(checkpoint: Path, run: Any) -> None:
    """An unknown name, an unfinished run and an unknown device are told apart."""
    with pytest.raises(CheckpointError, match=r"no checkpoint 'nobody'; known: .*tiny"):
        LatentExplorer.load("nobody")
    with pytest.raises(CheckpointError, match="run has not finished"):
        LatentExplorer.load(run.name)
    with pytest.raises(ConfigError, match="device"):
        LatentExplorer.load("tiny", device="abacus")


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu(explorer: LatentExplorer, finished: Path, digits: ImageSet) -> None:
    """The same pictures and the same posterior on both, within float32's reach."""
    on_gpu = LatentExplorer.load(finished, "cuda")
    np.testing.assert_allclose(explorer.decode(some_z(300)), on_gpu.decode(some_z(300)), atol=1e-4)
    np.testing.assert_allclose(explorer.encode(digits.test.images).mu, on_gpu.encode(digits.test.images).mu, atol=1e-3)
