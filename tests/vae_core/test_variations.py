"""Variations: what is drawn, how it is judged, what is written."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.data import ImageSet
from vae_core.errors import ConfigError
from vae_core.images import to_uint8
from vae_core.latent.density import OUTSIDE, region_of
from vae_core.latent.pixel_neighbours import PixelNeighbours
from vae_core.latent.variation_files import file_names, free_place, table, write_variations, zipped
from vae_core.latent.variation_sources import local_spacing, sources_of_codes, sources_of_images
from vae_core.latent.variations import Variations, pixel_distance, vary


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped digits model."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture(scope="module")
def families(digits: ImageSet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LatentExplorer]:
    """A small model that takes a class, one whose encoder gives a point, and one without encoder."""
    home = tmp_path_factory.mktemp("families")
    found = {}
    for name in ("cvae", "ae", "gan"):
        train_here(folder := new_run(home, name, {"family": name}, epochs=1), digits)
        found[name] = LatentExplorer.load(str(folder.path), device="cpu")
    return found


def made(explorer: LatentExplorer, indices: list[int], n: int, seed: int = 0, **how: object) -> Variations:
    """Variations of test images."""
    images = None if not explorer.can.encode else np.zeros((len(indices), *explorer.image_shape), np.uint8)
    sources = sources_of_codes(explorer, indices, how.pop("told", None), images)  # type: ignore[arg-type]
    return vary(explorer, sources, n, generator=np.random.default_rng(seed), **how)  # type: ignore[arg-type]


def test_a_spread_of_0_is_the_reconstruction(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Every variation then has the source's mu, and its picture."""
    images = digits.test.images[:3]
    sources = sources_of_images(explorer, images, names=["a", "b", "c"])
    found = vary(explorer, sources, 4, spread=0, generator=np.random.default_rng(0))
    mu = explorer.encode(images).mu
    np.testing.assert_array_equal(np.repeat(mu, 4, axis=0), found.z)
    np.testing.assert_array_equal(np.repeat(to_uint8(explorer.decode(mu)), 4, axis=0), found.images)
    assert found.to_source is not None
    np.testing.assert_allclose(pixel_distance(to_uint8(explorer.decode(mu)), images), found.to_source[::4])


@pytest.mark.parametrize("spread", [1.0, 2.5])
def test_the_draws_have_the_posteriors_mean_and_covariance(explorer: LatentExplorer, spread: float) -> None:
    """At a factor of 1 they are q(z|x)'s, at another its standard deviations times the factor, to 4 standard errors."""
    n = 20_000
    found = made(explorer, [5], n, spread=spread)
    latents = explorer.latents
    assert latents.logvar is not None
    sigma = spread * np.exp(0.5 * latents.logvar[5].astype(np.float64))
    white = (found.z - latents.mu[5]) / sigma
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=4 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(white.T), np.eye(2), atol=4 * np.sqrt(2 / n))


def test_the_noise_is_the_seeds_alone(explorer: LatentExplorer) -> None:
    """Neither the spread, nor how many are asked for, nor other sources change the noise of a source."""
    one, wide = made(explorer, [3], 5, spread=1), made(explorer, [3, 8], 9, spread=2)
    mu = explorer.latents.mu[3]
    np.testing.assert_allclose(2 * (one.z - mu), (wide.z - mu)[:5], rtol=1e-5, atol=1e-6)
    assert not np.allclose(one.z, made(explorer, [3], 5, seed=1).z)


def test_the_sources_own_posterior_does_not_vouch_for_it(explorer: LatentExplorer) -> None:
    """The density that a variation is judged by is that of the other images."""
    found, region = made(explorer, [11], 50), region_of(explorer)
    without = region.density.log_prob(found.z, without=np.full(50, 11))
    assert found.log_density is not None
    np.testing.assert_allclose(without, found.log_density)
    assert (region.density.log_prob(found.z) > found.log_density).any()


def test_support_of_draws_like_held_out_codes_is_uniform(explorer: LatentExplorer) -> None:
    """One draw from q(z|x) of each of many test images lies anywhere among the held-out codes."""
    found = made(explorer, list(range(400)), 1)
    assert found.support is not None
    assert pytest.approx(0.5, abs=0.08) == found.support.mean()
    assert pytest.approx(1 / np.sqrt(12), abs=0.05) == found.support.std()


def test_supported_only(explorer: LatentExplorer) -> None:
    """What is off the data is thrown away and counted; what is kept is what would have been drawn and is not."""
    free, kept = made(explorer, [4], 400, spread=6), made(explorer, [4], 400, spread=6, supported_only=True)
    assert free.is_outside is not None
    assert kept.support is not None
    assert 0 < free.is_outside.sum()
    assert (0, free.rejected[0]) == ((kept.support < OUTSIDE).sum(), 0)
    n = int((~free.is_outside).sum())
    np.testing.assert_array_equal(free.z[~free.is_outside], kept.z[:n])
    assert 400 == len(kept)
    assert kept.rejected[0] >= free.is_outside.sum()


def test_a_source_that_has_no_supported_neighbourhood_ends(explorer: LatentExplorer) -> None:
    """Where nothing is on the data the search gives up, and says how much was thrown away."""
    sources = sources_of_codes(explorer, [0])
    sources.mu[:] = 50
    found = vary(explorer, sources, 3, supported_only=True, generator=np.random.default_rng(0))
    assert (0, 150) == (len(found), found.rejected[0])


def test_distances_to_source_and_training(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Root mean square over pixels; the nearest training image is the one that a look at all of them finds."""
    images = digits.test.images[:2]
    sources = sources_of_images(explorer, images, names=["a", "b"])
    training = PixelNeighbours(digits.train.images)
    found = vary(explorer, sources, 3, training=training, generator=np.random.default_rng(0))
    away = (found.images[:, None].astype(float) - digits.train.images[None]) / 255
    every = np.sqrt(np.square(away).mean(axis=(2, 3, 4)))
    assert found.to_source is not None
    np.testing.assert_allclose(every.min(axis=1), found.to_nearest)
    np.testing.assert_array_equal(every.argmin(axis=1), found.nearest)
    to_source = np.sqrt(np.square(found.images / 255 - images[found.source] / 255).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(to_source, found.to_source)


def test_an_autoencoders_spread_is_the_spacing_of_its_codes(families: dict[str, LatentExplorer]) -> None:
    """At a factor of 1 the root mean squared distance is that to the ten nearest codes."""
    explorer = families["ae"]
    mu = explorer.latents.mu
    away = np.sort(np.linalg.norm(mu.astype(float) - mu[7], axis=1))[1:11]
    spacing = local_spacing(explorer, mu[7:8])
    np.testing.assert_allclose(np.sqrt(np.square(away).mean()), np.linalg.norm(spacing), rtol=1e-5)
    found = made(explorer, [7], 5000)
    rms = np.sqrt(np.square(found.z - mu[7]).sum(axis=1).mean())
    assert pytest.approx(np.linalg.norm(spacing), rel=0.03) == rms


def test_a_conditional_model_passes_the_class(families: dict[str, LatentExplorer]) -> None:
    """A test image brings its own class, unless another one is told; support is judged within that class."""
    explorer = families["cvae"]
    labels = explorer.latents.labels
    assert labels is not None
    other = (int(labels[2]) + 1) % 10
    for told, label in ((None, int(labels[2])), (other, other)):
        found = made(explorer, [2], 3, told=told)
        np.testing.assert_array_equal(to_uint8(explorer.decode(found.z, label)), found.images)
        row = next(csv.DictReader(io.StringIO(table(found, model="m", seed=0, class_names=tuple("abcdefghij")))))
        assert "abcdefghij"[label] == row["class_told"]


def test_without_an_encoder_a_draw_of_the_prior_is_varied(families: dict[str, LatentExplorer]) -> None:
    """By the prior's standard deviation; nothing says what is off the data, and no image can be varied."""
    explorer = families["gan"]
    found = made(explorer, [3], 4000, spread=0.5)
    assert (None, None, None) == (found.support, found.to_source, found.to_nearest)
    np.testing.assert_allclose([0.5, 0.5], found.z.std(axis=0), rtol=0.05)
    with pytest.raises(ConfigError, match="nothing says"):
        made(explorer, [3], 4, supported_only=True)
    with pytest.raises(ConfigError, match="no encoder"):
        sources_of_images(explorer, np.zeros((1, 1, 8, 8), np.uint8), names=["a"])


@pytest.mark.parametrize("spread", [-0.1, 11, float("nan")])
def test_a_spread_out_of_range_is_refused(explorer: LatentExplorer, spread: float) -> None:
    """In one sentence."""
    with pytest.raises(ConfigError, match="from 0 to 10"):
        made(explorer, [0], 1, spread=spread)


def test_progress_goes_up_to_1_and_may_stop_it(explorer: LatentExplorer) -> None:
    """What the callback raises ends it."""
    shares: list[float] = []
    made(explorer, [0, 1, 2], 300, on_progress=shares.append)
    assert (shares, 1.0) == (sorted(shares), shares[-1])

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(explorer, [0], 3, on_progress=stop)


def test_files_and_table_agree(explorer: LatentExplorer, tmp_path: Path) -> None:
    """A row for each PNG; the z of a row decodes to its PNG; a draw is told from a mean; folder and zip are alike."""
    found = made(explorer, [2, 9], 3)
    text = table(found, model="digits-2d", seed=0)
    write_variations(tmp_path / "a", found, text)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a" / "variations.csv").read_text())))
    assert file_names(found) == [row["file"] for row in rows] == sorted(p.name for p in (tmp_path / "a").glob("*.png"))
    assert [("2", "mean")] * 3 + [("9", "mean")] * 3 == [(row["source_index"], row["shown"]) for row in rows]
    z = np.array([[row["z_1"], row["z_2"]] for row in rows], np.float32)
    np.testing.assert_array_equal(found.z, z)
    decoded = to_uint8(explorer.decode(z))
    for row, image in zip(rows, decoded, strict=True):
        with Image.open(tmp_path / "a" / row["file"]) as picture:
            np.testing.assert_array_equal(image[0], np.asarray(picture))
    content = zipped(found, text)
    assert content == zipped(made(explorer, [2, 9], 3), text), "same seed, same bytes"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()} == {
            n: archive.read(n) for n in archive.namelist()
        }
    noisy = made(explorer, [2, 9], 3, as_draw=True)
    np.testing.assert_array_equal(found.z, noisy.z)
    assert not np.array_equal(found.images, noisy.images)
    assert ",draw," in table(noisy, model="m", seed=0)


def test_what_is_there_is_not_overwritten(explorer: LatentExplorer, tmp_path: Path) -> None:
    """Neither a file nor a folder with something in it; an empty folder is taken."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("mine")
    (tmp_path / "b.zip").write_text("mine")
    (tmp_path / "empty").mkdir()
    for name in ("full", "b.zip"):
        with pytest.raises(ConfigError, match="exists already"):
            free_place(tmp_path / name)
    found = made(explorer, [0], 2)
    write_variations(free_place(tmp_path / "empty"), found, table(found, model="m", seed=0))
    assert 3 == len(list((tmp_path / "empty").iterdir()))
    with pytest.raises(ConfigError, match="exists already"):
        write_variations(tmp_path / "full", found, "")
    assert ["a"] == [path.name for path in (tmp_path / "full").iterdir()]
    assert ["b.zip", "empty", "full"] == sorted(path.name for path in tmp_path.iterdir())
