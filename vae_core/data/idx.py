"""Reading the IDX files of the MNIST family.

Format: two zero bytes, a type (8 is uint8), the number of dimensions, each dimension as a big-endian 32-bit integer,
then the bytes (LeCun, Cortes, Burges: The MNIST database of handwritten digits).
"""

from __future__ import annotations

import hashlib
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vae_core.data.catalogue import is_file
from vae_core.errors import DataError

UINT8 = 8


def read_idx(path: Path, md5: str | None) -> NDArray[np.uint8]:
    """Read a packed IDX file, or the unpacked one beside it when only that is there.

    Nothing is written: the folder may be read-only.

    Parameters
    ----------
    path : Path
        The file; its name ends in .gz.
    md5 : str or None
        What the packed file's MD5 must be; None where its publisher gives none. An unpacked file is checked by its
        header and length alone.

    Returns
    -------
    ndarray of uint8
        Read-only, of the shape that the header gives.

    Raises
    ------
    DataError
        When the file cannot be read or is damaged.
    """
    if not is_file(path):
        path, md5 = path.with_suffix(""), None
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): check its permissions, or fetch it again."
        ) from None
    if md5 is not None and hashlib.md5(raw, usedforsecurity=False).hexdigest() != md5:
        raise damaged(path, "its MD5 is not the publisher's")
    if path.suffix == ".gz":
        try:
            # Half the time of gzip.decompress; the CRC is checked all the same.
            raw = zlib.decompress(raw, wbits=16 + zlib.MAX_WBITS)
        except zlib.error:
            raise damaged(path, "it is no complete gzip file") from None
    return _parse(raw, path)


def _parse(raw: bytes, path: Path) -> NDArray[np.uint8]:
    n_dimensions = raw[3] if len(raw) >= 4 else 0
    start = 4 + 4 * n_dimensions
    if raw[:3] != bytes((0, 0, UINT8)) or n_dimensions == 0 or len(raw) < start:
        raise damaged(path, "it does not begin as an IDX file of bytes does")
    shape = [int.from_bytes(raw[i : i + 4], "big") for i in range(4, start, 4)]
    if len(raw) - start != math.prod(shape):
        raise damaged(path, f"it holds {len(raw) - start} bytes where its header promises {math.prod(shape)}")
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(shape)


def damaged(path: Path, why: str) -> DataError:
    """The error for a file that is there but is not what it should be."""
    return DataError(f"{path} is damaged ({why}): fetch the data set again or put an intact copy in its place.")
