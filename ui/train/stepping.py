"""Step by step: a run is held, and goes on by one batch or one epoch."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from ui.pictures import show
from vae_core.images import montage
from vae_core.training.batch_record import BatchRecord, read_batch
from vae_core.training.hands import LONGEST_HOLD
from vae_core.training.hold import held_at, hold, let_go
from vae_core.training.run_folder import RunFolder, Status

LONGEST_WAIT = 1.5
"""Seconds that a press waits for what it asked for, so that the answer is on the page at once; an epoch that takes
longer shows when it is done."""


def show_stepping(run: RunFolder, status: Status) -> None:
    """Buttons that hold a run and move it on, and what its last single batch did."""
    step, n = status.epoch * status.steps_per_epoch + status.step, status.steps_per_epoch
    is_held = status.state == "held"
    asked = held_at(run.path) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        if is_held:
            _button(run, "One batch", "skip_next", step + 1, primary=True)
            _button(run, "One epoch", "fast_forward", (status.epoch + 1) * n)
        if is_held or asked:
            _button(run, "Go on", "play_arrow", None)
        else:
            _button(run, "Hold", "pause", 0)
        if is_held:
            minutes = round(LONGEST_HOLD / 60)
            st.caption(
                f"Held. It keeps its device: other runs wait. After {minutes} minutes without a press it is saved and "
                "stopped.",
                width="stretch",
            )
        elif asked:
            st.caption(":material/hourglass_top: On its way to where it is held.", width="stretch")
    record = read_batch(run.path) if is_held else None
    if record is not None and record.step == step:
        _show_batch(record, status)


def _button(run: RunFolder, label: str, icon: str, at: int | None, *, primary: bool = False) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        type="primary" if primary else "secondary",
        key=f"train {label.lower()} {run.name}",
        on_click=_press,
        args=(run, at),
    )


def _press(run: RunFolder, at: int | None) -> None:
    """Let it go on, or hold it when `at` steps are done; waits a moment for that."""
    try:
        let_go(run.path) if at is None else hold(run.path, at)
    except OSError as problem:
        st.error(f"{run.name} cannot be told so in its folder: {problem.strerror}.", icon=":material/error:")
        return
    deadline = time.monotonic() + LONGEST_WAIT
    while run.is_alive() and time.monotonic() < deadline:
        status = run.status()
        is_there = at is not None and status.epoch * status.steps_per_epoch + status.step >= at
        if (status.state == "held") == (at is not None) and (at is None or is_there):
            return
        time.sleep(0.05)


def _show_batch(record: BatchRecord, status: Status) -> None:
    """One step of training from both sides: the terms of its batch, the gradient's norm, a few of its images."""
    epoch, in_epoch = divmod(record.step - 1, status.steps_per_epoch)
    st.caption(
        f"What batch {in_epoch + 1} of epoch {epoch + 1} did: the terms of its {record.n_images} images after the step "
        f"and how they changed, with the same noise, nats per image. Learning rate {record.learning_rate:.3g}, "
        f"KL weight {record.kl_weight:.3g}."
    )
    terms = {
        "Loss": (record.before.loss, record.after.loss, "inverse"),
        "Log-likelihood": (record.before.log_likelihood, record.after.log_likelihood, "normal"),
        "KL": (record.before.kl, record.after.kl, "off"),
    }
    with st.container(horizontal=True):
        for label, (before, after, colour) in terms.items():
            if before is not None and after is not None:
                st.metric(
                    label,
                    f"{after:.2f}".replace("-", "−"),
                    f"{after - before:+.3f}",  # with the sign that the arrow is taken from
                    delta_color=colour,  # type: ignore[arg-type]
                    help=f"Before the step {before:.3f}, after it {after:.3f}.",
                    width="content",
                )
        norm_help = "Length of the loss's gradient in all weights together, before it is clipped to 50."
        st.metric("Gradient norm", f"{record.gradient_norm:.3g}", help=norm_help, width="content")
    rows = [images for images in (record.images, record.was, record.now) if len(images)]
    scale = max(1, 56 // record.was.shape[2])
    said = "Images of the batch, and their reconstructions before and after the step."
    if not len(record.images):
        said = "Made of the same draws from the prior, before and after the step."
    st.caption(said)
    show(montage(np.concatenate(rows), columns=len(record.was), scale=scale, gap=2), said)
