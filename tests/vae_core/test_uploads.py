"""Uploads: kept whole or not at all, under names of our own, and swept when nobody needs them."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.vae_core.data.own_files import sound_files
from vae_core import uploads
from vae_core.config import DataConfig, RunConfig
from vae_core.data import load_dataset
from vae_core.errors import DataError
from vae_core.training.process import new_request
from vae_core.training.run_folder import RunFolder
from vae_core.trash import trash_checkpoint
from vae_core.uploads import UNUSED_SECONDS, UPLOADS, Upload, store_upload, sweep_uploads

PICTURES = list(sound_files().items())


def kept(isolated: Path) -> list[str]:
    """Every file below the checkpoints folder, without the name of an upload's folder."""
    files = sorted(path.relative_to(isolated) for path in isolated.rglob("*") if path.is_file())
    return [path.name if path.parts[0] == UPLOADS and len(path.parts) == 3 else str(path) for path in files]


def aged(upload: Upload) -> Upload:
    """The upload as if nobody had looked at it for longer than it is kept."""
    when = upload.folder.stat().st_mtime - UNUSED_SECONDS - 10
    os.utime(upload.folder, (when, when))
    return upload


def a_run(name: str, upload: Upload) -> RunFolder:
    """A run that is trained on an upload."""
    return RunFolder.create(name, new_request(RunConfig(dataset=upload.dataset), "cpu", shape=(1, 8, 8)))


def test_pictures_become_one_file_that_can_be_trained_on(isolated: Path) -> None:
    """Each picture is in the zip file under its own name, and the table of labels gives the classes."""
    table = "file,label\n" + "".join(f"{name},{name.endswith('.png')}\n" for name, _ in PICTURES)
    upload = store_upload([*PICTURES, ("classes of mine.CSV", table.encode())])
    assert ["labels.csv", "pictures.zip"] == kept(isolated)
    with zipfile.ZipFile(upload.folder / "pictures.zip") as archive:
        assert dict(PICTURES) == {name: archive.read(name) for name in archive.namelist()}
    images = load_dataset(upload.dataset, options=DataConfig(labels=upload.labels))
    assert (("False", "True"), ()) == (images.class_names, images.left_out)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My cats.ZIP", "My-cats.zip"),
        ("../../../etc/pass wd.npz", "pass-wd.npz"),
        ("..\\..\\run.npy", "run.npy"),
        ("кошки.zip", "zip.zip"),
        (f"{'long ' * 60}.zip", "long-long-long-long-long-long-long-long.zip"),
    ],
)
def test_an_archive_keeps_its_bytes_and_little_of_its_name(isolated: Path, name: str, expected: str) -> None:
    """Whatever a file calls itself, what is stored has plain letters and lies where uploads do."""
    upload = store_upload([(name, b"any bytes")])
    assert [expected] == kept(isolated)
    assert b"any bytes" == (upload.folder / expected).read_bytes()
    assert f"{expected[-3:]}:{upload.folder / expected}" == upload.dataset


def test_a_pictures_name_never_reaches_the_disk(isolated: Path) -> None:
    """Of a name that leads out of the folder the end stays, within the zip file."""
    upload = store_upload([("../../../evil.png", b""), ("/abs.png", b""), ("\x01\n.png", b"")])
    assert ["pictures.zip"] == kept(isolated)
    with zipfile.ZipFile(upload.folder / "pictures.zip") as archive:
        assert ["evil.png", "abs.png", "\x01\n.png"] == archive.namelist()


def test_the_same_files_are_the_same_upload(isolated: Path) -> None:
    """Stored twice they lie there once, as new; other files, or another name, lie elsewhere."""
    first = aged(store_upload(PICTURES))
    assert first == store_upload(PICTURES)
    sweep_uploads()
    assert first.renew()
    others = [store_upload(PICTURES[1:]), store_upload([("a.zip", b"x")]), store_upload([("b.zip", b"x")])]
    assert 4 == len({first.folder, *(other.folder for other in others)})


@pytest.mark.parametrize(
    ("files", "came"),
    [
        ([], "no file"),
        ([("only.csv", b"")], "1 table"),
        ([("a.zip", b""), ("b.npz", b"")], "2 archives"),
        ([("a.zip", b""), ("b.png", b"")], "1 picture and 1 archive"),
        ([("a.zip", b""), ("b.csv", b""), ("c.csv", b"")], "1 archive and 2 tables"),
    ],
)
def test_what_does_not_go_together_is_refused(isolated: Path, files: list[tuple[str, bytes]], came: str) -> None:
    """The sentence says what came, and nothing is stored."""
    with pytest.raises(DataError, match=f"what came is {came}\\."):
        store_upload(files)
    assert [] == kept(isolated)


def test_too_much_is_refused(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are too large together, or for the room that is left, leave what was there as it was."""
    store_upload([("a.zip", bytes(600))])
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 1000)
    with pytest.raises(DataError, match="expected at most"):
        store_upload([("b.png", bytes(501)), ("c.png", bytes(500))])
    monkeypatch.setattr(uploads, "MOST_KEPT", 1000)
    with pytest.raises(DataError, match="are allowed"):
        store_upload([("b.zip", bytes(500))])
    assert ["a.zip"] == kept(isolated)


def test_a_full_disk_leaves_nothing_behind(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that breaks off in the middle is a sentence, and no half of it stays."""

    def full(path: Path, pictures: object) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "_pack", full)
    with pytest.raises(DataError, match="No space left on device"):
        store_upload(PICTURES)
    assert [] == kept(isolated)
    assert [] == list((isolated / UPLOADS).iterdir())


def test_only_what_nobody_needs_is_swept(isolated: Path) -> None:
    """After an hour an upload goes, unless a run was trained on it, even one that lies in the trash."""
    young, old, used, trashed = (store_upload([(f"{name}.zip", b"x")]) for name in ("young", "old", "used", "trashed"))
    a_run("mine", used)
    trash_checkpoint(a_run("thrown", trashed).path)
    for upload in (old, used, trashed):
        aged(upload)
    sweep_uploads()
    assert [True, False, True, True] == [upload.renew() for upload in (young, old, used, trashed)]


def test_a_sentence_does_not_tell_where_uploads_lie() -> None:
    """The folder's path is cut out of a message, the file's name stays."""
    upload = store_upload([("pets.zip", b"no zip file")])
    with pytest.raises(DataError) as refused:
        load_dataset(upload.dataset)
    assert "zip:pets.zip is no zip file, or a damaged one: pack it anew." == upload.without_path(str(refused.value))
