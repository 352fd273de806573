"""Downloading data sets: checked, atomic, from mirrors in turn."""

from __future__ import annotations

import contextlib
import http.client
import os
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO

from filelock import FileLock

from vae_core.data.catalogue import DatasetSpec, dataset_spec, is_available, is_file, set_folder, two_ways_out
from vae_core.data.idx import read_idx
from vae_core.data.own_name import is_own, parse_own
from vae_core.data.sources import Archive, archive, file_checksums, has_md5, mirrors
from vae_core.errors import DataError

TIMEOUT = 30.0
"""Seconds without a byte after which a mirror counts as dead."""

CHUNK = 1 << 18

Progress = Callable[[str, int, int], None]
"""`progress(file_name, bytes_done, bytes_total)`; the total is 0 where the mirror does not tell it."""


class _MirrorError(Exception):
    """One mirror did not deliver the file; the next one may."""


def fetch_dataset(name: str, data_dir: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Path:
    """Download what is missing or damaged of a data set.

    A file gets its name only once it is complete and its MD5 is right; whatever ends the download earlier, Ctrl-C
    included, leaves nothing half done behind. Processes that fetch the same set at once wait for each other.

    Parameters
    ----------
    name : str
        One of `DATASETS`.
    data_dir : path, optional
        See `vae_core.data.data_dir`; made when it is not there.
    progress : callable, optional
        Called as `progress(file_name, bytes_done, bytes_total)`: with 0 when a file begins, then after every piece.
        It begins again at 0 when a mirror fails and the next one is tried. The total is 0 where the mirror does not
        tell it.

    Returns
    -------
    Path
        The folder that holds the set's files.

    Raises
    ------
    DataError
        When the name is unknown, VAE_OFFLINE forbids the network, no mirror delivers, or the folder cannot be written.
    """
    if is_own(name):
        _, path = parse_own(name)
        if not is_available(name):
            raise DataError(f"There is nothing at {path}: data of your own is not fetched; check the path.")
        return path
    spec = dataset_spec(name)
    folder = set_folder(spec, data_dir)
    if not spec.files or not _unsound(spec, folder):
        return folder
    if not spec.can_be_fetched:
        raise DataError(f"{spec.title} is missing or damaged in {folder}: {two_ways_out(spec)}")
    if os.environ.get("VAE_OFFLINE", "") not in ("", "0"):
        raise DataError(
            f"{spec.title} is missing or damaged in {folder}, and VAE_OFFLINE={os.environ['VAE_OFFLINE']} forbids "
            f"fetching it: {two_ways_out(spec)}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".fetch.lock"):
            files = _unsound(spec, folder)  # once more: another process may have fetched them meanwhile
            if files:
                _fetch(spec, folder, files, progress or _silent)
    except OSError as error:
        raise DataError(
            f"{spec.title} cannot be written to {folder} ({error.strerror or error}): make room or permission for "
            f"{spec.download_bytes / 1e6:.0f} MB there, or point VAE_DATA_DIR or --data-dir at another folder."
        ) from None
    return folder


def _silent(file_name: str, done: int, total: int) -> None:
    pass


def _unsound(spec: DatasetSpec, folder: Path) -> dict[str, str | None]:
    """The files that are missing or damaged, with their MD5s."""
    return {name: md5 for name, md5 in file_checksums(spec).items() if not _is_sound(folder / name, md5)}


def _is_sound(path: Path, md5: str | None) -> bool:
    if path.suffix != ".gz" or (md5 is not None and is_file(path)):
        return has_md5(path, md5)
    try:
        read_idx(path, md5)
    except DataError:
        return False
    return True


def _fetch(spec: DatasetSpec, folder: Path, files: dict[str, str | None], progress: Progress) -> None:
    whole = archive(spec)
    try:
        if whole is None:
            for name, md5 in files.items():
                with _downloaded([mirror + name for mirror in mirrors(spec)], md5, folder / name, progress) as part:
                    part.replace(folder / name)
        else:
            with _downloaded([whole.url], whole.md5, folder / whole.file_name, progress) as part:
                _unpack(whole, part, folder, files)
    except _MirrorError as error:
        raise DataError(f"{spec.title} could not be fetched to {folder} ({error}): {two_ways_out(spec)}") from None


@contextlib.contextmanager
def _downloaded(urls: list[str], md5: str | None, target: Path, progress: Progress) -> Iterator[Path]:
    """The complete, checked file beside `target`; it is gone afterwards unless it was renamed."""
    part = target.with_name(target.name + ".part")
    failures = []
    try:
        for url in urls:
            try:
                with part.open("wb") as file:
                    for done, total, chunk in _chunks(url):
                        file.write(chunk)
                        progress(target.name, done, total)
                if not has_md5(part, md5):
                    raise _MirrorError(f"{url}: what it sent has not the publisher's MD5")
                break
            except _MirrorError as error:
                failures.append(str(error))
        else:
            raise _MirrorError("; ".join(failures))
        yield part
    finally:
        part.unlink(missing_ok=True)


def _chunks(url: str) -> Iterator[tuple[int, int, bytes]]:
    """(bytes so far, bytes in all or 0, these bytes), the first with no bytes."""
    request = urllib.request.Request(url, headers={"User-Agent": "vae_core"})  # some hosts refuse urllib's own
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            total, done = int(response.headers.get("Content-Length") or 0), 0
            yield 0, total, b""
            while chunk := response.read(CHUNK):
                done += len(chunk)
                yield done, total, chunk
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(f"{url}: {str(error) or type(error).__name__}") from None


def _unpack(whole: Archive, packed: Path, folder: Path, files: dict[str, str | None]) -> None:
    """Take the wanted files out of the archive, whatever folder they lie in there."""
    for name, source in _members(packed, whole.file_name, files):
        part = folder / f"{name}.part"
        try:
            with source, part.open("wb") as file:
                while chunk := source.read(CHUNK):
                    file.write(chunk)
            part.replace(folder / name)
        finally:
            part.unlink(missing_ok=True)
    left = [name for name, md5 in files.items() if not _is_sound(folder / name, md5)]
    if left:
        raise _MirrorError(f"{whole.url}: {left[0]} is not in it, or damaged")


def _members(packed: Path, file_name: str, wanted: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """(name without its folder, its bytes) of the wanted files in a .zip or .tar.gz."""
    if file_name.endswith(".zip"):
        with zipfile.ZipFile(packed) as zipped:
            for info in zipped.infolist():
                name = info.filename.rsplit("/", 1)[-1]
                if name in wanted:
                    yield name, zipped.open(info)
        return
    with tarfile.open(packed) as tarred:
        for member in tarred:
            name = member.name.rsplit("/", 1)[-1]
            content = tarred.extractfile(member) if member.isfile() and name in wanted else None
            if content is not None:
                yield name, content
