"""Tables of labels for pictures, right and wrong."""

from pathlib import Path

import pytest

from tests.vae_core.data.own_files import picture, saved, write
from vae_core.config import DataConfig
from vae_core.data import ImageSet, absolute_options, load_dataset
from vae_core.data.labels import read_labels
from vae_core.errors import DataError

TEN = {f"{i}.png": saved(picture(seed=i), "PNG") for i in range(10)}
ROWS = [f"{i}.png,{'ab'[i % 2]}" for i in range(10)]


def labelled(folder: Path, *lines: str, files: dict[str, bytes] = TEN) -> ImageSet:
    """Load a folder with a table inside it."""
    write(folder, files)
    (folder / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    return load_dataset(f"folder:{folder}", options=DataConfig(labels=str(folder / "labels.csv")))


def test_each_picture_gets_its_label(tmp_path: Path) -> None:
    """By name, other columns passed over; the table itself is no picture and is not mentioned."""
    data = labelled(tmp_path / "set", "id,label,file", *(f"x,{'ab'[i % 2]},{i}.png" for i in range(10)))
    assert (("a", "b"), ()) == (data.class_names, data.left_out)
    label_of = {load_one(i): i % 2 for i in range(10)}
    for image, label in zip(data.train.images, data.train.labels, strict=True):
        assert label_of[image.tobytes()] == label


def load_one(i: int) -> bytes:
    """The pixels of the i-th picture, channels first."""
    import numpy as np

    return np.asarray(picture(seed=i)).transpose(2, 0, 1).tobytes()


def test_tables_from_elsewhere(tmp_path: Path) -> None:
    """Semicolons, a byte order mark, decomposed letters, backslashes and bare names of deep files find their file."""
    names = [f"deep/er/{i}.png" for i in range(8)] + ["café.png", "sub/x.png"]
    files = dict(zip(names, TEN.values(), strict=True))
    rows = [f"{i}.png;a" for i in range(8)] + ["cafe\u0301.png;b", "sub\\x.png;b"]
    data = labelled(tmp_path / "set", "\ufefffile;label", *rows, "", files=files)
    assert (("a", "b"), ()) == (data.class_names, data.left_out)


def test_what_does_not_match_is_named(tmp_path: Path) -> None:
    """Pictures without a row, rows without a picture, and a bare name that two pictures have."""
    files = TEN | {"p/same.png": TEN["0.png"], "q/same.png": TEN["0.png"], "r/new.png": TEN["0.png"]}
    data = labelled(tmp_path / "set", "file,label", *ROWS, "gone.png,a", "same.png,b", files=files)
    expected = {
        "gone.png": "labels.csv names it, but there is no such file",
        "p/same.png": "labels.csv has no row for it",
        "q/same.png": "labels.csv has no row for it",
        "r/new.png": "labels.csv has no row for it",
        "same.png": "labels.csv names it, but several files have this name, write their folders before it",
    }
    assert expected == {item.name: item.reason for item in data.left_out}


def test_broken_pictures_are_named_once(tmp_path: Path) -> None:
    """A row for a picture that cannot be read is not also a row without a picture."""
    files = TEN | {"bad.png": b"x"}
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path)
    data = labelled(folder, "file,label", *ROWS, "bad.png,c", "link.png,c", files=files)
    assert ["bad.png", "link.png"] == [item.name for item in data.left_out]
    assert ("a", "b") == data.class_names


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "first row must name the columns file and label"),
        (b"name,class\n1.png,a", "first row must name the columns file and label, but it is"),
        (b"file,label\n0.png,", "row 2 has no label"),
        (b"file,label\n,a", "row 2 has no file"),
        (b"file,label\n0.png", "row 2 has no label"),
        (b"file,label\n0.png,a\n./0.png,b", "row 3 is the second one for '0.png'"),
        (b"file,label\n\xff\xfe,a", "not text in UTF-8"),
        (b'file,label\n"0.png,a', "unexpected end of data"),
        (b"file,label\n" + b"x" * 200_000 + b",a", "field larger than field limit"),
        (b"file,label\nother.png,a", "names none of the files"),
    ],
)
def test_a_bad_table_is_one_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    """The row is named where there is one."""
    folder = write(tmp_path / "set", TEN)
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match=why) as caught:
        load_dataset(f"folder:{folder}", options=DataConfig(labels=str(tmp_path / "labels.csv")))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("row", ["-1,a", "1.5,a", "x,a", "²,a", "99999999999999,a"])
def test_an_index_is_a_whole_number(tmp_path: Path, row: str) -> None:
    """Anything else is refused with its row."""
    (tmp_path / "labels.csv").write_text(f"index,label\n{row}", encoding="utf-8")
    with pytest.raises(DataError, match="row 2 has the index"):
        read_labels(str(tmp_path / "labels.csv"), "index")


@pytest.mark.parametrize("path", ["gone.csv", "", "a\0b"])
def test_a_table_that_is_not_there(tmp_path: Path, path: str) -> None:
    """A path to nothing, to a folder, and what can be no path."""
    with pytest.raises(DataError, match=r"cannot be used: (there is no such file|it cannot be read)"):
        read_labels(f"{tmp_path}/{path}", "file")


def test_a_table_does_not_go_with_known_sets(tmp_path: Path) -> None:
    """Digits have their labels."""
    with pytest.raises(DataError, match="goes with data of your own"):
        load_dataset("digits", options=DataConfig(labels="x.csv"))


def test_paths_of_tables_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a run that is resumed elsewhere finds them; no table stays none."""
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path / "l.csv") == absolute_options(DataConfig(labels="l.csv")).labels
    assert DataConfig() == absolute_options(DataConfig())
