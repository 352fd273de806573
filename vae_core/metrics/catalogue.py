"""The figures that there are: group, unit, definition and source of each. No torch in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import pydantic.dataclasses
from pydantic import Field

from vae_core.card import Measure, SplitFigures
from vae_core.config import STRICT, Family
from vae_core.families import CAPABILITIES

N_IMAGES = 5000
"""Images drawn, and real ones beside them, for precision, recall, density, coverage and the Fréchet distance."""

N_NEAREST = 1000
"""Images whose nearest training image is looked for."""

N_RECONSTRUCTIONS = 10_000
N_CODES = 10_000
"""Most images that are reconstructed; most codes that disentanglement is measured on."""


N_BOUNDS, N_DRAWS = 1000, 100
"""Images whose importance-weighted bound is computed, and draws of z for each."""


@dataclass(frozen=True)
class Definition:
    """What a figure is.

    Attributes
    ----------
    group : str
    unit : str
        "" for a pure number.
    definition : str
        In a sentence.
    source : str
        Paper, and where in it.
    better : str
        Which of two models does better by it, if that can be said at all.
    """

    group: str
    unit: str
    definition: str
    source: str
    better: Literal["higher", "lower", "neither"] = "higher"


@pydantic.dataclasses.dataclass(frozen=True, config=STRICT)
class NotMeasured:
    """A figure that does not apply to a model or a data set, and why, in a sentence."""

    reason: Annotated[str, Field(max_length=4000)]


Figures = dict[str, Measure | NotMeasured]

DEFINITIONS = {
    "elbo": Definition(
        "elbo",
        "nats per image",
        "log-likelihood minus KL, with beta = 1 and one z drawn from q(z|x)",
        "Kingma & Welling 2014, eq. 10",
    ),
    "log_likelihood": Definition(
        "elbo", "nats per image", "log p(x|z) at one z drawn from q(z|x)", "Kingma & Welling 2014, eq. 10"
    ),
    "kl": Definition(
        "elbo",
        "nats per image",
        "KL(q(z|x) || p(z)) in closed form",
        "Kingma & Welling 2014, appendix B",
        better="neither",
    ),
    "importance_weighted_nll": Definition(
        "bound",
        "nats per image",
        f"upper bound on -log p(x), tighter than the ELBO: {N_DRAWS} draws of z an image; at most {N_BOUNDS:,} images",
        "Burda et al. 2016, eq. 8",
        better="lower",
    ),
    "squared_error": Definition(
        "reconstruction",
        "squared pixel range",
        f"squared difference of image and decoded mu, averaged over pixels in [0, 1]; at most {N_RECONSTRUCTIONS:,} "
        "images",
        "",
        better="lower",
    ),
    "ssim": Definition(
        "reconstruction",
        "",
        f"structural similarity of image and decoded mu, Gaussian window of 7x7; at most {N_RECONSTRUCTIONS:,} images",
        "Wang et al. 2004, eqs. 13-17",
    ),
    "knn_accuracy": Definition(
        "latent",
        "share of images",
        "images whose class is that of most of the 10 nearest training codes (mu)",
        "Cover & Hart 1967",
    ),
    "trustworthiness": Definition(
        "latent",
        "",
        "how far the 10 nearest codes are among the nearest images by pixels, 1 at best; at most 2,000 images",
        "Venna & Kaski 2001",
    ),
    "active_units": Definition(
        "latent",
        "dimensions",
        "latent dimensions whose mu has a variance above 0.01",
        "Burda et al. 2016, section 5.2",
        better="neither",
    ),
    "precision": Definition(
        "samples",
        "share of samples",
        "draws from the prior within the manifold of the real images: classifier features, k = 3, at most "
        f"{N_IMAGES:,} each",
        "Kynkäänniemi et al. 2019",
    ),
    "recall": Definition(
        "samples",
        "share of images",
        "real images within the manifold of draws from the prior: classifier features, k = 3, at most "
        f"{N_IMAGES:,} each",
        "Kynkäänniemi et al. 2019",
    ),
    "density": Definition(
        "samples",
        "",
        "real images' balls that hold a draw, over k: classifier features, k = 5, at most "
        f"{N_IMAGES:,} each; about 1 for real ones",
        "Naeem et al. 2020",
        better="neither",
    ),
    "coverage": Definition(
        "samples",
        "share of images",
        "real images' balls that hold any draw: classifier features, k = 5, at most "
        f"{N_IMAGES:,} each; about 0.97 for real ones",
        "Naeem et al. 2020",
    ),
    "classifier_frechet_distance": Definition(
        "samples",
        "squared feature units",
        "Fréchet distance of Gaussians fitted to a small classifier's features of draws and of real images; no FID, "
        f"biased upwards, at most {N_IMAGES:,} each",
        "Dowson & Landau 1982",
        better="lower",
    ),
    "nearest_training_distance": Definition(
        "samples",
        "pixel range",
        f"root mean squared pixel difference of a draw and its nearest training image; at most {N_NEAREST:,} draws",
        "",
        better="neither",
    ),
    "held_out_nearest_training_distance": Definition(
        "samples",
        "pixel range",
        f"the same of held-out images instead of draws, the yardstick; at most {N_NEAREST:,} images",
        "",
        better="neither",
    ),
    "mig": Definition(
        "disentanglement",
        "",
        "gap of the two dimensions that know most of a factor, over its entropy: mu in 20 bins of equal width; at most "
        f"{N_CODES:,} images",
        "Chen et al. 2018, eq. 6; the bins of Locatello et al. 2019",
    ),
    "sap": Definition(
        "disentanglement",
        "",
        "gap of the two dimensions that predict a factor best, by balanced accuracy of thresholds on mu; at most "
        f"{N_CODES:,} images",
        "Kumar et al. 2018, section 3",
    ),
    "dci_disentanglement": Definition(
        "disentanglement",
        "",
        f"whether a dimension serves one factor, by random forests' importances; at most {N_CODES:,} images",
        "Eastwood & Williams 2018",
    ),
    "dci_completeness": Definition(
        "disentanglement",
        "",
        f"whether a factor is in one dimension, by random forests' importances; at most {N_CODES:,} images",
        "Eastwood & Williams 2018",
    ),
    "dci_informativeness": Definition(
        "disentanglement",
        "share of images",
        f"held-out images whose factor a random forest tells from mu; at most {N_CODES:,} images",
        "Eastwood & Williams 2018",
    ),
    "factor_vae_score": Definition(
        "disentanglement",
        "share of votes",
        "votes of the least varying dimension that name the factor held fixed: 800 of 64 codes each; at most "
        f"{N_CODES:,} images",
        "Kim & Mnih 2018, section 4",
    ),
}

GROUPS = tuple(dict.fromkeys(definition.group for definition in DEFINITIONS.values()))
"""What can be asked for, in the order in which it is measured."""


def names_of(groups: Iterable[str]) -> list[str]:
    """The figures of some groups, in the catalogue's order."""
    chosen = set(groups)
    return [name for name, definition in DEFINITIONS.items() if definition.group in chosen]


def elbo_figures(known: SplitFigures, family: Family) -> Figures:
    """ELBO, log-likelihood and KL of a split, or why a model of this family has none."""
    can = CAPABILITIES[family]
    if not can.encode:
        reason = "This model has no encoder, and no p(x|z)." if not can.likelihood else "This model has no encoder."
    else:
        reason = "This model's encoder gives a point and no distribution, so it has no KL and no ELBO."
    return {name: getattr(known, name) or NotMeasured(reason) for name in names_of(["elbo"])}


def document(figures: Mapping[str, Measure | NotMeasured]) -> dict[str, dict[str, Any]]:
    """Figures as JSON has them: value, standard_error, unit, definition; or a value of null and the reason."""
    return {
        name: {"value": None, "reason": figure.reason}
        if isinstance(figure, NotMeasured)
        else {**asdict(figure), "unit": DEFINITIONS[name].unit, "definition": DEFINITIONS[name].definition}
        for name, figure in figures.items()
    }
