"""What the training of each family minimises. What is reported is the same for all: see `metrics.elbo`."""

from vae_core.config import Family, TrainConfig
from vae_core.models.model import Model
from vae_core.models.objectives.adversarial import Adversarial
from vae_core.models.objectives.base import Losses, Objective, Weights
from vae_core.models.objectives.elbo import Elbo
from vae_core.models.objectives.importance import ImportanceWeighted
from vae_core.models.objectives.mmd import InfoVae
from vae_core.models.objectives.reconstruction import Denoising, Reconstruction
from vae_core.models.objectives.total_correlation import TotalCorrelation

OBJECTIVES: dict[Family, type[Objective]] = {
    "vae": Elbo,
    "ae": Reconstruction,
    "dae": Denoising,
    "cvae": Elbo,
    "beta-tcvae": TotalCorrelation,
    "info-vae": InfoVae,
    "iwae": ImportanceWeighted,
    "gan": Adversarial,
}

__all__ = ["OBJECTIVES", "Losses", "Objective", "Weights", "build_objective"]


def build_objective(family: Family, model: Model, config: TrainConfig, n_train: int) -> Objective:
    """The objective of a family, around its model.

    Parameters
    ----------
    family : str
    model : Model
    config : TrainConfig
    n_train : int
        Images of the training split, which some estimates depend on.
    """
    return OBJECTIVES[family](model, config, n_train)
