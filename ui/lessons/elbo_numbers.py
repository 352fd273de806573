"""What the lesson on the ELBO measures of digits-2d: kept by the model's card, shared by all sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui.encoded import images_of
from ui.latent_map import MapColour
from ui.lessons import here
from vae_core import LatentExplorer
from vae_core.latent.bounds import Draws, posterior_draws
from vae_core.latent.true_posterior import TruePosterior, true_posterior
from vae_core.metrics.elbo import posterior_kl

MODEL = "digits-2d"
N_DRAWS = 10_000

Doubles = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Facts:
    """The test images' true posteriors and ELBO terms, (N,) each, in nats; expectations over z are sums on a grid."""

    truth: TruePosterior
    kl: Doubles
    gap: Doubles

    @property
    def elbo(self) -> Doubles:
        """log p(x) less the gap."""
        return self.truth.log_evidence - self.gap

    @property
    def log_likelihood(self) -> Doubles:
        """E_q log p(x|z)."""
        return self.elbo + self.kl

    def named(self) -> dict[str, Doubles]:
        """What a map can be coloured by."""
        return {"KL": self.kl, "Log-likelihood": self.log_likelihood, "ELBO": self.elbo, "Gap": self.gap}


@st.cache_resource(max_entries=4, show_spinner="Integrating over z …")
def facts_of(card: str, _explorer: LatentExplorer, _images: Pixels) -> Facts:
    """The facts of a VAE's test images."""
    mu, logvar = _explorer.latents.mu, _explorer.latents.logvar
    assert logvar is not None  # it is a VAE
    truth = true_posterior(_explorer, _images)
    return Facts(truth, posterior_kl(mu, logvar), truth.gap(mu, logvar))


@st.cache_resource(max_entries=8, show_spinner=False)
def draws_of(card: str, image: int, _explorer: LatentExplorer, _images: Pixels) -> Draws:
    """Draws from q(z|x) of one test image, the same each time."""
    return posterior_draws(_explorer, _images[image], N_DRAWS, generator=np.random.default_rng(image))


@st.cache_resource(max_entries=8, show_spinner=False)
def colour_of(card: str, name: str, _values: Doubles) -> MapColour:
    """A figure of each image, as a map is coloured by it."""
    return MapColour.register(name, "nats", _values)


def opened() -> tuple[LatentExplorer, Pixels, Facts]:
    """The model, its test images, and their facts; without the images the step ends here."""
    explorer = here.model(MODEL)
    images = images_of(explorer, "test")
    if images is None:
        st.error("scikit-learn's digits, which this lesson measures, are not those that the model was tested on.")
        st.stop()
    return explorer, images, facts_of(explorer.card.key, explorer, images)
