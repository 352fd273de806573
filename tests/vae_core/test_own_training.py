"""A model of one's own pictures, from the command line: trained, resumed elsewhere, used when the pictures are gone."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.vae_core.data.own_files import broken_files, sound_files, write
from vae_core.checkpoints import read_card
from vae_core.cli import main
from vae_core.config import DataConfig
from vae_core.data import decode

OPTIONS = ["--hidden", "8", "--epochs", "1", "--threads", "1", "--device", "cpu", "--json"]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 22 sound pictures and every broken one, named relative to where the commands run."""
    monkeypatch.chdir(tmp_path)
    broken = {name: content for name, (content, _) in broken_files().items()}
    return write(tmp_path / "my cats", sound_files(2) | broken)


def test_own_pictures_train_and_the_model_outlives_them(
    pictures: Path, isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was left out is said and listed; a resume elsewhere finds them; without them only what needs them fails."""
    assert 0 == main(["train", "--dataset", "folder:my cats", *OPTIONS])
    out, err = capsys.readouterr()
    document: dict[str, Any] = json.loads(out.splitlines()[-1])
    folder = isolated / "my-cats-2d-1"
    assert (str(folder), True) == (document["path"], "7 left out, all in left_out.csv: claims more.png" in err)
    with open(folder / "left_out.csv", encoding="utf-8", newline="") as file:
        assert ["file", *sorted(broken_files())] == [row[0] for row in csv.reader(file)]
    card = read_card(folder)
    assert (f"folder:{pictures}", "my cats", 18) == (card.data.name, card.data.title, card.data.n_train)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (folder / "card.json").unlink()  # as if it had been killed before the end
    assert 0 == main(["train", "--resume", "--name", "my-cats-2d-1", "--dataset", "folder:../my cats"])
    assert 0 == main(["evaluate", "my-cats-2d-1", "--json"])
    capsys.readouterr()
    shutil.rmtree(pictures)
    assert 0 == main(["sample", "my-cats-2d-1", "--out", "wall.png"])
    assert 1 == main(["evaluate", "my-cats-2d-1"])
    message = capsys.readouterr().err
    assert f"error: There is no folder {pictures}: put it back, or name other data with --dataset.\n" == message


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("folder:gone", "There is no folder .*gone|There is nothing at .*gone"),
        ("folder:.", "0 usable images to train with"),
        ("npz:notes.txt", "is no npz file"),
        ("zip:notes.txt", "is no zip file"),
        ("folders:x", "There is no data set 'folders:x'"),
    ],
)
def test_what_cannot_be_trained_on_is_one_line(
    dataset: str, message: str, tmp_path: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Exit status 1, a sentence that says what is wrong, and no run left behind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    assert 1 == main(["train", "--dataset", dataset, *OPTIONS])
    assert re.search(message, capsys.readouterr().err.splitlines()[-1])
    assert not list(isolated.iterdir())


@pytest.mark.parametrize("given", [[], ["--hidden", "8"]])
def test_own_pictures_are_read_once(
    given: list[str], pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From their shape to the training, each file is opened one time, whether the widths are given or not."""
    decoded, real = list[bytes](), decode.decode

    def counted(content: bytes, options: DataConfig) -> decode.Picture:
        decoded.append(content)
        return real(content, options)

    monkeypatch.setattr("vae_core.data.pictures.decode", counted)
    assert 0 == main(["train", "--dataset", "folder:my cats", "--epochs", "1", "--threads", "1", *given])
    assert len(list(pictures.iterdir())) >= len(decoded) > 20
    assert "reading the images" in capsys.readouterr().err


def test_a_family_that_own_pictures_do_not_suit_leaves_no_run(
    pictures: Path, isolated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without classes there is no cvae, which is said before a run is made."""
    assert 1 == main(["train", "--dataset", "folder:my cats", "--family", "cvae", *OPTIONS])
    assert "cvae takes a class" in capsys.readouterr().err
    assert not list(isolated.iterdir())
