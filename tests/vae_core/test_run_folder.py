"""The run folder: what watchers see of a run that lives, has died, was torn or was thrown away."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.vae_core.runs import new_run, small_config
from vae_core.errors import CheckpointError, ConfigError
from vae_core.training.process import free_name, new_request
from vae_core.training.process import run as train_run
from vae_core.training.records import FixedSubset, Snapshot, load_npz
from vae_core.training.run_folder import RESUME, RunFolder, Status, list_runs
from vae_core.trash import restore_checkpoint, trash_checkpoint


def test_what_was_asked_for_is_read_back(isolated: Path) -> None:
    """run.json holds the configuration, the device and the command."""
    request = new_request(small_config(seed=7), "cpu")
    folder = RunFolder.create("asked", request, isolated)
    assert request == RunFolder.find("asked", isolated).request() == folder.request()
    assert ["asked"] == [path.name for path in isolated.iterdir()]


@pytest.mark.parametrize("name", ["", "local", ".hidden", "a/b", "../up", "-o", "a" * 65, "ä", "a b", "a\n", "a\0"])
def test_names_that_no_folder_should_have(name: str, isolated: Path) -> None:
    """Neither a new run nor a search takes them, and nothing is made."""
    with pytest.raises(ConfigError, match="cannot be used"):
        new_run(isolated, name)
    with pytest.raises(ConfigError, match="cannot be used"):
        RunFolder.find(name, isolated)
    assert [] == list(isolated.iterdir())


def test_a_name_is_given_once(isolated: Path) -> None:
    """A second run of that name is refused, and the first is untouched."""
    folder = new_run(isolated, "mine")
    with pytest.raises(CheckpointError, match=r"already a model or run named 'mine'.*--resume"):
        new_run(isolated, "mine", seed=1)
    assert 0 == folder.request().config.training.seed
    assert "mine-1" == free_name("mine", isolated)
    new_run(isolated, "mine-1")
    assert "mine-2" == free_name("mine", isolated)


def test_the_name_of_a_shipped_model_is_taken(isolated: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new run cannot hide what came with the project."""
    (tmp_path / "shipped-2d").mkdir()
    monkeypatch.setattr("vae_core.training.run_folder.SHIPPED_DIR", tmp_path)
    with pytest.raises(CheckpointError, match="already"):
        new_run(isolated, "shipped-2d")


@pytest.mark.parametrize("state", ["running", "waiting", "evaluating", "starting"])
def test_a_dead_process_shows_as_interrupted(state: str, run: RunFolder) -> None:
    """Whatever it said last, a run whose lock is free is not running; its figures stay."""
    an_hour_ago = time.time() - 3600
    os.utime(run.path / "run.json", (an_hour_ago, an_hour_ago))
    run.write_status(Status(state=state, epoch=3, epochs=9, updated=an_hour_ago))  # type: ignore[arg-type]
    assert ("interrupted", 3, 9) == (run.status().state, run.status().epoch, run.status().epochs)
    assert "resume" in run.status().message
    with run.lock():
        assert state == run.status().state
    assert "interrupted" == run.status().state


def test_a_process_that_was_just_started_is_not_dead(run: RunFolder) -> None:
    """Between the start and the lock lie seconds, also for a run that was made long ago."""
    os.utime(run.path / "run.json", (0, 0))
    assert "interrupted" == run.status().state  # nobody started it
    run.write_status(Status(state="starting", updated=time.time()))
    assert "starting" == run.status().state


def test_killed_after_its_last_file_a_run_is_finished(checkpoint: Path) -> None:
    """A card and no state to resume from: all was done but the last word."""
    folder = RunFolder(checkpoint)
    folder.write_status(Status(state="evaluating", updated=1.0))
    assert folder.is_done()
    assert "finished" == folder.status().state
    (checkpoint / RESUME).touch()
    assert not folder.is_done()
    assert "interrupted" == folder.status().state


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"state": "dancing"}', b"\xff\xfe", b'{"state": "running", "epoch": NaN}']
)
def test_a_damaged_status_is_no_error(content: bytes, run: RunFolder) -> None:
    """Watchers get a status in any case."""
    (run.path / "status.json").write_bytes(content)
    assert "starting" == run.status().state


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b'{"config": 1}', b"\xff"])
def test_a_damaged_request_is_one_sentence(content: bytes, run: RunFolder) -> None:
    """What cannot be read is named with its run."""
    (run.path / "run.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"^new: run\.json[^\n]+\.$"):
        run.request()


def epoch_line(epoch: int, **other: Any) -> dict[str, Any]:
    """A sound line of a history, with what is given instead."""
    line = {
        "epoch": epoch,
        "train": {"loss": 2.0, "log_likelihood": -1.5, "kl": 0.5, "elbo": -2.0},
        "validation": {"elbo": -2.5, "log_likelihood": -2.0, "kl": 0.5},
        "kl_per_dimension": [0.25, 0.25],
        "kl_weight": 1.0,
        "learning_rate": 1e-3,
        "best": True,
        "seconds": 1.0,
        "images_per_second": 100.0,
    }
    return line | other


TORN = {
    "cut short": '{"epoch": 3, "tr',
    "null": "null\n",
    "a number": "3\n",
    "a later epoch": json.dumps(epoch_line(9)) + "\n",
    "deep": "[" * 100_000,
    "no epoch": '{"no": "epoch"}\n',
    "only an epoch": '{"epoch": 3}\n',
    "text for a number": json.dumps(epoch_line(3, kl_weight="1")) + "\n",
    "NaN": json.dumps(epoch_line(3, seconds=float("nan"))) + "\n",
    "no terms": json.dumps(epoch_line(3, validation={})) + "\n",
    "more than is known": json.dumps(epoch_line(3, other=1)) + "\n",
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_a_torn_line_ends_the_history(torn: str, run: RunFolder) -> None:
    """The lines before the damage are kept."""
    lines = [epoch_line(1), epoch_line(2)]
    run.write_history(lines)
    assert lines == run.history()
    with (run.path / "history.jsonl").open("a") as file:
        file.write(torn)
    assert lines == run.history()


def test_snapshots_are_read_back(run: RunFolder) -> None:
    """Half precision for the map, bytes for the pictures; what is missing or damaged is None."""
    run.write_fixed(run_fixed := fixed_subset())
    snapshot = Snapshot(4, np.array([[0.5, -1.25]], np.float32), np.full((1, 1, 8, 8), 7, np.uint8))
    run.write_snapshot(snapshot)
    found, fixed = run.snapshot(4), run.fixed()
    assert found is not None
    assert fixed is not None
    assert np.array_equal(snapshot.mu, found.mu)
    assert np.array_equal(snapshot.reconstructions, found.reconstructions)
    assert np.array_equal(run_fixed.originals, fixed.originals)
    assert fixed.labels is None
    (run.path / "snapshots" / "epoch-0005.npz").write_bytes(b"PK\x03\x04 nothing")
    assert (None, None, [4, 5]) == (run.snapshot(5), run.snapshot(6), run.snapshot_epochs())


def fixed_subset() -> object:
    """The fixed subset of a data set without labels."""
    return FixedSubset(None, np.zeros((2, 1, 8, 8), np.uint8))


def test_newest_runs_come_first(isolated: Path) -> None:
    """Folders in the making and other folders are no runs."""
    for age, name in enumerate(("newest", "middle", "oldest")):
        folder = new_run(isolated, name)
        os.utime(folder.path / "run.json", (1e9 - age, 1e9 - age))
    (isolated / "no-run").mkdir()
    (isolated / ".half.1234").mkdir()
    (isolated / ".half.1234" / "run.json").write_text("{}")
    assert ["newest", "middle", "oldest"] == [folder.name for folder in list_runs(isolated)]


def test_the_trash_gives_back(run: RunFolder, isolated: Path) -> None:
    """A run thrown away is off the list and comes back whole, unless its name was taken since."""
    before = (run.path / "run.json").read_bytes()
    trashed = trash_checkpoint(run.path, isolated)
    assert [] == list_runs(isolated)
    assert run.path == restore_checkpoint(trashed)
    assert before == (run.path / "run.json").read_bytes()
    trashed = trash_checkpoint(run.path, isolated)
    new_run(isolated, "new")
    with pytest.raises(CheckpointError, match="'new' has been taken since"):
        restore_checkpoint(trashed)
    assert (trashed / "run.json").exists()


def test_shipped_models_cannot_be_thrown_away(isolated: Path, tmp_path: Path) -> None:
    """What lies elsewhere stays there."""
    elsewhere = new_run(tmp_path, "shipped")
    with pytest.raises(CheckpointError, match="shipped model and cannot be deleted"):
        trash_checkpoint(elsewhere.path, isolated)
    assert elsewhere.path.exists()


def test_a_full_disk_does_not_end_a_run(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status that cannot be written is passed over."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    run.write_status(Status(state="running", epoch=1))
    monkeypatch.setattr(os, "replace", full)
    run.write_status(Status(state="running", epoch=2))
    monkeypatch.undo()
    assert 1 == run.status().epoch
    assert {"run.json", "status.json", "run.lock"} >= {path.name for path in run.path.iterdir()}


def test_half_written_files_are_swept(run: RunFolder) -> None:
    """What a kill left half written goes; everything else stays."""
    run.write_fixed(fixed_subset())  # type: ignore[arg-type]
    before = sorted(run.path.rglob("*"))
    for litter in (".model.safetensors.0123abcd.tmp", "snapshots/.epoch-0001.npz.0123abcd.tmp"):
        (run.path / litter).write_bytes(b"half")
    run.sweep()
    assert before == sorted(run.path.rglob("*"))


@pytest.mark.parametrize(
    "second",
    [
        {"kl_per_dimension": [0.5]},
        {"validation": {"elbo": None, "log_likelihood": -40.0, "kl": 2.0}},
    ],
    ids=["dimensions", "terms"],
)
def test_a_line_that_does_not_go_on_ends_the_history(second: dict[str, Any], run: RunFolder) -> None:
    """Lines with other figures than the first are not of the same run; a first epoch is always the best so far."""
    lines = [epoch_line(1), epoch_line(2, **second)]
    (run.path / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    assert [1] == [line["epoch"] for line in run.history()]
    (run.path / "history.jsonl").write_text(json.dumps(epoch_line(1, best=False)) + "\n", "utf-8")
    assert [] == run.history()


def test_folders_of_names_that_no_run_has_are_passed_over(run: RunFolder, isolated: Path) -> None:
    """Names that are no text, or that markdown would read, would stop the pages that list runs."""
    for name in (os.fsdecode(b"\xff\xfe-run"), "[a](http:evil) :red[x]"):
        (isolated / name).mkdir()
        (isolated / name / "run.json").write_bytes((run.path / "run.json").read_bytes())
    assert [run.name] == [found.name for found in list_runs(isolated)]


def test_a_folder_that_leads_out_of_itself_is_not_trained(run: RunFolder, tmp_path: Path) -> None:
    """A link among its files would have what training writes and removes land elsewhere."""
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    (run.path / "wishes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="'wishes' is a link"):
        train_run(run, on_status=lambda status: None, on_epoch=lambda line: None)


def test_what_is_no_array_or_too_large_is_no_snapshot(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that is not an array, or more bytes than a snapshot can have, are None and not read."""
    file = run.path / "some.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mu", b"no array")
    assert load_npz(file) is None
    np.savez_compressed(file, mu=np.zeros((1000, 1000)))
    assert load_npz(file) is not None
    monkeypatch.setattr("vae_core.training.records.LARGEST_NPZ", 1 << 20)
    assert load_npz(file) is None
