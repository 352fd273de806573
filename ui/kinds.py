"""What kind of model it is, in words: family, network, likelihood, objective."""

from __future__ import annotations

from ui.text import plain
from vae_core import LatentExplorer
from vae_core.card import Card
from vae_core.config import Family, Network
from vae_core.families import heeds

KINDS: dict[Family, str] = {
    "vae": "A variational autoencoder",
    "ae": "An autoencoder",
    "dae": "A denoising autoencoder",
    "cvae": "A conditional variational autoencoder",
    "beta-tcvae": "A variational autoencoder that weighs total correlation (β-TCVAE)",
    "info-vae": "A variational autoencoder that matches its codes to the prior (InfoVAE)",
    "iwae": "An importance-weighted autoencoder",
    "gan": "A generative adversarial network",
}
NETWORKS: dict[Network, str] = {"mlp": "Multi-layer perceptron", "conv": "Convolutional", "resnet": "Residual"}
OBJECTIVE_TITLES = {
    "kl_warmup": "KL warm-up, epochs",
    "kl_cycles": "KL cycles",
    "free_bits": "Free bits, nats a dimension",
    "capacity": "Capacity, nats",
    "importance_samples": "Importance samples",
    "mmd_weight": "Weight of the MMD",
    "noise_level": "Noise",
}
"""Settings of the objective that only some families heed."""


def in_a_sentence(explorer: LatentExplorer) -> str:
    """What the model does, for somebody who has not met one."""
    card = explorer.card
    kind = "grey" if explorer.image_shape[0] == 1 else "colour"
    d = card.model.latent_dim
    numbers, them = ("one number", "it") if d == 1 else (f"{d} numbers", "them")
    image = f"{kind} image of {plain(card.data.title)}"
    told = " and its class" if explorer.can.label else ""
    if not explorer.can.encode:
        return (
            f"{KINDS[card.model.family]}: it draws a {image} from {numbers}, z. It has no encoder, so it cannot say "
            "which z an image belongs to."
        )
    return (
        f"{KINDS[card.model.family]}: it describes each {image} by {numbers}, z, and draws the image again from "
        f"{them}{told}."
    )


def what_it_is(explorer: LatentExplorer) -> dict[str, str]:
    """Architecture and objective, a line each; what the family does not have is left out."""
    card = explorer.card
    lines = {
        "Family": KINDS[card.model.family].removeprefix("An ").removeprefix("A ").capitalize(),
        "Network": network_text(card),
        "Weights": f"{explorer.n_parameters:,}",
        "Latent dimensions": str(card.model.latent_dim),
    }
    if explorer.can.likelihood:
        lines["Likelihood p(x|z)"] = likelihood_text(explorer)
    if heeds(card.model.family, "beta"):
        beta = card.training.beta
        weighing = {0: "as in the ELBO", 1: "for a more orderly space", -1: "for sharper pictures"}
        lines["β in training"] = f"{beta:g}, {weighing[(beta > 1) - (beta < 1)]}"
    for name, title in OBJECTIVE_TITLES.items():
        value = getattr(card.training, name)
        if heeds(card.model.family, name) and value not in (0, "masking", "gaussian"):
            lines[title] = f"{value:g}" + (f", {card.training.noise}" if name == "noise_level" else "")
    return lines


def network_text(card: Card) -> str:
    """Kind of network and its widths."""
    return f"{NETWORKS[card.model.network]} {'-'.join(map(str, card.model.hidden))}"


def likelihood_text(explorer: LatentExplorer) -> str:
    """The likelihood in words, with σ where it has one."""
    model = explorer.card.model
    text = model.likelihood.replace("-", " ").replace("bernoulli", "Bernoulli").replace("gaussian", "Gaussian")
    if explorer.sigma is not None:
        text += f", σ = {explorer.sigma:.3g} ({'learned' if model.sigma == 'learned' else 'fixed'})"
    elif model.likelihood == "gaussian":
        text += ", σ of each pixel learned"
    return text[:1].upper() + text[1:]
