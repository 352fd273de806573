"""The doctor's panel through AppTest: it examines, shows what it found, and starts the changed run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp
from tests.vae_core.runs import new_run, train_here
from ui.doctor import panel
from ui.doctor.figure import figure_of
from ui.stoppable import Stoppable
from vae_core.data import load_dataset
from vae_core.doctor.evidence import gather
from vae_core.doctor.finding import Plot, Series
from vae_core.training.run_folder import RunFolder


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work is done when it is begun, in the same thread."""

    def begin(self: Stoppable, work: Callable[[Callable[[float], None]], None]) -> None:
        work(lambda share: None)

    monkeypatch.setattr(Stoppable, "begin", begin)


@pytest.fixture
def sick(isolated: Path) -> Iterator[RunFolder]:
    """A run of digits whose KL term weighs a hundred times too much."""
    run = new_run(isolated, "heavy", epochs=2, beta=100.0)
    train_here(run, load_dataset("digits"))
    yield run
    st.cache_resource.clear()


def texts(app: AppTest) -> str:
    """All that the page says in Markdown, captions and boxes."""
    assert not app.exception
    return "\n".join(str(one.value) for one in (*app.markdown, *app.caption, *app.warning, *app.success))


def test_a_healthy_model_is_told_what_was_looked_at(open_app: OpenApp, at_once: None) -> None:
    """The shipped digits: nothing wrong, one note, and what could not be looked at with its reason."""
    app = open_app("model")
    app.button(key="doctor digits-2d").click().run()
    said = texts(app)
    for part in ("Nothing is wrong with this run", "Looked for and not found", "no σ is learned"):
        assert part in said


def test_the_remedy_starts_the_changed_run(
    open_app: OpenApp, at_once: None, sick: RunFolder, launched: list[RunFolder]
) -> None:
    """The button makes a run that differs in β alone, and leads to it on the page Train."""
    app = open_app("train")
    app.button(key="doctor heavy").click().run()
    assert "Sum and mean mixed up" in texts(app)
    app.button(key="remedy heavy sum-and-mean").click().run()
    (begun,) = launched
    assert ("heavy-mended-1", "heavy-mended-1") == (begun.name, app.session_state["train run"])
    before, after = sick.request().config, begun.request().config
    assert (100.0, 1.0) == (before.training.beta, after.training.beta)
    assert before.model == after.model


def test_without_the_data_no_run_is_offered(
    open_app: OpenApp, at_once: None, sick: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the data is gone the finding stays and its button is off."""

    def without(folder: Path, **more: object) -> object:
        return replace(gather(folder), has_data=False)

    monkeypatch.setattr(panel, "gather", without)
    app = open_app("train")
    app.button(key="doctor heavy").click().run()
    assert app.button(key="remedy heavy sum-and-mean").disabled


def test_a_plot_has_its_curves_and_its_threshold() -> None:
    """Curves become traces, bars of few places have a tick each, and the threshold is a line across."""
    bars = figure_of(Plot("bars", "dimension", "KL", (Series("KL", (1.0, 2.0), (3.0, 0.1)),), threshold=0.5))
    assert ("bar", (1.0, 2.0), 0.5) == (bars.data[0].type, bars.layout.xaxis.tickvals, bars.layout.shapes[0].y0)
    curves = figure_of(Plot("lines", "epoch", "ELBO", tuple(Series(name, (1.0,), (2.0,)) for name in "ab")))
    assert (["a", "b"], 0) == ([trace.name for trace in curves.data], len(curves.layout.shapes))
