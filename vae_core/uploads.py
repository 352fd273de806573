"""Images that came through a page, kept beside the runs that are trained on them."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vae_core.checkpoints import local_dir
from vae_core.data.own_name import KINDS, plain_letters
from vae_core.errors import DataError
from vae_core.files import atomic_path

UPLOADS = ".uploads"
"""The folder for them, beside the new runs and their trash."""

LARGEST_UPLOAD = 500 << 20
"""Bytes of the files that are uploaded together."""

MOST_KEPT = 4 << 30
"""Bytes of all uploads that are kept."""

UNUSED_SECONDS = 3600.0
"""How long an upload that no run uses is kept after it was last looked at."""

ARCHIVES = tuple(f".{kind}" for kind in KINDS if kind != "folder")


@dataclass(frozen=True)
class Upload:
    """What was kept of an upload: the data set's name, the path of its table of labels or "", and its folder."""

    dataset: str
    labels: str
    folder: Path

    def renew(self) -> bool:
        """Put off its sweeping; False when it is gone already."""
        try:
            os.utime(self.folder)
        except OSError:
            return False
        return True

    def without_path(self, text: str) -> str:
        """A text without the folder's path, which is nobody's business who came through the page."""
        return text.replace(f"{self.folder}{os.sep}", "")


def store_upload(files: Sequence[tuple[str, bytes]], checkpoints_dir: str | Path | None = None) -> Upload:
    """Keep uploaded files, complete or not at all, in a folder that is named after their content.

    Pictures are put into one zip file, so that no name of theirs ever reaches the disk; an archive is called after
    the letters and digits of its own name. The same files again are the same upload.

    Parameters
    ----------
    files : sequence of (name, content)
        One zip, npz or npy file, or pictures; and at most one CSV file, a table of labels. They are told apart by
        their names' endings; whether they are what they seem shows when they are read.

    Raises
    ------
    DataError
        When they do not go together, are too large, or cannot be stored.
    """
    tables = [content for name, content in files if _ending(name) == ".csv"]
    archives = [(name, content) for name, content in files if _ending(name) in ARCHIVES]
    pictures = [(name, content) for name, content in files if _ending(name) not in (".csv", *ARCHIVES)]
    if len(tables) > 1 or len(archives) + bool(pictures) != 1:
        counts = {"picture": len(pictures), "archive": len(archives), "table": len(tables)}
        came = [f"{n} {word}{'s' * (n != 1)}" for word, n in counts.items() if n]
        raise DataError(
            f"An upload is either pictures or one .zip, .npz or .npy file, with one .csv of labels at most, but what "
            f"came is {' and '.join(came) or 'no file'}."
        )
    n_bytes = sum(len(content) for _, content in files)
    if n_bytes > LARGEST_UPLOAD:
        raise DataError(
            f"The files have {n_bytes / 1e6:,.0f} MB together, expected at most {LARGEST_UPLOAD / 1e6:,.0f} MB; make "
            "the pictures smaller, or train from the command line."
        )
    name, kind = "pictures", "zip"
    if archives:
        kind = _ending(archives[0][0])[1:]
        name = plain_letters(Path(archives[0][0]).stem, otherwise=kind)
    home = local_dir(checkpoints_dir) / UPLOADS
    target = home / _key(name, files)
    upload = Upload(f"{kind}:{target / name}.{kind}", str(target / "labels.csv") if tables else "", target)
    if upload.renew():
        return upload
    staging = home / f".{target.name}.{secrets.token_hex(4)}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _check_room(home, n_bytes)
        staging.mkdir()
        with atomic_path(staging / f"{name}.{kind}") as path:
            if archives:
                path.write_bytes(archives[0][1])
            else:
                _pack(path, pictures)
        if tables:
            with atomic_path(staging / "labels.csv") as path:
                path.write_bytes(tables[0])
        os.rename(staging, target)
    except OSError as problem:
        if not target.is_dir():  # else somebody was faster with the same files
            raise DataError(f"The upload could not be stored on the server: {problem.strerror}.") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return upload


def sweep_uploads(checkpoints_dir: str | Path | None = None) -> None:
    """Remove the uploads that no run needs, not even one in the trash, and that nobody looked at for an hour."""
    home = local_dir(checkpoints_dir)
    idle = [folder for folder in _folders(home / UPLOADS) if time.time() - _changed(folder) > UNUSED_SECONDS]
    if not idle:
        return
    runs = b"".join(_content(path) for place in ("*", ".trash/*") for path in home.glob(f"{place}/run.json"))
    for folder in idle:
        if folder.name.encode() not in runs:
            shutil.rmtree(folder, ignore_errors=True)


def _ending(name: str) -> str:
    return Path(name).suffix.lower()


def _key(name: str, files: Sequence[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256(name.encode())
    for file_name, content in files:
        digest.update(f"\0{len(content)} {file_name}\0".encode(errors="replace"))
        digest.update(content)
    return digest.hexdigest()[:32]


def _pack(path: Path, pictures: Sequence[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in pictures:
            archive.writestr(zipfile.ZipInfo(Path(name).name[:200] or "unnamed"), content)


def _check_room(home: Path, n_bytes: int) -> None:
    kept = sum(path.stat().st_size for folder in _folders(home) for path in folder.iterdir())
    if kept + n_bytes > MOST_KEPT:
        raise DataError(
            f"The uploads on this server have {kept / 1e9:.1f} GB already, and {MOST_KEPT / 1e9:.0f} GB are allowed; "
            "delete runs that need theirs no longer, or train from the command line."
        )


def _folders(home: Path) -> Iterator[Path]:
    if home.is_dir():
        yield from (path for path in home.iterdir() if path.is_dir())


def _changed(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return time.time()


def _content(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
