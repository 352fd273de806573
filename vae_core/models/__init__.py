"""Networks, posterior and likelihood objects, and the VAE family."""

from vae_core.families import Capabilities
from vae_core.models.likelihood import Bernoulli, Gaussian, Likelihood
from vae_core.models.posterior import DiagonalGaussian, prior_log_prob
from vae_core.models.vae import VAE, ElboTerms, build_model

__all__ = [
    "VAE",
    "Bernoulli",
    "Capabilities",
    "DiagonalGaussian",
    "ElboTerms",
    "Gaussian",
    "Likelihood",
    "build_model",
    "prior_log_prob",
]
