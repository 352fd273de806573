"""Zip files of pictures, those made to do harm among them."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

import vae_core.data.listing
from tests.vae_core.data.own_files import broken_files, picture, saved, sound_files, write
from vae_core.config import DataConfig
from vae_core.data import ImageSet, image_shape, load_dataset
from vae_core.errors import DataError

CONTENT = saved(picture(), "PNG")
TEN = {f"{i}.png": CONTENT for i in range(10)}


def zipped(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> str:
    """Write a zip file; its name as a data set."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return f"zip:{path}"


def reasons(data: ImageSet) -> dict[str, str]:
    """Reason by name of what was left out."""
    return {item.name: item.reason for item in data.left_out}


def test_a_zip_is_its_folder(tmp_path: Path) -> None:
    """The same pictures and the same troubles, packed or not; what macOS adds is not mentioned."""
    files = sound_files() | {name: content for name, (content, _) in broken_files().items()}
    folder = load_dataset(f"folder:{write(tmp_path / 'set', files)}")
    packed = load_dataset(zipped(tmp_path / "set.zip", files | {"__MACOSX/._x.png": b"x", ".DS_Store": b"x"}))
    assert folder.checksum == packed.checksum
    assert reasons(folder) == reasons(packed)
    assert ("set", "set.zip") == (folder.title, packed.title)


def test_paths_that_lead_out_are_left_out(tmp_path: Path) -> None:
    """Climbing, absolute and drive paths are named; nothing appears on the disk."""
    bad = {"../up.png": CONTENT, "a/../../up.png": CONTENT, "/root.png": CONTENT, "C:/drive.png": CONTENT}
    (tmp_path / "inner").mkdir()
    data = load_dataset(zipped(tmp_path / "inner" / "bad.zip", TEN | bad | {"..\\up.png": CONTENT}))
    assert 5 == len(data.left_out)
    assert {"its path leads out of the zip file"} == set(reasons(data).values())
    assert ["inner", "inner/bad.zip"] == sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*"))


def test_a_bomb_is_left_out_unread(tmp_path: Path) -> None:
    """200 MB of zeros in 200 KB: the size that it declares is enough."""
    data = load_dataset(zipped(tmp_path / "bomb.zip", TEN | {"bomb.png": bytes(200_000_000)}))
    assert {"bomb.png": "it has 200 MB, more than 67 MB"} == reasons(data)


def test_a_bomb_that_lies_is_read_no_farther(tmp_path: Path) -> None:
    """A member that declares 1,000 bytes and holds 50 MB gives 1,000 bytes, and is left out."""
    name = zipped(tmp_path / "liar.zip", TEN | {"x.png": bytes(50_000_000)})
    path = tmp_path / "liar.zip"
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1000)))
    with zipfile.ZipFile(path) as archive:
        assert 1000 == archive.getinfo("x.png").file_size
    assert "damaged in the zip file" in reasons(load_dataset(name))["x.png"]


def test_many_small_ones_are_refused_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The declared sizes count together, before anything is read."""
    name = zipped(tmp_path / "many.zip", {f"{i}.png": bytes(1000) for i in range(100)})
    monkeypatch.setattr(vae_core.data.listing, "MOST_TOTAL_BYTES", 99_999)
    with pytest.raises(DataError, match="the files have more than"):
        load_dataset(name)


@pytest.mark.parametrize("large", [False, True])
def test_a_vast_table_of_contents_is_not_read(tmp_path: Path, large: bool) -> None:
    """What the record at the end, or the one for large files, claims is looked at before zipfile is."""
    path = tmp_path / "vast.zip"
    zipped(path, TEN)
    content = path.read_bytes()
    start, end = content.rindex(b"PK\x05\x06"), bytearray(content[content.rindex(b"PK\x05\x06") :])
    if large:
        record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10, 10, 1 << 40, 0)
        end = bytearray(record + b"PK\x06\x07" + struct.pack("<IQI", 0, start, 1)) + end
    else:
        end[12:16] = struct.pack("<I", 1 << 30)
    path.write_bytes(content[:start] + end)
    with pytest.raises(DataError, match="its table of contents has"):
        load_dataset(f"zip:{path}")


def test_members_of_other_kinds_are_named(tmp_path: Path) -> None:
    """A link, an unbounded packing, a second file of a name and a damaged one are left out, each with its reason."""
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in TEN.items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("lzma.png", CONTENT, zipfile.ZIP_LZMA)
        archive.writestr("nested.zip", b"PK\x05\x06" + bytes(18))
        archive.writestr("torn.png", CONTENT)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("0.png", b"another")
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(CONTENT) + 50] ^= 1
    path.write_bytes(raw)
    found = reasons(load_dataset(f"zip:{path}"))
    assert ["0.png", "link.png", "lzma.png", "nested.zip", "torn.png"] == list(found)
    for name, reason in (("0", "a second time"), ("link", "symbolic link"), ("lzma", "packed in a way")):
        assert reason in found[f"{name}.png"]
    assert "damaged in the zip file" in found["torn.png"]
    assert "no picture" in found["nested.zip"]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100), b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file."""
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"is no zip file, or a damaged one|table of contents"):
        load_dataset(f"zip:{tmp_path}/x.zip")


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    """The flag alone says it; no password is asked for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (TEN | {"z.png": CONTENT}).items():
            archive.writestr(name, content)
    raw = bytearray(buffer.getvalue())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(raw)
    assert {"z.png": "it is encrypted"} == reasons(load_dataset(f"zip:{tmp_path}/x.zip"))


def test_shape_of_a_zip_without_pictures(tmp_path: Path) -> None:
    """There is none to be known."""
    with pytest.raises(DataError, match="holds no picture that can be read"):
        image_shape(zipped(tmp_path / "x.zip", {"a.txt": b"x"}), options=DataConfig())
