"""Which files a folder or a zip file holds, under limits that hold before anything is decoded."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from vae_core.data.image_set import LeftOut
from vae_core.data.labels import plain_name
from vae_core.data.own_name import printable
from vae_core.errors import DataError
from vae_core.files import expanded
from vae_core.unzip import BOUNDED

MOST_FILES = 200_000
MOST_FILE_BYTES = 1 << 26
MOST_TOTAL_BYTES = 1 << 33
MOST_FOLDERS = 8
"""Folders within each other."""

LARGEST_DIRECTORY = 1 << 25
"""Bytes of a zip file's table of contents, which is read as a whole."""

PASSED_OVER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What systems put beside the files; like hidden files, those whose names begin with a dot, they are not mentioned."""


@dataclass(frozen=True)
class PictureFile:
    """A file that may be a picture: its name below the folder, its size, and how to get its bytes, at most so many."""

    name: str
    n_bytes: int
    read: Callable[[], bytes]


@dataclass
class Listing:
    """The files to read, by name, and those that are not even tried."""

    what: str
    files: list[PictureFile] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _n_bytes: int = 0

    def add(self, name: str, n_bytes: int, read: Callable[[], bytes]) -> None:
        """Take a file up, or leave it out when it is too large.

        Raises
        ------
        DataError
            When the files together are too many or too large.
        """
        if n_bytes > MOST_FILE_BYTES:
            self.leave(name, f"it has {n_bytes / 1e6:,.0f} MB, more than {MOST_FILE_BYTES / 1e6:,.0f} MB")
            return
        self._n_bytes += n_bytes
        if self._n_bytes > MOST_TOTAL_BYTES:
            raise DataError(f"{self.what}: the files have more than {MOST_TOTAL_BYTES / 1e9:,.0f} GB; take fewer.")
        self.files.append(PictureFile(plain_name(name), n_bytes, read))
        self._check_number()

    def leave(self, name: str, reason: str) -> None:
        """Leave a file out."""
        self.left_out.append(LeftOut(plain_name(name), reason))
        self._check_number()

    def _check_number(self) -> None:
        if len(self.files) + len(self.left_out) > MOST_FILES:
            raise DataError(f"{self.what}: there are more than {MOST_FILES:,} files; take fewer.")


@contextmanager
def listed(kind: str, path: Path, labels: str = "") -> Iterator[Listing]:
    """The files of a folder or a zip file, in the order of their names; they can be read within the block.

    Parameters
    ----------
    kind : str
        "folder" or "zip".
    path : Path
    labels : str
        Path of a file that is no picture though it may lie among them.

    Raises
    ------
    DataError
        When there is no such folder or file, it cannot be opened, or it holds too much.
    """
    what = f"{kind}:{printable(str(path))}"
    listing = Listing(what)
    with ExitStack() as stack:
        try:
            if not (path.is_dir() if kind == "folder" else path.is_file()):
                raise DataError(
                    f"There is no {'folder' if kind == 'folder' else 'file'} {printable(str(path))}: put it back, or "
                    "name other data with --dataset."
                )
            if kind == "folder":
                _list_folder(path, listing, labels)
            else:
                file = stack.enter_context(open(path, "rb"))
                _list_zip(stack.enter_context(opened_zip(file, what, "pack it anew")), listing)
        except OSError as problem:
            raise DataError(f"{what} cannot be read ({problem.strerror or problem}): check its permissions.") from None
        listing.files.sort(key=lambda file: file.name)
        yield listing


# -- folders -------------------------------------------------------------------------------------------------------


def _list_folder(root: Path, listing: Listing, labels: str) -> None:
    home = os.path.realpath(root)
    table = os.path.realpath(expanded(labels)) if labels and "\0" not in labels else None

    def closed(problem: OSError) -> None:
        if problem.filename == home:
            raise problem
        listing.leave(os.path.relpath(problem.filename, home), f"the folder cannot be opened ({problem.strerror})")

    for folder, folders, names in os.walk(home, onerror=closed):
        inner = [name for name in folders if not _is_passed_over(name)]
        depth = 0 if folder == home else os.path.relpath(folder, home).count(os.sep) + 1
        for name in list(inner):
            path = os.path.join(folder, name)  # noqa: PTH118 - Paths would take half the time of reading small files
            if os.path.islink(path):  # noqa: PTH114 - as above
                inner.remove(name)
                listing.leave(os.path.relpath(path, home), "it is a symbolic link to a folder, which is not followed")
            elif depth >= MOST_FOLDERS:
                inner.remove(name)
                listing.leave(os.path.relpath(path, home), f"it lies more than {MOST_FOLDERS} folders deep")
        folders[:] = inner
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - as above
            if not _is_passed_over(name) and path != table:
                _list_file(path, os.path.relpath(path, home), home, listing)


def _list_file(path: str, name: str, home: str, listing: Listing) -> None:
    try:
        about = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - as above
        if stat.S_ISLNK(about.st_mode):
            if not os.path.realpath(path).startswith(home.rstrip(os.sep) + os.sep):
                listing.leave(name, "it is a symbolic link that leads out of the folder, which is not followed")
                return
            about = os.stat(path)  # noqa: PTH116 - as above
    except OSError as problem:
        listing.leave(name, f"it cannot be opened ({problem.strerror})")
        return
    if not stat.S_ISREG(about.st_mode):
        listing.leave(name, "it is no ordinary file")
    else:
        listing.add(name, about.st_size, partial(_read_file, path, about.st_size))


def _read_file(path: str, n_bytes: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(n_bytes)


def _is_passed_over(name: str) -> bool:
    return name.startswith(".") or name in PASSED_OVER


# -- zip files -----------------------------------------------------------------------------------------------------


def opened_zip(file: IO[bytes], what: str, again: str) -> zipfile.ZipFile:
    """A zip file, once it is known that its table of contents does not fill the memory; `again`: how to make another.

    Raises
    ------
    DataError
        When it would, or this is no zip file.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 17)))
    tail = file.read()
    # The table's size stands in the record at the end, or in the one for large files before it: APPNOTE.TXT 4.3.
    end = tail.rfind(b"PK\x05\x06")
    n_bytes = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if end >= 76 and tail[end - 76 : end - 72] == b"PK\x06\x06":
        large = int.from_bytes(tail[end - 36 : end - 28], "little")
        n_bytes = large if n_bytes == 0xFFFFFFFF else max(n_bytes, large)
    if n_bytes > LARGEST_DIRECTORY:
        raise DataError(f"{what}: its table of contents has {n_bytes:,} bytes; take fewer files.")
    try:
        return zipfile.ZipFile(file)
    except Exception:  # a damaged table of contents ends in errors of a dozen kinds
        raise DataError(f"{what} is no {what.partition(':')[0]} file, or a damaged one: {again}.") from None


def _list_zip(archive: zipfile.ZipFile, listing: Listing) -> None:
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        parts = name.split("/")
        if info.is_dir() or any(_is_passed_over(part) for part in parts if part not in ("", ".", "..")):
            continue
        if name.startswith("/") or ".." in parts or ":" in parts[0]:
            listing.leave(name, "its path leads out of the zip file")
        elif len(parts) > MOST_FOLDERS + 1:
            listing.leave(name, f"it lies more than {MOST_FOLDERS} folders deep")
        elif stat.S_ISLNK(info.external_attr >> 16):
            listing.leave(name, "it is a symbolic link, which is not followed")
        elif info.flag_bits & 1:
            listing.leave(name, "it is encrypted")
        elif info.compress_type not in BOUNDED:
            listing.leave(name, "it is packed in a way that is not read here: pack it as usual (deflate)")
        elif name in seen:
            listing.leave(name, "it is there a second time")
        else:
            seen.add(name)
            listing.add(name, info.file_size, partial(_read_member, archive, info))


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        return member.read(info.file_size)  # so many and no more, whatever it holds
