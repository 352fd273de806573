"""The encoder says nothing, or some dimensions do: posterior collapse and dead dimensions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

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
from vae_core.families import heeds
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE

ONE_BIT = math.log(2)
"""Nats. The mean KL bounds the information that z has of its image from above (Hoffman and Johnson 2016, "ELBO
surgery"): below log 2 it does not even tell one half of the images from the other."""

FEWEST_STEPS = 300
"""Of the optimiser, below which a small KL may be that of a run which has hardly begun: on digits and MNIST the KL of
the shipped models has passed one bit by step 100."""

DEAD_SHARE = 0.5
"""An ailment when so many of the dimensions are dead. Fewer are a note: a VAE prunes what it has no use for, and that
costs it nothing (the shipped mnist-16d has 4 of 16, shapes-6d 1 of 6)."""


def posterior_collapse(evidence: Evidence) -> Finding | None:
    """q(z|x) is the prior whatever the image: the KL is less than a bit (Bowman et al. 2016, section 3.1)."""
    evidence.need_posterior()
    if not evidence.kl_per_dimension:
        raise NotExamined("no epoch was recorded")
    kl = sum(evidence.kl_per_dimension)
    if kl >= ONE_BIT:
        return None
    severity: Severity = "ailment"
    sentence = (
        f"q(z|x) is almost the prior N(0, I) for every image: the KL is {number(kl)} nats, less than one bit. "
        "The decoder does without z, so all images are reconstructed alike."
    )
    if evidence.n_steps is not None and evidence.n_steps < FEWEST_STEPS:
        severity = "note"
        sentence += f" After {evidence.n_steps} steps it may only have begun."
    figures = [Measured("KL", kl, ONE_BIT, "nats")]
    explained = evidence.measures.explained if evidence.measures else None
    if explained is not None:
        figures.append(Measured("variance that reconstructions explain", explained))
    return Finding("posterior-collapse", severity, sentence, tuple(figures), _of_kl(evidence), _revive(evidence))


def dead_dimensions(evidence: Evidence) -> Finding | None:
    """Dimensions whose mu does not change with the image, beside others that do (Burda et al. 2016, section 5.2)."""
    evidence.need_posterior()
    variances = evidence.variances
    if variances is None:
        raise NotExamined("there is no model, and so no code, to look at")
    dead = variances <= ACTIVE_VARIANCE
    n_dead, d = int(dead.sum()), len(dead)
    if n_dead in (0, d):  # all of them: that is a collapse
        return None
    severity: Severity = "ailment" if n_dead >= DEAD_SHARE * d else "note"
    do = "does" if n_dead == 1 else "do"
    sentence = f"{n_dead} of {d} dimensions {do} not change with the image: the model works with {d - n_dead}."
    figures = (
        Measured("dead dimensions", n_dead / d, DEAD_SHARE, "of all"),
        Measured("largest variance of μ among them", float(variances[dead].max()), ACTIVE_VARIANCE),
    )
    x = tuple(float(i + 1) for i in range(d))
    plot = Plot("bars", "dimension", "variance of μ", (Series("variance of μ", x, tuple(variances.tolist())),))
    return Finding(
        "dead-dimensions", severity, sentence, figures, replace(plot, threshold=ACTIVE_VARIANCE), _fewer(evidence, dead)
    )


def _of_kl(evidence: Evidence) -> Plot:
    if len(evidence.history) > 1:
        x = tuple(float(line["epoch"]) for line in evidence.history)
        y = tuple(float(line["validation"]["kl"]) for line in evidence.history)
        return Plot("lines", "epoch", "KL, nats", (Series("validation KL", x, y),), ONE_BIT)
    d = tuple(float(i + 1) for i in range(len(evidence.kl_per_dimension)))
    return Plot("bars", "dimension", "KL, nats", (Series("KL", d, evidence.kl_per_dimension),))


def _revive(evidence: Evidence) -> Remedy:
    config, model, training = evidence.config, evidence.config.model, evidence.config.training
    if model.likelihood == "gaussian" and isinstance(model.sigma, float):
        return Remedy(
            "Let σ be learned: a σ that is far too wide makes errors cheap and the KL term dear.",
            "σ learned",
            with_model(config, sigma="learned"),
        )
    if evidence.beta > 1 and heeds(model.family, "beta"):
        return Remedy(
            f"Take β = 1 in place of {evidence.beta:g}: the KL term outweighs what z is worth to the likelihood.",
            "β = 1",
            with_training(config, beta=1.0),
        )
    if heeds(model.family, "kl_warmup") and not training.kl_warmup:
        epochs = max(1.0, round(training.epochs / 3))
        return Remedy(
            "Let the weight of the KL term grow from 0 over the first third of the training, so that the decoder comes "
            "to rely on z first (Bowman et al. 2016).",
            f"KL warm-up of {epochs:g} epochs",
            with_training(config, kl_warmup=epochs),
        )
    rate = training.learning_rate / 4
    return Remedy(
        "Take a lower learning rate, and look whether the training begins at all.",
        f"learning rate {rate:.2g}",
        with_training(config, learning_rate=rate),
    )


def _fewer(evidence: Evidence, dead: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Remedy:
    config, n_active = evidence.config, int((~dead).sum())
    if evidence.beta > 1 and heeds(config.model.family, "beta"):
        return Remedy(
            f"Take β = 1 in place of {evidence.beta:g} if these dimensions are wanted: a strong β prices them out.",
            "β = 1",
            with_training(config, beta=1.0),
        )
    dimensions = f"{n_active} latent dimension{'s' * (n_active > 1)}"
    return Remedy(
        f"Take {dimensions}: with these settings no more are used.",
        dimensions,
        with_model(config, latent_dim=n_active),
    )
