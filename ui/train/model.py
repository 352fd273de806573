"""The model of a new run: family, network, likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import streamlit as st

from ui.train.data import Data
from ui.train.fields import choice, number, text
from vae_core.config import Binarize, Family, LikelihoodName, ModelConfig, Network, default_hidden
from vae_core.errors import ConfigError
from vae_core.families import CAPABILITIES

MODEL = ModelConfig()
"""What the form shows at first."""

FIRST_SIGMA = 0.1
"""Where somebody begins who wants a number: an error of a tenth of the pixel range."""

PURPOSE: dict[Family, str] = {
    "vae": "An encoder makes of each image a small cloud in the latent space, and a KL term keeps the clouds together "
    "and near the prior: so whatever is drawn from the prior decodes to something.",
    "ae": "Encoder and decoder, and nothing that orders the space between them: close reconstructions, but gaps "
    "where nothing sensible is decoded.",
    "dae": "An autoencoder that is shown spoilt images and asked for the clean ones: it learns what images look like "
    "rather than how to copy them.",
    "cvae": "A VAE that is told the class: what is left for the latent space is style, and any place in it can be "
    "decoded as any class.",
    "beta-tcvae": "Beta weighs only how much the dimensions say together: pressed on it, each may come to stand for "
    "one thing of its own. Take 4 or more: with a beta of 1 it is the plain VAE.",
    "info-vae": "A VAE that also draws the codes of all images together to the prior; with a smaller beta each code "
    "may then keep more of its own image.",
    "iwae": "A VAE that weighs several draws of z for each image against each other: a tighter bound on log p(x), and "
    "a richer space.",
    "gan": "A decoder alone, trained to fool a critic that tells its images from real ones: crisp images, but no "
    "encoder, and no figure that says how likely an image is.",
}
"""What each family is for."""


@dataclass(frozen=True)
class Model:
    """What the form says of the model, not yet checked: values of a ModelConfig but for the widths, and `binarize`."""

    values: dict[str, Any]
    hidden: str
    binarize: Binarize


def choose_family(data: Data) -> Family:
    """Draw the choice of the family, with a sentence on what it is for."""
    offered: list[Family] = [name for name in get_args(Family) if data.n_classes >= 2 or not CAPABILITIES[name].label]
    family: Family = choice("Family", "family", offered, MODEL.family)
    st.caption(PURPOSE[family])
    if data.name and "cvae" not in offered:
        st.caption(":material/info: No conditional VAE here: it is told the class, and this data has fewer than two.")
    return family


def choose_model(family: Family, data: Data) -> Model:
    """Draw the choice of all else."""
    network = choice("Network", "network", get_args(Network), MODEL.network)
    widths = default_hidden(network, data.image_shape)
    label = "Hidden widths" if network == "mlp" else "Channels"
    hidden = text(label, "hidden", placeholder=", ".join(map(str, widths)))
    values: dict[str, Any] = {"family": family, "network": network}
    values["latent_dim"] = number("Latent dimension", "latent_dim", MODEL.latent_dim)
    binarize: Binarize = "no"
    if CAPABILITIES[family].likelihood:
        likelihood = choice("Likelihood", "likelihood", get_args(LikelihoodName), MODEL.likelihood)
        values["likelihood"] = likelihood
        if likelihood == "gaussian":
            values["sigma"] = _sigma()
        elif likelihood == "bernoulli":
            binarize = choice("Black and white", "binarize", get_args(Binarize), "no")
    return Model(values, hidden, binarize)


def parse_widths(entered: str) -> tuple[int, ...]:
    """`512, 256` as (512, 256); nothing as ().

    Raises
    ------
    ConfigError
        When it is no list of whole numbers.
    """
    try:
        return tuple(int(part) for part in entered.split(",")) if entered.strip() else ()
    except ValueError:
        raise ConfigError(
            f"Hidden widths: whole numbers between commas, such as 512,256, were expected, but it is {entered[:60]!r}."
        ) from None


def _sigma() -> float | str:
    kind = choice("Sigma", "sigma_kind", ("learned", "per-pixel", "number"), "learned")
    return float(number("Its value", "sigma", FIRST_SIGMA)) if kind == "number" else kind
