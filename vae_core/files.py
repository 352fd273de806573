"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import os
import secrets
import stat
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


def writable(target: Path) -> Path:
    """`target`, when a file can be written there: said at once, not after what is to be written was made.

    Raises
    ------
    ConfigError
        When its folder is not there or closed, it is a folder or device itself, or no file can have such a name.
    """
    shown = repr(str(target)[:200])
    try:
        has_folder = target.parent.is_dir()
        is_other = has_folder and not stat.S_ISREG(target.stat().st_mode)
    except FileNotFoundError:
        is_other = False
    except (OSError, ValueError) as problem:  # the name is too long, or holds a NUL character
        said = getattr(problem, "strerror", problem)
        raise ConfigError(f"Cannot write {shown}: {said}; choose another name.") from None
    if not has_folder:
        raise ConfigError(f"Cannot write {shown}: there is no folder {str(target.parent)[:200]!r}; make it first.")
    if is_other:
        raise ConfigError(f"Cannot write {shown}: it exists and is no ordinary file; choose another name.")
    if not os.access(target.parent, os.W_OK):
        raise ConfigError(f"Cannot write {shown}: no permission to write to its folder.")
    return target


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
