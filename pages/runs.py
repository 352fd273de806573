"""Runs: every training run of this server, and the film of each from its first epoch to the newest."""

from pathlib import Path

import streamlit as st

from ui import address, runs, runs_list, trash
from ui.doctor.panel import show_doctor
from ui.text import plain
from ui.timeline import timeline
from ui.timeline.take import take_away
from ui.train import watch
from vae_core.checkpoints import NAME_PATTERN, SHIPPED_DIR
from vae_core.errors import VaeCoreError
from vae_core.training import timeline as frames_of
from vae_core.training.run_folder import LIVE_STATES, RunFolder, Status, list_runs

TRAIN = Path(__file__).with_name("train.py")


def take_from_address(names: list[str]) -> None:
    """Choose the run that the address asks for; where it is none of these, say why."""
    wish = address.asked("run")
    if wish in names:
        st.session_state[runs_list.CHOSEN] = wish
    elif wish and NAME_PATTERN.fullmatch(wish) and (SHIPPED_DIR / wish).is_dir():
        st.info(
            f"`{wish}` came with the project, without the snapshots of its training. Explore shows it as it is; "
            "train one like it, and its timeline stands here.",
            icon=":material/inventory_2:",
        )
    elif wish:
        st.warning("There is no run of the name that the address asks for, so this is another one.")


def watch_runs(live_before: frozenset[str]) -> None:
    """The list and the chosen run; as a fragment it reruns every second while something is going on."""
    by_name = {run.name: run for run in list_runs()}
    statuses = {name: run.status() for name, run in by_name.items()}
    if runs.live_names(statuses) != live_before or not by_name:
        st.rerun()  # the whole page: a run that ended is a model now, and the sidebar lists it
    left, right = st.columns([1, 4], gap="medium")
    with left:
        run = runs_list.choose_run(by_name, statuses, height=210)
        if st.query_params.get("run", run.name) != run.name:
            address.write("epoch", None)  # it was the other run's
        address.write("run", run.name)
        with st.container(horizontal=True):
            runs_list.buttons(run, statuses[run.name].state)
    with right:
        try:
            show_run(run, statuses[run.name])
        except VaeCoreError as problem:
            st.error(plain(str(problem)), icon=":material/error:")


def show_run(run: RunFolder, status: Status) -> None:
    """One run: where it is, its timeline, and what can be taken away."""
    watch.show_progress(status)
    history = run.history()
    frames = frames_of.timeline(run, history)
    if frames:
        epoch, is_live = st.query_params.get("epoch"), status.state in LIVE_STATES
        timeline(run, frames, history, live=is_live, asked=epoch, key=f"timeline of {run.name}")
    else:
        st.caption("No snapshot yet: the first comes with the end of the first epoch.")
    with st.container(horizontal=True, vertical_alignment="center"):
        take_away(run, frames, history)
        st.page_link(TRAIN, label="Train another", icon=":material/model_training:")
    with st.expander("The command that started it", icon=":material/terminal:"):
        st.code(run.request().command, language="bash", wrap_lines=True)
    if status.state not in LIVE_STATES:
        with st.expander("Doctor", icon=":material/stethoscope:"):
            show_doctor(run)


trash.show_undo()
all_runs = list_runs()
take_from_address([run.name for run in all_runs])
if all_runs:
    live = runs.live_names({run.name: run.status() for run in all_runs})
    st.fragment(watch_runs, run_every=1.0 if live else None)(live)
else:
    with st.container(border=True, height=320, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown(
            ":gray[No run yet. The models that came with the project have no snapshots; train one, and see here "
            "how its space forms, epoch by epoch.]",
            width="content",
        )
        st.page_link(TRAIN, label="Train a model", icon=":material/model_training:", width="content")
