"""What `quality.py` measures: likelihoods, disentanglement, classes that are recognised, samplers."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from scipy import stats

from benchmarks.quality_runs import BINARIZED, SHAPES, trained
from benchmarks.train import example_config
from vae_core.card import Measure
from vae_core.checkpoints import find_checkpoint
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, load_dataset
from vae_core.errors import CheckpointError, ConfigError
from vae_core.explorer import LatentExplorer
from vae_core.latent.prior import sample_prior
from vae_core.latent.samplers import SAMPLERS
from vae_core.latent.samplers.codes import Codes, encode_codes
from vae_core.latent.samplers.sampler import Sampler, fit_sampler
from vae_core.latent.samplers.storage import sampler_of
from vae_core.metrics.catalogue import N_IMAGES, Figures, NotMeasured
from vae_core.metrics.classifier import Classifier, classifier_for
from vae_core.metrics.elbo import EVALUATION_SEED, importance_weighted_nll, measure
from vae_core.metrics.report import measure_model
from vae_core.metrics.samples import density_coverage, frechet_distance, precision_recall
from vae_core.metrics.spread import chosen_rows

Row = dict[str, Any]
Say = Callable[[str], None]
CONFIDENCE = 0.95
SCORES = ("mig", "sap", "dci_disentanglement", "dci_completeness", "dci_informativeness", "factor_vae_score")
SAMPLED_MODELS = ("mnist-2d", "mnist-2d-ae")

FASTER = RunConfig(
    dataset="mnist",
    model=ModelConfig(hidden=(400,), latent_dim=20),
    training=TrainConfig(epochs=10, learning_rate=4e-3),
)
"""The example's sizes, batch and epochs, with this project's activation and schedule."""


# -- likelihood ------------------------------------------------------------------------------------------------------


def likelihood(options: argparse.Namespace, say: Say) -> list[Row]:
    """Test ELBO of `mnist-2d` and of 20-d models after ten epochs; NLL of 50-d models on the fixed binarization."""
    rows = []
    for name in options.models:
        if name == "mnist-2d":
            explorer = _opened(name, options)
        elif name == "examples-20d":
            config = example_config("constant", options.epochs or 10, options.threads)
            explorer = trained(name, config, options)
        elif name == "20d":
            explorer = trained(name, FASTER, options)
        else:
            explorer = trained(f"binarized-50d-{name}", BINARIZED[name], options)
        say(f"{name}: measuring")
        data = load_dataset(explorer.card.data.name, options=explorer.card.data.options)
        began = time.perf_counter()
        if name in BINARIZED:
            # Spread over the split: the rows of the fixed binarization come in an order in which the first 1,000 have a
            # third more ink than all, and cost 10 nats more.
            images = torch.from_numpy(data.test.images[chosen_rows(len(data.test), options.images)])
            found = importance_weighted_nll(explorer.model, images, options.samples)
        else:
            scores = explorer.score(data.test.images).elbo
            assert scores is not None  # these families have a posterior
            found = measure(-scores)
        record, test = explorer.card.run, explorer.card.test.elbo
        assert test is not None
        rows.append(
            {
                "model": name,
                "figure": "NLL" if name in BINARIZED else "minus test ELBO",
                **asdict(found),
                "test_elbo": test.value,
                "epochs": int(record.epochs_done),
                "best_epoch": record.best_epoch,
                "training_seconds": record.seconds,
                "measuring_seconds": time.perf_counter() - began,
            }
        )
    return rows


# -- disentanglement -------------------------------------------------------------------------------------------------


def disentanglement(options: argparse.Namespace, say: Say) -> list[Row]:
    """Each score of each family over the seeds."""
    data = load_dataset("shapes")
    measured: dict[str, list[Figures]] = {family: [] for family in SHAPES}
    for seed in range(options.seeds):  # all families of a seed first, so that an early end leaves whole comparisons
        for family, config in SHAPES.items():
            seeded = replace(config, training=replace(config.training, seed=seed))
            explorer = trained(f"shapes-{family}-{seed}", seeded, options)
            say(f"shapes-{family}-{seed}: measuring")
            figures = measure_model(
                explorer, data, wanted=("disentanglement",), generator=np.random.default_rng(EVALUATION_SEED)
            )
            measured[family].append(figures)
    return [
        {"family": family, **{score: over_seeds([_value(found[score]) for found in runs]) for score in SCORES}}
        for family, runs in measured.items()
    ]


def _value(figure: Measure | NotMeasured) -> float | None:
    return figure.value if isinstance(figure, Measure) else None


def over_seeds(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean over seeds, standard deviation, and the interval of the mean by Student's t; of one seed the mean alone.

    A score that one of the models does not have, as when its dimensions have all died, has no mean: that of the others
    would be a better model's.
    """
    found: dict[str, Any] = {"mean": None, "deviation": None, "interval": None, "values": list(values)}
    there = [value for value in values if value is not None]
    n = len(values)
    if len(there) < n:
        return found
    found["mean"] = mean = float(np.mean(there))
    if n > 1:
        found["deviation"] = deviation = float(np.std(there, ddof=1))
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
        found["interval"] = [mean - half, mean + half]
    return found


def is_above(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool | None:
    """Whether the whole interval of one lies above that of the other; None without intervals."""
    if one["interval"] is None or other["interval"] is None:
        return None
    return bool(one["interval"][0] > other["interval"][1])


# -- classes ---------------------------------------------------------------------------------------------------------


def classes(options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """How many of the images that a model makes of a class are recognised as that class."""
    explorer = _opened(options.cvae, options)
    if not explorer.can.label:
        raise ConfigError(f"--cvae {options.cvae}: this model takes no class; name one that does.")
    data = load_dataset(explorer.card.data.name, options=explorer.card.data.options)
    classifier = _classifier(data, options, say)
    generator = np.random.default_rng(EVALUATION_SEED)
    right: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for label, title in enumerate(data.class_names):
        say(f"{explorer.name}: {options.per_class:,} images of {title}")
        z = sample_prior(options.per_class, explorer.latent_dim, generator=generator)
        found = classifier.predict(explorer.decode(z, label)).argmax(axis=1)
        right[title] = (found == label).astype(np.float64)
    return {
        "model": explorer.name,
        "classifier_accuracy": asdict(classifier.accuracy),
        "per_class": {title: asdict(measure(values)) for title, values in right.items()},
        "all": asdict(measure(np.concatenate(list(right.values())))),
    }


# -- samplers --------------------------------------------------------------------------------------------------------


def samplers(options: argparse.Namespace, say: Say) -> list[Row]:
    """Precision, recall, density, coverage and Fréchet distance of each sampler's images, and of training images."""
    rows = []
    for name in SAMPLED_MODELS:
        explorer = _opened(name, options)
        data = load_dataset(explorer.card.data.name, options=explorer.card.data.options)
        classifier = _classifier(data, options, say)
        test = classifier.features(data.test.images[chosen_rows(len(data.test), N_IMAGES)])
        for kind, images in _walls(explorer, data, options, say):
            say(f"{name}, {kind}: measuring")
            generator = np.random.default_rng(EVALUATION_SEED)
            drawn = classifier.features(images)
            inside = precision_recall(test, drawn, generator=generator)
            around = density_coverage(test, drawn, generator=generator)
            distance = frechet_distance(test, drawn, generator=generator)
            rows.append(
                {"model": name, "images": kind, **asdict(inside), **asdict(around), "frechet": asdict(distance)}
            )
    return rows


def _walls(
    explorer: LatentExplorer, data: ImageSet, options: argparse.Namespace, say: Say
) -> Iterator[tuple[str, Any]]:
    """Images to compare, N_IMAGES of each kind; the first are real ones that the test split does not have."""
    yield "training images", data.train.images[chosen_rows(len(data.train), N_IMAGES)]
    for kind in SAMPLERS:
        sampler = _sampler(explorer, data, kind, options, say)
        z = sampler.draw(N_IMAGES, generator=np.random.default_rng(EVALUATION_SEED))
        yield kind, explorer.decode(z)


def _sampler(explorer: LatentExplorer, data: ImageSet, kind: str, options: argparse.Namespace, say: Say) -> Sampler:
    """The stored sampler where there is one, else one that is fitted now and not kept."""
    try:
        return sampler_of(explorer, kind, options.checkpoints_dir)
    except CheckpointError:
        codes = encode_codes(explorer, data.train)

    def progress(share: float) -> None:
        say(f"{explorer.name}: fitting {kind}, {share:.0%}")

    whole = Codes(codes.mu, codes.logvar)  # without classes: one fit of all
    return fit_sampler(kind, whole, generator=np.random.default_rng(0), on_progress=progress)


def _opened(name: str, options: argparse.Namespace) -> LatentExplorer:
    return LatentExplorer.load(find_checkpoint(name, options.checkpoints_dir), options.device)


def _classifier(data: ImageSet, options: argparse.Namespace, say: Say) -> Classifier:
    return classifier_for(
        data,
        checkpoints_dir=options.runs,  # the folder of new models may be read only
        device=options.device,
        on_progress=lambda what, share: say(f"{what}, {share:.0%}"),
    )
