"""Training runs as the pages show them: what one may do with a run, and how it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ui.axes import axis_titles
from ui.latent_map import MapPoints, latent_map
from ui.pictures import show
from ui.salience import largest_first
from ui.text import plain
from vae_core.config import RunConfig
from vae_core.data import DATASETS
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.images import montage
from vae_core.latent.plane import axes_plane
from vae_core.training.process import create_run, is_live, launch
from vae_core.training.run_folder import LIVE_STATES, RunFolder, Status
from vae_core.trash import trash_checkpoint

BADGES = {"starting": "blue", "waiting": "orange", "running": "blue", "evaluating": "blue", "finished": "green"}
BADGES |= {"stopped": "gray", "interrupted": "orange", "failed": "red"}
"""Colour of each state's badge."""

LOG_BYTES = 6000
STRIP_COLUMNS = 6


# -- what one may do with a run --------------------------------------------------------------------------------


def start(config: RunConfig, name: str, device: str) -> RunFolder:
    """Make a run's folder and start its process.

    Parameters
    ----------
    name : str
        Empty: the next free one is taken, also when another visitor takes it in the same moment.

    Raises
    ------
    VaeCoreError
        When the name is taken or cannot be used, or the folder cannot be made.
    """
    run = create_run(config, name=name or None, device=device)
    _launch(run)
    return run


def can_resume(run: RunFolder, state: str) -> bool:
    """Whether a run that ended can go on; one that diverged kept its best weights and is done."""
    return state in ("stopped", "interrupted") or (state == "failed" and not run.is_done())


def resume(run: RunFolder) -> None:
    """Go on with a run.

    Raises
    ------
    CheckpointError
        When it goes on already, or its process cannot be started.
    """
    if is_live(run):
        raise CheckpointError(f"{run.name} is going on already: somebody else resumed it.")
    run.clear_stop()
    _launch(run)


def delete(run: RunFolder) -> Path:
    """Move a run into the trash; returns where it lies there.

    Raises
    ------
    CheckpointError
        When it is still going on, or cannot be moved.
    """
    if is_live(run):
        raise CheckpointError(f"{run.name} is still going on; stop it first, then delete it.")
    return trash_checkpoint(run.path)


def _launch(run: RunFolder) -> None:
    try:
        launch(run)
    except OSError as problem:
        raise CheckpointError(f"{run.name} could not be started in {run.path}: {problem.strerror}.") from None


def stop(run: RunFolder) -> None:
    """Ask a run to save and leave.

    Raises
    ------
    CheckpointError
        When the wish cannot be left in its folder.
    """
    try:
        run.ask_to_stop()
    except OSError as problem:
        raise CheckpointError(f"{run.name} cannot be asked to stop in {run.path}: {problem.strerror}.") from None


# -- how it is drawn --------------------------------------------------------------------------------


def describe(run: RunFolder, status: Status) -> str:
    """One line of markdown on a run: name, state, what it is."""
    try:
        config = run.request().config
    except VaeCoreError:
        return f"{run.name} :red-badge[damaged]"
    title = DATASETS[config.dataset].title if config.dataset in DATASETS else plain(config.dataset)
    what = f"{title} · {config.model.latent_dim}-D {config.model.network}"
    return f"{run.name} :{BADGES[status.state]}-badge[{status.state}] :small[:gray[{what}]]"


def time_left(seconds: float) -> str:
    """A duration in the unit that a person would take."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def show_progress(status: Status) -> None:
    """A bar with epoch, speed and time left; what it waits for or how it ended, in a sentence."""
    if status.state in ("running", "evaluating"):
        done = (status.epoch + status.step / max(1, status.steps_per_epoch)) / max(1, status.epochs)
        parts = [f"Epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"]
        if status.images_per_second:
            parts.append(f"{status.images_per_second:,.0f} images/s")
        if status.state == "evaluating":
            parts = ["Measuring the test split"]
        elif status.seconds_left is not None:
            parts.append(f"{time_left(status.seconds_left)} left")
        st.progress(min(1.0, done), text=" · ".join(parts))
    elif status.state == "failed":
        st.error(plain(status.message) or "The run failed; its log has the details.", icon=":material/error:")
    elif status.state == "starting":
        st.caption(f":material/hourglass_top: {plain(status.message) or 'The process is starting.'}")
    elif status.message:
        icon = ":material/hourglass_top:" if status.state == "waiting" else ":material/info:"
        st.caption(f"{icon} {plain(status.message)}")


def show_terms(history: list[dict[str, Any]]) -> None:
    """The terms of the validation ELBO, where the family has one: of the last epoch, and the best so far."""
    last = history[-1]["validation"]
    if last["elbo"] is None:
        return
    best = max(history, key=lambda line: float(line["validation"]["elbo"]))
    of_the_last = f"On the validation split after epoch {history[-1]['epoch']}, nats per image."
    of_the_best = "The highest on the validation split; the weights of that epoch become the model."
    figures = [
        ("ELBO", last["elbo"], of_the_last),
        ("Log-likelihood", last["log_likelihood"], of_the_last),
        ("KL", last["kl"], of_the_last),
        (f"Best ELBO · epoch {best['epoch']}", best["validation"]["elbo"], of_the_best),
    ]
    with st.container(horizontal=True):
        for title, value, meaning in figures:
            st.metric(title, f"{value:.2f}".replace("-", "−"), help=meaning, width="content")


def show_space(run: RunFolder, history: list[dict[str, Any]]) -> None:
    """The latest snapshot: the map of the fixed validation images beside originals and reconstructions."""
    epochs = run.snapshot_epochs()
    fixed, snapshot = run.fixed(), run.snapshot(epochs[-1]) if epochs else None
    if fixed is None or snapshot is None or not len(snapshot.mu):
        return
    dataset = run.request().config.dataset
    names = DATASETS[dataset].class_names if dataset in DATASETS else ()
    labels = fixed.labels if names else None
    axes = widest_axes(history, snapshot.mu.shape[1])
    left, right = st.columns(2, gap="medium")
    with left:
        latent_map(
            MapPoints.register(axes_plane(axes, snapshot.mu.shape[1]).project(snapshot.mu), labels, names),
            axis_titles=axis_titles(axes, snapshot.mu.shape[1]),
            height=380,
            key=f"train map of {run.name}",
        )
    with right:
        st.caption(f"Originals and, below each, its reconstruction after epoch {snapshot.epoch}")
        for begin in range(0, len(fixed.originals), STRIP_COLUMNS):
            pair = [images[begin : begin + STRIP_COLUMNS] for images in (fixed.originals, snapshot.reconstructions)]
            scale = max(1, 112 // pair[0].shape[2])
            strip = montage(np.concatenate(pair), columns=len(pair[0]), scale=scale, gap=2)
            show(strip, "Originals over their reconstructions.", stretch=True)


def widest_axes(history: list[dict[str, Any]], latent_dim: int) -> tuple[int, int]:
    """The two dimensions that said most of the image in the last epoch.

    In their order, lest the map turn over whenever the second overtakes the first.
    """
    if latent_dim <= 2 or not history:
        return (0, 1)
    kl = history[-1]["kl_per_dimension"] or [0.0] * latent_dim
    first, second = sorted(largest_first(kl)[:2])
    return first, second


def show_log(run: RunFolder) -> None:
    """The end of what the process printed, folded away."""
    try:
        text = (run.path / "train.log").read_bytes()[-LOG_BYTES:].decode("utf-8", "replace").strip()
    except OSError:
        return
    if text:
        with st.expander("End of the log"):
            st.code(text, language=None, wrap_lines=True, height=240)


def live_names(statuses: dict[str, Status]) -> frozenset[str]:
    """Names of the runs that wait or go on."""
    return frozenset(name for name, status in statuses.items() if status.state in LIVE_STATES)
