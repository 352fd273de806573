"""Where a ledger comes from: kept with the model, made by a pass over the images, or of the codes alone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import decoder
from ui.ledger.kept import kept_ledger
from ui.originals import Originals, originals
from ui.stoppable import Stoppable, show_progress
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.data.own_name import is_own
from vae_core.errors import CheckpointError
from vae_core.latent.ledger import N_DRAWS, Ledger
from vae_core.latent.ledger_pass import code_ledger, make_ledger
from vae_core.latent.ledger_store import save_ledger
from vae_core.latent.pieces import OnProgress


def current_ledger(explorer: LatentExplorer) -> Ledger:
    """The whole ledger where it was made, else that of the codes that came with the model; says what is missing.

    Of a model without an encoder the page ends here.
    """
    if not explorer.can.encode:
        st.info(
            f"A {plain(explorer.card.model.family.upper())} has no encoder: it places no image in its latent space, so "
            "there is nothing to enter in a ledger. Choose another model.",
            icon=":material/table_rows:",
        )
        st.stop()
    try:
        found = kept_ledger(explorer)
    except CheckpointError as problem:
        st.error(plain(str(problem)), icon=":material/broken_image:")
        found = None
    if found is not None:
        return found
    offer_pass(explorer)
    return _of_codes(explorer.card.key, explorer)


@st.cache_resource(max_entries=8, show_spinner="Looking at the codes …")
def _of_codes(card: str, _explorer: LatentExplorer) -> Ledger:
    return code_ledger(_explorer)


@st.cache_resource(max_entries=64, show_spinner=False)
def _making(card: str) -> Stoppable:
    return Stoppable("The ledger could not be made.")


def offer_pass(explorer: LatentExplorer) -> None:
    """What stands above the short ledger until there is the whole: a button, then progress and a stop."""
    data, found = explorer.card.data, originals(explorer)
    n = data.n_train + data.n_validation + data.n_test
    n_codes = len(explorer.latents.mu)
    if found is None:
        how = (
            "Put its files back as they were"
            if is_own(data.name)
            else f"Fetch it with the button in the sidebar, or with `python -m vae_core fetch {plain(data.name)}`"
        )
        st.info(
            f"This is the ledger of the {n_codes:,} test codes that came with the model"
            f"{': their KL and their neighbours' + chr(8217) + ' class' if explorer.can.posterior else ''}. "
            f"Likelihoods, bounds and pictures need {plain(data.title)}, which is not on this machine. {how}.",
            icon=":material/cloud_off:",
        )
        return
    making = _making(explorer.card.key)
    with st.container(border=True):
        if making.is_going_on:
            show_progress(making, f"Going through {n:,} images", "stop ledger")
            return
        if making.problem:
            st.error(plain(making.problem), icon=":material/error:")
        bound = f", the importance bound of {N_DRAWS} draws each" if explorer.can.posterior else ""
        st.markdown(
            f"Below are the {n_codes:,} test codes. The whole ledger goes through all {n:,} images once{bound}."
        )
        if st.button(
            f"Make the ledger of {n:,} images", type="primary", icon=":material/table_rows:", key="make ledger"
        ):
            making.begin(_work(explorer, found))
            st.rerun()


def _work(explorer: LatentExplorer, found: Originals) -> Callable[[OnProgress], None]:
    def work(told: OnProgress) -> None:
        # By the device's one worker, which does a piece whenever nobody waits for a picture.
        ledger = make_ledger(
            explorer,
            found.images,
            found.labels,
            found.counts,
            in_pieces=lambda n, ask: decoder.in_background(explorer, n, ask).result(),
            on_progress=told,
        )
        told(1.0)
        save_ledger(explorer.path, ledger, explorer.card)

    return work
