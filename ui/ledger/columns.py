"""The ledger's columns as they are shown: titles, units, when not to trust them."""

from __future__ import annotations

import streamlit as st

from ui.ledger.looks import columns_of
from ui.ledger_table import TableColumn
from ui.text import subscript
from vae_core import LatentExplorer
from vae_core.latent.ledger import N_DRAWS, Ledger

TITLES = {
    "image": "Image",
    "class": "Class",
    "near_class": "Near",
    "log_likelihood": "Log-lik.",
    "kl": "KL",
    "elbo": "ELBO",
    "bound": "Bound",
    "gap": "Gap",
    "agreement": "Agree",
}
HELP = {
    "image": "Its split, and its number there.",
    "class": "The label that came with the image.",
    "near_class": "The class that most of its 10 nearest neighbours in latent space have; bold where it is another.",
    "log_likelihood": "Log-likelihood log p(x|z) in nats, of one z drawn from q(z|x).",
    "kl": "KL(q(z|x) || p(z)) in nats, summed over the dimensions.",
    "elbo": "Log-likelihood − KL in nats, of one draw: of a single image it may be a few nats off.",
    "bound": f"The importance-weighted bound on log p(x) in nats, of {N_DRAWS} draws: above the ELBO in the mean.",
    "gap": "Bound − ELBO in nats; of a single image noise may make it negative.",
    "agreement": "Share of its 10 nearest neighbours in latent space that have its class.",
}
DIGITS = {"kl": 2, "gap": 2, "agreement": 1}


def meaning(ledger: Ledger) -> str:
    """What comes first in this ledger, what it means, and when not to trust it."""
    if ledger.bound is not None:
        return (
            "Each image of the data set, worst first: a low ELBO says that the model finds an image unlikely, because "
            "it is odd, or of a kind that it has not learned. A figure of a single image rests on one draw, the bound "
            f"on {N_DRAWS}."
        )
    if "log_likelihood" in ledger.figures:
        return (
            "Each image of the data set, worst first: a low log-likelihood says that its reconstruction is far from "
            "it. There is no prior here that would find an image unlikely."
        )
    if "kl" in ledger.figures:
        return (
            "Each test image, the highest KL first: its q(z|x) lies far from the prior, or is narrow, as an odd "
            "image's is, but many a usual one's too. Only the whole ledger tells how well the model explains an image."
        )
    return "Each test image. Only the whole ledger tells how well the model explains an image."


def title_of(name: str) -> str:
    """What a column is called."""
    return TITLES.get(name) or f"KL z{subscript(int(name.removeprefix('kl_')))}"


def table_columns(explorer: LatentExplorer, ledger: Ledger, extra: tuple[str, ...] = ()) -> list[TableColumn]:
    """The columns of a table, those of single dimensions only where they are asked for."""
    names = [name for name in columns_of(ledger) if name in TITLES or name in extra]
    kept = _columns(explorer.card.key, len(ledger), ledger.log_likelihood is not None, ledger)
    return [kept[name] for name in names]


@st.cache_resource(max_entries=8, show_spinner=False)
def _columns(card: str, n: int, scored: bool, _ledger: Ledger) -> dict[str, TableColumn]:
    kinds = {"image": "image", "class": "class", "near_class": "class"}
    return {
        name: TableColumn.of(
            name,
            title_of(name),
            values,
            kinds.get(name, "number"),  # type: ignore[arg-type]
            help=HELP.get(name, "KL of this dimension in nats; an unused one has none."),
            digits=DIGITS.get(name, 2 if name.startswith("kl_") else 1),
        )
        for name, values in columns_of(_ledger).items()
    }
