"""Train: settings on the left, the runs of this server on the right."""

from pathlib import Path

import streamlit as st

from ui import runs, trash
from ui.doctor.panel import show_doctor
from ui.text import plain
from ui.train import form, watch
from vae_core.errors import VaeCoreError
from vae_core.training.run_folder import LIVE_STATES, RunFolder, list_runs

EXPLORE = Path(__file__).with_name("explore.py")


@st.fragment
def new_run() -> None:
    """The settings: a change reruns the form and nothing else."""
    chosen = form.settings()
    ready = chosen.data.is_ready
    pressed = st.button(
        "Start", type="primary", icon=":material/play_arrow:", width="stretch", disabled=not ready, key="train start"
    )
    if not ready:
        return
    try:
        config, command = chosen.config(), chosen.command()
        if pressed:
            run = runs.start(config, chosen.training.name, chosen.more.device, chosen.data.image_shape)
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
    if st.session_state.get("train run") not in by_name:
        st.session_state["train run"] = next(iter(by_name))
    # The widget has a key of its own, set on every run: it follows the session, not the other way round.
    st.session_state["train choice"] = st.session_state["train run"]
    with st.container(height=136 if len(by_name) > 4 else "content", border=False):
        st.radio(
            "Runs",
            list(by_name),
            format_func=lambda name: runs.describe(by_name[name], statuses[name]),
            key="train choice",
            on_change=lambda: st.session_state.update({"train run": st.session_state["train choice"]}),
            label_visibility="collapsed",
        )
    try:
        show_run(by_name[st.session_state["train run"]])
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")


def show_run(run: RunFolder) -> None:
    """One run in detail."""
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{run.name}**", width="stretch")
        buttons(run, status.state)
    watch.show_details(run, status)
    if status.state not in LIVE_STATES:
        with st.expander("Doctor", icon=":material/stethoscope:"):
            show_doctor(run)


def buttons(run: RunFolder, state: str) -> None:
    """What may be done with a run in this state; the keys name the run, so that no press ever reaches another one."""
    live, name = state in LIVE_STATES, run.name
    asked = live and run.stop_asked()
    stop_label = "Stopping …" if asked else "Stop"
    if live and st.button(stop_label, icon=":material/stop:", disabled=asked, key=f"train stop {name}"):
        runs.stop(run)
        st.rerun()
    if runs.can_resume(run, state) and st.button("Resume", icon=":material/resume:", key=f"train resume {name}"):
        runs.resume(run)
        st.rerun()
    loadable = not live and run.is_checkpoint()
    if loadable and st.button("Open in Explore", icon=":material/explore:", key=f"train open {name}"):
        st.session_state["model"] = name
        st.switch_page(EXPLORE)
    why_not = "Stop it first, then delete it." if live else None
    if st.button("Delete", icon=":material/delete:", disabled=live, help=why_not, key=f"train delete {name}"):
        trash.delete(run.path)
        st.rerun()


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
