"""Prior and aggregate posterior apart: draws from the prior decode where the decoder was not trained."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

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
    with_training,
)
from vae_core.families import heeds
from vae_core.metrics.latent_quality import ACTIVE_VARIANCE

APART_NOTE, APART = 0.2, 1.0
"""Nats a dimension that moves with the image. At 1 the codes are 2.1 times as wide as the prior, or their mean lies 1.4
off. Measured: 0.00 to 0.04 of the shipped VAEs with beta of 1 and above, 0.33 of mnist-2d-gaussian, 0.83 of
mnist-2d-beta0.1, which is shipped to show it."""

N_BINS = 60

Doubles = npt.NDArray[np.float64]


def prior_apart(evidence: Evidence) -> Finding | None:
    """Mean and covariance of the aggregate posterior q(z) are not the prior's.

    KL(q(z) || p(z)) (Hoffman and Johnson 2016) is KL(q(z) || g) + KL(g || p(z)), g the Gaussian of q(z)'s mean and
    covariance, as log g and log p are both quadratic: the second term, in closed form, bounds it from below.
    """
    if not evidence.can.posterior:
        raise NotExamined(
            f"a model of the family {evidence.config.model.family} has no prior that its codes were held to"
        )
    latents, variances = evidence.latents, evidence.variances
    if latents is None or latents.logvar is None or variances is None:
        raise NotExamined("there is no model, and so no code, to look at")
    if sum(evidence.kl_per_dimension) < ONE_BIT:  # collapsed: what little is left is not held to anything
        return None
    mean, covariance = moments(latents.mu, latents.logvar)
    n_active = max(1, int((variances > ACTIVE_VARIANCE).sum()))
    apart = gaussian_kl(mean, covariance) / n_active
    if apart < APART_NOTE:
        return None
    severity: Severity = "ailment" if apart >= APART else "note"
    widths = np.sqrt(np.diagonal(covariance))
    off, worst = float(np.linalg.norm(mean)), int(np.argmax(np.diagonal(covariance) + mean**2))
    sentence = (
        "The codes of all images together lie elsewhere than the prior: they are up to "
        f"{widths.max():.1f} times as wide, and their mean is {off:.1f} off. Draws from the prior "
        + (
            "decode to the middle of what was learned, or to nothing."
            if severity == "ailment"
            else "miss what lies outside."
        )
    )
    figures = (
        Measured(
            "KL(q(z) ‖ p(z)), at least", apart, APART if severity == "ailment" else APART_NOTE, "nats a dimension"
        ),
        Measured("largest standard deviation of q(z)", float(widths.max())),
        Measured("distance of its mean from 0", off),
    )
    return Finding(
        "prior-apart",
        severity,
        sentence,
        figures,
        _densities(latents.mu[:, worst], latents.logvar[:, worst], worst),
        _closer(evidence),
    )


def moments(
    mu: npt.NDArray[np.float32], logvar: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean (D,) and covariance (D, D) of q(z) = 1/M sum_m q(z|x_m), from mu and logvar (M, D)."""
    centre = mu.astype(np.float64)
    mean = centre.mean(0)
    spread = np.atleast_2d(np.cov(centre, rowvar=False, bias=True))
    return mean, spread + np.diag(np.exp(logvar.astype(np.float64)).mean(0))


def gaussian_kl(mean: npt.NDArray[np.float64], covariance: npt.NDArray[np.float64]) -> float:
    """KL(N(mean, covariance) || N(0, I)) in nats."""
    _, log_determinant = np.linalg.slogdet(covariance)
    return 0.5 * float(np.trace(covariance) + mean @ mean - len(mean) - log_determinant)


def _densities(mu: npt.NDArray[np.float32], logvar: npt.NDArray[np.float32], d: int) -> Plot:
    """q(z) and p(z) along one dimension."""
    sigma = np.exp(0.5 * logvar.astype(np.float64))
    reach = max(3.5, float(np.abs(mu).max() + sigma.mean()))
    edges = np.linspace(-reach, reach, N_BINS + 1)
    z = (edges[1:] + edges[:-1]) / 2
    codes, _ = np.histogram(mu, edges, density=True)
    prior = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    x = tuple(z.tolist())
    series = (Series("codes of the test images", x, tuple(codes.tolist())), Series("prior", x, tuple(prior.tolist())))
    return Plot("lines", f"z{d + 1}", "density", series)


def _closer(evidence: Evidence) -> Remedy:
    config, family = evidence.config, evidence.config.model.family
    sampler = "or draw from a sampler that was fitted to the codes (page Sample, command fit-sampler)"
    if family == "info-vae":
        weight = min(10 * config.training.mmd_weight, 100_000.0)
        return Remedy(
            f"Weigh the divergence from the prior more, {sampler}.",
            f"MMD weight {weight:g}",
            with_training(config, mmd_weight=weight),
        )
    if heeds(family, "beta") and evidence.beta <= 250:
        beta = 1.0 if evidence.beta < 1 else 4 * evidence.beta
        return Remedy(f"Weigh the KL term more, {sampler}.", f"β = {beta:g}", with_training(config, beta=beta))
    return Remedy("Draw from a sampler that was fitted to the codes (page Sample, command fit-sampler).")
