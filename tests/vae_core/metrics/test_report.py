"""All figures together: every name measured or with its reason, repeatable, and each independent of the others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.vae_core.runs import new_run, train_here
from vae_core import LatentExplorer
from vae_core.card import Measure
from vae_core.cli import main
from vae_core.data import ImageSet, Split
from vae_core.errors import ConfigError, DataError
from vae_core.metrics import elbo, steps
from vae_core.metrics.catalogue import DEFINITIONS, GROUPS, Figures, NotMeasured, document, names_of
from vae_core.metrics.classifier import Classifier, train_classifier
from vae_core.metrics.report import measure_model

FACTORS = tuple(names_of(["disentanglement"]))


@pytest.fixture(scope="module")
def explorer(finished: Path) -> LatentExplorer:
    """A small model of digits."""
    return LatentExplorer.load(finished, "cpu")


@pytest.fixture(scope="module")
def trained(digits: ImageSet) -> Classifier:
    """A classifier of digits, hardly trained."""
    return train_classifier(digits, n_steps=100)


@pytest.fixture(autouse=True)
def quick(trained: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a better classifier."""
    monkeypatch.setattr(steps, "classifier_for", lambda data, **options: trained)


@pytest.fixture(scope="module")
def drawn_from_factors(digits: ImageSet) -> ImageSet:
    """Digits with two factors made up for them: their class, and whether their upper half is the brighter one."""

    def told(split: Split) -> Split:
        halves = split.images.reshape(len(split), 2, -1).mean(2)
        assert split.labels is not None
        return replace(split, factors=np.stack([split.labels, (halves[:, 0] > halves[:, 1]).astype(np.int64)], 1))

    splits = {name: told(digits.split(name)) for name in ("train", "validation", "test")}
    return replace(digits, **splits, factor_names=("digit", "top"), factor_sizes=(10, 2))


def measured(explorer: LatentExplorer, data: ImageSet, *wanted: str, **options: object) -> Figures:
    """With the same stream each time."""
    return measure_model(explorer, data, wanted=wanted or GROUPS, generator=np.random.default_rng(0), **options)


def reasons(figures: Figures) -> dict[str, str]:
    """Of the figures that were not measured."""
    return {name: figure.reason for name, figure in figures.items() if isinstance(figure, NotMeasured)}


def test_every_figure_is_measured(explorer: LatentExplorer, drawn_from_factors: ImageSet) -> None:
    """All of the catalogue, in its order, in range, with standard errors but for the count; progress only grows."""
    told: list[float] = []
    found = measured(explorer, drawn_from_factors, on_progress=lambda what, share: told.append(share))
    assert list(DEFINITIONS) == list(found)
    assert {} == reasons(found)
    measures = {name: figure for name, figure in found.items() if isinstance(figure, Measure)}
    assert ["active_units"] == [name for name, figure in measures.items() if figure.standard_error is None]
    shares = [name for name, definition in DEFINITIONS.items() if definition.unit.startswith("share")]
    assert all(0 <= measures[name].value <= 1 for name in (*shares, *FACTORS, "trustworthiness"))
    test = explorer.card.test
    assert test.elbo.value == pytest.approx(measures["elbo"].value, abs=1e-4)
    assert told == sorted(told)
    assert (0.0, 1.0) == (told[0], told[-1])


def test_no_figure_depends_on_the_others(explorer: LatentExplorer, digits: ImageSet) -> None:
    """A group alone says what it says among all, and the same again."""
    whole = measured(explorer, digits)
    for group in GROUPS:
        assert {name: whole[name] for name in names_of([group])} == measured(explorer, digits, group)


def test_an_elbo_that_is_known_is_not_computed_again(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`evaluate --figures elbo` says the same twice, and asks the model once."""
    asked, real = [], elbo.elbo_parts
    for module in (elbo, steps):
        monkeypatch.setattr(module, "elbo_parts", lambda *given: asked.append(1) or real(*given))
    assert 0 == main(["evaluate", "tiny", "--figures", "elbo", "--device", "cpu", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [1] == asked
    assert [told[name]["value"] for name in names_of(["elbo"])] == [one["value"] for one in told["figures"].values()]


def test_what_the_data_do_not_have(explorer: LatentExplorer, digits: ImageSet) -> None:
    """Without classes no kNN and no features; without factors no disentanglement; all else is measured."""
    splits = {name: Split(digits.split(name).images, None) for name in ("train", "validation", "test")}
    found = reasons(measured(explorer, replace(digits, **splits, class_names=())))
    features = ("precision", "recall", "density", "coverage", "classifier_frechet_distance")
    assert {"knn_accuracy", *features, *FACTORS} == found.keys()
    assert "have no classes" in found["knn_accuracy"]
    assert "factors" in found["mig"]


@pytest.mark.parametrize(
    ("family", "missing", "reason"),
    [
        ("gan", set(names_of(("elbo", "bound", "reconstruction", "latent"))), "no encoder"),
        ("ae", {"elbo", "kl", "importance_weighted_nll"}, "gives a point"),
        ("cvae", set(), ""),
    ],
)
def test_what_the_model_does_not_have(
    digits: ImageSet, isolated: Path, family: str, missing: set[str], reason: str
) -> None:
    """A decoder alone is measured by its samples; an encoder of points by all but the ELBO; with a class, by all."""
    folder = new_run(isolated, family, {"family": family}, epochs=1)
    train_here(folder, digits)
    found = reasons(measured(LatentExplorer.load(folder.path, "cpu"), digits, *GROUPS[:-1]))
    assert missing == found.keys()
    assert reason in found.get("elbo", "")


def test_what_training_images_cannot_say(explorer: LatentExplorer, digits: ImageSet) -> None:
    """On the training split nothing was held out."""
    found = reasons(measured(explorer, digits, "latent", "samples", split="train", n_images=300))
    assert {"knn_accuracy", "held_out_nearest_training_distance"} == found.keys()


def test_too_few_images_are_a_reason(explorer: LatentExplorer, digits: ImageSet) -> None:
    """With 15 images means are measured, and what needs more says how many."""
    found = reasons(measured(explorer, digits, *GROUPS[:-1], n_images=15))
    assert {"trustworthiness", "precision", "recall", "density", "coverage"} == found.keys()
    assert "needs at least 20" in found["precision"]


def test_what_there_is_not_is_refused(explorer: LatentExplorer, digits: ImageSet) -> None:
    """An unknown group, an unknown split."""
    with pytest.raises(ConfigError, match="no figures called 'beauty'"):
        measured(explorer, digits, "elbo", "beauty")
    with pytest.raises(DataError, match="no split 'half'"):
        measured(explorer, digits, "elbo", split="half")


def test_disentanglement_is_measured_on_images_from_all_over(
    explorer: LatentExplorer, drawn_from_factors: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a split has more images than are asked, not its first ones are: they may share a factor's value."""
    monkeypatch.setattr(steps, "N_CODES", 150)
    test = drawn_from_factors.test
    assert test.factors is not None
    order = np.argsort(test.factors[:, 1], kind="stable")
    assert 1 == len(np.unique(test.factors[order[:150], 1]))
    found = measured(explorer, replace(drawn_from_factors, test=test.take(order)), "disentanglement")
    assert {} == reasons(found)


def test_the_document_tells_unit_and_definition() -> None:
    """Two forms: a value with what it means, or null with the reason."""
    told = document({"kl": Measure(value=2.0, standard_error=0.1), "mig": NotMeasured("No factors.")})
    kl = {"value": 2.0, "standard_error": 0.1, "unit": "nats per image", "definition": DEFINITIONS["kl"].definition}
    assert {"kl": kl, "mig": {"value": None, "reason": "No factors."}} == told
