"""What the course of a training tells: over-fitting, and a learning rate that is too high."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vae_core.config import TrainConfig, default_hidden
from vae_core.doctor.collapse import ONE_BIT
from vae_core.doctor.evidence import Evidence
from vae_core.doctor.finding import (
    Finding,
    Measured,
    NotExamined,
    Plot,
    Remedy,
    Series,
    Severity,
    number,
    with_model,
    with_training,
)

FEWEST_EPOCHS = 5
"""With fewer there is no course to speak of."""

FIRST_STEPS = 100
"""Of the optimiser, after which the course begins: before, any network gains by the mean image alone, and how much
depends on where its weights began."""

GAP_NOTE, GAP = 0.05, 0.5
"""Training less validation score after the last epoch, as a share of what validation gained in the course. At a half
the model gained half as much again on its own images, by heart. Measured: 0.02 of mnist-16d, 0.08 of mnist-2d, 0.10 of
mnist-2d-ae, 0.2 of digits-2d, whose validation scores have stopped rising but hardly fall: they over-fit mildly."""

SURE = 3.0
"""Standard errors of the validation score that a gap must have: two splits of few images differ by chance."""

FALL = 0.05
"""Fall of the validation score since its best, as a share of that gain, by two standard errors at least and while the
gap grew by half of it or more. Measured: at most 0.003 of the shipped models."""

JUMP = 0.1
"""A rise of the training loss from one epoch to the next, as a share of all that it fell. Measured: it never rises by
more than 0.005 of that in the shipped models; steps that overshoot undo an epoch's progress at once."""

SILENT = 0.5
"""Share of ReLU units that are 0 for every image: large steps push them there, and no gradient brings them back."""

EXPLAINED = 0.05
"""Share of the variance that reconstructions explain, below which a model has learned the mean image alone."""

USUAL_RATE = 5e-3
"""Below this Adam's learning rate (default: 2e-3; Kingma and Ba 2015: 1e-3) is not to blame for a standstill."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """The score by which a run is judged, ELBO or log-likelihood, over its epochs of the full weight of the KL term."""

    name: str
    epochs: Floats
    train: Floats
    validation: Floats

    @property
    def gain(self) -> float:
        """What the validation score gained, in nats, or a tenth of what training did where that is more."""
        gained = float(self.train[-1] - self.train[0]) / 10
        return max(float(self.validation.max() - self.validation[0]), gained)


def course_of(evidence: Evidence) -> Course:
    """The scores of a run, from `FIRST_STEPS` on, or as far before as it takes to have `FEWEST_EPOCHS`.

    Raises
    ------
    NotExamined
        When there are too few epochs, or the family has no score.
    """
    history = evidence.history
    if not history:
        raise NotExamined("no epoch was recorded")
    name = next((n for n in ("elbo", "log_likelihood") if history[-1]["validation"][n] is not None), None)
    if name is None:
        raise NotExamined("the family has no likelihood, and so no score of images it has not seen")
    last = history[-1]["kl_weight"]  # in a warm-up the loss is another one
    lines = [line for line in history if abs(line["kl_weight"] - last) <= 0.1 * max(last, 1e-12)]
    if len(lines) < FEWEST_EPOCHS:
        raise NotExamined(f"fewer than {FEWEST_EPOCHS} epochs were recorded")
    if evidence.n_train is not None:
        first = math.ceil(FIRST_STEPS / math.ceil(evidence.n_train / evidence.config.training.batch_size))
        n_before = sum(line["epoch"] < first for line in lines)
        lines = lines[min(n_before, len(lines) - FEWEST_EPOCHS) :]
    columns = ([line["epoch"] for line in lines], *([line[s][name] for line in lines] for s in ("train", "validation")))
    return Course(name, *(np.array(column, np.float64) for column in columns))


def over_fitting(evidence: Evidence) -> Finding | None:
    """The training score rises on while the validation score stays behind or falls."""
    course = course_of(evidence)
    if course.gain <= 0:
        return None
    gaps = course.train - course.validation
    best = int(course.validation.argmax())
    gap = float(gaps[-1]) / course.gain
    fall = float(course.validation[best] - course.validation[-1]) / course.gain
    error = evidence.validation_error or 0.0
    fell = fall >= FALL and min(gaps[-1] - gaps[best], fall * course.gain - error) >= 0.5 * fall * course.gain
    if not fell and (gap < GAP_NOTE or gaps[-1] < SURE * error):
        return None
    severity: Severity = "ailment" if fell or gap >= GAP else "note"
    title = {"elbo": "ELBO", "log_likelihood": "log-likelihood"}[course.name]
    after = f" since epoch {course.epochs[best]:g}, whose weights were kept" if fell else ""
    behind = f"{gaps[-1]:.1f} nats behind that of training, {gap:.0%} of all that it gained"
    sentence = f"The validation {title} is {behind}" + (
        f", and has fallen by {fall * course.gain:.1f}{after}: the model learns its images by heart."
        if fell
        else ": the model learns some of its images by heart."
        if severity == "ailment"
        else ": mild over-fitting, which the choice of the best epoch keeps in check."
    )
    x = tuple(course.epochs.tolist())
    plot = Plot(
        "lines",
        "epoch",
        f"{title}, nats",
        (
            Series("training", x, tuple(course.train.tolist())),
            Series("validation", x, tuple(course.validation.tolist())),
        ),
    )
    figures = (
        Measured("gap of training and validation", float(gaps[-1]), unit="nats"),
        Measured("gap, share of the gain", gap, GAP if severity == "ailment" else GAP_NOTE),
        Measured("fall since the best, share of the gain", max(fall, 0.0), FALL),
        Measured("training images per epoch", float(evidence.n_train or 0)),
    )
    return Finding("over-fitting", severity, sentence, figures, plot, _smaller(evidence))


def _smaller(evidence: Evidence) -> Remedy:
    config = evidence.config
    hidden = config.model.hidden
    if not hidden and evidence.image_shape is not None:
        hidden = default_hidden(config.model.network, evidence.image_shape)
    halved = tuple(max(8, width // 2) for width in hidden)
    patience = max(3, config.training.epochs // 10)
    return Remedy(
        f"Take a network half as wide, and stop when validation has not risen for {patience} epochs. More images help "
        "most.",
        f"half as wide, patience {patience}",
        with_training(with_model(config, hidden=halved), patience=patience),
    )


def learning_rate(evidence: Evidence) -> Finding | None:
    """Steps so large that the loss jumps, stops being a number, or never leaves the plateau of the mean image."""
    config, history = evidence.config, evidence.history
    if not evidence.can.likelihood:
        raise NotExamined("two players' losses rise and fall by design")
    rate = config.training.learning_rate
    measures = evidence.measures
    silent = measures.silent if measures else None
    explained = measures.explained if measures else None
    jump, nats, at = largest_jump(history, config.training)
    stands_still = rate > USUAL_RATE and (
        explained < EXPLAINED
        if explained is not None
        else evidence.can.posterior and bool(history) and sum(evidence.kl_per_dimension) < ONE_BIT
    )
    said = []
    if evidence.diverged:
        said.append("the loss or its gradient stopped being a number")
    if jump >= JUMP:
        said.append(f"the training loss jumped up by {number(nats)} nats in epoch {at}")
    if silent is not None and silent >= SILENT:
        said.append(f"{silent:.0%} of the ReLU units are 0 for every image")
    if stands_still:
        said.append("nothing was learned but the mean image")
    if not said:
        if not history:
            raise NotExamined("no epoch was recorded")
        return None
    figures = [Measured("learning rate", rate), Measured("largest jump, share of the fall", jump, JUMP)]
    if silent is not None:
        figures.append(Measured("silent ReLU units", silent, SILENT, "of all"))
    if explained is not None:
        figures.append(Measured("variance that reconstructions explain", explained, EXPLAINED))
    tenth = float(f"{min(rate / 10, 2e-3):.1g}")
    remedy = Remedy(
        f"Take a tenth of the learning rate, {tenth:g}, under the one-cycle schedule, which begins and ends low."
        if rate / 10 <= 2e-3
        else f"Take the learning rate {tenth:g}, the default, under the one-cycle schedule, which begins and ends low.",
        f"learning rate {tenth:g}",
        with_training(config, learning_rate=tenth, schedule="one-cycle"),
    )
    sentence = f"With a learning rate of {rate:g} {' and '.join(said)}."
    return Finding("learning-rate", "ailment", sentence, tuple(figures), _of_loss(history), remedy)


def largest_jump(history: Sequence[dict[str, Any]], training: TrainConfig) -> tuple[float, float, int]:
    """The largest rise of the training loss between two epochs of one weight of the KL term.

    Returns
    -------
    share, nats, epoch : float, float, int
        The rise as a share of all that the loss fell from its first value to its least (or, where it fell less, of a
        hundredth of that first value), in nats, and the later epoch. A capacity changes the loss by itself, as it
        rises over the first half, which is not looked at then.
    """
    lines = history[len(history) // 2 :] if training.capacity else history
    losses = [float(line["train"]["loss"]) for line in lines]
    rises = [
        (after - before, int(line["epoch"]))
        for before, after, line, previous in zip(losses, losses[1:], lines[1:], lines, strict=False)
        if line["kl_weight"] == previous["kl_weight"]
    ]
    rise, epoch = max(rises, default=(0.0, 0))
    if rise <= 0:
        return 0.0, 0.0, 0
    return rise / max(losses[0] - min(losses), 0.01 * abs(losses[0])), rise, epoch


def _of_loss(history: Sequence[dict[str, Any]]) -> Plot | None:
    if not history:
        return None
    x = tuple(float(line["epoch"]) for line in history)
    y = tuple(float(line["train"]["loss"]) for line in history)
    return Plot("lines", "epoch", "training loss", (Series("training loss", x, y),))
