"""Reading data sets from disk, whole and broken."""

import gzip
import hashlib
import os
import pickle  # noqa: TID251 - CIFAR-10 is published as pickles, and a test has to make one
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets

import vae_core.data.load
from tests.vae_core.data.conftest import TinyMnist, idx_bytes, random_arrays, write_idx_set
from vae_core.config import DataConfig
from vae_core.data import (
    DATASETS,
    absolute_spec,
    data_dir,
    fetch_dataset,
    image_shape,
    is_available,
    load_dataset,
    short_name,
)
from vae_core.errors import DataError


def test_tiny_mnist_comes_back(tiny_mnist: TinyMnist) -> None:
    """The test split is the file's in its order; train and validation are the training file's, each image once."""
    loaded = load_dataset("mnist", tiny_mnist.data_dir)
    images, _, test_images, test_labels = tiny_mnist.arrays
    np.testing.assert_array_equal(test_images[:, None], loaded.test.images)
    np.testing.assert_array_equal(test_labels, loaded.test.labels)
    assert [25, 5] == [len(loaded.train), len(loaded.validation)]
    both = np.concatenate([loaded.train.images, loaded.validation.images])
    assert sorted(map(bytes, images)) == sorted(map(bytes, both))


def test_labels_stay_with_their_images(tiny_mnist: TinyMnist) -> None:
    """Choosing the validation images does not part them from their labels."""
    images, labels, _, _ = tiny_mnist.arrays
    label_of = {image.tobytes(): int(label) for image, label in zip(images, labels, strict=True)}
    for split in (load_dataset("mnist", tiny_mnist.data_dir).split(name) for name in ("train", "validation")):
        assert [label_of[image.tobytes()] for image in split.images] == split.labels.tolist()


def test_unpacked_files_are_the_same_set(tiny_mnist: TinyMnist) -> None:
    """Only the unpacked files there: the same checksum, because the packing is not part of it."""
    expected = load_dataset("mnist", tiny_mnist.data_dir).checksum
    for packed in tiny_mnist.raw.glob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    assert is_available("mnist", tiny_mnist.data_dir)
    assert expected == load_dataset("mnist", tiny_mnist.data_dir).checksum


def test_loading_writes_nothing(tiny_mnist: TinyMnist) -> None:
    """A data folder without permission to write serves as well, and stays as it was."""
    before = sorted(tiny_mnist.data_dir.rglob("*"))
    tiny_mnist.raw.chmod(0o555)
    load_dataset("mnist", tiny_mnist.data_dir)
    tiny_mnist.raw.chmod(0o755)
    assert before == sorted(tiny_mnist.data_dir.rglob("*"))


def test_one_flipped_byte_is_found(tiny_mnist: TinyMnist) -> None:
    """A damaged file is named, with the way out."""
    path = tiny_mnist.raw / "t10k-labels-idx1-ubyte.gz"
    raw = bytearray(path.read_bytes())
    raw[4] ^= 1  # the time in gzip's header: only the MD5 can see it
    path.write_bytes(raw)
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz is damaged .*MD5.*fetch the data set again"):
        load_dataset("mnist", tiny_mnist.data_dir)


def _half(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (_half(gzip.compress(bytes(1000))), "no complete gzip file"),
        (b"", "no complete gzip file"),
        (gzip.compress(b""), "does not begin as an IDX file"),
        (gzip.compress(b"\0\0\x0d\3" + bytes(12)), "does not begin as an IDX file"),
        (gzip.compress(idx_bytes(np.zeros((4, 28, 28), np.uint8))[:-1]), "holds 3135 bytes where .* promises 3136"),
        (gzip.compress(idx_bytes(np.zeros(4, np.uint8))), "1 dimensions where 3 were expected"),
    ],
    ids=["cut short", "empty", "empty packed", "floats", "one byte short", "labels"],
)
def test_broken_content_is_told_apart(
    tiny_mnist: TinyMnist, monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    """Where no MD5 gives it away, the content does."""
    name = "t10k-images-idx3-ubyte.gz"
    (tiny_mnist.raw / name).write_bytes(content)
    resources = dict(torchvision.datasets.MNIST.resources) | {name: hashlib.md5(content).hexdigest()}
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", list(resources.items()))
    with pytest.raises(DataError, match=f"{name} is damaged .*{why}"):
        load_dataset("mnist", tiny_mnist.data_dir)


@pytest.mark.parametrize(("shape", "label"), [((8, 27, 28), 0), ((8, 28, 28), 10)])
def test_other_files_of_the_right_format_are_refused(tiny_mnist: TinyMnist, shape: tuple[int, ...], label: int) -> None:
    """Unpacked files have no MD5, but images of another shape or labels beyond the classes are not this set's."""
    for name, array in (("t10k-images-idx3", np.zeros(shape, np.uint8)), ("t10k-labels-idx1", np.full(8, label, "u1"))):
        (tiny_mnist.raw / f"{name}-ubyte.gz").unlink()
        (tiny_mnist.raw / f"{name}-ubyte").write_bytes(idx_bytes(array))
    with pytest.raises(DataError, match="not the set's own files"):
        load_dataset("mnist", tiny_mnist.data_dir)


def test_missing_set_is_one_sentence(tmp_path: Path) -> None:
    """It names the set, the folder looked in and the two ways out."""
    assert not is_available("kmnist", tmp_path)
    with pytest.raises(DataError) as caught:
        load_dataset("kmnist", tmp_path)
    message = str(caught.value)
    for part in ("Kuzushiji-MNIST", str(tmp_path / "KMNIST/raw"), "python -m vae_core fetch kmnist", "VAE_DATA_DIR"):
        assert part in message
    assert "\n" not in message


def test_one_missing_file_is_named(tiny_mnist: TinyMnist) -> None:
    """A set that is there but for one file is not there, and the message says which."""
    (tiny_mnist.raw / "train-labels-idx1-ubyte.gz").unlink()
    assert not is_available("mnist", tiny_mnist.data_dir)
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte\.gz is missing"):
        load_dataset("mnist", tiny_mnist.data_dir)


@pytest.mark.parametrize("ask", [load_dataset, is_available])
def test_unknown_name_gets_a_hint(ask: object) -> None:
    """A near miss is guessed, and all names are listed."""
    with pytest.raises(DataError, match=r"'Fashion_MNIST', did you mean fashion-mnist\? .*digits, mnist.*cifar10"):
        ask("Fashion_MNIST")


def test_emnist_is_put_upright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images come out transposed against the file, and label 1 of the file is class 0, the letter A."""
    spec = DATASETS["emnist-letters"]
    arrays = random_arrays(labels_from=1, n_classes=26)
    write_idx_set(tmp_path / spec.folder, spec.files, arrays)
    monkeypatch.setattr(vae_core.data.load, "N_VALIDATION", 5)
    test = load_dataset("emnist-letters", tmp_path).test
    np.testing.assert_array_equal(arrays[2].transpose(0, 2, 1), test.images[:, 0])
    np.testing.assert_array_equal(arrays[3].astype(int) - 1, test.labels)
    assert "A" == spec.class_names[0]


@pytest.fixture
def tiny_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Write CIFAR-10's files with 4 images each below `tmp_path`; the pixels (4, 3072) by file name."""
    spec = DATASETS["cifar10"]
    folder = tmp_path / spec.folder
    folder.mkdir()
    generator = np.random.default_rng(0)
    pixels = {name: generator.integers(0, 256, (4, 3072), dtype=np.uint8) for name in spec.files[:-1]}
    contents = {name: {"data": data, "labels": [0, 9, 1, 8]} for name, data in pixels.items()}
    md5 = {}
    for name, content in (contents | {"batches.meta": {"label_names": list(spec.class_names)}}).items():
        (folder / name).write_bytes(pickle.dumps(content))
        md5[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    cifar10 = torchvision.datasets.CIFAR10
    monkeypatch.setattr(cifar10, "train_list", [[name, md5[name]] for name in spec.files[:5]])
    monkeypatch.setattr(cifar10, "test_list", [["test_batch", md5["test_batch"]]])
    monkeypatch.setattr(cifar10, "meta", cifar10.meta | {"md5": md5["batches.meta"]})
    monkeypatch.setattr(vae_core.data.load, "N_VALIDATION", 5)
    return pixels


def test_cifar10_is_channels_first(tmp_path: Path, tiny_cifar: dict[str, np.ndarray]) -> None:
    """Red, green and blue planes come out as the three channels, in the order of the file."""
    loaded = load_dataset("cifar10", tmp_path)
    np.testing.assert_array_equal(tiny_cifar["test_batch"].reshape(4, 3, 32, 32), loaded.test.images)
    assert [0, 9, 1, 8] == loaded.test.labels.tolist()
    assert [15, 5] == [len(loaded.train), len(loaded.validation)]


def test_damaged_cifar10_is_never_unpickled(tmp_path: Path, tiny_cifar: dict[str, np.ndarray]) -> None:
    """A pickle whose MD5 is not the publisher's is refused before it could run any code."""
    (tmp_path / "cifar-10-batches-py/data_batch_3").write_bytes(b"cbuiltins\nexit\n(tR.")
    with pytest.raises(DataError, match="data_batch_3 is damaged"):
        load_dataset("cifar10", tmp_path)


def test_data_dir_is_explicit_then_environment_then_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three places, in the order of the contract."""
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "environment"))
    assert tmp_path / "explicit" == data_dir(tmp_path / "explicit")
    assert tmp_path / "environment" == data_dir()
    monkeypatch.delenv("VAE_DATA_DIR")
    assert Path(__file__).parents[3] / "data" == data_dir()


def test_asking_what_is_there_is_cheap() -> None:
    """Importing the package and asking for every set imports neither torchvision nor torch nor scikit-learn."""
    code = (
        "import sys; from vae_core.data import DATASETS, is_available\n"
        "for name in DATASETS: is_available(name)\n"
        "print([m for m in ('torchvision', 'torch', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


@pytest.mark.skipif(
    not (os.environ.get("VAE_DATA_DIR") and is_available("mnist")),
    reason="VAE_DATA_DIR names no folder with MNIST, so the real files were not tried",
)
def test_real_mnist() -> None:
    """The real set: 55,000, 5,000 and 10,000 images, and the test split begins 7, 2, 1, 0, 4 as it does everywhere."""
    loaded = load_dataset("mnist")
    assert [55_000, 5_000, 10_000] == [len(loaded.split(name)) for name in ("train", "validation", "test")]
    assert [7, 2, 1, 0, 4] == loaded.test.labels[:5].tolist()


def test_binarized_mnist_keeps_its_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits become 0 and 255, row after row, in the file's own splits and order, without labels."""
    generator = np.random.default_rng(0)
    bits = {part: generator.integers(0, 2, (n, 784), dtype=np.uint8) for part, n in (("train", 6), ("valid", 2))}
    bits["test"] = np.eye(3, 784, dtype=np.uint8)
    path = tmp_path / "binarized_mnist" / "binarized_mnist.npz"
    path.parent.mkdir()
    np.savez(path, **{part: np.packbits(values, axis=1) for part, values in bits.items()})
    monkeypatch.setattr("vae_core.data.sources.BINARIZED_MNIST_MD5", hashlib.md5(path.read_bytes()).hexdigest())
    loaded = load_dataset("binarized-mnist", tmp_path)
    for part, split in (("train", loaded.train), ("valid", loaded.validation), ("test", loaded.test)):
        assert np.array_equal(255 * bits[part].reshape(-1, 1, 28, 28), split.images)
    assert (None, ()) == (loaded.train.labels, loaded.class_names)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match=r"MD5 .*put an intact copy in its place"):
        load_dataset("binarized-mnist", tmp_path)


@pytest.mark.parametrize("ask", [load_dataset, fetch_dataset])
def test_binarized_mnist_cannot_be_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: object) -> None:
    """One sentence says so, and where to put the file."""
    monkeypatch.delenv("VAE_OFFLINE")
    with pytest.raises(DataError, match=r"cannot be downloaded from here; put binarized_mnist/binarized_mnist\.npz"):
        ask("binarized-mnist", tmp_path)


@pytest.mark.parametrize("name", ["binarized-mnist", "shapes", "digits"])
def test_known_sets_are_fitted_too(name: str, tiny_mnist: TinyMnist) -> None:
    """Size and colour are for any set; what is known before it is loaded is what comes."""
    options = DataConfig(side=12, colour="rgb")
    assert (3, 12, 12) == image_shape(name, options=options)
    assert image_shape(name) == DATASETS[name].image_shape
    if is_available(name):
        assert (3, 12, 12) == load_dataset(name, options=options).image_shape
    mnist = load_dataset("mnist", tiny_mnist.data_dir, DataConfig(side=28, colour="rgb"))
    assert np.array_equal(np.repeat(tiny_mnist.arrays[2][:, None], 3, axis=1), mnist.test.images)


def test_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told from the catalogue's, made absolute, give a run's name, are there or not, and are never fetched."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "My cats (2).zip").write_bytes(b"")
    assert f"zip:{tmp_path}/My cats (2).zip" == absolute_spec("zip:./x/../My cats (2).zip")
    assert "mnist" == absolute_spec("mnist") == short_name("mnist")
    assert ["My-cats-2", "folder", "a" * 40] == [
        short_name(name) for name in ("zip:My cats (2).zip", "folder:猫", f"npy:{'a' * 60}.npy")
    ]
    assert [True, False] == [is_available("zip:My cats (2).zip"), is_available("folder:gone")]
    assert "My cats (2).zip" == fetch_dataset("zip:My cats (2).zip").name
    with pytest.raises(DataError, match="There is nothing at gone: data of your own is not fetched"):
        fetch_dataset("folder:gone")
    with pytest.raises(DataError, match="data of your own is folder:PATH"):
        load_dataset("dir:x")


@pytest.mark.skipif(
    not (os.environ.get("VAE_DATA_DIR") and is_available("binarized-mnist")),
    reason="VAE_DATA_DIR names no folder with binarized MNIST, so the real file was not tried",
)
def test_real_binarized_mnist() -> None:
    """The real file: 50,000, 10,000 and 10,000 images, an eighth of their pixels on as in MNIST."""
    loaded = load_dataset("binarized-mnist")
    assert [50_000, 10_000, 10_000] == [len(loaded.split(name)) for name in ("train", "validation", "test")]
    assert 0.13 == pytest.approx(loaded.test.images.mean() / 255, abs=0.01)
