"""Train: settings on the left, the runs of this server on the right."""

from pathlib import Path

import streamlit as st

from ui import runs, runs_list, trash
from ui.doctor.panel import show_doctor
from ui.text import plain
from ui.train import form, watch
from vae_core.errors import VaeCoreError
from vae_core.training.run_folder import LIVE_STATES, RunFolder, list_runs

RUNS = Path(__file__).with_name("runs.py")


@st.fragment
def new_run() -> None:
    """The settings: a change reruns the form and nothing else."""
    chosen = form.settings()
    ready = chosen.data.is_ready
    with st.container(horizontal=True):
        pressed = st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=not ready,
            key="train start",
        )
        held = st.button(
            "Step by step",
            icon=":material/skip_next:",
            disabled=not ready,
            key="train start held",
            help="Begins held: it goes on by one batch or one epoch at a press, and shows what each batch did.",
        )
    if not ready:
        return
    try:
        config, command = chosen.config(), chosen.command()
        if pressed or held:
            shape = chosen.data.image_shape
            run = runs.start(config, chosen.training.name, chosen.more.device, shape, held=held)
            st.session_state["train run"] = st.session_state["train begun"] = run.name
            st.rerun()
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")
        return
    if begun := st.session_state.get("train begun"):  # below a long form the runs may be out of sight
        st.caption(f":material/check: Begun here last: **{plain(begun)}**, at the top among the runs.")
    with st.expander("The same from a shell", icon=":material/terminal:"):
        st.code(command, language="bash", wrap_lines=True)


def watch_runs(live_before: frozenset[str]) -> None:
    """The list and the chosen run; as a fragment it reruns every second while something is going on."""
    by_name = {run.name: run for run in list_runs()}
    statuses = {name: run.status() for name, run in by_name.items()}
    if runs.live_names(statuses) != live_before or not by_name:
        st.rerun()  # the whole page: a run that ended is a model now, and the sidebar lists it
    chosen = runs_list.choose_run(by_name, statuses, height=136)
    try:
        show_run(chosen)
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")


def show_run(run: RunFolder) -> None:
    """One run in detail."""
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{run.name}**", width="stretch")
        runs_list.buttons(run, status.state)
        if run.snapshot_epochs() and st.button("Timeline", icon=":material/movie:", key=f"train timeline {run.name}"):
            st.switch_page(RUNS)
    watch.show_details(run, status)
    if status.state not in LIVE_STATES:
        with st.expander("Doctor", icon=":material/stethoscope:"):
            show_doctor(run)


left, right = st.columns([2, 3], gap="large")
with left:
    new_run()
with right:
    trash.show_undo()
    all_runs = list_runs()
    if all_runs:
        live = runs.live_names({run.name: run.status() for run in all_runs})
        st.fragment(watch_runs, run_every=1.0 if live else None)(live)
    else:
        with st.container(border=True, height=320, horizontal_alignment="center", vertical_alignment="center"):
            st.markdown(":gray[No run yet: press **Start** and watch the model's space form here.]", width="content")
