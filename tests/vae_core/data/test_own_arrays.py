"""Arrays of one's own: shapes, types, splits, and files made to do harm."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

import vae_core.data.arrays
import vae_core.data.gathered
from vae_core.config import DataConfig
from vae_core.data import ImageSet, image_shape, load_dataset
from vae_core.errors import DataError

GENERATOR = np.random.default_rng(0)
GREY = GENERATOR.integers(0, 256, (40, 12, 10), dtype=np.uint8)
COLOUR = GENERATOR.integers(0, 256, (40, 12, 10, 3), dtype=np.uint8)


def npz(path: Path, **arrays: np.ndarray) -> str:
    """Write an npz file; its name as a data set."""
    np.savez_compressed(path, **arrays)
    return f"npz:{path}"


def npy(path: Path, array: np.ndarray) -> str:
    """Write an npy file; its name as a data set."""
    np.save(path, array)
    return f"npy:{path}"


def together(data: ImageSet) -> list[bytes]:
    """All images, in no order."""
    return sorted(image.tobytes() for part in (data.train, data.validation, data.test) for image in part.images)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY[:, None]),
        (GREY[:, None], GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (COLOUR, COLOUR.transpose(0, 3, 1, 2)),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR.transpose(0, 3, 1, 2)),
        (GREY.astype(np.float32) / 255, GREY[:, None]),
        (GREY.astype(">f8") / 255, GREY[:, None]),
        (np.asfortranarray(GREY), GREY[:, None]),
        (GREY > 127, (GREY[:, None] > 127) * np.uint8(255)),
    ],
    ids=["NHW", "N1HW", "NHW1", "NHWC", "NCHW", "float32", "big-endian float64", "Fortran", "bool"],
)
def test_shapes_and_types(tmp_path: Path, array: np.ndarray, expected: np.ndarray) -> None:
    """Whatever the layout and type, the same pixels come out, alone in an npz or as npy."""
    data = load_dataset(npy(tmp_path / "a.npy", array))
    assert sorted(image.tobytes() for image in expected) == together(data)
    assert expected.shape[1:] == data.image_shape
    assert data.checksum == load_dataset(npz(tmp_path / "a.npz", whatever=array)).checksum
    assert [32, 4, 4] == [len(data.train), len(data.validation), len(data.test)]


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (GREY.astype(np.int64), r"uint8, or floating point in \[0, 1\], but they are int64 from 0 to 255"),
        (GREY.astype(np.float32), "float32 from 0.0 to 255.0"),
        (GREY / 127.5 - 1, "float64 from -1.0"),
        (np.where(GREY > 250, np.nan, 0.5), "from nan to nan"),
        ((GREY > 127).astype(np.uint8), "hold only 0 and 1; save them as bool"),
        (GREY.reshape(40, -1), r"but they have \(40, 120\)"),
        (GREY.reshape(40, 12, 5, 2), r"but they have \(40, 12, 5, 2\)"),
        (GREY[:, :0], "but they have"),
        (GREY[:9], "9 usable images"),
        (GREY[:0], "0 usable images"),
        (np.array(["x"] * 40), "but they have"),
        (np.zeros((40, 8, 8), "M8[s]"), "datetime64"),
    ],
)
def test_other_arrays_are_one_sentence(tmp_path: Path, array: np.ndarray, why: str) -> None:
    """What came is said, with what was expected."""
    with pytest.raises(DataError, match=why):
        load_dataset(npy(tmp_path / "a.npy", array))


def test_labels_are_numbers_or_texts(tmp_path: Path) -> None:
    """Classes are the values that occur, sorted by value; each image keeps its own."""
    numbers = np.arange(40) % 3 * 5 - 5
    data = load_dataset(npz(tmp_path / "a.npz", images=GREY, labels=numbers[:, None]))
    assert ("-5", "0", "5") == data.class_names
    of_image = {image.tobytes(): str(number) for image, number in zip(GREY, numbers, strict=True)}
    for image, label in zip(data.train.images, data.train.labels, strict=True):
        assert of_image[image.tobytes()] == data.class_names[label]
    texts = np.array(["dog", "cat"] * 20)
    assert ("cat", "dog") == load_dataset(npz(tmp_path / "b.npz", X=GREY, Y=texts)).class_names


def test_given_splits_are_kept(tmp_path: Path) -> None:
    """A test split stays in its order; validation is held out of the training images, or stays too when it is given."""
    both = {"x_train": GREY[:30], "y_train": np.arange(30) % 2, "x_test": GREY[30:], "y_test": np.arange(10) % 2}
    data = load_dataset(npz(tmp_path / "keras.npz", **both))
    assert [27, 3, 10] == [len(data.train), len(data.validation), len(data.test)]
    assert np.array_equal(GREY[30:, None], data.test.images)
    three = {"train_images": GREY[:20], "val_images": GREY[20:25], "test_images": GREY[25:]}
    data = load_dataset(npz(tmp_path / "med.npz", **three))
    for expected, split in ((GREY[:20], data.train), (GREY[20:25], data.validation), (GREY[25:], data.test)):
        assert np.array_equal(expected[:, None], split.images)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"a": GREY, "b": GREY}, "holds a, b: an array named images or x was expected"),
        ({"images": GREY, "labels": np.zeros(39, int)}, r"whole numbers or texts of the shape \(40,\)"),
        ({"images": GREY, "labels": np.zeros(40)}, "whole numbers or texts .* float64"),
        ({"x_train": GREY, "y_train": np.zeros(40, int), "x_test": GREY}, "either all splits have labels or none"),
        ({"x_train": GREY, "x_test": GREY[:, :, :9]}, "images of one shape"),
        ({"images": np.zeros((300, 8, 8), np.uint8), "y": np.arange(300)}, "300 classes, expected at most 256"),
        ({"images": GREY, "y": np.array(["x" * 300] * 40)}, "has 300 characters"),
    ],
)
def test_arrays_that_do_not_fit_are_one_sentence(tmp_path: Path, arrays: dict[str, np.ndarray], why: str) -> None:
    """Names, lengths, types and numbers that contradict each other."""
    with pytest.raises(DataError, match=why):
        load_dataset(npz(tmp_path / "a.npz", **arrays))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """An array of objects is refused by its header."""
    np.save(tmp_path / "a.npy", np.array([{}] * 40, object), allow_pickle=True)
    with pytest.raises(DataError, match="Python objects"):
        load_dataset(f"npy:{tmp_path}/a.npy")


def _header(shape: str, descr: str = "'|u1'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (_header("(100000, 1000, 1000)"), "expected at most"),
        (_header("(40, 12, 10)") + bytes(4799), "cut short"),
        (_header("(-40, 12, 10)") + bytes(4800), "expected at most|no array"),
        (_header("(40, 12, 10)", "'O'") + bytes(4800), "Python objects"),
        (_header("(40, 12, __import__('os'))"), "no array as numpy.save writes it"),
        (_header("(True, 8, 8)") + bytes(4800), "no array can have|damaged"),
        (_header(f"({'1, ' * 65})") + bytes(4800), "no array can have|damaged"),
        (_header("(0, 10**9, 8)".replace("10**9", "9" * 30)), "no array can have|damaged"),
        (_header("(20,)", "('|u1', (8, 8))") + bytes(1280), "no array can have|damaged"),
        (_header("(40, 12, 10), []: 1"), "no array as numpy.save writes it"),
        (_header("(" * 5000), "no array as numpy.save writes it"),
        (_header("-" * 9000 + "1"), "no array as numpy.save writes it"),
        (b"\x93NUMPY\x09\x00" + bytes(100), "no array as numpy.save writes it"),
        (b"", "no array as numpy.save writes it"),
        (b"PK\x03\x04", "no array as numpy.save writes it"),
    ],
)
def test_headers_are_judged_before_the_array_is_read(tmp_path: Path, content: bytes, why: str) -> None:
    """Sizes that would fill the memory, files cut short, and what is no array; as npy and inside an npz."""
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=why):
        load_dataset(f"npy:{tmp_path}/a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", content)
    with pytest.raises(DataError, match=why):
        load_dataset(f"npz:{tmp_path}/a.npz")


def test_a_damaged_npz_is_one_sentence(tmp_path: Path) -> None:
    """No zip file at all, and a member whose checksum is wrong."""
    (tmp_path / "a.npz").write_bytes(b"nothing")
    with pytest.raises(DataError, match="is no npz file"):
        load_dataset(f"npz:{tmp_path}/a.npz")
    buffer = io.BytesIO()
    np.savez(buffer, images=GREY)
    raw = bytearray(buffer.getvalue())
    raw[2000] ^= 1
    (tmp_path / "a.npz").write_bytes(raw)
    with pytest.raises(DataError, match=r"images\.npy is damaged"):
        load_dataset(f"npz:{tmp_path}/a.npz")


def test_size_and_colour_are_chosen(tmp_path: Path) -> None:
    """As for pictures: out of the range becomes 32, grey in three channels is grey, what is asked for is done."""
    wide = npy(tmp_path / "wide.npy", np.repeat(GREY, 10, axis=2))
    assert (1, 32, 32) == load_dataset(wide).image_shape
    grey = npy(tmp_path / "grey.npy", np.repeat(GREY[..., None], 3, axis=3))
    assert (1, 12, 10) == load_dataset(grey).image_shape
    options = DataConfig(side=16, colour="rgb")
    assert (3, 16, 16) == load_dataset(grey, options=options).image_shape == image_shape(grey, options=options)


def test_a_table_by_index(tmp_path: Path) -> None:
    """Labels go to the images of their index; images without a row and rows without an image are named."""
    rows = [f"{i},{'odd' if i % 2 else 'even'}" for i in range(5, 40)]
    (tmp_path / "labels.csv").write_text("\n".join(["Index,Label", *rows, "40,odd"]))
    options = DataConfig(labels=str(tmp_path / "labels.csv"))
    data = load_dataset(npy(tmp_path / "a.npy", GREY), options=options)
    assert ("even", "odd") == data.class_names
    index = {image.tobytes(): i for i, image in enumerate(GREY)}
    for image, label in zip(data.train.images, data.train.labels, strict=True):
        assert index[image.tobytes()] % 2 == label
    assert [f"image {i}" for i in (0, 1, 2, 3, 4, 40)] == [item.name for item in data.left_out]


def test_archives_of_too_much_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits count together, labels by themselves, and so does the number of images, however small they are."""
    splits = {name: np.zeros((40, 12, 10), np.uint8) for name in ("x_train", "x_test")}
    both = npz(tmp_path / "a.npz", **splits)
    labelled = npz(tmp_path / "b.npz", images=GREY, labels=np.arange(40))
    monkeypatch.setattr(vae_core.data.arrays, "LARGEST_LABELS", 100)
    with pytest.raises(DataError, match=r"labels.* expected at most 100 bytes"):
        load_dataset(labelled)
    monkeypatch.setattr(vae_core.data.arrays, "MOST_IMAGES", 79)
    with pytest.raises(DataError, match="there are 80 images, expected at most 79"):
        load_dataset(both)
    monkeypatch.setattr(vae_core.data.gathered, "MOST_BYTES", 9000)
    monkeypatch.setattr(vae_core.data.arrays, "_member", lambda *_: pytest.fail("it was read"))
    with pytest.raises(DataError, match="have 9,856 bytes"):
        load_dataset(both)


def test_an_empty_label_is_refused(tmp_path: Path) -> None:
    """A class without a name could be neither shown nor chosen."""
    with pytest.raises(DataError, match="a label is an empty text"):
        load_dataset(npz(tmp_path / "a.npz", images=GREY, labels=np.array(["a", " "] * 20)))
