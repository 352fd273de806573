"""The encoded images of a split: whose they are, in which order, and what is said of one of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import streamlit as st

from ui import jobs, originals
from ui.encoded import SPLITS, encoded, images_of
from ui.records import nearest_record, point_record
from ui.scores import scores
from vae_core import DataError, LatentExplorer, ShapeError
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.config import DataConfig
from vae_core.data import DATASETS, ImageSet, Split, load_dataset

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
    # In pieces of other sizes, which change the last digits.
    np.testing.assert_allclose(encoded(explorer, "train").mu, expected.mu, atol=1e-4)
    np.testing.assert_allclose(encoded(explorer, "train").logvar, expected.logvar, atol=1e-4)
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
    go, real = Event(), LatentExplorer.evaluation_draws
    monkeypatch.setattr(LatentExplorer, "evaluation_draws", lambda *given: go.wait(30) and real(*given))
    facts = point_record(explorer, "test", 3).facts
    assert (None, None) == (facts["log_likelihood"], facts["elbo"])
    assert facts["kl"] > 0
    go.set()
    end = time.monotonic() + 30
    while point_record(explorer, "test", 3).facts["elbo"] is None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_hand_that_passes_by_has_nothing_scored(explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest image, asked for with each move, shows the terms when they are there, and does not begin them."""
    drawn, real = [], LatentExplorer.evaluation_draws
    monkeypatch.setattr(LatentExplorer, "evaluation_draws", lambda *given: drawn.append(1) or real(*given))
    z = explorer.latents.mu[3]
    assert nearest_record(explorer, "test", z).facts["elbo"] is None
    time.sleep(0.1)
    assert [] == drawn
    figures = scores(explorer, "test")
    assert figures is not None
    assert figures.elbo[3] == nearest_record(explorer, "test", z).facts["elbo"]


def test_a_hand_that_rests_has_the_terms_after_a_while(explorer: LatentExplorer) -> None:
    """The nearest image of where a hand rests is scored, so that its ELBO does not stay unknown."""
    z, end = explorer.latents.mu[3], time.monotonic() + 30
    while nearest_record(explorer, "test", z, rests=True).facts["elbo"] is None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_scores_are_those_of_the_explorer(explorer: LatentExplorer) -> None:
    """In pieces, between which the decoder goes first, they are what one pass over the images gives."""
    data, train = load_dataset("digits"), scores(explorer, "train")
    assert train is not None
    whole = [explorer.score(split.images) for split in (data.train, data.validation)]
    for name in ("log_likelihood", "kl", "elbo"):
        np.testing.assert_allclose(
            np.concatenate([getattr(one, name) for one in whole]), getattr(train, name), atol=1e-4
        )


def test_a_point_does_not_wait_for_its_split(explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the training images are encoded it is said so, at once; a little later the point is there."""
    go, real = Event(), LatentExplorer.encode
    monkeypatch.setattr(LatentExplorer, "encode", lambda *given: go.wait(30) and real(*given))
    for ask in (lambda: point_record(explorer, "train", 3), lambda: nearest_record(explorer, "all", [0.0, 0.0])):
        with pytest.raises(DataError, match=r"^The training images of digits-2d are being encoded: [^\n]+\.$"):
            ask()
    go.set()
    assert N_TRAIN + N_TEST == len(encoded(explorer, "all").mu)
    assert 3 == point_record(explorer, "train", 3).facts["index"]
    scores(explorer, "train")  # begun with the point: let it end here


def test_what_failed_is_tried_again_later(explorer: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at once, or each move of the hand would begin it anew; but a shortage that is over does no lasting harm."""
    calls = []

    def fail(*_: object) -> None:
        calls.append(1)
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(LatentExplorer, "log_likelihood", fail)
        for _ in range(2):
            with pytest.raises(MemoryError):
                scores(explorer, "test")
    assert [1] == calls
    assert point_record(explorer, "test", 3).facts["elbo"] is None
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.0)
    assert scores(explorer, "test") is not None


def test_another_set_of_that_name_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are not the card's are looked at once; when others come in their place the originals are there."""
    explorer = LatentExplorer.load(SHIPPED_DIR / "mnist-2d", device="cpu")
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    files = [tmp_path / "MNIST" / "raw" / name for name in DATASETS["mnist"].files]
    files[0].parent.mkdir(parents=True)
    loads, card = list[str](), explorer.card.data
    counts = (card.n_train, card.n_validation, card.n_test)
    splits = [Split(np.zeros((n, *card.image_shape), np.uint8), np.zeros(n, np.int64)) for n in counts]

    def load(name: str, *, options: DataConfig) -> ImageSet:
        loads.append(files[0].read_text())
        is_right = all(file.read_text() == "right" for file in files)
        return ImageSet(name, "", *splits, (), card.checksum if is_right else "another")

    monkeypatch.setattr(originals, "load_dataset", load)
    for time_ns, content in enumerate(("wrong", "right"), 1):
        for file in files:
            file.write_text(content)
            os.utime(file, ns=(time_ns, time_ns))
        assert [content == "right"] * 2 == [images_of(explorer, "test") is not None for _ in range(2)]
    assert ["wrong", "right"] == loads


class Told:
    """A model that takes a class: it answers as another one does, and notes which classes it was told."""

    def __init__(self, explorer: LatentExplorer) -> None:
        self._explorer, self.can = explorer, replace(explorer.can, label=True)
        self.told: dict[str, list[int]] = {"encode": [], "decode_uint8": [], "log_likelihood": []}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._explorer, name)

    def encode(self, images: Any, label: Any) -> Any:
        """q(z|x), and the classes noted."""
        self.told["encode"] += label.tolist()
        return self._explorer.encode(images)

    def decode_uint8(self, z: Any, label: Any) -> Any:
        """Images, and the classes noted."""
        self.told["decode_uint8"] += label.tolist()
        return self._explorer.decode_uint8(z)

    def log_likelihood(self, images: Any, z: Any, label: Any) -> Any:
        """Figures, and the classes noted."""
        self.told["log_likelihood"] += label.tolist()
        return self._explorer.log_likelihood(images, z)


def test_a_model_that_takes_a_class_is_told_it(explorer: LatentExplorer) -> None:
    """Each image's own, wherever it is encoded, decoded or scored."""
    model = Told(explorer)
    as_explorer = cast(LatentExplorer, model)
    labels = load_dataset("digits").train.labels
    codes = encoded(as_explorer, "train")
    assert codes.labels is not None
    assert labels is not None
    np.testing.assert_array_equal(labels, model.told["encode"][: len(labels)])
    assert codes.labels.tolist() == model.told["encode"]
    scores(as_explorer, "train")
    assert codes.labels.tolist() == model.told["log_likelihood"]
    for index in (5, 700):
        point_record(as_explorer, "train", index)
    assert codes.labels[[5, 700]].tolist() == model.told["decode_uint8"]


def test_a_model_without_an_encoder_has_no_points(explorer: LatentExplorer) -> None:
    """Whatever is asked of its images' places is one sentence; the images themselves are there."""
    model = cast(LatentExplorer, SimpleNamespace(**vars(explorer), name="gan", can=replace(explorer.can, encode=False)))
    for ask in (
        lambda: encoded(model, "test"),
        lambda: point_record(model, "train", 0),
        lambda: nearest_record(model, "test", [0.0, 0.0]),
    ):
        with pytest.raises(
            DataError, match=r"^gan has no encoder, so its images have no places in its latent space\.$"
        ):
            ask()
    assert images_of(model, "test") is not None


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
    asked, real = [], LatentExplorer.encode
    monkeypatch.setattr(LatentExplorer, "encode", lambda *given: asked.append(len(given[1])) or real(*given))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: encoded(explorer, "all"), range(8)))
    assert N_TRAIN == sum(asked)
    assert all(answer is answers[0] for answer in answers)
    assert "" == caplog.text


@pytest.mark.parametrize(("logvar", "mu"), [(170.0, 1.0), (2000.0, 1.0), (0.0, 1e20)])
def test_codes_that_lead_to_infinity_are_facts_that_are_not_known(
    explorer: LatentExplorer, logvar: float, mu: float
) -> None:
    """A brought model's codes are finite, what follows from them need not be: JSON has no word for that."""
    latents = explorer.latents
    brought = replace(
        explorer,
        latents=replace(latents, mu=latents.mu * np.float32(mu), logvar=np.full_like(latents.mu, logvar)),
        card=replace(explorer.card, run=replace(explorer.card.run, command=f"{logvar} {mu}")),  # another key
    )
    facts = point_record(brought, "test", 3).facts
    json.dumps(facts, allow_nan=False)
    assert facts["kl"] is None
