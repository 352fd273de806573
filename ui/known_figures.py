"""What is known of a model's quality: the figures of its card, and those that were measured and stored since."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vae_core.card import Card
from vae_core.errors import CheckpointError
from vae_core.metrics.catalogue import GROUPS, Figures, elbo_figures, names_of
from vae_core.metrics.store import read_figures

TITLES = {
    "elbo": "ELBO",
    "log_likelihood": "Log-likelihood",
    "kl": "KL",
    "importance_weighted_nll": "Importance-weighted NLL",
    "squared_error": "Squared error",
    "ssim": "SSIM",
    "knn_accuracy": "kNN accuracy",
    "trustworthiness": "Trustworthiness",
    "active_units": "Active units",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "classifier_frechet_distance": "Classifier Fréchet distance",
    "nearest_training_distance": "Draw to nearest training image",
    "held_out_nearest_training_distance": "Test image to nearest training image",
    "mig": "MIG",
    "sap": "SAP",
    "dci_disentanglement": "DCI disentanglement",
    "dci_completeness": "DCI completeness",
    "dci_informativeness": "DCI informativeness",
    "factor_vae_score": "FactorVAE score",
}
"""What a figure is called on a page."""

GROUP_TITLES = {
    "elbo": "Likelihood",
    "bound": "Tighter bound",
    "reconstruction": "Reconstruction",
    "latent": "Latent space",
    "samples": "Samples",
    "disentanglement": "Disentanglement",
}


@dataclass(frozen=True)
class KnownFigures:
    """Figures of one model, in the catalogue's order; `problem` says why stored ones cannot be read, if so."""

    figures: Figures
    problem: str | None

    @property
    def missing_groups(self) -> list[str]:
        """Groups of which a figure was neither measured nor found not to apply."""
        return [group for group in GROUPS if any(name not in self.figures for name in names_of([group]))]


def known_figures(folder: Path, card: Card) -> KnownFigures:
    """What is known of the model in a folder, without waiting for anything."""
    try:
        stored, problem = read_figures(folder, card), None
    except CheckpointError as found:
        stored, problem = {}, str(found)
    own = elbo_figures(card.test, card.model.family)
    return KnownFigures(own | {name: stored[name] for name in stored if name not in own}, problem)
