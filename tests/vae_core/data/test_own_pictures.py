"""Folders of pictures: what is read, how, and what is left out."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vae_core.data.listing
from tests.vae_core.data.own_files import broken_files, picture, saved, sound_files, write
from vae_core.config import DataConfig
from vae_core.data import ImageSet, image_shape, inspect, left_out_csv, load_dataset
from vae_core.data.image_set import held_out
from vae_core.errors import DataError


def load(folder: Path, **options: object) -> ImageSet:
    """The folder as a data set."""
    return load_dataset(f"folder:{folder}", options=DataConfig(**options))


def everything(data: ImageSet) -> np.ndarray:
    """All images in the order that they were read in."""
    n = len(data.train) + len(data.validation) + len(data.test)
    images = np.empty((n, *data.image_shape), np.uint8)
    groups = held_out(n, len(data.validation), len(data.test))
    for at, split in zip(groups, (data.validation, data.test, data.train), strict=True):
        images[at] = split.images
    return images


def reasons(data: ImageSet) -> dict[str, str]:
    """Reason by name of what was left out."""
    return {item.name: item.reason for item in data.left_out}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Every kind of picture twice, every kind of trouble, and a link that leads out."""
    broken = {name: content for name, (content, _) in broken_files().items()}
    folder = write(tmp_path / "mixed", sound_files(2) | broken | {".hidden": b"x", "__MACOSX/._a.png": b"x"})
    outside = write(tmp_path / "outside", {"secret.png": saved(picture(), "PNG")})
    (folder / "link.png").symlink_to(outside / "secret.png")
    (folder / "folder link").symlink_to(outside)
    (folder / "inner link.png").symlink_to(folder / "plain 0.png")
    (folder / "nowhere.png").symlink_to(folder / "gone.png")
    os.mkfifo(folder / "pipe.png")
    return folder


def test_mixed_folder_is_read_and_every_trouble_named(mixed: Path) -> None:
    """All sound kinds become images of one size; all others are named with their reason, hidden files are not."""
    data = load(mixed)
    found = reasons(data)
    links = {"link.png": "leads out", "folder link": "link to a folder", "nowhere.png": "cannot be opened"}
    expected = {name: reason for name, (_, reason) in broken_files().items()} | links | {"pipe.png": "no ordinary"}
    assert sorted(expected) == list(found)
    assert [] == [name for name, reason in expected.items() if reason not in found[name]]
    assert 23 == len(everything(data))  # eleven kinds twice, and a link that stays inside
    assert (3, 30, 40) == data.image_shape
    assert ("mixed", ()) == (data.title, data.class_names)


def test_no_warning_leaves_the_reading(mixed: Path) -> None:
    """Pillow's warning of a picture of 100 megapixels stays inside, and the filters are as before."""
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        load(mixed)
    assert [] == caught
    assert before == warnings.filters


def test_kinds_of_file_show_the_same_picture(tmp_path: Path) -> None:
    """PNG, WebP, BMP and the rest of one picture differ by no more than their compression loses."""
    names = sorted(sound_files())
    for i in range(10):
        write(tmp_path / "same", {f"{i} {name}": content for name, content in sound_files().items()})
    images = everything(load(tmp_path / "same")).astype(int)[: len(names)]
    by_name = dict(zip(names, images, strict=True))
    colour = np.asarray(picture()).transpose(2, 0, 1).astype(int)
    grey = np.asarray(picture(colour=False)).astype(int)
    for name in ("plain 0.png", "map 0.bmp", "猫 ñandú 0.png"):
        assert 0 == np.abs(by_name[name] - colour).max()
    for name in ("moving 0.gif", "scan 0.tif", "deep 0.png"):
        assert 0 == np.abs(by_name[name] - grey).max()
    for name in ("photo 0.jpg", "web 0.webp", "print 0.jpeg", "palette 0.png"):
        assert 6 > np.abs(by_name[name] - colour).mean()
    on_white = (colour * grey + 255 * (255 - grey)) / 255
    assert 1 >= np.abs(by_name["clear 0.png"] - on_white).max()


def _ten(folder: Path, content: bytes, name: str = "{}.png") -> ImageSet:
    return load(write(folder, {name.format(i): content for i in range(10)}))


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    """A photograph taken upright lies on its side in the file, and stands in the data set."""
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise to be seen
    content = saved(picture(), "PNG", exif=exif)
    expected = np.rot90(np.asarray(picture()), -1).transpose(2, 0, 1)
    data = _ten(tmp_path / "turned", content)
    assert np.array_equal(expected, data.train.images[0])
    assert (((30, 40), 10),) == inspect(data.name, DataConfig()).sizes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 128, 200, 65535], np.uint16), [0, 0, 1, 255]),
        (np.array([0, 0.2, 0.5, 1], "f4"), [0, 51, 128, 255]),
    ],
)
def test_deep_values_keep_black_and_white(tmp_path: Path, values: np.ndarray, expected: list[int]) -> None:
    """16 bits and floating point in [0, 1] are scaled to 8 bits, neither clipped nor cut."""
    data = _ten(tmp_path / "deep", saved(Image.fromarray(np.tile(values, (8, 4))), "TIFF"), "{}.tif")
    assert expected * 4 == data.train.images[0, 0, 0].tolist()


def test_floating_point_beyond_one_is_left_out(tmp_path: Path) -> None:
    """What 7.5 or NaN would look like is not known."""
    for name, value in (("large", 7.5), ("nan", np.nan)):
        content = saved(Image.fromarray(np.full((8, 8), value, np.float32)), "TIFF")
        with pytest.raises(DataError, match=r"beyond \[0, 1\]"):
            _ten(tmp_path / name, content, "{}.tif")


def test_sizes_that_differ_become_the_default(tmp_path: Path) -> None:
    """Two sizes within the range make squares of 32, one size out of it too, a size asked for is taken."""
    same = write(tmp_path / "same", {f"{i}.png": saved(picture(size=(20, 12)), "PNG") for i in range(10)})
    assert (3, 12, 20) == load(same).image_shape
    assert (3, 16, 16) == load(same, side=16).image_shape
    large = write(tmp_path / "large", {f"{i}.png": saved(picture(size=(100, 90)), "PNG") for i in range(10)})
    assert (3, 32, 32) == load(large).image_shape
    write(same, {"other.png": saved(picture(size=(21, 12)), "PNG")})
    assert (3, 32, 32) == load(same).image_shape


def test_aspect_is_kept_by_cutting_to_the_middle(tmp_path: Path) -> None:
    """Of a wide picture in three fields of one colour each the middle one remains."""
    pixels = np.zeros((60, 180, 3), np.uint8)
    pixels[:, :60, 0] = pixels[:, 60:120, 1] = pixels[:, 120:, 2] = 200
    data = _ten(tmp_path / "wide", saved(Image.fromarray(pixels), "PNG"))
    inner = data.train.images[0, :, :, 2:-2]
    assert [0, 200, 0] == [int(v) for v in inner.mean(axis=(1, 2))]


def test_resizing_does_not_alias(tmp_path: Path) -> None:
    """Stripes finer than the pixels become their mean."""
    stripes = np.tile(np.array([0, 255], np.uint8), (256, 128))
    data = _ten(tmp_path / "stripes", saved(Image.fromarray(stripes), "PNG"))
    assert 3 > np.abs(data.train.images.astype(int) - 128)[..., 2:-2].max()


def test_colour_is_grey_when_all_are(tmp_path: Path) -> None:
    """Grey stored as RGB is grey; one coloured picture makes all RGB; what is asked for is done."""
    grey = picture(colour=False).convert("RGB")
    folder = write(tmp_path / "grey", {f"{i}.png": saved(grey, "PNG") for i in range(10)})
    assert 1 == load(folder).image_shape[0]
    assert 3 == load(folder, colour="rgb").image_shape[0]
    write(folder, {"x.png": saved(picture(), "PNG")})
    assert 3 == load(folder).image_shape[0]
    luma = np.asarray(picture().convert("L")).astype(int)
    assert 1 >= np.abs(everything(load(folder, colour="grey"))[-1, 0] - luma).max()


@pytest.mark.parametrize("options", [{}, {"side": 16}, {"colour": "grey"}, {"side": 24, "colour": "rgb"}])
def test_the_shape_is_known_before_it_is_loaded(mixed: Path, options: dict[str, object]) -> None:
    """`image_shape` and the preview say what loading makes of it."""
    name, chosen = f"folder:{mixed}", DataConfig(**options)
    expected = load_dataset(name, options=chosen).image_shape
    assert expected == image_shape(name, options=chosen)
    assert expected == inspect(name, chosen).image_shape


def test_folders_are_classes(tmp_path: Path) -> None:
    """Sorted names, whole numbers by value; a file beside them or deeper is left out; each label is its folder's."""
    files = {f"{name}/{i}.png": saved(picture(seed=int(name)), "PNG") for name in ("10", "9") for i in range(8)}
    folder = write(tmp_path / "set", files | {"notes.txt": b"x", "9/deep/1.png": files["9/1.png"], "8/bad.png": b"x"})
    data = load(folder)
    assert ("9", "10") == data.class_names
    assert ["8/bad.png", "9/deep/1.png", "notes.txt"] == list(reasons(data))
    mean = {seed: np.asarray(picture(seed=seed)).mean() for seed in (9, 10)}
    for image, label in zip(data.train.images, data.train.labels, strict=True):
        assert mean[(9, 10)[label]] == pytest.approx(image.mean())
    assert (("9", 8), ("10", 8)) == inspect(data.name, DataConfig()).classes


def test_a_folder_around_everything_is_passed_over(tmp_path: Path) -> None:
    """Pictures in one folder have no classes, however deep it lies."""
    content = saved(picture(), "PNG")
    assert () == load(write(tmp_path / "a", {f"b/c/{i}.png": content for i in range(10)})).class_names
    two = {f"b/c{i % 2}/{i}.png": content for i in range(10)}
    assert ("c0", "c1") == load(write(tmp_path / "d", two)).class_names


def test_reading_twice_gives_the_same(mixed: Path, tmp_path: Path) -> None:
    """Neither the order of the file system nor that of the threads shows: a copy written backwards is the same set."""
    copy = tmp_path / "copy"
    write(copy, dict(reversed([(p.name, p.read_bytes()) for p in sorted(mixed.iterdir()) if p.is_file()])))
    (copy / "link.png").unlink()
    assert load(mixed).checksum == load(copy).checksum == load(mixed).checksum


def test_a_tenth_each_is_held_out(tmp_path: Path) -> None:
    """35 pictures: 3 for validation, 3 for the test, by the fixed rule."""
    folder = write(tmp_path / "set", {f"{i:02}.png": saved(picture(seed=i), "PNG") for i in range(35)})
    data = load(folder)
    assert [29, 3, 3] == [len(data.train), len(data.validation), len(data.test)]
    first = sorted(np.random.RandomState(0).permutation(35)[:3].tolist())
    expected = [np.asarray(picture(seed=i)).transpose(2, 0, 1) for i in first]
    assert np.array_equal(expected, data.validation.images)


def test_too_few_is_one_sentence(tmp_path: Path) -> None:
    """Nine pictures are refused, with what was wrong with the others."""
    files = {f"{i}.png": saved(picture(), "PNG") for i in range(9)} | {"bad.png": b"x"}
    with pytest.raises(DataError, match=r"has 9 usable images.*at least 10; 1 left out.*bad\.png"):
        load(write(tmp_path / "few", files))


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """The path is named, with what to do."""
    for kind in ("folder", "zip", "npz", "npy"):
        with pytest.raises(DataError, match=r"There is no (folder|file) .*gone: put it back, or name other data"):
            load_dataset(f"{kind}:{tmp_path}/gone")
    for name in ("folder:", "npz: ", "zip:a\0b"):
        with pytest.raises(DataError, match="names no data"):
            load_dataset(name)


def test_limits_on_number_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large a file is left out unread; too many or too large together are refused."""
    files = {f"{i}.png": saved(picture(), "PNG") for i in range(10)}
    folder = write(tmp_path / "set", files | {"large.png": b"x" * 9000})
    monkeypatch.setattr(vae_core.data.listing, "MOST_FILE_BYTES", 8000)
    assert {"large.png": "it has 0 MB, more than 0 MB"} == reasons(load(folder))
    monkeypatch.setattr(vae_core.data.listing, "MOST_FILES", 10)
    with pytest.raises(DataError, match="more than 10 files"):
        load(folder)
    monkeypatch.setattr(vae_core.data.listing, "MOST_FILES", 100)
    monkeypatch.setattr(vae_core.data.listing, "MOST_TOTAL_BYTES", 1000)
    with pytest.raises(DataError, match="the files have more than"):
        load(folder)


def test_progress_counts_to_the_end(mixed: Path) -> None:
    """From nothing to all files, never back."""
    told: list[tuple[int, int]] = []
    load_dataset(f"folder:{mixed}", on_progress=lambda done, total: told.append((done, total)))
    assert ((0, 30), (30, 30)) == (told[0], told[-1])
    assert sorted(told) == told


def test_left_out_is_a_table(mixed: Path) -> None:
    """One row each under `file,reason`, commas and letters of any kind kept."""
    rows = left_out_csv(load(mixed)).decode().splitlines()
    assert "file,reason" == rows[0]
    assert "nothing.png,it is empty" in rows
    assert '"10000 x 10000 pixels, more' not in rows[0]
    assert 12 == len(rows)


def test_two_thousand_mixed_pictures(tmp_path: Path) -> None:
    """2,002 pictures of eleven kinds are read whole, within a minute on any machine."""
    folder = write(tmp_path / "many", sound_files(182))
    preview = inspect(f"folder:{folder}", DataConfig(side=32))
    assert (1602, 200, 200, ()) == (preview.n_train, preview.n_validation, preview.n_test, preview.left_out)
    assert (24, 3, 32, 32) == preview.samples.shape
