"""Bad input, seen from where the user sits: one clear sentence, the right exit status, no traceback, nothing lost."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest

from tests.bad_inputs import ROWS, Row, arguments, copy_of
from vae_core.cli import main


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny`, a finished run, and `stopped`, one that was interrupted; nobody may change it."""
    from tests.vae_core.runs import new_run, train_here
    from vae_core.data import load_dataset

    home = tmp_path_factory.mktemp("pristine")
    digits = load_dataset("digits")
    train_here(new_run(home, "tiny", epochs=1), digits)
    n_epochs = []
    train_here(new_run(home, "stopped", epochs=100_000), digits, on_epoch=n_epochs.append, stop_asked=lambda: len(n_epochs) > 1)
    return home


@pytest.fixture
def home(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the pristine folder that may be damaged."""
    return copy_of(pristine, tmp_path / "home")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty folder for what a command makes."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def contents(folder: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(argv: list[str]) -> int:
    """The command line's exit status, argparse's included."""
    try:
        return main(argv)
    except SystemExit as leaving:
        assert isinstance(leaving.code, int)
        return leaving.code


def the_error(stderr: str, code: int) -> str:
    """The one line in which a command says what was wrong."""
    assert "Traceback" not in stderr
    assert "Unexpected" not in stderr
    lines = stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ") or (code == 2 and ": error: " in line)]
    assert errors == lines[-1:]
    return errors[0]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.argv.split(' ')[0]}: {row.what[:70]}" for row in ROWS])
def test_bad_input_is_answered_in_one_sentence(
    row: Row, home: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every row of the table ends with its status and its sentence, and leaves the files as they were."""
    if row.damage:
        row.damage(home)
    before = contents(home)
    code = run(arguments(row, home, out))
    written = capsys.readouterr()
    assert (row.code, "") == (code, written.out), written.err
    assert row.says in the_error(written.err, row.code)
    after = contents(home)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert set() == {path for path in changed if not path.startswith((".locks/", *row.writes))}
    assert [] == list(out.iterdir())
