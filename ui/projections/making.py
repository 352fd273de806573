"""The projection that is shown: kept with the model, or made once by a process of its own that can be stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from threading import Lock, Thread
from time import sleep

import streamlit as st

from ui.measuring import PROGRESS_LINE, start_command
from ui.projections.choose import TITLES
from ui.stoppable import LOOK_SECONDS, Stoppable
from ui.text import plain
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError
from vae_core.latent.projection_files import kept_projection, make_projection, projection_file
from vae_core.latent.projections import MOST_CODES, Projection, Settings

BEAT = 0.1
"""Seconds between two looks at whether somebody has asked for the work to end."""

_turn = Lock()
"""One at a time: each keeps a core busy."""


def current_projection(explorer: LatentExplorer, settings: Settings) -> Projection | None:
    """The projection where it is known, else None; components are found at once."""
    if settings.method == "pca":
        return _components(explorer.card.key, explorer)
    try:
        written = projection_file(explorer.path, explorer.card, settings).stat().st_mtime_ns
    except OSError:
        return None
    return _kept(explorer.card.key, settings, written, explorer)


@st.cache_resource(max_entries=16, show_spinner="Projecting the codes …")
def _components(card: str, _explorer: LatentExplorer) -> Projection:
    return make_projection(_explorer.latents, Settings.of("pca"))


@st.cache_resource(max_entries=32, show_spinner=False)
def _kept(card: str, settings: Settings, written: int, _explorer: LatentExplorer) -> Projection | None:
    return kept_projection(_explorer.path, _explorer.card, settings)


@st.cache_resource(max_entries=64, show_spinner=False)
def _making(card: str, settings: Settings) -> Stoppable:
    return Stoppable("The projection could not be made.")


def offer_projection(explorer: LatentExplorer, settings: Settings) -> None:
    """What stands where the map will be: a button, then progress and a stop."""
    making = _making(explorer.card.key, settings)
    title = TITLES[settings.method]
    with st.container(border=True):
        if making.is_going_on:
            st.fragment(_show_progress, run_every=LOOK_SECONDS)(making, title)
            return
        n = min(len(explorer.latents.mu), MOST_CODES)
        if making.problem:
            st.error(plain(making.problem), icon=":material/error:")
        st.markdown(f"{title} with these settings has not been made for this model yet. It is made once, and kept.")
        if st.button(
            f"Project {n:,} codes", type="primary", icon=":material/scatter_plot:", key=f"make {settings.method}"
        ):
            making.begin(lambda told: run_command(project_command(explorer, settings), told))
            st.rerun(scope="fragment")


def project_command(explorer: LatentExplorer, settings: Settings) -> list[str]:
    """What the process is started with: the model's folder and the settings."""
    command = ["-m", "vae_core", "project", str(explorer.path), "--method", settings.method]
    return [sys.executable, *command, "--neighbours", str(settings.neighbours), "--seed", str(settings.seed)]


def run_command(command: list[str], told: Callable[[float], None]) -> None:
    """Run a command of this project to its end; when `told` raises, the process is killed.

    Raises
    ------
    VaeCoreError
        When it cannot be started, or fails: with its own words.
    """
    while not _turn.acquire(timeout=BEAT):
        told(0.0)
    try:
        process = start_command(command)
    except OSError as problem:
        _turn.release()
        raise VaeCoreError(f"The process could not be started ({problem.strerror}).") from None
    said = _Said()
    reader = Thread(target=said.listen, args=(process,), name="projecting", daemon=True)
    try:
        reader.start()
        while process.poll() is None:
            told(said.share)
            sleep(BEAT)
        reader.join()
    finally:
        process.kill()
        process.wait()
        _turn.release()
    if process.returncode:
        raise VaeCoreError(said.last.removeprefix("error: ") or f"The process ended with status {process.returncode}.")


class _Said:
    """What a process has said on stderr so far."""

    def __init__(self) -> None:
        self.share, self.last = 0.0, ""

    def listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                if found := PROGRESS_LINE.fullmatch(line.strip()):
                    self.share = min(1.0, int(found[1]) / 100)
                else:
                    self.last = line.strip()[:500] or self.last


def _show_progress(making: Stoppable, title: str) -> None:
    if not making.is_going_on:
        st.rerun()  # the page, which shows the map now, or what went wrong
    st.progress(min(1.0, making.share), text=f"{title}: {making.share:.0%}")
    asked = making.stop_asked
    st.button(
        "Stopping …" if asked else "Stop",
        icon=":material/stop:",
        disabled=asked,
        key="stop projection",
        on_click=making.stop,
    )
