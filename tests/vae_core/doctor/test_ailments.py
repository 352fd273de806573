"""Each ailment of the doctor: found where it is, with its evidence and remedy, and not where it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.vae_core.doctor.evidence import SHAPE, D, codes, config, evidence, history, rising
from vae_core.config import RunConfig
from vae_core.doctor.command import command_of, document
from vae_core.doctor.course import largest_jump
from vae_core.doctor.evidence import Evidence
from vae_core.doctor.examine import CHECKS, diagnose
from vae_core.doctor.finding import Finding
from vae_core.doctor.likelihood import greyness
from vae_core.doctor.measures import ModelMeasures
from vae_core.doctor.prior import gaussian_kl, moments

GREY = np.full((200, *SHAPE), 128, np.uint8) + np.random.default_rng(0).integers(-90, 90, (200, *SHAPE)).astype(
    np.uint8
)
JUMPY = rising().copy()
JUMPY[10] -= 40
LOST = rising(40) - np.maximum(0, np.arange(40) - 10.0)
GAUSSIAN = {"likelihood": "gaussian", "sigma": "per-pixel"}
SIGMAS = np.r_[np.full(10, 1e-3), np.full(90, 0.2)]
HALF_GREY = np.where(np.arange(10) < 4, GREY, np.where(GREY > 128, 255, 0)).astype(np.uint8)
UNBALANCED = np.array([9500, 500])
NARROW = (128 + np.random.default_rng(0).integers(0, 20, (200, *SHAPE))).astype(np.uint8)

SICK: dict[str, Evidence] = {
    "posterior-collapse": evidence(kl_per_dimension=(0.01, 0.02), latents=codes(variance=0.0, sigma2=1.0)),
    "dead-dimensions": evidence(latents=codes(variance=(0.9, 0.0))),
    "sum-and-mean": evidence(config=config(beta=100.0), history=history(rising(), rising() - 1, kl_weight=100.0)),
    "bernoulli-on-grey": evidence(images=GREY),
    "sigma-collapse": evidence(config=config(GAUSSIAN), measures=ModelMeasures(SIGMAS)),
    "prior-apart": evidence(latents=codes(variance=9.0)),
    "over-fitting": evidence(history=history(rising(40), LOST)),
    "learning-rate": evidence(history=history(JUMPY, JUMPY - 1)),
    "narrow-range": evidence(images=NARROW),
    "one-class": evidence(class_counts=UNBALANCED),
}


def named(found: Evidence, severity: str = "ailment") -> list[str]:
    """The ailments, or the notes, that the doctor finds."""
    return [finding.ailment for finding in diagnose(found).findings if finding.severity == severity]


def found_in(patient: Evidence, ailment: str) -> Finding:
    """The finding of that ailment, which must be there."""
    (finding,) = (finding for finding in diagnose(patient).findings if finding.ailment == ailment)
    return finding


def test_a_healthy_run_is_not_accused() -> None:
    """Nothing is found, and all is looked at but the σ that there is none of."""
    found = diagnose(evidence())
    assert ((), ["sigma-collapse"]) == (found.findings, list(found.not_examined))
    assert found.is_healthy


def test_every_ailment_has_a_patient() -> None:
    """No check goes without the tests below."""
    assert CHECKS.keys() == SICK.keys()


@pytest.mark.parametrize("ailment", SICK)
def test_each_is_named_and_nothing_else(ailment: str) -> None:
    """A run with one ailment is told that one; it is not healthy, and each figure with a threshold is beyond it."""
    assert [ailment] == named(SICK[ailment])
    assert not diagnose(SICK[ailment]).is_healthy


@pytest.mark.parametrize("ailment", [ailment for ailment in SICK if ailment not in ("narrow-range", "one-class")])
def test_the_remedy_is_another_run(ailment: str) -> None:
    """The changed run differs, in model or training alone, and its command can be given to a shell."""
    patient = SICK[ailment]
    finding = found_in(patient, ailment)
    changed = finding.remedy.config
    assert changed is not None
    assert changed != patient.config
    assert patient.config == replace(changed, model=patient.config.model, training=patient.config.training)
    assert (command_of(finding) or "").startswith("python -m vae_core train --dataset digits")


@pytest.mark.parametrize("ailment", SICK)
def test_there_is_something_to_see(ailment: str) -> None:
    """Each finding has figures and a plot whose curves are as long as their axis; all of it is plain JSON."""
    finding = found_in(SICK[ailment], ailment)
    assert finding.figures
    assert finding.plot is not None
    for series in finding.plot.series:
        assert len(series.x) == len(series.y) > 0
    (told,) = (one for one in document(diagnose(SICK[ailment]))["findings"] if one["ailment"] == ailment)
    assert finding.sentence == told["sentence"]


NOTES: dict[str, tuple[str, Evidence]] = {
    "mild over-fitting": ("over-fitting", evidence(history=history(rising(), rising() - 10))),
    "grey as Fashion-MNIST is": ("bernoulli-on-grey", evidence(images=HALF_GREY)),
    "a wide posterior": ("prior-apart", evidence(latents=codes(variance=3.5))),
    "a large class": ("one-class", evidence(class_counts=np.array([8000, 2000]))),
    "hardly begun": ("posterior-collapse", evidence(kl_per_dimension=(0.01, 0.02), n_train=1000, latents=None)),
}  # fmt: skip


@pytest.mark.parametrize("case", NOTES)
def test_what_is_mild_is_a_note(case: str) -> None:
    """It is told, and the run stays healthy."""
    ailment, patient = NOTES[case]
    assert ([ailment], []) == (named(patient, "note"), named(patient))
    assert diagnose(patient).is_healthy


def test_fewer_than_half_dead_is_a_note() -> None:
    """One dead dimension of three is what a VAE prunes; the remedy has as many dimensions as were active."""
    latents = codes()
    mu = np.c_[latents.mu, np.zeros(len(latents.mu))].astype(np.float32)
    logvar = np.c_[latents.logvar, np.zeros(len(latents.mu))].astype(np.float32)
    patient = evidence(latents=replace(latents, mu=mu, logvar=logvar), config=config({"latent_dim": 3}))
    finding = found_in(patient, "dead-dimensions")
    assert ("note", 2) == (finding.severity, finding.remedy.config and finding.remedy.config.model.latent_dim)


@pytest.mark.parametrize(
    ("patient", "expected"),
    [
        (evidence(config=config(beta=100.0), history=history(rising(), rising(), kl_weight=100.0)), "100 pixels"),
        (evidence(config=config(beta=0.01), history=history(rising(), rising(), kl_weight=0.01)), "100 pixels"),
        (
            evidence(config=config(beta=256.0, batch_size=256), history=history(rising(), rising(), kl_weight=256.0)),
            "256 images of a batch",
        ),
    ],
)
def test_the_count_behind_the_mean_is_named(patient: Evidence, expected: str) -> None:
    """A weight of n or 1/n says which mean in place of a sum it equals."""
    assert expected in found_in(patient, "sum-and-mean").sentence


def test_a_sigma_far_too_wide_weighs_the_kl() -> None:
    """Under a given sigma of 10 an error of 0.2 a pixel counts a 2500th: the sum of both terms tells it."""
    sigma, error = 10.0, 0.2
    of_one = -np.log(sigma) - 0.5 * np.log(2 * np.pi) - error**2 / (2 * sigma**2)
    lines = history(rising(), rising())
    for line in lines:
        line["validation"]["log_likelihood"] = of_one * 100
    finding = found_in(
        evidence(config=config({"likelihood": "gaussian", "sigma": sigma}), history=lines), "sum-and-mean"
    )
    assert (sigma / error) ** 2 == pytest.approx(finding.figures[0].value)
    assert finding.remedy.config is not None
    assert "learned" == finding.remedy.config.model.sigma


def test_beta_that_was_chosen_is_not_accused() -> None:
    """From 1/20 to 20 a beta is a choice: what it does is judged by what came of it."""
    for beta in (0.05, 0.1, 8.0, 20.0):
        assert [] == named(evidence(config=config(beta=beta), history=history(rising(), rising(), kl_weight=beta)))


def test_falling_beside_the_training_score_is_no_over_fitting() -> None:
    """Where both ELBOs fall alike, as under another beta, nothing is learned by heart."""
    assert [] == named(evidence(history=history(LOST, LOST - 1)))


def test_a_loss_that_follows_its_weight_is_no_jump() -> None:
    """A rise of the loss counts between epochs of one weight of the KL term alone."""
    lines = history(JUMPY, JUMPY)
    assert 0.3 < largest_jump(lines, config().training)[0]
    for line in lines[10:]:
        line["kl_weight"] = 2.0
    lines[11]["kl_weight"] = 3.0
    assert 0.1 > largest_jump(lines, config().training)[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"diverged": True, "history": (), "kl_per_dimension": (), "latents": None, "measures": None},
        {"measures": ModelMeasures(explained=0.6, silent=0.8)},
        {"measures": ModelMeasures(explained=0.01), "config": config(learning_rate=0.05)},
    ],
)
def test_a_rate_too_high_shows_in_other_ways(changes: dict[str, Any]) -> None:
    """A run that diverged, units that never fire, a standstill at a high rate: the remedy lowers the rate."""
    patient = evidence(**changes)
    finding = found_in(patient, "learning-rate")
    assert finding.remedy.config is not None
    assert finding.remedy.config.training.learning_rate < patient.config.training.learning_rate


def test_a_standstill_at_a_usual_rate_is_not_the_rates() -> None:
    """What a rate of 2e-3 does not learn is not blamed on the rate."""
    assert [] == named(evidence(measures=ModelMeasures(explained=0.01)))


def test_inverted_values_are_not_narrow() -> None:
    """Dark on light is as good as light on dark, and so are a few white pixels on black."""
    few = np.zeros((200, 1, 40, 40), np.uint8)  # one pixel in 1,600 of each
    few[np.arange(200), 0, 3, 3] = 255
    for images in (255 - few, few):
        assert "narrow-range" not in named(evidence(images=images.astype(np.uint8)))


def test_an_autoencoder_has_no_prior() -> None:
    """A family without q(z|x) is not accused of what it has not: the reason is said."""
    found = diagnose(
        evidence(
            config=config({"family": "ae"}), kl_per_dimension=(), latents=replace(codes(variance=60.0), logvar=None)
        )
    )
    assert {"posterior-collapse", "dead-dimensions", "sum-and-mean", "prior-apart"} <= found.not_examined.keys()
    assert found.is_healthy


def test_without_anything_nothing_is_said() -> None:
    """A run that left no record, no model and no data is not examined, and each reason is a clause."""
    found = diagnose(Evidence("nothing", RunConfig(dataset="digits")))
    assert (CHECKS.keys() - {"sum-and-mean"}, ()) == (found.not_examined.keys(), found.findings)  # beta is known
    assert all(reason and not reason.endswith(".") for reason in found.not_examined.values())


def test_moments_are_those_of_the_mixture() -> None:
    """Mean and covariance of q(z) are those of draws from it; their KL is torch's for the same Gaussians."""
    latents = codes(mean=(0.5, -1.0), variance=(2.0, 0.3), sigma2=0.2)
    mean, covariance = moments(latents.mu, latents.logvar)  # type: ignore[arg-type]
    np.testing.assert_allclose((0.5, -1.0), mean, atol=1e-5)
    np.testing.assert_allclose((2.2, 0.5), np.diagonal(covariance), rtol=1e-5)
    q = torch.distributions.MultivariateNormal(torch.from_numpy(mean), torch.from_numpy(covariance))
    p = torch.distributions.MultivariateNormal(torch.zeros(D).double(), torch.eye(D).double())
    assert float(torch.distributions.kl_divergence(q, p)) == pytest.approx(gaussian_kl(mean, covariance))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: np.repeat([0.0, 1.0], 50), 0.0),
        (lambda: np.full(100, 0.3), 1.0),
        (lambda: np.linspace(0, 1, 100_001), 2 / 3),  # uniform: 1 - (1/12) / (1/4)
    ],
)
def test_greyness(make: Callable[[], Any], expected: float) -> None:
    """0 of black and white, 1 of a single grey, 2/3 of values spread evenly."""
    assert expected == pytest.approx(greyness(make()), abs=1e-4)
