"""Atomic writes: the old file or the new one, never half of one, and no litter."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vae_core.files import atomic_path, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The name holds the new content, and nothing else is left."""
    target = tmp_path / "card.json"
    for content in (b"old", b"new", b""):
        write_atomically(target, content)
        assert content == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the block, the disk or the rename fails, the old content stays and the temporary file goes."""
    target = tmp_path / "card.json"
    write_atomically(target, b"old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_bytes(b"half" * (1 // 0))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, function, full)
            with pytest.raises(OSError, match="No space left"):
                write_atomically(target, b"new")
    assert b"old" == target.read_bytes()
    assert [target] == list(tmp_path.iterdir())


def test_the_new_name_is_given_last(tmp_path: Path) -> None:
    """While it is written, the old file can be read; the temporary one lies beside it."""
    target = tmp_path / "card.json"
    write_atomically(target, b"old")
    with atomic_path(target) as temporary:
        temporary.write_bytes(b"new")
        assert (b"old", tmp_path) == (target.read_bytes(), temporary.parent)
    assert b"new" == target.read_bytes()
