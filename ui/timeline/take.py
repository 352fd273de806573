"""What can be taken away of a run: its timeline as a film, its record as a table, and the lines that make it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from ui.timeline.film import film
from ui.timeline.series import History
from ui.timeline.wrapper import half_of
from vae_core.images import gif_bytes
from vae_core.tables import csv_text, numbered
from vae_core.training.run_folder import RunFolder
from vae_core.training.timeline import Frame
from vae_core.video import mp4_bytes

GIF_WIDTH = 600
SECONDS, LAST_SECONDS = 0.2, 1.6
"""How long a frame stands, and the last one."""


def take_away(run: RunFolder, frames: Sequence[Frame], history: History) -> None:
    """A popover with the film as GIF and MP4, the record as CSV, and the lines of Python that read it all."""
    with st.popover("Take away", icon=":material/download:"):
        with st.container(horizontal=True):
            kinds: dict[str, tuple[str, Callable[[], bytes]]] = {"CSV": ("text/csv", lambda: history_csv(history))}
            if frames:
                kinds = {
                    "GIF": ("image/gif", lambda: film_bytes("GIF", run, frames, history)),
                    "MP4": ("video/mp4", lambda: film_bytes("MP4", run, frames, history)),
                } | kinds
            for kind, (mime, make) in kinds.items():
                name = f"{run.name}-timeline.{kind.lower()}"
                st.download_button(kind, make, name, mime, key=f"take {kind} of {run.name}", on_click="ignore")
        st.caption("The film shows all snapshots, aligned. The table is the record, a row an epoch.")
        st.code(python_lines(run.name))


def film_bytes(kind: str, run: RunFolder, frames: Sequence[Frame], history: History) -> bytes:
    """The timeline as a film that stands still for a while at its end; making it takes a few seconds."""
    pictures = film(frames, history, run.fixed(), half=half_of(frames))
    if kind == "GIF":
        pictures = np.stack([_shrunk(picture) for picture in pictures])
    pictures = np.concatenate([pictures, *[pictures[-1:]] * round(LAST_SECONDS / SECONDS)])
    make = {"GIF": gif_bytes, "MP4": mp4_bytes}[kind]
    return make(pictures, seconds_per_frame=SECONDS, bounce=False)


def _shrunk(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A picture (3, H, W) for a GIF, which has no motion compensation and grows with each pixel."""
    drawn = Image.fromarray(np.moveaxis(picture, 0, -1))
    drawn.thumbnail((GIF_WIDTH, GIF_WIDTH))
    return np.moveaxis(np.asarray(drawn), -1, 0)


def history_csv(history: History) -> bytes:
    """The record as a table: a row an epoch, nats per image; empty where the family has no such term."""
    latent_dim = max((len(line["kl_per_dimension"]) for line in history), default=0)
    splits = {"train": ("loss", "log_likelihood", "kl", "elbo"), "validation": ("elbo", "log_likelihood", "kl")}
    others = ("kl_weight", "learning_rate", "best", "seconds")
    titles = [f"{split}_{term}" for split, terms in splits.items() for term in terms]
    rows = (
        [
            line["epoch"],
            *(line[split][term] for split, terms in splits.items() for term in terms),
            *(line[name] for name in others),
            *line["kl_per_dimension"],
        ]
        for line in history
    )
    return csv_text(["epoch", *titles, *others, *numbered("kl", latent_dim)], rows).encode()


def python_lines(name: str) -> str:
    """What reads a run's timeline in Python."""
    return "\n".join(
        (
            "from vae_core.training.run_folder import RunFolder",
            "from vae_core.training.timeline import snapshot_of, timeline",
            f'run = RunFolder.find("{name}")',
            "frames = timeline(run, run.history())  # .epoch, .points (n, 2), .turn: points @ turn is the aligned map",
            "snapshot_of(frames[-1]).grid.pictures  # (k * k, C, h, w); also .mu, .reconstructions, .draws",
        )
    )
