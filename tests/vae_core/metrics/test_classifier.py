"""The classifier: learns, repeats itself, keeps to its data set, and lets no damaged file in."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.checkpoints import SHIPPED_DIR, list_checkpoints
from vae_core.data import ImageSet
from vae_core.errors import CheckpointError, DataError, ShapeError
from vae_core.metrics.classifier import (
    CARD,
    WEIGHTS,
    Classifier,
    build_network,
    classifier_for,
    load_classifier,
    save_classifier,
    train_classifier,
)


@pytest.fixture(scope="module")
def classifier(digits: ImageSet) -> Classifier:
    """Trained on digits."""
    return train_classifier(digits)


@pytest.fixture
def folder(classifier: Classifier, tmp_path: Path) -> Path:
    """Where it is stored, to be damaged."""
    save_classifier(tmp_path / "kept", classifier)
    return tmp_path / "kept"


def test_it_learns_its_classes(classifier: Classifier, digits: ImageSet) -> None:
    """More than 97 % of the digits it has not seen, and the card says what predictions say."""
    found = classifier.predict(digits.test.images)
    assert np.ones(len(found)) == pytest.approx(found.sum(1), abs=1e-5)
    share = float((found.argmax(1) == digits.test.labels).mean())
    assert share > 0.97
    assert share == pytest.approx(classifier.accuracy.value)


def test_features_are_the_last_hidden_layer(classifier: Classifier, digits: ImageSet) -> None:
    """64 values of at least 0, which the last layer turns into the predictions."""
    images = digits.test.images[:300]
    features = classifier.features(images)
    assert (300, 64) == features.shape
    assert 0.0 <= features.min()
    last = classifier.network[-1]
    logits = features @ last.weight.numpy().T + last.bias.numpy()
    odds = np.exp(logits - logits.max(1, keepdims=True))
    assert odds / odds.sum(1, keepdims=True) == pytest.approx(classifier.predict(images), abs=1e-5)
    assert classifier.features(images / 255) == pytest.approx(features, abs=1e-4)
    assert (0, 64) == classifier.features(images[:0]).shape


def test_a_seed_gives_the_same_bits(digits: ImageSet) -> None:
    """The same weights twice, others from another seed, and torch's own generator is left as it was."""
    few = replace(digits, train=replace(digits.train, images=digits.train.images[:64], labels=digits.train.labels[:64]))
    before = torch.random.get_rng_state()
    one, same, other = (train_classifier(few, seed=seed, n_steps=50).card.weights for seed in (3, 3, 4))
    assert one == same != other
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_is_stored_comes_back(classifier: Classifier, folder: Path, digits: ImageSet) -> None:
    """The same card and the same predictions to the bit, from files without a pickle."""
    back = load_classifier(folder, digits)
    assert classifier.card == back.card
    images = digits.test.images[:50]
    assert np.array_equal(classifier.predict(images), back.predict(images))
    assert {CARD, WEIGHTS} == {path.name for path in folder.iterdir()}


def test_it_is_trained_once(digits: ImageSet, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call trains and keeps, the next one reads; no list of checkpoints shows it."""
    names = [entry.name for entry in list_checkpoints()]
    told: list[float] = []
    first = classifier_for(digits, on_progress=lambda what, share: told.append(share))
    assert told == sorted(told)
    assert 0 <= told[0] < told[-1] <= 1
    assert (isolated / ".classifiers" / digits.checksum[:16] / CARD).exists()
    monkeypatch.setattr("vae_core.metrics.classifier.train_classifier", None)
    assert first.card == classifier_for(digits).card
    assert names == [entry.name for entry in list_checkpoints()]


def test_the_shipped_one_is_good_and_small() -> None:
    """MNIST's: at least 99 % on the test split, below half a megabyte, stored as its card says."""
    (folder,) = (SHIPPED_DIR / "classifiers").iterdir()
    card = json.loads((folder / CARD).read_text("utf-8"))
    assert ("mnist", folder.name) == (card["dataset"], card["checksum"][:16])
    assert card["accuracy"]["value"] >= 0.99
    assert 500_000 > sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (CARD, b"{}", "classifier.json"),
        (CARD, b" " * (1 << 17), "larger than"),
        (WEIGHTS, b"nothing", "not the file"),
        (WEIGHTS, None, "cannot be read"),
    ],
)
def test_damaged_files_are_refused(
    folder: Path, digits: ImageSet, name: str, content: bytes | None, message: str
) -> None:
    """A card that is none or too long, weights that are others or gone."""
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load_classifier(folder, digits)


def test_weights_that_do_not_fit_are_refused(classifier: Classifier, folder: Path, digits: ImageSet) -> None:
    """A card and weights that agree with each other, but the network is another, or not finite."""
    with torch.no_grad():
        other = build_network((1, 16, 16), 10)
        endless = build_network((1, 8, 8), 10)
        endless[0].weight.fill_(torch.inf)
    for network, message in ((other, "is damaged"), (endless, "not a finite number")):
        shutil.rmtree(folder)
        save_classifier(folder, Classifier(classifier.card, network))
        card = json.loads((folder / CARD).read_text("utf-8"))
        card["weights"] = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
        (folder / CARD).write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match=message):
            load_classifier(folder, digits)


def test_it_belongs_to_one_data_set(folder: Path, digits: ImageSet) -> None:
    """Other pixels, another checksum: refused."""
    with pytest.raises(CheckpointError, match="other images"):
        load_classifier(folder, replace(digits, checksum="0" * 64))


def test_what_it_cannot_learn_or_read_is_refused(classifier: Classifier, digits: ImageSet) -> None:
    """A set without classes, images of another shape."""
    with pytest.raises(DataError, match="no classes"):
        train_classifier(replace(digits, class_names=()))
    with pytest.raises(ShapeError, match="The classifier"):
        classifier.predict(np.zeros((1, 1, 9, 9)))


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 64, 64), (1, 9, 31)])
def test_it_fits_every_image(shape: tuple[int, int, int]) -> None:
    """Every size and colour that the models take."""
    assert (2, 7) == build_network(shape, 7)(torch.zeros(2, *shape)).shape
