"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vae_core.errors import ConfigError


def expanded(path: str | os.PathLike[str]) -> Path:
    """A path as a user wrote it, `~` and `~name` replaced by the home folder.

    Raises
    ------
    ConfigError
        When it names a user who has none.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ConfigError(
            f"{os.fspath(path)[:200]!r}: there is no home folder of that user; write the path out."
        ) from None


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` that takes its name when the block ends well, and is removed when it does not.

    The bytes are on the disk before the name is given, so that after a power cut the name has the whole file or none.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes) -> None:
    """Replace `target` by `content` in one step."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)
