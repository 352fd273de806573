"""Likelihood and KL on different scales: one is a sum, the other a mean."""

from __future__ import annotations

import math

from vae_core.doctor.evidence import Evidence
from vae_core.doctor.finding import Finding, Measured, NotExamined, Plot, Remedy, Series, with_model, with_training
from vae_core.families import heeds

FAR_OFF = 100.0
"""How far from 1 the weight of the KL term, or its inverse, may be. What people choose on purpose lies between 1/100
and 100 (Higgins et al. 2017 go up to 250 on other data, with a likelihood of few nats); a mean in place of a sum is
off by the number of pixels, 64 to 12,288 here, or by that of a batch's images."""

ALIKE = 1.25
"""Within this factor a weight is taken for that number."""


def sum_and_mean(evidence: Evidence) -> Finding | None:
    """The KL term weighs hundreds of times too much or too little, as a mean over pixels in place of a sum makes it.

    In this project both terms are sums, so that only the ELBO's weights can do that: beta, or the sigma of a Gaussian
    that was given. An error of n pixels under sigma costs |x - x_hat|^2 / (2 sigma^2), which is what the best sigma*
    (sigma*^2 the mean squared error; Rybkin et al. 2021, section 4) makes of it, times sigma*^2 / sigma^2: so beta
    weighs as much as beta sigma^2 / sigma*^2 with sigma*.
    """
    evidence.need_posterior()
    model = evidence.config.model
    if not heeds(model.family, "beta"):
        raise NotExamined(f"the family {model.family} has no weight on its KL term")
    width = _widening(evidence)
    weight = evidence.beta * width
    too_small = weight <= 1 / FAR_OFF and model.family in ("vae", "cvae")  # the two others press on the codes otherwise
    if not (weight >= FAR_OFF or too_small):
        return None
    said = f"β is {evidence.beta:.3g}" if width == 1 else f"β is {evidence.beta:.3g} and σ so far from the error"
    if weight == 0:
        sentence = f"{said}: there is no KL term, so nothing holds the codes together or near the prior."
    elif too_small:
        sentence = (
            f"{said}, so the KL term weighs {1 / weight:,.0f} times too little{_as_mean(evidence, 1 / weight)}. "
            "The codes become points far from the prior: an autoencoder with a little noise."
        )
    else:
        sentence = (
            f"{said}, so the KL term weighs {weight:,.0f} times too much{_as_mean(evidence, weight)}. z carries little "
            "or nothing."
        )
    figures = [Measured("weight of the KL term", weight, FAR_OFF if weight > 1 else 1 / FAR_OFF)]
    if share := _share(evidence):
        figures.append(Measured("weighted KL, share of the loss's two terms", share))
    if width != 1:
        figures.append(Measured("σ² over the mean squared error", width))
        remedy = Remedy(
            "Let σ be learned: then the data sets the balance.",
            "σ learned",
            with_model(evidence.config, sigma="learned"),
        )
    else:
        remedy = Remedy(
            "Take β = 1: both terms are sums, as the ELBO has them.", "β = 1", with_training(evidence.config, beta=1.0)
        )
    return Finding("sum-and-mean", "ailment", sentence, tuple(figures), _of_terms(evidence), remedy)


def _widening(evidence: Evidence) -> float:
    """sigma^2 over the mean squared error, of a Gaussian whose sigma was given; 1 where the likelihood sets itself."""
    sigma = evidence.config.model.sigma
    if evidence.config.model.likelihood != "gaussian" or isinstance(sigma, str):
        return 1.0
    if not evidence.history or evidence.n_pixels is None:
        return 1.0
    per_pixel = evidence.history[-1]["validation"]["log_likelihood"] / evidence.n_pixels
    squared = -2 * sigma**2 * (per_pixel + math.log(sigma) + 0.5 * math.log(2 * math.pi))
    return sigma**2 / squared if squared > 0 else 1.0


def _as_mean(evidence: Evidence, factor: float) -> str:
    """Which mean in place of a sum makes such a factor."""
    counts = {evidence.config.training.batch_size: "images of a batch"}
    if evidence.n_pixels is not None:
        counts[evidence.n_pixels] = "pixels"
    for count, of in counts.items():
        if 1 / ALIKE <= factor / count <= ALIKE:
            return f", as a mean over the {count:,} {of} in place of a sum would make it"
    return ""


def _share(evidence: Evidence) -> float | None:
    if not evidence.history:
        return None
    train = evidence.history[-1]["train"]
    kl, rest = evidence.beta * train["kl"], abs(train["log_likelihood"])
    return float(kl / (kl + rest)) if kl + rest > 0 else None


def _of_terms(evidence: Evidence) -> Plot | None:
    if not evidence.history:
        return None
    x = tuple(float(line["epoch"]) for line in evidence.history)
    kl = tuple(float(line["validation"]["kl"]) for line in evidence.history)
    weighted = tuple(evidence.beta * value for value in kl)
    loss = tuple(-float(line["validation"]["log_likelihood"]) for line in evidence.history)
    series = (Series("−log-likelihood", x, loss), Series("KL", x, kl), Series("β · KL", x, weighted))
    return Plot("lines", "epoch", "nats per image", series)
