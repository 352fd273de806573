"""An image of one's own on its page: what is drawn, brought or masked, kept for the session; what follows from it."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from ui import address, decoder, own_results, state
from ui.canvas import Drawing, Mode
from ui.classes import chosen_class
from ui.encoded import told
from ui.live_wire import LEAST_SIDE
from ui.own_encoding import Seen, recipe_of, see, switches_of
from ui.place import Place
from ui.records import PointRecord
from ui.search import searched
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.data.decode import UnusableError
from vae_core.data.recipe import SWITCHES, default_switches, read_picture
from vae_core.latent.fill import Fills

Pixels = npt.NDArray[np.uint8]

BOARD = 56
"""Pixels of an empty board's side: twice those of MNIST, so that an edge can be grey and a pixel still be seen."""

LARGEST = 224
"""Of a picture that was brought: what is cropped from it should still have more pixels than the image."""

MOST_BYTES = 20 * 2**20
HALF = 128
"""Of 255: what is covered by more counts as covered."""

TITLES: dict[str, str] = {"draw": "Draw or bring", "mask": "Mask a part", "follow": "Paint on the output"}


def choose_task(explorer: LatentExplorer) -> Mode:
    """What is done with the board; the address says it."""
    _, height, width = explorer.image_shape
    tasks = list(TITLES) if height == width else ["draw"]
    if (wish := address.asked("do")) is not None:
        st.session_state["own task"] = wish
    if st.session_state.get("own task") not in tasks:
        st.session_state["own task"] = "draw"
    chosen = st.segmented_control(
        "What to do",
        tasks,
        key="own task",
        persist_state="session",
        format_func=TITLES.__getitem__,
        label_visibility="collapsed",
        required=True,
    )
    task: Mode = "mask" if chosen == "mask" else "follow" if chosen == "follow" else "draw"
    address.write("do", None if task == "draw" else task)
    return task


def drawing_of(explorer: LatentExplorer, task: Mode) -> Drawing | None:
    """What this session has drawn; the same picture for all models of as many channels, a mask for one image alone."""
    drawing: Drawing | None = st.session_state.get(_key(explorer, task))
    return drawing


def note_drawing(explorer: LatentExplorer, task: Mode, drawing: Drawing) -> None:
    """Note what a hand has drawn; nothing at all where it has cleared the board."""
    st.session_state[_key(explorer, task)] = drawing if drawing.cover.any() else None


def choose_source(explorer: LatentExplorer) -> None:
    """A file or the camera instead of the pen; what they give lies on the board, where it can be drawn on."""
    with st.expander("A file or the camera", icon=":material/add_a_photo:"):
        kinds = st.segmented_control(
            "From", ["File", "Camera"], key="own source", default="File", label_visibility="collapsed", required=True
        )
        if kinds == "Camera":
            given = st.camera_input("Photograph it", key="own camera", label_visibility="collapsed")
        else:
            given = st.file_uploader("Picture", key="own file", label_visibility="collapsed", max_upload_size=20)
        if given is None:
            return
        content = given.getvalue()
        name = hashlib.blake2b(content, digest_size=8).hexdigest()
        taken = f"{name} for {explorer.image_shape[0]} {recipe_of(explorer) is None}"
        if st.session_state.get("own taken") == taken:
            return
        st.session_state["own taken"] = taken
        try:
            picture = read_picture(content, LARGEST, recipe_of(explorer))
            if len(picture) < LEAST_SIDE:
                raise UnusableError(f"it has {len(picture)} pixels a side, too few to be seen")
        except UnusableError as problem:
            st.session_state["own problem"] = f"This picture cannot be used: {problem}."
            return
        st.session_state["own problem"] = ""
        st.session_state[_key(explorer, "draw")] = brought(explorer, picture)


def brought(explorer: LatentExplorer, picture: Pixels) -> Drawing:
    """A picture (S, S, 1 or 3) as a drawing: all of the board is covered."""
    channels = explorer.image_shape[0]
    if picture.shape[2] != channels:
        weights = np.array([0.299, 0.587, 0.114])
        picture = np.repeat(picture, 3, axis=2) if channels == 3 else np.rint(picture @ weights)[..., None]
    cover = np.full(picture.shape[:2], 255, np.uint8)
    return Drawing(np.ascontiguousarray(picture, np.uint8), cover, standard(explorer), secrets.token_hex(6))


def standard(explorer: LatentExplorer) -> int:
    """The switches of the steps that the model's own data went through."""
    on = default_switches(recipe_of(explorer))
    return sum(1 << bit for bit, switch in enumerate(SWITCHES) if switch in on)


def label_of(explorer: LatentExplorer) -> int | None:
    """The class that the model is told; None where it takes none."""
    return chosen_class(explorer).label if explorer.can.label else None


def seen(explorer: LatentExplorer) -> Seen | None:
    """What the model makes of the drawing; None where there is none, or nothing of it is left when it is prepared."""
    drawing = drawing_of(explorer, "draw")
    if drawing is None:
        return None
    found = see(explorer, drawing.pixels, switches_of(drawing.switches), chosen_class(explorer).label)
    return found if found.image.any() else None


def found_for(explorer: LatentExplorer, drawing: Drawing, now: Seen) -> own_results.Found | None:
    """What a gradient finds for the drawing; None while it goes on."""
    image, label = now.image, label_of(explorer)
    key = f"{drawing.id} {label} {explorer.card.key}"
    return searched("z", key, "z by gradient", lambda told: own_results.find(explorer, image, label, told))


def fills_for(explorer: LatentExplorer, image: Pixels, mask: Drawing) -> Fills | None:
    """What the hidden pixels may be; None while that is sought, or all are hidden."""
    hidden = mask.cover >= HALF
    if hidden.all():
        st.caption("All of it is hidden: leave a part for z to be told by.")
        return None
    label = label_of(explorer)
    key = f"{mask.id} {hashlib.blake2b(image.tobytes()).hexdigest()} {label} {explorer.card.key}"
    return searched("fills", key, "Filling it in", lambda told: own_results.fills(explorer, image, hidden, label, told))


def follow(explorer: LatentExplorer) -> None:
    """Have z follow what was painted on its picture, once for each stroke."""
    drawing = drawing_of(explorer, "follow")
    if drawing is None or st.session_state.get("own followed") == drawing.stamp:
        return
    z, label = state.current_z(explorer), label_of(explorer)
    where = drawing.cover >= HALF
    key = f"{drawing.stamp} {label} {explorer.card.key}"
    painted = np.ascontiguousarray(drawing.pixels.transpose(2, 0, 1))
    if not where.any():
        return
    moved = searched(
        "follow", key, "z follows", lambda told: own_results.followed(explorer, z, painted, where, label, told)
    )
    if moved is not None:
        st.session_state["own followed"] = drawing.stamp
        state.set_z(explorer, moved)


def move_to(explorer: LatentExplorer, drawing: Drawing, mu: list[float] | None) -> None:
    """Put z where a new drawing lies, once."""
    stamp = f"{drawing.stamp} {drawing.id} {label_of(explorer)} {explorer.card.key}"
    if mu is not None and st.session_state.get("own moved") != stamp:
        st.session_state["own moved"] = stamp
        state.set_z(explorer, mu)


def subject(explorer: LatentExplorer, now: Seen | None, place: Place, record: PointRecord | None) -> tuple[Pixels, str]:
    """The image (C, H, W) whose part is masked, and what it is: one's own, else the data point nearest to z."""
    if now is not None:
        return now.image, "your image"
    if record is not None:
        what = "the test image nearest to z" if len(record.images) > 1 else "the nearest test image, reconstructed"
        return np.ascontiguousarray(record.images[-1].transpose(2, 0, 1)), what
    picture = decoder.decode(explorer, place.z[None], told(explorer, np.array([chosen_class(explorer).label])))[0]
    return np.ascontiguousarray(picture.transpose(2, 0, 1)), "the image at z"


def say_problem() -> None:
    """Why the picture that was brought is not on the board."""
    if problem := st.session_state.get("own problem"):
        st.caption(f":material/broken_image: {plain(problem)}")


def codes_of(answers: Fills | None) -> list[dict[str, Any]]:
    """The answers of a fill as the map shows them, the best four."""
    if answers is None:
        return []
    sigmas = [None] * len(answers.mu) if answers.logvar is None else np.exp(0.5 * answers.logvar).tolist()
    return [
        {"mu": mu, "sigma": sigma, "role": "accent"} for mu, sigma in zip(answers.mu.tolist(), sigmas, strict=True)
    ][:4]


def _key(explorer: LatentExplorer, task: Mode) -> str:
    if task == "draw":
        return f"own drawing of {explorer.image_shape[0]}"
    return f"own {task} of {explorer.card.files.weights}"
