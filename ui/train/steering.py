"""Hands on a run while it trains: beta, learning rate and warm-up, what is in force, and what was changed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.text import plain
from ui.train.fields import HELP, STEPS
from vae_core.config import Family, TrainConfig
from vae_core.errors import VaeCoreError
from vae_core.families import kept_by
from vae_core.training.run_folder import RunFolder, RunRequest, Status
from vae_core.training.schedule import kl_weight_at, learning_rate_at
from vae_core.training.steering import Course, Setting, read_course, steerable, waiting_wishes, wish

LABELS: dict[Setting, str] = {"beta": "Beta", "learning_rate": "Learning rate", "kl_warmup": "KL warm-up"}
STEERED_STATES = ("waiting", "running", "held")
MOST_LISTED = 5


def course_of(folder: Path, family: Family, config: TrainConfig) -> Course | None:
    """The settings that were in force at each step; None, and a sentence on the page, where the record is damaged."""
    try:
        return read_course(folder, family, config)
    except VaeCoreError as problem:
        st.warning(plain(str(problem)), icon=":material/broken_image:")
        return None


def marks(course: Course | None) -> list[tuple[float, str]]:
    """Where on the curves, in epochs, which changes are marked."""
    found: dict[float, list[str]] = {}
    for change, words in zip(course.changes, course.in_words, strict=True) if course else ():
        found.setdefault(change.epoch, []).append(words)
    return [(epoch, ", ".join(words)) for epoch, words in found.items()]


def show_changes(course: Course) -> None:
    """What was changed by hand, the last ones of it."""
    said = [f"after {epoch:.4g} epochs {words}" for epoch, words in marks(course)]
    if said:
        earlier = f"{len(said) - MOST_LISTED} earlier; " if len(said) > MOST_LISTED else ""
        st.caption(f":material/tune: Changed by hand: {earlier}{'; '.join(said[-MOST_LISTED:])}.")


def show_steering(run: RunFolder, status: Status, course: Course) -> None:
    """The panel beside a live run."""
    request = run.request()
    settings = steerable(request.config.model.family, course.now)
    now = course.now
    with st.form(f"steer {run.name}"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = {setting: _field(run, setting, getattr(now, setting)) for setting in settings}
            pressed = st.form_submit_button("Change", icon=":material/tune:", key=f"steer change {run.name}")
        st.caption(_in_force(request, status, course))
        new = {setting: value for setting, value in wanted.items() if value != getattr(now, setting)}
        if pressed and new:
            try:
                wish(run.path, request.config.model.family, course, new)
            except (VaeCoreError, OSError) as problem:
                st.error(plain(str(problem)), icon=":material/error:")
        if waiting_wishes(run.path):
            st.caption(":material/hourglass_top: Asked for; it takes effect when the run looks next.")
        show_changes(course)


def _field(run: RunFolder, setting: Setting, value: float) -> float:
    # The key has the value in force: when somebody else changes that, the field shows it, and sends nothing back.
    return st.number_input(
        LABELS[setting],
        value=value,
        step=STEPS[setting],
        format="%g",
        width=130,
        key=f"steer {run.name} {setting} {value!r}",
        help=_help(setting),
    )


def _help(setting: Setting) -> str:
    how = {
        "beta": "",
        "learning_rate": " Under one-cycle this is the peak: the curve keeps its shape and is scaled at once.",
        "kl_warmup": " Counted from the beginning of the run, whenever it is changed.",
    }
    return HELP[setting] + how[setting]


def _in_force(request: RunRequest, status: Status, course: Course) -> str:
    """The weight of the KL and the learning rate of the next step, and by what the weights are kept."""
    family, n = request.config.model.family, status.steps_per_epoch
    parts = []
    if n:
        step = min(status.epoch * n + status.step, status.epochs * n - 1)
        config = course.at(step)
        if "beta" in steerable(family, config):
            parts.append(f"KL weight {kl_weight_at(step, n, config):.3g}")
        parts.append(f"learning rate {learning_rate_at(step, status.epochs * n, config):.3g}")
    kept = f" The weights kept are those of the best {kept_by(family)}." if kept_by(family) else ""
    return f"{'In force now: ' + ', '.join(parts) + '.' if parts else ''}{kept}"
