"""A likelihood that does not fit its data: Bernoulli on grey values, a σ that runs to nothing."""

from __future__ import annotations

import numpy as np

from vae_core.doctor.data import is_narrow
from vae_core.doctor.evidence import Evidence
from vae_core.doctor.finding import (
    Finding,
    Measured,
    NotExamined,
    Plot,
    Remedy,
    Series,
    Severity,
    with_model,
)

GREY_NOTE, GREY = 0.25, 0.5
"""Of `greyness`: 0 for black and white, 1 where all pixels are one grey. Measured: binarised MNIST 0, MNIST 0.17, the
8x8 digits 0.33, Fashion-MNIST 0.39, patches of photographs 0.59. MNIST with Bernoulli is what the field does; at a half
values are nearer to a grey than to black and white."""

ONE_LEVEL = 1 / 255
"""A sigma below one grey level says more of a pixel than its eight bits hold."""

FLOOR_SHARE = 0.05
"""Share of the pixels with such a sigma, where each has its own: a few may be constant."""


def bernoulli_on_grey(evidence: Evidence) -> Finding | None:
    """Values between black and white under a likelihood of black and white (Loaiza-Ganem and Cunningham 2019)."""
    if not evidence.can.likelihood or evidence.config.model.likelihood != "bernoulli":
        raise NotExamined("its likelihood is not Bernoulli")
    if evidence.images is None:
        raise NotExamined("its images are not on this machine")
    x = evidence.images.astype(np.float64) / 255
    grey = greyness(x)
    if grey < GREY_NOTE or is_narrow(evidence.images):  # of a narrow range that is the first thing to mend
        return None
    severity: Severity = "ailment" if grey >= GREY else "note"
    floor = _floor(x)
    sentence = (
        "Most values are neither black nor white, and Bernoulli is a likelihood of these two alone: its figures are "
        f"no densities, and even a perfect reconstruction costs {floor:,.0f} nats."
        if severity == "ailment"
        else "Bernoulli on grey values is the usual choice for such data, but no normalised density: even a perfect "
        f"reconstruction costs {floor:,.0f} nats."
    )
    counts, edges = np.histogram(x, 26, (0, 1))
    bars = Series("pixels", tuple(((edges[1:] + edges[:-1]) / 2).tolist()), tuple((counts / x.size).tolist()))
    return Finding(
        "bernoulli-on-grey",
        severity,
        sentence,
        (
            Measured("greyness", grey, GREY if severity == "ailment" else GREY_NOTE),
            Measured("mean of x (1 − x)", float((x * (1 - x)).mean())),
            Measured("cost of a perfect reconstruction", floor, unit="nats"),
        ),
        Plot("bars", "value of a pixel", "share of pixels", (bars,)),
        Remedy(
            "Take the continuous Bernoulli, which is normalised on [0, 1], or a Gaussian with a learned σ.",
            "continuous Bernoulli",
            with_model(evidence.config, likelihood="continuous-bernoulli"),
        ),
    )


def greyness(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Mean of x (1 - x) over what it would be if all pixels had the mean value m, m (1 - m): from 0 to 1.

    It is 1 - Var(x) / (m (1 - m)), as no variable in [0, 1] of mean m varies more than black and white do.
    """
    mean = float(x.mean())
    return 0.0 if mean in (0.0, 1.0) else float((x * (1 - x)).mean()) / (mean * (1 - mean))


def _floor(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """-log p(x|z) of the Bernoulli formula at x_hat = x, the least there is, in nats an image."""
    inside = np.clip(x, 1e-12, 1 - 1e-12)
    cost = -(x * np.log(inside) + (1 - x) * np.log1p(-inside))
    return float(cost.reshape(len(x), -1).sum(1).mean())


def sigma_collapse(evidence: Evidence) -> Finding | None:
    """A learned sigma that runs to its floor: density without bound, where pixels are told exactly.

    The likelihood of a Gaussian with a sigma of each pixel is not bounded above (Mattei and Frellsen 2018, "Leveraging
    the exact likelihood of deep latent variable models", section 2.2).
    """
    model = evidence.config.model
    if model.likelihood != "gaussian" or not isinstance(model.sigma, str):
        raise NotExamined("no σ is learned")
    if evidence.measures is None or evidence.measures.sigma is None:
        raise NotExamined("there is no model to look at")
    sigma = np.sort(evidence.measures.sigma)
    share = float((sigma <= ONE_LEVEL).mean())
    if share < FLOOR_SHARE:
        return None
    if model.sigma == "learned":
        sentence = (
            f"σ has run down to {sigma[0]:.2g}, less than one of the 256 grey levels: the log-likelihood grows by "
            "telling constant pixels ever more exactly, and drowns the KL term."
        )
        remedy = Remedy(
            "Give σ instead, about as large as an error that does not matter.",
            "σ = 0.1",
            with_model(evidence.config, sigma=0.1),
        )
    else:
        sentence = (
            f"{share:.0%} of the pixels have a σ of less than one of the 256 grey levels, down to {sigma[0]:.2g}: the "
            "log-likelihood grows by telling constant pixels ever more exactly, and drowns the rest."
        )
        remedy = Remedy(
            "Let one σ be learned for all pixels: no single one can run away.",
            "one σ, learned",
            with_model(evidence.config, sigma="learned"),
        )
    figures = [
        Measured("pixels with σ below one grey level", share, FLOOR_SHARE, "of all"),
        Measured("smallest σ", float(sigma[0]), ONE_LEVEL),
    ]
    if evidence.history and evidence.n_pixels:
        of_one = evidence.history[-1]["validation"]["log_likelihood"] / evidence.n_pixels
        figures.append(Measured("log-likelihood of a pixel", float(of_one), unit="nats"))
    at = np.linspace(0, len(sigma) - 1, min(len(sigma), 200)).astype(np.int64)
    plot = None
    if len(sigma) > 1:
        curve = Series("σ", tuple((at / (len(sigma) - 1)).tolist()), tuple(sigma[at].tolist()))
        plot = Plot("lines", "share of pixels, by their σ", "σ", (curve,), ONE_LEVEL)
    return Finding("sigma-collapse", "ailment", sentence, tuple(figures), plot, remedy)
