"""What may be done with a sweep: start, stop, resume, throw away with its runs and bring back."""

from __future__ import annotations

import streamlit as st

from ui import runs, trash
from ui.train.form import Settings
from vae_core.errors import CheckpointError, VaeCoreError
from vae_core.training.process import free_name, is_live, launch
from vae_core.training.sweep import Value
from vae_core.training.sweep_folder import SweepFolder, create_sweep, sweep_command


def start(chosen: Settings, varied: dict[str, tuple[Value, ...]], device: str) -> SweepFolder:
    """Make a sweep's folder and start its process.

    Raises
    ------
    VaeCoreError
        When a value is refused, a name is taken, or the folder cannot be made.
    """
    sweep = create_sweep(
        chosen.config(),
        varied,
        name=chosen.training.name or free_name(f"{chosen.data.base}-sweep"),
        image_shape=chosen.data.image_shape,
        n_classes=chosen.data.n_classes,
        device=device,
    )
    _launch(sweep)
    return sweep


def resume(sweep: SweepFolder) -> None:
    """Go on with a sweep.

    Raises
    ------
    CheckpointError
        When it goes on already, or its process cannot be started.
    """
    if is_live(sweep.process):
        raise CheckpointError(f"{sweep.name} is going on already: somebody else resumed it.")
    _launch(sweep)


def _launch(sweep: SweepFolder) -> None:
    try:
        launch(sweep.process, "sweep")
    except OSError as problem:
        raise CheckpointError(f"{sweep.name} could not be started in {sweep.path}: {problem.strerror}.") from None


def stop(sweep: SweepFolder) -> None:
    """Ask a sweep's process to save and leave.

    Raises
    ------
    CheckpointError
        As `ui.runs.stop`.
    """
    runs.stop(sweep.process)


def delete(sweep: SweepFolder, *, with_runs: bool) -> None:
    """Move a sweep to the trash, on demand with its runs; what goes wrong is shown on the next run of the page."""
    folders = [sweep.path]
    if with_runs:
        try:
            folders += [run.path for member in sweep.members() if (run := sweep.run_of(member))]
        except VaeCoreError as problem:
            st.session_state[trash.PROBLEM] = str(problem)
            return
    trash.delete(*folders)


def can_resume(sweep: SweepFolder) -> bool:
    """Whether a sweep that ended has runs left to train."""
    return sweep.process.status().state in ("stopped", "interrupted", "failed")


def command_of(sweep: SweepFolder) -> list[str]:
    """The command line that makes the same sweep elsewhere, as short as it can be."""
    plan = sweep.plan()
    return [*sweep_command(plan.base, plan.axes, complete=False), "--name", sweep.name]


def buttons(sweep: SweepFolder) -> None:
    """What may be done with a sweep; the keys name it, so that no press ever reaches another one."""
    live, name = is_live(sweep.process), sweep.name
    asked = live and sweep.process.stop_asked()
    if live and st.button(
        "Stopping …" if asked else "Stop", icon=":material/stop:", disabled=asked, key=f"sweep stop {name}"
    ):
        stop(sweep)
        st.rerun()
    if can_resume(sweep) and st.button("Resume", icon=":material/resume:", key=f"sweep resume {name}"):
        resume(sweep)
        st.rerun()
    why_not = "Stop it first, then delete it." if live else None
    with st.popover("Delete", icon=":material/delete:", disabled=live, help=why_not, key=f"sweep delete {name}"):
        if st.button("The sweep and its models", key=f"sweep delete all {name}", width="stretch"):
            delete(sweep, with_runs=True)
            st.rerun()
        if st.button("The sweep alone", key=f"sweep delete one {name}", width="stretch"):
            delete(sweep, with_runs=False)
            st.rerun()
