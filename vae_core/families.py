"""What each family of models can be asked, and which settings it heeds. No torch in here: lists and forms need it."""

from __future__ import annotations

from dataclasses import dataclass

from vae_core.config import Family, ModelConfig
from vae_core.errors import ConfigError


@dataclass(frozen=True)
class Capabilities:
    """What may be asked of a model; pages read this instead of the family's name.

    Attributes
    ----------
    encode : bool
        There is an encoder: data can be placed on the map.
    posterior : bool
        The encoder gives a distribution, with a logvar; so there is an ELBO.
    label : bool
        Encoder and decoder take a class.
    likelihood : bool
        The decoder's output is a distribution p(x|z), not just an image.
    """

    encode: bool
    posterior: bool
    label: bool
    likelihood: bool = True


PROBABILISTIC = Capabilities(encode=True, posterior=True, label=False)
DETERMINISTIC = Capabilities(encode=True, posterior=False, label=False)

CAPABILITIES: dict[Family, Capabilities] = {
    "vae": PROBABILISTIC,
    "ae": DETERMINISTIC,
    "dae": DETERMINISTIC,
    "cvae": Capabilities(encode=True, posterior=True, label=True),
    "beta-tcvae": PROBABILISTIC,
    "info-vae": PROBABILISTIC,
    "iwae": PROBABILISTIC,
    "gan": Capabilities(encode=False, posterior=False, label=False, likelihood=False),
}

KL_OPTIONS = ("beta", "kl_warmup", "kl_cycles")
TRAIN_OPTIONS: dict[Family, tuple[str, ...]] = {
    "vae": (*KL_OPTIONS, "free_bits", "capacity"),
    "ae": (),
    "dae": ("noise", "noise_level"),
    "cvae": (*KL_OPTIONS, "free_bits", "capacity"),
    "beta-tcvae": KL_OPTIONS,
    "info-vae": (*KL_OPTIONS, "mmd_weight"),
    "iwae": ("importance_samples",),
    "gan": (),
}
"""Fields of a TrainConfig that a family heeds, beside those that every family does."""

OF_SOME_FAMILIES = frozenset(name for names in TRAIN_OPTIONS.values() for name in names)


def heeds(family: Family, option: str) -> bool:
    """Whether a field of TrainConfig makes a difference to a family."""
    return option not in OF_SOME_FAMILIES or option in TRAIN_OPTIONS[family]


def kept_by(family: Family) -> str:
    """The score on the validation split whose best weights are kept, in words; empty where the last ones are.

    `vae_core.models.objectives` computes it. It is the standard ELBO whatever beta the loss has: models then compare.
    """
    can = CAPABILITIES[family]
    if not can.likelihood:
        return ""
    if not can.posterior:
        return "log-likelihood"
    return "log-likelihood less beta times KL" if family == "info-vae" else "ELBO (beta = 1)"


def check_family(model: ModelConfig, n_classes: int) -> None:
    """Refuse a family that does not go with the data's classes or with the rest of the configuration.

    Raises
    ------
    ConfigError
        When it takes a class and the data has fewer than two, or has no likelihood and one was chosen.
    """
    can = CAPABILITIES[model.family]
    if can.label and n_classes < 2:
        raise ConfigError(
            f"family: {model.family} takes a class, but the data has {n_classes or 'none'}; "
            "choose data with labels, or another family."
        )
    if not can.likelihood and model.likelihood != ModelConfig().likelihood:
        raise ConfigError(
            f"likelihood: a {model.family} makes images, no distributions, so leave out the {model.likelihood} one."
        )
