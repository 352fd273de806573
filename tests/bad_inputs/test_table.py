"""The table, row by row: one clear sentence, the right exit status, no traceback, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_inputs.command import contents, run, the_error
from tests.bad_inputs.rows import ROWS, Row, arguments


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


def test_table_is_long_enough() -> None:
    """The table has the forty rows at least that were promised, no two alike."""
    assert len(ROWS) == len({(row.what, row.argv) for row in ROWS})
    assert len(ROWS) >= 40
