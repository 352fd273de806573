"""How far sweeps are: which there are, which one is looked at, and a bar for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ui import address
from ui.runs import BADGES
from ui.sweeps.axes import label_of
from ui.text import plain
from ui.train.form import Settings
from vae_core.checkpoints import NAME_PATTERN
from vae_core.device import available_devices
from vae_core.errors import VaeCoreError
from vae_core.training.process import is_live
from vae_core.training.sweep import Value, combinations, settled_axis
from vae_core.training.sweep_folder import SweepFolder
from vae_core.training.sweep_table import SweepRow

KEY = "sweep"


def count(chosen: Settings, varied: Mapping[str, tuple[Value, ...]]) -> int:
    """How many runs these settings make.

    Raises
    ------
    ConfigError
        When they cannot be.
    """
    config = chosen.config()
    settled = tuple(settled_axis(field, values, config) for field, values in varied.items())
    return len(combinations(config, settled, chosen.data.image_shape))


def choose_devices(one: str) -> str:
    """Draw the choice between one device and all GPUs, where there are several."""
    n_gpus = len(available_devices()) - 1
    if n_gpus > 1 and st.toggle(
        f"On all {n_gpus} GPUs at once", value=True, key="sweep everywhere", persist_state="session"
    ):
        return "auto"
    return one


def live_names(sweeps: Mapping[str, SweepFolder]) -> frozenset[str]:
    """Names of the sweeps that go on."""
    return frozenset(name for name, sweep in sweeps.items() if is_live(sweep.process))


def choose_sweep(sweeps: Mapping[str, SweepFolder]) -> str:
    """Draw the list; the address says which one is looked at."""
    asked = address.asked("sweep")
    if asked is not None and asked in sweeps:
        st.session_state[KEY] = asked
    elif asked and NAME_PATTERN.fullmatch(asked):
        st.warning(f"There is no sweep named `{asked}` here, so this is another one.", icon=":material/link_off:")
    if st.session_state.get(KEY) not in sweeps:
        st.session_state[KEY] = next(iter(sweeps))
    # The widget has a key of its own, set on every run: it follows the session, not the other way round.
    st.session_state["sweep choice"] = st.session_state[KEY]
    with st.container(height=136 if len(sweeps) > 4 else "content", border=False):
        st.radio(
            "Sweeps",
            list(sweeps),
            format_func=lambda name: describe(sweeps[name]),
            key="sweep choice",
            on_change=lambda: st.session_state.update({KEY: st.session_state["sweep choice"]}),
            label_visibility="collapsed",
        )
    address.write("sweep", st.session_state[KEY])
    chosen: str = st.session_state[KEY]
    return chosen


def describe(sweep: SweepFolder) -> str:
    """One line of markdown on a sweep: name, state, what it varies."""
    try:
        plan = sweep.plan()
    except VaeCoreError:
        return f"{sweep.name} :red-badge[damaged]"
    state = sweep.process.status().state
    what = " × ".join(f"{len(axis.values)} {label_of(axis.field).lower()}" for axis in plan.axes)
    return f"{sweep.name} :{BADGES[state]}-badge[{state}] :small[:gray[{plain(plan.base.dataset)} · {what}]]"


def show(sweep: SweepFolder, rows: Sequence[SweepRow]) -> None:
    """A bar over all runs, and the one under way; why it ended, where it is not done."""
    status = sweep.process.status()
    done = [row for row in rows if row.run is not None and row.run.is_done()]
    running = [row for row in rows if row.status is not None and row.status.state in ("running", "evaluating")]
    if is_live(sweep.process):
        share = sum((row.status.epoch / max(1, row.status.epochs) for row in running if row.status), float(len(done)))
        names = ", ".join(plain(row.member.name) for row in running)
        waiting = next((row.status.message for row in rows if row.status and row.status.state == "waiting"), "")
        what = f"training {names}" if names else plain(waiting) or "starting"
        st.progress(min(1.0, share / len(rows)), text=f"{len(done)} of {len(rows)} done · {what}")
    elif status.state == "failed":
        st.error(plain(status.message), icon=":material/error:")
    elif status.message:
        st.caption(f":material/info: {len(done)} of {len(rows)} runs are done. {plain(status.message)}")
