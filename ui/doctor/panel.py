"""What the doctor says of a run: a card for each finding, with figure, plot, and the changed run as a button."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from ui import runs
from ui.doctor.figure import figure_of
from ui.stoppable import Stoppable, show_progress
from ui.text import plain
from vae_core.checkpoints import CARD, HISTORY
from vae_core.doctor.command import document
from vae_core.doctor.evidence import gather
from vae_core.doctor.examine import Diagnosis, diagnose
from vae_core.doctor.finding import TITLES, Finding, Measured, number
from vae_core.errors import VaeCoreError
from vae_core.latent.pieces import OnProgress
from vae_core.training.process import free_name
from vae_core.training.run_folder import RunFolder

TRAIN = Path(__file__).resolve().parents[2] / "pages" / "train.py"
BADGES = {"ailment": ":red-badge[:material/error: ailment]", "note": ":gray-badge[:material/info: note]"}


class Visit(Stoppable):
    """One look at a run, in a thread of its own.

    Attributes
    ----------
    found : Diagnosis or None
        What came of it.
    """

    def __init__(self) -> None:
        super().__init__("The run could not be examined.")
        self.found: Diagnosis | None = None

    def examine(self, folder: Path) -> None:
        """Begin, unless it goes on."""

        def work(told: OnProgress) -> None:
            evidence = gather(folder, on_progress=told)
            told(0.9)
            self.found = diagnose(evidence)

        self.begin(work)


@st.cache_resource(max_entries=64, show_spinner=False)
def _visit(folder: str, stamp: str) -> Visit:
    return Visit()


def show_doctor(run: RunFolder) -> None:
    """A button that has a run or a model examined; then progress and a stop, and in the end what was found."""
    visit = _visit(str(run.path), _stamp(run))
    if visit.is_going_on:
        show_progress(visit, f"Examining {plain(run.name)}", f"stop doctor {run.name}")
        return
    if visit.problem:
        st.error(plain(visit.problem), icon=":material/error:")
    if visit.found is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                "Examine this run",
                icon=":material/stethoscope:",
                key=f"doctor {run.name}",
                width="content",
                help="Looks for ten ailments in its record, its codes and, where it is on this machine, its data.",
            )
            st.caption("What is wrong with it, why, and what to change.", width="stretch")
        if pressed:
            visit.examine(run.path)
            st.rerun()
        return
    show_diagnosis(run, visit.found)


def _stamp(run: RunFolder) -> str:
    """Changes when the run goes on, ends, or is trained anew under its name."""
    times = []
    for name in ("status.json", HISTORY, CARD):
        try:
            times.append((run.path / name).stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return str(times)


def show_diagnosis(run: RunFolder, found: Diagnosis) -> None:
    """All that was found, what is well, and what could not be looked at."""
    n_ailments = sum(finding.severity == "ailment" for finding in found.findings)
    if found.is_healthy:
        rest = " There is something to know about it." if found.findings else ""
        st.success(f"Nothing is wrong with this run.{rest}", icon=":material/check_circle:")
    else:
        what = "One ailment was" if n_ailments == 1 else f"{n_ailments} ailments were"
        order = "" if n_ailments == 1 else " Mend the first one first: others may follow from it."
        st.warning(f"{what} found.{order}", icon=":material/healing:")
    for finding in found.findings:
        _show_finding(run, found, finding)
    if found.well:
        st.caption(":material/check: Looked for and not found: " + " · ".join(TITLES[one] for one in found.well))
    if found.not_examined:
        why = " · ".join(f"{TITLES[one]} ({plain(reason)})" for one, reason in found.not_examined.items())
        st.caption(f":material/visibility_off: Not looked at: {why}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "JSON",
            lambda: json.dumps(document(found), allow_nan=False, indent=2).encode(),
            f"{run.name}-doctor.json",
            "application/json",
            icon=":material/download:",
            key=f"take doctor {run.name}",
            on_click="ignore",
        )
        st.code(f"python -m vae_core doctor {run.name}", language="bash", wrap_lines=True)


def _show_finding(run: RunFolder, found: Diagnosis, finding: Finding) -> None:
    with st.container(border=True):
        st.markdown(f"**{finding.title}** {BADGES[finding.severity]}")
        st.markdown(plain(finding.sentence))
        left, right = st.columns(2, gap="medium", vertical_alignment="center")
        left.markdown("\n\n".join(map(_line, finding.figures)))
        if finding.plot is not None:
            right.plotly_chart(
                figure_of(finding.plot),
                config={"displayModeBar": False},
                key=f"doctor plot {run.name} {finding.ailment}",
                alt=f"{finding.plot.y_title} by {finding.plot.x_title}.",
            )
        st.markdown(f":material/healing: {plain(finding.remedy.advice)}")
        _offer(run, found, finding)


def _offer(run: RunFolder, found: Diagnosis, finding: Finding) -> None:
    """The button that starts the changed run, and leads to it."""
    config = finding.remedy.config
    if config is None:
        return
    pressed = st.button(
        f"Train again: {finding.remedy.label}",
        icon=":material/play_arrow:",
        type="primary" if finding.severity == "ailment" else "secondary",
        key=f"remedy {run.name} {finding.ailment}",
        disabled=not found.has_data,
        help=None if found.has_data else "Its data is not on this machine, so no run can start on it here.",
    )
    if not pressed:
        return
    try:
        begun = runs.start(config, free_name(f"{run.name[:48]}-mended"), "auto", found.image_shape)
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")
        return
    st.session_state["train run"] = begun.name
    st.switch_page(TRAIN)


def _line(one: Measured) -> str:
    """A figure and, where there is one, the threshold that it is held against."""
    threshold = "" if one.threshold is None else f" · threshold {number(one.threshold)}"
    return f"**{number(one.value)}** {one.unit} :small[:gray[{plain(one.name)}{threshold}]]"
