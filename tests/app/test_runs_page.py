"""The Runs page through AppTest: which run it shows, what it sends of it, and what it says where there is nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.app.conftest import OpenApp, sent
from tests.vae_core.runs import new_run
from tests.vae_core.test_run_folder import epoch_line
from vae_core.training.records import FixedSubset, Snapshot
from vae_core.training.run_folder import RunFolder, Status

IMAGES = np.zeros((3, 1, 8, 8), np.uint8)


def a_run(home: Path, name: str, n_epochs: int = 3) -> RunFolder:
    """A stopped run with so many epochs."""
    run = new_run(home, name)
    run.write_status(Status(state="stopped", epoch=n_epochs))
    run.write_fixed(FixedSubset(np.arange(3), IMAGES, ("a", "b", "c")))
    run.write_history([epoch_line(epoch, kl_weight=epoch / n_epochs) for epoch in range(1, n_epochs + 1)])
    for epoch in range(1, n_epochs + 1):
        run.write_snapshot(Snapshot(epoch, np.full((3, 2), epoch, np.float32), IMAGES, IMAGES))
    return run


def test_the_address_chooses_the_run_and_the_epoch(open_app: OpenApp, isolated: Path) -> None:
    """Each snapshot is named by its file's hash; the curves have the values of the frames' epochs."""
    run = a_run(isolated, "first")
    a_run(isolated, "other", 1)
    app = open_app("runs", run="first", epoch="2")
    assert not app.exception
    data = sent(app, "timeline")
    assert ("first", "first") == (data["run"], app.query_params["run"])
    keys = [hashlib.sha256(run.snapshot_path(epoch).read_bytes()).hexdigest() for epoch in (1, 2, 3)]
    assert keys == [frame["key"] for frame in data["frames"]]
    assert [1, 2, 3] == data["curves"]["epochs"]
    titles = [panel["title"] for panel in data["curves"]["panels"]]
    assert {"ELBO", "KL", "Weight of the KL"} <= set(titles)
    assert [[0.25, 0.25]] * 3 == data["kl"]["rows"]
    app.radio(key="train choice").set_value("other").run()
    assert ("other", [1]) == (sent(app, "timeline")["run"], [f["epoch"] for f in sent(app, "timeline")["frames"]])


def test_train_leads_to_the_timeline(open_app: OpenApp, isolated: Path) -> None:
    """Of the run that it shows."""
    a_run(isolated, "one")
    a_run(isolated, "two")
    app = open_app("train")
    app.radio(key="train choice").set_value("one").run()
    app.button(key="train timeline one").click().run()
    assert not app.exception
    assert "one" == sent(app, "timeline")["run"]


def test_a_shipped_model_has_no_timeline_and_is_told_so(open_app: OpenApp, isolated: Path) -> None:
    """Kindly, and with a way on; a name that is none's is not repeated."""
    app = open_app("runs", run="mnist-2d")
    assert "came with the project" in app.info[0].value
    assert any("No run yet" in markdown.value for markdown in app.markdown)
    app = open_app("runs", run="<b>no such")
    assert "no such" not in app.warning[0].value


@pytest.mark.parametrize("file", ["run.json", "history.jsonl", "snapshots/fixed.npz", "snapshots/epoch-0002.npz"])
def test_a_damaged_folder_does_not_break_the_page(open_app: OpenApp, isolated: Path, file: str) -> None:
    """Whichever file of a run is no longer what it was, the other frames are shown."""
    run = a_run(isolated, "torn")
    (run.path / file).write_text("{")
    app = open_app("runs")
    assert not app.exception
    assert 2 <= len(sent(app, "timeline")["frames"]) <= 3


def test_a_run_without_a_snapshot_says_when_there_will_be_one(open_app: OpenApp, isolated: Path) -> None:
    """Before its first epoch has ended."""
    new_run(isolated, "young").write_status(Status(state="stopped"))
    app = open_app("runs")
    assert any("No snapshot yet" in caption.value for caption in app.caption)
