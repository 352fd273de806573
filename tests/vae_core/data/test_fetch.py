"""Downloading, from a server on the loopback address."""

import hashlib
import os
import sys
import tarfile
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torchvision.datasets

import vae_core.data.fetch
from tests.vae_core.data.conftest import TinyMnist, random_arrays, write_idx_set
from vae_core.data import DATASETS, fetch_dataset, is_available, load_dataset
from vae_core.errors import DataError

NAMES = sorted(DATASETS["mnist"].files)


class _Handler(SimpleHTTPRequestHandler):
    """Serves `root/good/…` as it is; elsewhere fails in the way that the address names."""

    requests: Counter[str]

    def do_GET(self) -> None:
        kind, name = self.path.strip("/").split("/")
        self.requests[self.path] += 1
        if kind == "good":
            super().do_GET()
        elif kind == "wrong":
            self._send(b"not what was asked for", 22)
        elif kind == "short":
            self._send((Path(self.directory) / "good" / name).read_bytes()[:100], 1000)
        else:
            self.send_error(404)

    def _send(self, body: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Mirror:
    """Addresses on the server, and what was asked of it."""

    def __init__(self, port: int, requests: Counter[str]) -> None:
        self.root, self.requests = f"http://127.0.0.1:{port}", requests

    def use(self, monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
        """Make these torchvision's mirrors for MNIST."""
        monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [f"{self.root}/{kind}/" for kind in kinds])


@pytest.fixture
def mirror(tiny_mnist: TinyMnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Serve the tiny MNIST's files, allow downloads, and make pieces small enough for there to be several."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served/good").symlink_to(tiny_mnist.raw)
    requests: Counter[str] = Counter()
    handler = type("Handler", (_Handler,), {"requests": requests})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.delenv("VAE_OFFLINE")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(vae_core.data.fetch, "CHUNK", 1000)
    mirror = Mirror(server.server_port, requests)
    mirror.use(monkeypatch, "good")
    yield mirror
    server.shutdown()
    thread.join()
    server.server_close()


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_fetched_set_is_the_served_one(tiny_mnist: TinyMnist, mirror: Mirror, tmp_path: Path) -> None:
    """What arrives loads to the same checksum; no other file is left."""
    folder = fetch_dataset("mnist", tmp_path / "new")
    assert tmp_path / "new/MNIST/raw" == folder
    assert NAMES == _files(folder)
    assert load_dataset("mnist", tiny_mnist.data_dir).checksum == load_dataset("mnist", tmp_path / "new").checksum


def test_progress_grows_to_the_total(tiny_mnist: TinyMnist, mirror: Mirror, tmp_path: Path) -> None:
    """For each file it goes from 0 to the file's size in steps, and the size is told from the start."""
    calls: dict[str, list[tuple[int, int]]] = {}
    fetch_dataset("mnist", tmp_path, lambda name, done, total: calls.setdefault(name, []).append((done, total)))
    assert NAMES == sorted(calls)
    for name, steps in calls.items():
        size = (tiny_mnist.raw / name).stat().st_size
        assert {size} == {total for _, total in steps}
        done = [done for done, _ in steps]
        assert (0, size) == (done[0], done[-1])
        assert sorted(set(done)) == done


@pytest.mark.parametrize("bad", ["wrong", "short", "absent"])
def test_next_mirror_is_tried(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    """A mirror that sends something else, breaks off, or has nothing is passed over."""
    mirror.use(monkeypatch, bad, "good")
    assert NAMES == _files(fetch_dataset("mnist", tmp_path / "new"))
    assert all(mirror.requests[f"/{bad}/{name}"] == 1 for name in NAMES)


def test_no_mirror_left_is_one_sentence(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the set, the folder, what each mirror did and the two ways out, and leaves nothing behind."""
    mirror.use(monkeypatch, "wrong", "absent")
    with pytest.raises(DataError) as caught:
        fetch_dataset("mnist", tmp_path / "new")
    for part in ("MNIST", str(tmp_path / "new"), "MD5", "404", "python -m vae_core fetch mnist", "VAE_DATA_DIR"):
        assert part in str(caught.value)
    assert [] == _files(tmp_path / "new/MNIST/raw")


def test_no_network_is_a_data_error(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which nobody listens is what no network looks like."""
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(DataError, match=r"could not be fetched .*refused"):
        fetch_dataset("mnist", tmp_path)


def test_interruption_leaves_nothing_half_done(mirror: Mirror, tmp_path: Path) -> None:
    """Ctrl-C in the middle of the third file: two whole files, no third, no part; the next fetch gets the rest."""
    third = DATASETS["mnist"].files[2]

    def interrupt(name: str, done: int, total: int) -> None:
        if name == third and done >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_dataset("mnist", tmp_path, interrupt)
    assert sorted(DATASETS["mnist"].files[:2]) == _files(tmp_path / "MNIST/raw")
    fetch_dataset("mnist", tmp_path)
    assert is_available("mnist", tmp_path)
    assert [1, 1, 2, 1] == [mirror.requests[f"/good/{name}"] for name in DATASETS["mnist"].files]


def test_only_the_damaged_file_is_fetched(mirror: Mirror, tmp_path: Path) -> None:
    """Files with the right MD5 stay, one with another is replaced."""
    folder = fetch_dataset("mnist", tmp_path)
    (folder / NAMES[0]).write_bytes(b"damaged")
    mirror.requests.clear()
    fetch_dataset("mnist", tmp_path)
    assert {f"/good/{NAMES[0]}": 1} == mirror.requests
    load_dataset("mnist", tmp_path)


def test_two_at_once_fetch_once(mirror: Mirror, tmp_path: Path) -> None:
    """The second waits for the first, finds the files there, and asks for none."""
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: fetch_dataset("mnist", tmp_path), range(2)))
    assert folders[0] == folders[1]
    assert {f"/good/{name}": 1 for name in NAMES} == mirror.requests
    load_dataset("mnist", tmp_path)


@pytest.mark.parametrize("value", ["1", "yes"])
def test_offline_is_refused(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """VAE_OFFLINE forbids the network: nothing is asked of it, no folder is made, and the message says why."""
    monkeypatch.setenv("VAE_OFFLINE", value)
    with pytest.raises(DataError, match=f"VAE_OFFLINE={value} forbids .*VAE_DATA_DIR"):
        fetch_dataset("mnist", tmp_path / "new")
    assert not mirror.requests
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_off(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Empty and 0 allow the network."""
    monkeypatch.setenv("VAE_OFFLINE", value)
    assert NAMES == _files(fetch_dataset("mnist", tmp_path))


def test_offline_does_not_mind_what_is_there(tiny_mnist: TinyMnist) -> None:
    """A set that is there and intact needs no network; neither does digits."""
    assert tiny_mnist.raw == fetch_dataset("mnist", tiny_mnist.data_dir)
    fetch_dataset("digits", tiny_mnist.data_dir)


def test_folder_that_cannot_be_made(mirror: Mirror, tmp_path: Path) -> None:
    """A data folder that is a file: one sentence with the folder and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written to .*file/MNIST/raw .*VAE_DATA_DIR"):
        fetch_dataset("mnist", tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere, so a read-only folder was not tried")
def test_read_only_folder(mirror: Mirror, tmp_path: Path) -> None:
    """A folder without permission to write is a DataError."""
    tmp_path.chmod(0o555)
    with pytest.raises(DataError, match=r"cannot be written to .*Permission denied"):
        fetch_dataset("mnist", tmp_path / "new")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /dev/full, so a full disk was not tried")
def test_full_disk(mirror: Mirror, tmp_path: Path) -> None:
    """No space left on the device: a DataError with the size needed, and nothing under the final name."""
    folder = tmp_path / "MNIST/raw"
    folder.mkdir(parents=True)
    (folder / f"{DATASETS['mnist'].files[0]}.part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"No space left on device.*12 MB"):
        fetch_dataset("mnist", tmp_path)
    assert [] == _files(folder)


def test_archive_is_unpacked_and_removed(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of EMNIST's zip only the letters are kept, without the folder that they lie in there."""
    spec, made = DATASETS["emnist-letters"], tmp_path / "made"
    write_idx_set(made, spec.files, random_arrays(labels_from=1, n_classes=26))
    with zipfile.ZipFile(tmp_path / "served/good/gzip.zip", "w") as zipped:
        zipped.writestr("gzip/emnist-digits-train-images-idx3-ubyte.gz", b"not wanted")
        for name in spec.files:
            zipped.write(made / name, f"gzip/{name}")
    md5 = hashlib.md5((tmp_path / "served/good/gzip.zip").read_bytes()).hexdigest()
    monkeypatch.setattr(torchvision.datasets.EMNIST, "url", f"{mirror.root}/good/gzip.zip")
    monkeypatch.setattr(torchvision.datasets.EMNIST, "md5", md5)
    folder = fetch_dataset("emnist-letters", tmp_path / "new")
    assert sorted(spec.files) == _files(folder)
    assert [(made / n).read_bytes() for n in spec.files] == [(folder / n).read_bytes() for n in spec.files]


def test_archive_without_the_files(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar.gz with the right MD5 that lacks a file, or holds a link in its place, is a DataError."""
    packed = tmp_path / "served/good/cifar-10-python.tar.gz"
    with tarfile.open(packed, "w:gz") as tarred:
        link = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tarred.addfile(link)
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", f"{mirror.root}/good/{packed.name}")
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", hashlib.md5(packed.read_bytes()).hexdigest())
    with pytest.raises(DataError, match="data_batch_1 is not in it, or damaged"):
        fetch_dataset("cifar10", tmp_path / "new")
    assert [] == _files(tmp_path / "new/cifar-10-batches-py")
