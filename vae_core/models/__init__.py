"""Networks, posterior and likelihood objects, the families of models, and what their training minimises."""

from vae_core.families import Capabilities
from vae_core.models.build import build_model
from vae_core.models.likelihood import Bernoulli, ContinuousBernoulli, Gaussian, Likelihood, PerPixelGaussian
from vae_core.models.model import ElboTerms, Model
from vae_core.models.posterior import DiagonalGaussian, Point, prior_log_prob
from vae_core.models.vae import VAE

__all__ = [
    "VAE",
    "Bernoulli",
    "Capabilities",
    "ContinuousBernoulli",
    "DiagonalGaussian",
    "ElboTerms",
    "Gaussian",
    "Likelihood",
    "Model",
    "PerPixelGaussian",
    "Point",
    "build_model",
    "prior_log_prob",
]
