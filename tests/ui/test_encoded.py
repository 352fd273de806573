"""The encoded images of a split: whose they are, in which order, and what is said of one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import streamlit as st

from ui.encoded import SPLITS, encoded, images_of, nearest_record, point_record, scores
from vae_core import DataError, LatentExplorer, ShapeError
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.data import load_dataset

N_TRAIN, N_TEST = 1397, 400
"""Of digits: training and validation images together, and those of the test split."""


@pytest.fixture(autouse=True)
def empty_caches() -> Iterator[None]:
    """Begin with nothing kept, and leave nothing."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped digits model; its data comes with scikit-learn."""
    return LatentExplorer.load(SHIPPED_DIR / "digits-2d", device="cpu")


@pytest.fixture
def without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LatentExplorer:
    """A shipped model whose data is not on this machine."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    return LatentExplorer.load(SHIPPED_DIR / "mnist-2d", device="cpu")


def test_the_test_split_came_with_the_model(without_data: LatentExplorer) -> None:
    """Its codes are the checkpoint's own arrays and need no data."""
    codes = encoded(without_data, "test")
    assert codes.mu is without_data.latents.mu
    assert codes.labels is without_data.latents.labels


def test_splits_follow_each_other(explorer: LatentExplorer) -> None:
    """`train` is training then validation split, `all` is train then test: codes, labels and images alike."""
    data = load_dataset("digits")
    splits = [data.train, data.validation, data.test]
    images = np.concatenate([split.images for split in splits])
    labels = np.concatenate([split.labels for split in splits if split.labels is not None])
    expected = explorer.encode(images[:N_TRAIN])
    for split, part in (("train", slice(0, N_TRAIN)), ("all", slice(None)), ("test", slice(N_TRAIN, None))):
        codes, pixels = encoded(explorer, split), images_of(explorer, split)
        assert pixels is not None
        np.testing.assert_array_equal(images[part], pixels)
        np.testing.assert_array_equal(labels[part], codes.labels)
        assert len(pixels) == len(codes.mu)
    assert expected.logvar is not None
    np.testing.assert_array_equal(expected.mu, encoded(explorer, "train").mu)
    np.testing.assert_array_equal(expected.logvar, encoded(explorer, "train").logvar)
    np.testing.assert_array_equal(explorer.latents.mu, encoded(explorer, "all").mu[N_TRAIN:])


def test_nothing_that_is_shared_can_be_written(explorer: LatentExplorer) -> None:
    """Sessions share these arrays: writing into one is refused."""
    codes, figures = encoded(explorer, "train"), scores(explorer, "all")
    assert figures is not None
    for array in (codes.mu, codes.logvar, codes.labels, images_of(explorer, "all"), figures.elbo, figures.kl):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_scores_are_the_cards(explorer: LatentExplorer) -> None:
    """Of the test split and of the validation split, which begins its own draws as in an evaluation."""
    test, train, every = (scores(explorer, split) for split in ("test", "train", "all"))
    assert test is not None
    assert train is not None
    assert every is not None
    n = explorer.card.data.n_train
    assert explorer.card.test.elbo.value == pytest.approx(test.elbo.mean(), abs=1e-3)
    assert explorer.card.validation.elbo.value == pytest.approx(train.elbo[n:].mean(), abs=1e-3)
    np.testing.assert_array_equal(np.concatenate([train.elbo, test.elbo]), every.elbo)
    np.testing.assert_allclose(every.kl, encoded(explorer, "all").kl, atol=1e-3)


@pytest.mark.parametrize("split", SPLITS)
def test_the_nearest_is_that_of_brute_force(split: str, explorer: LatentExplorer) -> None:
    """In all dimensions, over the whole split, with its distance; of equal ones the first."""
    mu = encoded(explorer, split).mu.astype(np.float64)
    for z in (*np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32), mu[7], mu[-1]):
        distances = np.linalg.norm(mu - z, axis=1)
        facts = nearest_record(explorer, split, z).facts
        assert (int(distances.argmin()), split) == (facts["index"], facts["split"])
        assert distances.min() == pytest.approx(facts["distance"], abs=1e-12)


@pytest.mark.parametrize(("split", "index"), [("test", 5), ("train", 5), ("all", 5), ("all", N_TRAIN + 5)])
def test_what_is_said_of_a_point(split: str, index: int, explorer: LatentExplorer) -> None:
    """Reconstruction and original, class, posterior, and the ELBO's terms: all of the image with that index."""
    figures, pixels, codes = scores(explorer, split), images_of(explorer, split), encoded(explorer, split)
    record = point_record(explorer, split, index)
    assert figures is not None
    assert pixels is not None
    assert codes.labels is not None
    assert codes.logvar is not None
    reconstruction, original = record.images
    np.testing.assert_array_equal(explorer.decode_uint8(codes.mu[index : index + 1])[0], reconstruction)
    np.testing.assert_array_equal(pixels[index].transpose(1, 2, 0), original)
    assert (index, split, codes.labels[index], None) == tuple(
        record.facts[key] for key in ("index", "split", "label", "distance")
    )
    np.testing.assert_array_equal(codes.mu[index], record.facts["mu"])
    np.testing.assert_allclose(np.exp(codes.logvar[index] / 2), record.facts["sigma"], rtol=1e-6)
    expected = (figures.log_likelihood[index], figures.kl[index], figures.elbo[index])
    terms = tuple(record.facts[key] for key in ("log_likelihood", "kl", "elbo"))
    assert pytest.approx(expected, abs=1e-3) == terms


def test_a_point_does_not_wait_for_its_scores(explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pass over the split is begun and not waited for; until it is done the terms that need it are None."""
    go, real = Event(), LatentExplorer.score
    monkeypatch.setattr(LatentExplorer, "score", lambda *given: go.wait(30) and real(*given))
    facts = point_record(explorer, "test", 3).facts
    assert (None, None) == (facts["log_likelihood"], facts["elbo"])
    assert facts["kl"] > 0
    go.set()
    end = time.monotonic() + 30
    while point_record(explorer, "test", 3).facts["elbo"] is None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_the_data(without_data: LatentExplorer) -> None:
    """The other splits are refused with what to do; of a test image there is no original, and no log-likelihood."""
    assert images_of(without_data, "test") is None
    assert scores(without_data, "test") is None
    for ask in (lambda: encoded(without_data, "train"), lambda: point_record(without_data, "all", 0)):
        with pytest.raises(DataError, match=r"^The images that mnist-2d .* fetch them [^\n]+\.$"):
            ask()
    record = nearest_record(without_data, "test", [0.0, 0.0])
    assert [(28, 28, 1)] == [image.shape for image in record.images]
    assert record.facts["log_likelihood"] is record.facts["elbo"] is None
    assert record.facts["kl"] > 0


def test_what_is_not_there_is_refused(explorer: LatentExplorer) -> None:
    """Another split, an image beyond the last one or before the first, a z of another length: one sentence."""
    for ask in (
        lambda: encoded(explorer, "validation"),
        lambda: images_of(explorer, ""),
        lambda: point_record(explorer, "test", N_TEST),
        lambda: point_record(explorer, "test", -1),
        lambda: nearest_record(explorer, "test", [0.0] * 3),
        lambda: nearest_record(explorer, "test", [np.nan, 0.0]),
    ):
        with pytest.raises(ShapeError, match=r"^[^\n]+\.$"):
            ask()


def test_threads_without_a_page_share_one_answer(
    explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked by many of the live channel's threads at once a split is encoded once, and Streamlit does not complain."""
    calls, real = [], LatentExplorer.encode
    monkeypatch.setattr(LatentExplorer, "encode", lambda *given: calls.append(1) or time.sleep(0.1) or real(*given))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: encoded(explorer, "all"), range(8)))
    assert [1] == calls
    assert all(answer is answers[0] for answer in answers)
    assert "" == caplog.text
