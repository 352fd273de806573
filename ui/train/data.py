"""The data of a new run: a set of the catalogue, or one's own images."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui.fetch import fetch_button
from ui.train import own
from ui.train.fields import HELP
from vae_core.config import DataConfig
from vae_core.data import DATASETS, default_epochs, is_available, short_name
from vae_core.data.catalogue import OWN_EPOCHS

OWN = "own"
"""The option beside the catalogue."""


@dataclass(frozen=True)
class Data:
    """What a run is to be trained on.

    Attributes
    ----------
    name : str
        What `load_dataset` takes; empty while there are no images of one's own.
    options : DataConfig
        All but `binarize`, which belongs to the likelihood.
    base : str
        What a run on it is called at first.
    epochs : int
        How many suit it.
    is_ready : bool
        Whether it is on this machine and can be used.
    """

    name: str
    options: DataConfig
    image_shape: tuple[int, int, int]
    n_classes: int
    base: str
    epochs: int
    is_ready: bool


NOTHING_YET = Data("", DataConfig(), (1, 32, 32), 0, "images", OWN_EPOCHS, is_ready=False)
"""In place of one's own images, until there are some."""


def choose_data() -> Data:
    """Draw the choice; what was entered stays through page switches."""
    here = {name: is_available(name) for name in DATASETS}
    known = sorted(DATASETS, key=lambda name: not here[name])
    chosen = st.selectbox(
        "Data set",
        [*(name for name in known if here[name]), OWN, *(name for name in known if not here[name])],
        format_func=lambda name: _title(name, here.get(name, True)),
        key="train dataset",
        on_change=_fit_epochs,
        persist_state="session",
        help=HELP["dataset"],
    )
    if chosen == OWN:
        found = own.choose_images()
        if found is None:
            return NOTHING_YET
        name, options, preview = found
        n_classes, epochs = len(preview.classes), default_epochs(name)
        return Data(name, options, preview.image_shape, n_classes, short_name(name), epochs, is_ready=True)
    spec = DATASETS[chosen]
    if not here[chosen]:
        st.caption(f":material/cloud_off: {spec.title} is not on this machine yet. Licence: {spec.licence}.")
        fetch_button(chosen, key="train fetch")
    n_classes = len(spec.class_names)
    return Data(chosen, DataConfig(), spec.image_shape, n_classes, chosen, spec.epochs, is_ready=here[chosen])


def _fit_epochs() -> None:
    """Another data set, another sensible number of epochs."""
    chosen = st.session_state["train dataset"]
    st.session_state["train epochs"] = OWN_EPOCHS if chosen == OWN else default_epochs(chosen)


def _title(name: str, is_here: bool) -> str:
    if name == OWN:
        return "Your own images …"
    spec = DATASETS[name]
    channels, height, width = spec.image_shape
    size = f"{height}×{width}"
    parts = [spec.title, "" if size in spec.title else size, "colour" if channels == 3 else ""]
    return " · ".join(filter(None, [*parts, "" if is_here else "not here yet"]))
