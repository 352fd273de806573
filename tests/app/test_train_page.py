"""The Train page through AppTest: the form, the list of runs, and what may be done with a run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import ROOT, OpenApp
from tests.vae_core.test_run_folder import epoch_line
from ui import runs
from vae_core.checkpoints import SHIPPED_DIR
from vae_core.config import ModelConfig, RunConfig, TrainConfig
from vae_core.data import DATASETS
from vae_core.errors import CheckpointError
from vae_core.training import process
from vae_core.training.process import new_request
from vae_core.training.records import FixedSubset, Snapshot
from vae_core.training.run_folder import RunFolder, Status, list_runs

OpenPage = Callable[[], AppTest]
SMALL = RunConfig(dataset="digits", model=ModelConfig(hidden=(8,)), training=TrainConfig(epochs=2, threads=1))


@pytest.fixture
def open_page(open_app: Callable[[str], AppTest]) -> OpenPage:
    """Give a function that brings a new visitor to the page."""
    return lambda: open_app("train")


def sentences(app: AppTest) -> str:
    """All that the page says in error boxes, captions and plain text."""
    assert not app.exception
    return "\n".join(str(element.value) for element in (*app.error, *app.caption, *app.markdown))


def a_run(name: str, status: Status, config: RunConfig = SMALL) -> RunFolder:
    """A run's folder as a process would leave it."""
    run = RunFolder.create(name, new_request(config, "cpu"))
    run.write_status(replace(status, updated=time.time()))
    return run


@pytest.fixture
def live() -> Iterator[Callable[[str, Status], RunFolder]]:
    """Make a run whose lock is held, as a training process would hold it."""
    with ExitStack() as held:

        def make(name: str, status: Status) -> RunFolder:
            run = a_run(name, status)
            held.enter_context(run.lock().acquire(timeout=0))
            return run

        yield make


def test_defaults_are_the_configurations(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """Start without a touch makes a run of exactly the defaults, with the set's own epochs, under the name shown."""
    app = open_page()
    name = app.text_input(key="train name").placeholder
    app.button(key="train start").click().run()
    assert [name] == [run.name for run in launched] == [run.name for run in list_runs()]
    assert f"Begun here last: **{name}**" in " ".join(caption.value for caption in app.caption).replace("\\", "")
    expected = RunConfig(dataset="digits", training=TrainConfig(epochs=DATASETS["digits"].epochs))
    assert new_request(expected, "cpu").config == RunFolder.find(name).request().config


def test_the_form_reaches_the_run(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """What was entered stands in run.json, and the command shown asks for the same."""
    app = open_page()
    app.text_input(key="train name").set_value("mine").run()
    app.text_input(key="train hidden").set_value("64, 32").run()
    app.selectbox(key="train likelihood").set_value("gaussian").run()
    app.selectbox(key="train sigma_kind").set_value("number").run()
    app.number_input(key="train sigma").set_value(0.25).run()
    app.number_input(key="train beta").set_value(4.0).run()
    app.number_input(key="train epochs").set_value(7).run()
    command = app.code[0].value
    app.button(key="train start").click().run()
    model = ModelConfig(hidden=(64, 32), likelihood="gaussian", sigma=0.25)
    expected = RunConfig(dataset="digits", model=model, training=TrainConfig(beta=4.0, epochs=7))
    assert new_request(expected, "cpu").config == RunFolder.find("mine").request().config
    for part in ("--hidden 64,32", "--sigma 0.25", "--beta 4.0", "--epochs 7", "--name mine"):
        assert part in command


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("train epochs", 0, "epochs"),
        ("train learning_rate", 2.0, "learning_rate"),
        ("train latent_dim", 100_000, "latent_dim"),
        ("train hidden", "64;32", "Hidden widths"),
        ("train hidden", "64,-3", "hidden"),
        ("train name", "../elsewhere", "name"),
    ],
)
def test_a_bad_value_gives_a_sentence(
    open_page: OpenPage, launched: list[RunFolder], key: str, value: object, said: str
) -> None:
    """A refused value is named beside the form, nothing is started, and what was entered stays."""
    app = open_page()
    field = app.text_input(key=key) if isinstance(value, str) else app.number_input(key=key)
    field.set_value(value).run()
    assert said in app.error[0].value.replace("\\", "")
    app.button(key="train start").click().run()
    (error,) = app.error
    assert said in error.value.replace("\\", "")
    assert [] == launched == list_runs()
    assert value == app.session_state[key]


@pytest.mark.parametrize("key", ["train name", "train hidden"])
def test_what_is_quoted_in_an_error_stays_letters(open_page: OpenPage, key: str) -> None:
    """A refused text that would be a picture in Markdown is escaped, so that no browser fetches it."""
    app = open_page()
    app.text_input(key=key).set_value("![x](http://evil.example/n.png)").run()
    (error,) = app.error
    assert "![x](" not in error.value
    assert "http://" not in error.value


def test_a_name_that_is_taken_is_refused(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """The name of a shipped or of another run gives a sentence and starts nothing."""
    a_run("taken", Status(state="stopped"))
    app = open_page()
    app.text_input(key="train name").set_value("taken").run()
    app.button(key="train start").click().run()
    assert "taken" in app.error[0].value
    assert [] == launched


def test_visitors_who_start_at_once_get_names_of_their_own(
    launched: list[RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another visitor takes the free name first, the next one is taken."""
    names = iter(["digits-2d-1", "digits-2d-1", "digits-2d-2"])
    monkeypatch.setattr(process, "free_name", lambda base, home: next(names))
    assert ["digits-2d-1", "digits-2d-2"] == [runs.start(SMALL, "", "cpu").name for _ in range(2)]
    assert ["digits-2d-1", "digits-2d-2"] == [run.name for run in launched]


def test_a_missing_data_set_cannot_be_started(
    open_page: OpenPage, launched: list[RunFolder], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without its data a set offers to be fetched; where that fails the page says why."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    app = open_page()
    app.selectbox(key="train dataset").set_value("mnist").run()
    assert app.button(key="train start").disabled
    app.button(key="train fetch").click().run()
    assert "could not be downloaded" in app.error[0].value
    assert any("VAE\\_OFFLINE" in caption.value for caption in app.main.caption)
    assert 30 == app.number_input(key="train epochs").value


def test_nothing_yet_is_a_sentence(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """Without runs the page says how to begin."""
    assert "No run yet" in sentences(open_page())


def test_a_queued_run_says_for_whom_it_waits(open_page: OpenPage, live: Callable[[str, Status], RunFolder]) -> None:
    """A waiting run shows its message."""
    live("queued", Status(state="waiting", message="Waiting for cpu, which the run 'first' is using."))
    assert "Waiting for cpu, which the run 'first' is using." in sentences(open_page())


def test_a_live_run_can_be_stopped_but_not_deleted(
    open_page: OpenPage, live: Callable[[str, Status], RunFolder]
) -> None:
    """Delete is off while a run goes on, and refused when it is asked for all the same; Stop leaves its wish."""
    run = live("going", Status(state="running", epochs=9))
    app = open_page()
    assert app.button(key="train delete going").disabled
    with pytest.raises(CheckpointError, match="stop it first"):
        runs.delete(run)
    app.button(key="train stop going").click().run()
    assert run.stop_asked()
    assert app.button(key="train stop going").disabled


def test_delete_and_undo(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """A deleted run leaves the list and comes back, whole, with Undo."""
    run = a_run("gone", Status(state="stopped"))
    app = open_page()
    app.button(key="train delete gone").click().run()
    assert [] == list_runs()
    assert "“gone” is in the trash" in sentences(app)
    app.button(key="undo delete").click().run()
    assert SMALL == run.request().config
    assert "gone" == app.session_state["train run"]
    assert "in the trash" not in sentences(app)


def test_undo_is_offered_on_the_other_page_too(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """What Train threw away comes back from Model, and what Model's undo brought back is the run that Train shows."""
    run = a_run("gone", Status(state="stopped"))
    a_run("other", Status(state="stopped"))
    app = open_page()
    app.radio(key="train choice").set_value("gone").run()
    app.button(key="train delete gone").click().run()
    app.switch_page(str(ROOT / "pages" / "model.py")).run()
    app.button(key="undo delete").click().run()
    assert not app.exception
    assert SMALL == run.request().config
    app.switch_page(str(ROOT / "pages" / "train.py")).run()
    assert "**gone**" in sentences(app)


def test_a_deleted_model_is_no_longer_the_chosen_one(
    open_app: OpenApp, launched: list[RunFolder], isolated: Path
) -> None:
    """Deleting on Train the model that is open opens another without complaint, and undo chooses it again."""
    a_run("mine", Status(state="finished"))
    shutil.copytree(SHIPPED_DIR / "digits-2d", isolated / "mine", dirs_exist_ok=True)
    app = open_app("train", model="mine")
    app.button(key="train delete mine").click().run()
    assert [] == [warning.value for warning in app.warning]
    assert "mine" not in (app.session_state["model"], app.query_params["model"])
    app.button(key="undo delete").click().run()
    assert not app.exception
    assert "mine" == app.session_state["model"] == app.query_params["model"]


@pytest.mark.parametrize("state", ["stopped", "interrupted", "failed"])
def test_resume_starts_the_process_again(open_page: OpenPage, launched: list[RunFolder], state: str) -> None:
    """Resume takes back the wish to stop and starts the run that is there."""
    run = a_run("paused", Status(state=state))  # type: ignore[arg-type]
    run.ask_to_stop()
    open_page().button(key="train resume paused").click().run()
    assert ["paused"] == [run.name for run in launched]
    assert not run.stop_asked()


def test_a_killed_run_shows_as_interrupted(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """A run whose process is gone without a word can be resumed."""
    a_run("killed", Status(state="running", epoch=3, epochs=9))
    app = open_page()
    assert "resume" in sentences(app)
    assert not app.button(key="train resume killed").disabled


def test_a_failed_run_says_why(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """The message stands in a box, the end of the log is folded away."""
    run = a_run("bad", Status(state="failed", message="The loss stopped being a number."))
    (run.path / "train.log").write_text("first line\nlast line\n")
    app = open_page()
    assert "The loss stopped being a number." == app.error[0].value
    assert any("last line" in code.value for code in app.code)


def test_too_many_convolutions_are_refused(open_page: OpenPage, launched: list[RunFolder]) -> None:
    """More stride-2 convolutions than the image has halvings give a sentence before a run is made."""
    app = open_page()
    app.selectbox(key="train network").set_value("conv").run()
    app.text_input(key="train hidden").set_value("8,8,8,8").run()
    app.button(key="train start").click().run()
    assert "8x8" in app.error[0].value
    assert [] == launched


@pytest.mark.parametrize("file", ["run.json", "history.jsonl", "snapshots/fixed.npz", "snapshots/epoch-0001.npz"])
def test_a_damaged_folder_does_not_break_the_page(open_page: OpenPage, launched: list[RunFolder], file: str) -> None:
    """Whichever file of a run is no longer what it was, there is a page, and the run can still be deleted."""
    run = a_run("torn", Status(state="stopped"))
    figures = {"loss": 3.0, "elbo": -3.0, "log_likelihood": -2.0, "kl": 1.0}
    line = {"epoch": 1, "train": figures, "validation": figures, "kl_weight": 1.0, "kl_per_dimension": [0.5, 0.5]}
    run.write_history([line])
    images = np.zeros((3, 1, 8, 8), np.uint8)
    run.write_fixed(FixedSubset(np.arange(3), images))
    run.write_snapshot(Snapshot(1, np.zeros((3, 2), np.float32), images))
    (run.path / file).write_text("{")
    app = open_page()
    assert not app.exception
    app.button(key="train delete torn").click().run()
    assert [] == list_runs()


def test_the_best_figure_is_that_of_the_weights_that_are_kept(open_page: OpenPage) -> None:
    """Not an epoch of the warm-up, however high its ELBO, and it is said what the weights are kept by."""
    run = a_run("warm", Status(state="stopped"))
    epochs = [(1, -1.0, True), (2, -3.0, True), (3, -4.0, False)]
    run.write_history(
        [
            epoch_line(epoch, best=best, validation={"elbo": elbo, "log_likelihood": elbo + 0.5, "kl": 0.5})
            for epoch, elbo, best in epochs
        ]
    )
    shown = {metric.label: metric for metric in open_page().metric}
    assert "−3.00" == shown["Best ELBO · epoch 2"].value
    assert "the best by ELBO (beta = 1)" in shown["Best ELBO · epoch 2"].help


def test_a_run_from_start_to_explore(open_page: OpenPage) -> None:
    """A real process trains digits; a visitor who comes later sees it, and opens it in Explore."""
    app = open_page()
    app.text_input(key="train hidden").set_value("8").run()
    app.number_input(key="train epochs").set_value(2).run()
    app.button(key="train start").click().run()
    (run,) = list_runs()
    deadline = time.monotonic() + 90
    while run.status().state != "finished" and time.monotonic() < deadline:
        assert run.status().state != "failed", run.status().message
        time.sleep(0.2)
    later = open_page()
    assert "ELBO" in [metric.label for metric in later.metric]
    assert "digits-2d-1" in later.selectbox(key="model choice").options
    later.button(key=f"train open {run.name}").click().run()
    assert run.name == later.session_state["model"]
    assert not later.exception
