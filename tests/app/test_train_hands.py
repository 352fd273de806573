"""The Train page's hands on a run: settings changed while it trains, and a run gone through step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenApp
from tests.app.test_train_page import SMALL, a_run, sentences
from ui.train import stepping
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.training.batch_record import BatchRecord, Terms, write_batch
from vae_core.training.hold import held_at, hold
from vae_core.training.run_folder import RunFolder, Status
from vae_core.training.steering import RECORD, read_course, take_wishes, waiting_wishes, wish

Live = Callable[..., RunFolder]
RUNNING = Status(state="running", epoch=5, epochs=20, step=1, steps_per_epoch=10)
HELD = Status(state="held", epoch=5, epochs=20, step=1, steps_per_epoch=10)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """Make a run whose lock is held, as a training process would hold it; nobody answers a press."""
    monkeypatch.setattr(stepping, "LONGEST_WAIT", 0.0)
    with ExitStack() as held:

        def make(name: str, status: Status, config: RunConfig = SMALL) -> RunFolder:
            run = a_run(name, status, config)
            held.enter_context(run.lock().acquire(timeout=0))
            return run

        yield make


def field(app: AppTest, run: RunFolder, setting: str, value: float) -> object:
    """The panel's field of a setting that has this value now."""
    return app.number_input(key=f"steer {run.name} {setting} {value!r}")


def test_a_change_is_wished_taken_and_listed(open_app: OpenApp, live: Live) -> None:
    """Change leaves one wish with what was altered alone; once taken, the field and the list show it."""
    run = live("going", RUNNING)
    app = open_app("train")
    field(app, run, "beta", 1.0).set_value(8.0)
    app.button(key="steer change going").click().run()
    assert 1 == waiting_wishes(run.path)
    assert "Asked for" in sentences(app)
    course, dropped = take_wishes(run.path, "vae", read_course(run.path, "vae", SMALL.training), 51, 10)
    assert (["beta 1 → 8"], []) == (course.in_words, dropped)
    app.run()
    assert 8.0 == field(app, run, "beta", 8.0).value
    assert "after 5.1 epochs beta 1 → 8" in sentences(app)
    assert "KL weight 8," in sentences(app)
    app.button(key="steer change going").click().run()
    assert 0 == waiting_wishes(run.path)  # nothing was altered, so nothing is asked for


def test_a_refused_value_gives_a_sentence(open_app: OpenApp, live: Live) -> None:
    """A value out of bounds is named, and nothing is asked for."""
    run = live("going", RUNNING)
    app = open_app("train")
    field(app, run, "learning_rate", 2e-3).set_value(2.0)
    app.button(key="steer change going").click().run()
    assert "learning_rate" in app.error[0].value.replace("\\", "")
    assert 0 == waiting_wishes(run.path)


def test_the_panel_has_what_the_family_heeds(open_app: OpenApp, live: Live) -> None:
    """An autoencoder's learning rate alone can be changed; a run that ended has no panel, but its changes."""
    ended = a_run("ended", Status(state="stopped"))
    wish(ended.path, "vae", read_course(ended.path, "vae", SMALL.training), {"beta": 4.0})
    take_wishes(ended.path, "vae", read_course(ended.path, "vae", SMALL.training), 3, 3)
    config = RunConfig(dataset="digits", model=ModelConfig(family="ae", hidden=(8,)), training=TrainConfig(threads=1))
    live("plain", RUNNING, config)
    app = open_app("train")
    app.radio(key="train choice").set_value("plain").run()
    steered = [one.key for one in app.number_input if str(one.key).startswith("steer")]
    assert ["steer plain learning_rate 0.002"] == steered
    app.radio(key="train choice").set_value("ended").run()
    assert [] == [one.key for one in app.number_input if str(one.key).startswith("steer")]
    assert "after 1 epochs beta 1 → 4" in sentences(app)


def test_a_damaged_record_does_not_break_the_page(open_app: OpenApp, live: Live) -> None:
    """It is said in a sentence, and the rest of the run is shown."""
    run = live("torn", RUNNING)
    (run.path / RECORD).write_text("{")
    app = open_app("train")
    assert not app.exception
    assert "steering.jsonl, line 1" in app.warning[0].value.replace("\\", "")
    assert not app.button(key="train stop torn").disabled


def test_a_run_is_held_and_moved_on(open_app: OpenApp, live: Live) -> None:
    """Hold, one batch, one epoch and Go on leave the step at which the process is to wait."""
    run = live("going", RUNNING)
    app = open_app("train")
    app.button(key="train hold going").click().run()
    assert 0 == held_at(run.path)
    assert "On its way" in sentences(app)
    run.write_status(HELD)
    app.run()
    assert "other runs wait" in sentences(app)
    app.button(key="train one batch going").click().run()
    assert 5 * 10 + 1 + 1 == held_at(run.path)
    app.button(key="train one batch going").click().run()
    assert 52 == held_at(run.path)  # pressed twice before the process moved, it moves once
    app.button(key="train one epoch going").click().run()
    assert 60 == held_at(run.path)
    app.button(key="train go on going").click().run()
    assert held_at(run.path) is None


def test_what_a_batch_did_is_shown_while_it_is_held(open_app: OpenApp, live: Live) -> None:
    """Terms with their change, the gradient's norm and the pictures, of the very step at which it is held."""
    run = live("going", HELD)
    images = np.zeros((4, 1, 8, 8), np.uint8)
    before, after = Terms(30.5, -28.0, 2.5), Terms(30.0, -27.25, 2.75)
    write_batch(run.path, BatchRecord(51, 128, 1e-3, 1.0, 12.5, before, after, images, images, images))
    hold(run.path, 51)
    app = open_app("train")
    shown = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert ("30.00", "-0.500") == shown["Loss"]
    assert ("−27.25", "+0.750") == shown["Log-likelihood"]
    assert ("2.75", "+0.250") == shown["KL"]
    assert "12.5" == shown["Gradient norm"][0]
    assert "What batch 1 of epoch 6 did" in sentences(app)
    run.write_status(Status(state="held", epoch=5, epochs=20, step=2, steps_per_epoch=10))
    app.run()
    assert "What batch" not in sentences(app)  # it was of the step before


def test_a_run_can_begin_held(open_app: OpenApp, launched: list[RunFolder]) -> None:
    """Step by step starts the run with the wish to wait before its first batch; Start does not."""
    app = open_app("train")
    app.button(key="train start held").click().run()
    app.button(key="train start").click().run()
    assert [0, None] == [held_at(run.path) for run in launched]
