"""What lessons 6 to 8 say in words of the shipped models is so; figures that are computed when shown are not here."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ui.lessons import arithmetic, generators, which_likelihood
from vae_core import LatentExplorer
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.latent.arithmetic import class_step, moved_codes, random_step, recognised_shares
from vae_core.latent.directions.find import held_out_codes
from vae_core.latent.prior import expected_norm
from vae_core.latent.samplers.prior import Prior
from vae_core.latent.samplers.storage import sampler_of
from vae_core.likelihoods import bernoulli_area, scores
from vae_core.metrics.classifier import Classifier, kept_classifier
from vae_core.metrics.draws import class_shares, effective_classes, laplacian_variance
from vae_core.metrics.latent_quality import knn_accuracy
from vae_core.trace import trace_image


@cache
def load(name: str) -> LatentExplorer:
    """A shipped model."""
    return LatentExplorer.load(SHIPPED_DIR / name, device="cpu")


@cache
def judge() -> Classifier:
    """The shipped classifier of MNIST."""
    found = kept_classifier(load("mnist-2d").card.data)
    assert found is not None
    return found


def said(lesson: str, text: str) -> None:
    """A lesson's question, hint or answer holds this text: what is tested is what is said."""
    module = {"6": which_likelihood, "7": arithmetic, "8": generators}[lesson]
    words = [str(value) for value in vars(module).values() if hasattr(value, "prompt")]
    assert any(text in some for some in (*words, *module.LESSON.answers)), text


def test_lesson_6_says_what_the_likelihoods_say() -> None:
    """Of several pictures the order of the four, the unit that turns it over; sigma and the cards' ELBOs."""
    model, source = load("mnist-2d"), load("mnist-16d")
    sigma = load("mnist-2d-gaussian").sigma
    assert sigma is not None
    for x in source.decode(source.latents.mu[:8]):
        logits = next(box.values for box in reversed(trace_image(model, x, epsilon=[0, 0])) if box.part == "decoder")
        wide, learned = scores(x, logits, sigma=1.0), scores(x, logits, sigma=sigma)
        order = [wide.gaussian, wide.bernoulli, learned.gaussian, wide.continuous_bernoulli]
        assert sorted(order) == order
        assert wide.continuous_bernoulli - 784 * np.log(20) < wide.bernoulli
    said("6", "learned 0.185")
    assert 0.185 == pytest.approx(sigma, abs=5e-4)
    said("6", "some 29 times")
    assert 29 == pytest.approx(sigma**-2, abs=0.5)
    said("6", "−132.1 nats of mnist-2d, +187.6")
    elbos = [load(name).card.test.elbo for name in ("mnist-2d", "mnist-2d-gaussian")]
    assert ["-132.1", "187.6"] == [f"{elbo.value:.1f}" for elbo in elbos if elbo is not None]
    said("6", "at λ = 0.99 it is 0.21")
    assert 0.21 == pytest.approx(bernoulli_area(0.99), abs=5e-3)


def test_lesson_7_says_what_the_codes_say() -> None:
    """The vote with and without the class, the lengths, the step from nine to four, and the switch."""
    votes = []
    for name in ("mnist-2d", "mnist-2d-cvae"):
        latents = load(name).latents
        assert latents.labels is not None
        asked = held_out_codes(len(latents.mu))
        found = knn_accuracy(latents.mu[~asked], latents.labels[~asked], latents.mu[asked], latents.labels[asked])
        votes.append(round(100 * found.value))
    said("7", "in 87 of 100")
    said("7", "About 13 of 100")
    assert [87, 13] == votes
    said("7", "about 3.94 from the origin")
    assert 3.94 == pytest.approx(expected_norm(16), abs=5e-3)
    explorer = load("mnist-16d")
    step = class_step(explorer, 9, 4)
    chance = moved_codes(explorer, 9, 4, 0.0) + random_step(step, generator=np.random.default_rng(0))
    shares = [recognised_shares(explorer, judge(), z)[4] for z in (moved_codes(explorer, 9, 4, 1.0), chance)]
    said("7", "About 90 of 100 (by chance 2)")
    assert [0.9, 0.02] == pytest.approx(shares, abs=0.02)
    said("7", "98 of 100")
    assert 0.98 == pytest.approx(recognised_shares(explorer, judge(), moved_codes(explorer, 9, 4, 1.5))[4], abs=0.01)
    conditional = load("mnist-2d-cvae")
    nines = conditional.latents.mu[np.flatnonzero(conditional.latents.labels == 9)[:300]]
    assert (judge().predict(conditional.decode(nines, 4)).argmax(axis=1) == 4).mean() > 0.99


def test_lesson_8_says_what_the_draws_are() -> None:
    """Sharpness of VAE and GAN, classes covered, and where the flow's density differs from the prior's."""
    pictures = {}
    for title in ("VAE, prior", "GAN, prior", "Autoencoder, prior", "Autoencoder, flow"):
        model, sampler = generators.GENERATORS[title]
        explorer = load(model)
        pictures[title] = explorer.decode(sampler_of(explorer, sampler).draw(1000, generator=np.random.default_rng(0)))
    sharp = [laplacian_variance(pictures[title]).mean() for title in ("VAE, prior", "GAN, prior")]
    said("8", "0.03 for draws of mnist-2d, 0.16")
    said("8", "About 0.37")
    assert [0.03, 0.37] == pytest.approx(sharp, abs=0.01)
    covered = [effective_classes(class_shares(judge().predict(some))) for some in pictures.values()]
    said("8", "9.5 by the VAE")
    said("8", "About 8.0 of 10")
    said("8", "cover 6.2 classes")
    said("8", "Autoencoder, flow: 9.5")
    assert [9.5, 8.0, 6.2, 9.5] == pytest.approx(covered, abs=0.1)
    z = np.array([[-0.8, 1.6], [-0.4, -2.8]])
    excess = sampler_of(load("mnist-2d"), "flow").log_prob(z) - Prior(2).log_prob(z)
    said("8", "(−0.8, 1.6)")
    said("8", "(−0.4, −2.8)")
    assert excess[0] < generators.LOW
    assert excess[1] > generators.HIGH
