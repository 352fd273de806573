"""Zip files from elsewhere, which may have been made to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection

LARGEST_ARCHIVE = 1 << 28
"""Bytes that a checkpoint may unpack to: a small archive from elsewhere must fill neither the memory nor the disk."""

BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways to pack that are unpacked here: zipfile unpacks them a piece at a time, the others without a bound."""


def unzipped(content: bytes, names: Collection[str], *, largest: int) -> dict[str, bytes]:
    """The content of those members of a zip file whose names end in one of `names`.

    Parameters
    ----------
    content : bytes
        The zip file.
    names : collection of str
        File names; whatever folders a member's name has before are passed over.
    largest : int
        Bytes that the members may have together; more than that is never unpacked.

    Raises
    ------
    Exception
        Of a dozen kinds, zipfile's and zlib's among them, when the file is damaged or asks for too much.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        wanted: dict[str, zipfile.ZipInfo] = {}
        for info in archive.infolist():
            name = info.filename.rpartition("/")[2]
            if name not in names:
                continue
            if name in wanted:
                raise ValueError(f"it holds {name} more than once")
            if info.compress_type not in BOUNDED:
                raise ValueError(f"{name} is packed in a way that is not used here")
            wanted[name] = info
        n_bytes = sum(info.file_size for info in wanted.values())
        if n_bytes > largest:
            raise ValueError(f"it would unpack to {n_bytes:,} bytes, expected at most {largest:,}")
        members: dict[str, bytes] = {}
        for name, info in wanted.items():
            with archive.open(info) as member:
                members[name] = member.read(info.file_size)  # so many and no more, whatever it holds
    return members
