"""Sweeps: settings on the left, what they are varied over, and the sweeps of this server on the right."""

import shlex
from pathlib import Path

import streamlit as st

from ui import address, trash
from ui.sweeps import axes, manage, progress
from ui.sweeps.figures import choose_figure, unit_of
from ui.sweeps.grid import best_of, show_grid
from ui.sweeps.table import csv_of, show_table
from ui.text import plain
from ui.train import form
from vae_core.errors import VaeCoreError
from vae_core.training.sweep_folder import SweepFolder, list_sweeps
from vae_core.training.sweep_table import grouped, ranked, sweep_rows

EXPLORE, COMPARE = (Path(__file__).with_name(f"{name}.py") for name in ("explore", "compare"))


@st.fragment
def new_sweep() -> None:
    """The settings: a change reruns the form and nothing else."""
    varied_first = st.container()
    st.markdown("###### What all runs have in common")
    chosen = form.settings("sweep")
    with varied_first:
        varied = axes.choose_axes(chosen)
        device = progress.choose_devices(chosen.more.device)
        runs, said = 0, ""
        try:
            runs = progress.count(chosen, varied) if chosen.data.is_ready and varied else 0
        except VaeCoreError as problem:
            said = str(problem)
        if st.button(
            f"Start {runs} runs" if runs else "Start",
            type="primary", icon=":material/play_arrow:", width="stretch", disabled=not runs, key="sweep start",
        ):  # fmt: skip
            try:
                st.session_state["sweep"] = manage.start(chosen, varied, device).name
                st.rerun()
            except VaeCoreError as problem:
                said = str(problem)
        if said:
            st.error(plain(said), icon=":material/error:")


def watch_sweeps(live_before: frozenset[str]) -> None:
    """The list and the chosen sweep; as a fragment it reruns every second while something is going on."""
    by_name = {sweep.name: sweep for sweep in list_sweeps()}
    if progress.live_names(by_name) != live_before or not by_name:
        st.rerun()
    sweep = by_name[progress.choose_sweep(by_name)]
    try:
        show_sweep(sweep)
    except VaeCoreError as problem:
        st.error(plain(str(problem)), icon=":material/error:")
        manage.buttons(sweep)


def show_sweep(sweep: SweepFolder) -> None:
    """One sweep: how far it is, its maps and its table."""
    plan, rows = sweep.plan(), sweep_rows(sweep)
    fields = [axis.field for axis in plan.axes]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{sweep.name}**", width="stretch")
        manage.buttons(sweep)
    progress.show(sweep, rows)
    groups = grouped(rows, fields)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        figure = choose_figure(groups)
        st.download_button(
            "CSV", csv_of(fields, rows), f"{sweep.name}.csv", "text/csv", on_click="ignore",
            icon=":material/download:", key=f"sweep csv {sweep.name}",
        )  # fmt: skip
    show_grid(sweep.name, plan.axes, groups, figure, lambda name: st.session_state.update({"sweep opens": name}))
    st.caption(
        f"Each map is that of the test split, a colour a class; below it {unit_of(figure)}. The best is framed; a "
        "click opens the model in Explore."
    )
    if opens := st.session_state.pop("sweep opens", None):
        explore(opens)
    best_first = ranked(groups, figure)
    marked = show_table(sweep.name, fields, best_first, figure) or best_first
    models = [row.member.name for group in marked if (row := best_of(group, figure))]
    with st.container(horizontal=True, vertical_alignment="center"):
        if models and st.button(f"Explore {models[0]}", icon=":material/explore:", key=f"sweep explore {sweep.name}"):
            explore(models[0])
        together = models[:4]
        if len(together) > 1 and st.button(
            f"Compare {'those marked' if marked is not best_first else f'the best {len(together)}'}",
            icon=":material/balance:", key=f"sweep compare {sweep.name}",
            help="Mark two to four lines of the table to compare others.",
        ):  # fmt: skip
            address.wish("models", ",".join(together))
            st.switch_page(COMPARE)
    with st.expander("The same from a shell", icon=":material/terminal:"):
        st.code(shlex.join(manage.command_of(sweep)), language="bash", wrap_lines=True)


def explore(name: str) -> None:
    """Open a model of the sweep."""
    st.session_state["model"] = name
    address.forget()
    st.switch_page(EXPLORE)


left, right = st.columns([2, 3], gap="large")
with left:
    new_sweep()
with right:
    trash.show_undo()
    if sweeps := {sweep.name: sweep for sweep in list_sweeps()}:
        live = progress.live_names(sweeps)
        st.fragment(watch_sweeps, run_every=1.0 if live else None)(live)
    else:
        with st.container(border=True, height=320, horizontal_alignment="center", vertical_alignment="center"):
            st.markdown(
                ":gray[No sweep yet: choose what to vary, press **Start**, and the maps appear here.]", width="content"
            )
