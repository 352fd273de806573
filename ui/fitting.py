"""Fitting a sampler from a page: once for all sessions, in a thread of its own, with its progress and a stop."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.encoded import encoded, images_of
from ui.stoppable import Stoppable, show_progress
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.latent.pieces import OnProgress
from vae_core.latent.samplers.codes import Codes
from vae_core.latent.samplers.sampler import fit_sampler
from vae_core.latent.samplers.storage import save_sampler

FIT_SEED = 0


class Fitting(Stoppable):
    """The fit of one sampler to one model."""

    def __init__(self) -> None:
        super().__init__("The fit has failed.")

    def fit(self, explorer: LatentExplorer, name: str, *, per_class: bool) -> None:
        """Begin, unless it goes on; what is fitted is stored beside the model."""

        def work(told: OnProgress) -> None:
            if images_of(explorer, "train") is None:
                codes = encoded(explorer, "test")
            else:
                codes = encoded(explorer, "train")[: explorer.card.data.n_train]  # what follows is the validation split
            chosen = Codes(codes.mu, codes.logvar, codes.labels if per_class else None)
            sampler = fit_sampler(name, chosen, generator=np.random.default_rng(FIT_SEED), on_progress=told)
            told(1.0)
            save_sampler(explorer.path, sampler, explorer.card)

        self.begin(work)


@st.cache_resource(max_entries=64, show_spinner=False)
def _fitting(card: str, name: str) -> Fitting:
    return Fitting()


def offer_fit(explorer: LatentExplorer, name: str, title: str) -> None:
    """What stands where a sampler's draws will be, until it has been fitted: a button, then progress and a stop."""
    fitting = _fitting(explorer.card.key, name)
    with st.container(border=True):
        if fitting.is_going_on:
            show_progress(fitting, f"Fitting: {title}", f"stop fit {name}")
            return
        data = explorer.card.data
        n_codes = data.n_train if images_of(explorer, "train") is not None else data.n_test
        of = "training" if n_codes == data.n_train else "test"
        st.markdown(f"Not fitted to this model yet: it needs the codes of the {of} images.")
        if of == "test":
            st.caption(
                "The training images are not on this machine. The codes of the test images, which came with the model, "
                "serve as well; only what is measured on these images must not be said of such draws."
            )
        if fitting.problem:
            st.error(plain(fitting.problem), icon=":material/error:")
        per_class = bool(explorer.latents.labels is not None and data.class_names) and st.checkbox(
            "A fit for each class",
            value=explorer.can.label,
            key=f"fit {name} per class",
            help="Then draws can be asked for of one class; without, they come from all classes at once.",
        )
        if st.button(f"Fit to {n_codes:,} codes", type="primary", icon=":material/model_training:", key=f"fit {name}"):
            fitting.fit(explorer, name, per_class=per_class)
            st.rerun(scope="fragment")
