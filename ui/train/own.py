"""One's own images: uploaded, or named by their path where only this machine can reach the server."""

from __future__ import annotations

import ipaddress

import streamlit as st

from ui.text import plain
from ui.train.fields import choice, number, text
from ui.train.preview import forget, look, show
from vae_core.config import DataConfig, build
from vae_core.data import Preview, absolute_options, own_name_of
from vae_core.errors import VaeCoreError
from vae_core.uploads import LARGEST_UPLOAD, Upload, store_upload, sweep_uploads

UPLOAD, UPLOADER, PROBLEM = "train upload", "train files", "train upload problem"
BY_UPLOAD, BY_PATH = "Upload", "Path on this machine"

WHAT = (
    "Several pictures; or one .zip of pictures, flat or one folder a class; or one .npz or .npy of arrays. With it, if "
    "you like, a .csv of classes: columns file (for arrays index) and label."
)


def choose_images() -> tuple[str, DataConfig, Preview] | None:
    """Draw the way to one's own images and what they are; None while there are none that can be used."""
    way: str | None = BY_UPLOAD
    if only_this_machine_connects():
        way = st.segmented_control(
            "Where they are", [BY_UPLOAD, BY_PATH], default=BY_UPLOAD, required=True, key="train way",
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    upload: Upload | None = None
    try:
        if way == BY_PATH:
            name, labels = _typed()
        else:
            upload = _uploaded()
            name, labels = (upload.dataset, upload.labels) if upload else ("", "")
        if not name:
            return None
        options = absolute_options(build(DataConfig, _fit() | {"labels": labels}, where="Images"))
        preview = look(name, options)
    except VaeCoreError as problem:
        said = str(problem) if upload is None else upload.without_path(str(problem))
        st.error(plain(said), icon=":material/error:")
        return None
    show(preview)
    return name, options, preview


def only_this_machine_connects() -> bool:
    """Whether the server answers to nobody but this machine: else nobody may have it read a path of theirs.

    It listens on the loopback address, and takes no request that came under another name, as through a proxy.
    """
    names = [st.get_option("server.address"), *(st.get_option("server.allowedHosts") or ["*"])]
    return all(_is_loopback(name) for name in names)


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _typed() -> tuple[str, str]:
    """The data set's name and the path of its labels; both empty at first."""
    path = text("Folder, .zip, .npz or .npy", "path", placeholder="~/pictures")
    labels = text("Table of classes (.csv), if there is one", "labels", placeholder="none")
    if not path:
        return "", ""
    st.button("Read again", icon=":material/refresh:", key="train read again", on_click=forget)
    return own_name_of(path), labels


def _uploaded() -> Upload | None:
    """What was uploaded, in this visit to the page or before."""
    st.file_uploader(
        "Your images", accept_multiple_files=True, key=UPLOADER, on_change=_receive,
        max_upload_size=LARGEST_UPLOAD >> 20, help=WHAT,
    )  # fmt: skip
    if problem := st.session_state.get(PROBLEM):
        st.error(plain(problem), icon=":material/error:")
    upload: Upload | None = st.session_state.get(UPLOAD)
    if upload is not None and not upload.renew():
        st.info("The upload is no longer on the server: drop the files here once more.")
        return None
    if upload is None:
        st.caption(WHAT)
    return upload


def _receive() -> None:
    """Keep what lies in the uploader now, in place of what was there before."""
    files = [(file.name, file.getvalue()) for file in st.session_state[UPLOADER]]
    st.session_state[UPLOAD] = st.session_state[PROBLEM] = None
    try:
        if files:
            sweep_uploads()
            st.session_state[UPLOAD] = store_upload(files)
    except VaeCoreError as problem:
        st.session_state[PROBLEM] = str(problem)


def _fit() -> dict[str, object]:
    """Size and colour, in the words of DataConfig."""
    with st.grid(2, min_column_width=140):
        side = number("Size in pixels", "side", placeholder="kept, or 32")
        return {"side": side, "colour": choice("Colour", "colour", ("auto", "grey", "rgb"), "auto")}
