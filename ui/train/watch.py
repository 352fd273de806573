"""One run as it goes: progress, curves, figures, and what its latest epoch looks like."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import streamlit as st

from ui.axes import axis_titles
from ui.figures import curves
from ui.latent_map import MapPoints, latent_map
from ui.pictures import show
from ui.salience import largest_first
from ui.text import plain
from ui.train.preview import show_left_out
from ui.train.steering import STEERED_STATES, course_of, marks, show_changes, show_steering
from ui.train.stepping import show_stepping
from vae_core.errors import CheckpointError
from vae_core.families import kept_by
from vae_core.images import montage
from vae_core.latent.plane import axes_plane
from vae_core.training.records import FixedSubset, Snapshot
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.steering import Course

LOG_BYTES = 6000
STRIP_COLUMNS = 6


def show_details(run: RunFolder, status: Status) -> None:
    """All there is to see of a run."""
    history, course = run.history(), _course(run)
    show_progress(status)
    if status.state in ("running", "held"):
        show_stepping(run, status)
    if course and status.state in STEERED_STATES:
        show_steering(run, status, course)
    elif course:
        show_changes(course)
    if history:
        show_terms(history, _kept_by(run))
        figure = curves(history, marks(course))
        st.plotly_chart(figure, config={"displayModeBar": False}, alt="Figures of each epoch of the training.")
        show_snapshot(run, history)
    show_left_out(run.left_out())
    if status.state == "failed":
        show_log(run)


def time_left(seconds: float) -> str:
    """A duration in the unit that a person would take."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def show_progress(status: Status) -> None:
    """A bar with epoch, speed and time left; what it waits for or how it ended, in a sentence."""
    if status.state in ("running", "held", "evaluating"):
        done = (status.epoch + status.step / max(1, status.steps_per_epoch)) / max(1, status.epochs)
        parts = [f"Epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"]
        if status.images_per_second:
            parts.append(f"{status.images_per_second:,.0f} images/s")
        if status.state == "evaluating":
            parts = ["Measuring the test split"]
        elif status.state == "held":
            parts = [parts[0], f"batch {status.step} of {status.steps_per_epoch} done", "held"]
        elif status.seconds_left is not None:
            parts.append(f"{time_left(status.seconds_left)} left")
        st.progress(min(1.0, done), text=" · ".join(parts))
        if status.message:
            st.caption(f":material/tune: {plain(status.message)}")
    elif status.state == "failed":
        st.error(plain(status.message) or "The run failed; its log has the details.", icon=":material/error:")
    elif status.state == "starting":
        st.caption(f":material/hourglass_top: {plain(status.message) or 'The process is starting.'}")
    elif status.message:
        icon = ":material/hourglass_top:" if status.state == "waiting" else ":material/info:"
        st.caption(f"{icon} {plain(status.message)}")


def show_terms(history: list[dict[str, Any]], kept: str) -> None:
    """The validation figures that the family has, of the last epoch, and the first of them of the weights kept."""
    last = history[-1]["validation"]
    titles = {"elbo": "ELBO", "log_likelihood": "Log-likelihood", "kl": "KL"}
    shown = [field for field in titles if last[field] is not None]
    if not shown:
        return
    score = shown[0]
    best = next(line for line in reversed(history) if line["best"])
    of_the_last = f"On the validation split after epoch {history[-1]['epoch']}, nats per image."
    figures = [(titles[field], last[field], of_the_last) for field in shown]
    of_the_best = f"Of the weights that become the model: so far the best by {kept}, after any warm-up."
    figures.append((f"Best {titles[score]} · epoch {best['epoch']}", best["validation"][score], of_the_best))
    with st.container(horizontal=True):
        for title, value, meaning in figures:
            st.metric(title, f"{value:.2f}".replace("-", "−"), help=meaning, width="content")


def _kept_by(run: RunFolder) -> str:
    try:
        return kept_by(run.request().config.model.family)
    except CheckpointError:  # a run.json that somebody has changed
        return "the score"


def _course(run: RunFolder) -> Course | None:
    try:
        config = run.request().config
    except CheckpointError:  # as above
        return None
    return course_of(run.path, config.model.family, config.training)


def show_snapshot(run: RunFolder, history: list[dict[str, Any]]) -> None:
    """The latest epoch: the map of the fixed validation images beside originals and reconstructions.

    Of a model without an encoder, images that it makes of the same draws each time.
    """
    epochs = run.snapshot_epochs()
    fixed, snapshot = run.fixed(), run.snapshot(epochs[-1]) if epochs else None
    if fixed is None or snapshot is None:
        return
    if not len(snapshot.mu) and snapshot.draws is not None:
        st.caption(f"Made of the same draws from the prior in each epoch, here after epoch {snapshot.epoch}")
        scale = max(1, 112 // snapshot.draws.shape[2])
        made = montage(snapshot.draws, columns=STRIP_COLUMNS, scale=scale, gap=2)
        show(made, "Images made of fixed draws from the prior.", stretch=True)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        axes, latent_dim = widest_axes(history, snapshot.mu.shape[1]), snapshot.mu.shape[1]
        points = axes_plane(axes, latent_dim).project(snapshot.mu)
        latent_map(
            MapPoints.register(points, fixed.labels, fixed.class_names),
            axis_titles=axis_titles(axes, latent_dim),
            height=380,
            key=f"train map of {run.name}",
        )
    with right:
        show_pairs(fixed, snapshot)


def show_pairs(fixed: FixedSubset, snapshot: Snapshot) -> None:
    """Originals over their reconstructions, a few in a row."""
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
        run.refuse_links()
        with open(run.path / "train.log", "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            text = file.read(LOG_BYTES).decode("utf-8", "replace").strip()
    except (OSError, CheckpointError):
        return
    if text:
        with st.expander("End of the log"):
            st.code(text, language=None, wrap_lines=True, height=240)
