"""What is measured of a model, group by group, and the reason where a figure does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vae_core.card import Measure, SplitFigures
from vae_core.data.image_set import ImageSet
from vae_core.explorer import LatentExplorer
from vae_core.latent.prior import sample_prior
from vae_core.metrics.catalogue import (
    N_BOUNDS,
    N_CODES,
    N_DRAWS,
    N_IMAGES,
    N_NEAREST,
    N_RECONSTRUCTIONS,
    NotMeasured,
    elbo_figures,
    names_of,
)
from vae_core.metrics.classifier import Classifier, classifier_for
from vae_core.metrics.disentanglement import dci, factor_vae_score, mig, sap
from vae_core.metrics.elbo import elbo_parts, importance_weighted_nll, split_figures
from vae_core.metrics.latent_quality import active_units, knn_accuracy, trustworthiness
from vae_core.metrics.reconstruction import squared_error, ssim
from vae_core.metrics.samples import density_coverage, frechet_distance, nearest_training_distance, precision_recall
from vae_core.metrics.spread import chosen_rows

Step = tuple[tuple[str, ...], Callable[[], Sequence[Measure | NotMeasured]]]
"""Names of figures, and what measures them together."""


class DoesNotApplyError(Exception):
    """A figure has no meaning for this model or these data; the message says why."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A model and the images it is measured on; what several figures need is made once, and not before.

    What there is not raises a DoesNotApplyError.
    """

    explorer: LatentExplorer
    data: ImageSet
    split: str
    n_images: int | None
    elbo: SplitFigures | None
    checkpoints_dir: str | Path | None
    say: Callable[[str], None]

    @property
    def images(self) -> npt.NDArray[np.uint8]:
        """The images that the model is measured on, (N, C, H, W)."""
        return self.data.split(self.split).images[: self.n_images]

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """Their classes, (N,)."""
        labels = self.data.split(self.split).labels
        if labels is None:
            raise DoesNotApplyError(f"The images of {self.data.title} have no classes.")
        return labels[: self.n_images]

    @property
    def factors(self) -> npt.NDArray[np.int64]:
        """The factors that they were drawn from, (N, F)."""
        factors = self.data.split(self.split).factors
        if factors is None:
            raise DoesNotApplyError(f"The factors that the images of {self.data.title} come from are not known.")
        return factors[: self.n_images]

    @cached_property
    def codes(self) -> npt.NDArray[np.float32]:
        """Their mu, (N, D)."""
        self.need_encoder()
        return self.explorer.encode(self.images, self.labels if self.explorer.can.label else None).mu

    @cached_property
    def train_codes(self) -> npt.NDArray[np.float32]:
        """mu of the training split, (M, D)."""
        self.need_encoder()
        train = self.data.train
        return self.explorer.encode(train.images, train.labels if self.explorer.can.label else None).mu

    @cached_property
    def reconstructed(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        """Some of the images, and their reconstructions from mu."""
        rows = chosen_rows(len(self.images), N_RECONSTRUCTIONS)
        label = self.labels[rows] if self.explorer.can.label else None
        return self.images[rows], self.explorer.decode(self.codes[rows], label)

    @cached_property
    def real(self) -> npt.NDArray[np.uint8]:
        """The images that samples are compared with."""
        return self.images[chosen_rows(len(self.images), N_IMAGES)]

    @cached_property
    def classifier(self) -> Classifier:
        """The classifier whose features they are compared in."""
        if self.data.train.labels is None or len(self.data.class_names) < 2:
            raise DoesNotApplyError(
                f"{self.data.title} has no classes, so there is no classifier whose features could be compared."
            )
        return classifier_for(
            self.data,
            checkpoints_dir=self.checkpoints_dir,
            device=self.explorer.device,
            on_progress=lambda what, share: self.say(f"{what}, {share:.0%}"),
        )

    def need_encoder(self) -> None:
        """Refuse a model without an encoder."""
        if not self.explorer.can.encode:
            raise DoesNotApplyError("This model has no encoder.")

    def need_held_out(self) -> None:
        """Refuse the training split."""
        if self.split == "train":
            raise DoesNotApplyError("It is asked of images that the training did not see: measure another split.")


def _elbo(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    names = tuple(names_of(["elbo"]))

    def found() -> list[Measure | NotMeasured]:
        explorer, known = subject.explorer, subject.elbo
        if known is None:
            labels = subject.labels if explorer.can.label else None
            known = split_figures(elbo_parts(explorer.model, torch.from_numpy(np.array(subject.images)), labels))
        figures = elbo_figures(known, explorer.card.model.family)
        return [figures[name] for name in names]

    yield names, found


def _bound(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    def nll() -> list[Measure]:
        subject.need_encoder()
        if not subject.explorer.can.posterior:
            raise DoesNotApplyError("This model's encoder gives a point and no distribution to draw from.")
        rows = chosen_rows(len(subject.images), N_BOUNDS)
        images, label = torch.from_numpy(subject.images[rows]), None
        if subject.explorer.can.label:
            label = subject.labels[rows]
        return [importance_weighted_nll(subject.explorer.model, images, N_DRAWS, label)]

    yield ("importance_weighted_nll",), nll


def _reconstruction(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    yield ("squared_error",), lambda: [squared_error(*subject.reconstructed)]
    yield ("ssim",), lambda: [ssim(*subject.reconstructed)]


def _latent(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    def accuracy() -> list[Measure]:
        subject.need_held_out()
        labels, train_labels = subject.labels, subject.data.train.labels
        assert train_labels is not None  # one split has labels when the other has
        return [knn_accuracy(subject.train_codes, train_labels, subject.codes, labels)]

    yield ("knn_accuracy",), accuracy
    yield ("trustworthiness",), lambda: [trustworthiness(subject.images, subject.codes, generator=generator)]
    yield ("active_units",), lambda: [active_units(subject.codes)]


def _samples(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    explorer, train = subject.explorer, subject.data.train

    @cache
    def drawn() -> npt.NDArray[np.float32]:
        z = sample_prior(len(subject.real), explorer.latent_dim, generator=generator)
        label = None
        if explorer.can.label and train.labels is not None:  # classes as often as in the training split
            label = generator.choice(train.labels, len(z))
        return explorer.decode(z, label)

    @cache
    def compared() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        return subject.classifier.features(subject.real), subject.classifier.features(drawn())

    def inside() -> list[Measure]:
        found = precision_recall(*compared(), generator=generator)
        return [found.precision, found.recall]

    def around() -> list[Measure]:
        found = density_coverage(*compared(), generator=generator)
        return [found.density, found.coverage]

    def held_out() -> list[Measure]:
        subject.need_held_out()
        return [nearest_training_distance(subject.real[chosen_rows(len(subject.real), N_NEAREST)], train.images)]

    yield ("precision", "recall"), inside
    yield ("density", "coverage"), around
    yield ("classifier_frechet_distance",), lambda: [frechet_distance(*compared(), generator=generator)]
    yield ("nearest_training_distance",), lambda: [nearest_training_distance(drawn()[:N_NEAREST], train.images)]
    yield ("held_out_nearest_training_distance",), held_out


def _disentanglement(subject: Subject, generator: np.random.Generator) -> Iterator[Step]:
    n_all = len(subject.images)
    # Drawn, not spread evenly: a table of factors in their natural order would be met in step with itself.
    rows = np.sort(generator.choice(n_all, min(n_all, N_CODES), replace=False))

    def table() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        factors = subject.factors[rows]
        return subject.codes[rows], factors

    def by_forests() -> list[Measure]:
        found = dci(*table(), generator=generator)
        return [found.disentanglement, found.completeness, found.informativeness]

    yield ("mig",), lambda: [mig(*table(), generator=generator)]
    yield ("sap",), lambda: [sap(*table(), generator=generator)]
    yield ("dci_disentanglement", "dci_completeness", "dci_informativeness"), by_forests
    yield ("factor_vae_score",), lambda: [factor_vae_score(*table(), generator=generator)]


STEPS: dict[str, Callable[[Subject, np.random.Generator], Iterator[Step]]] = {
    "elbo": _elbo,
    "bound": _bound,
    "reconstruction": _reconstruction,
    "latent": _latent,
    "samples": _samples,
    "disentanglement": _disentanglement,
}
"""What measures each group of figures, of a model and with a stream of its own."""
