"""card.json, field by field: missing, of another type, hard to bear."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_inputs.command import run, the_error
from tests.bad_inputs.damage import edit_card, seal
from vae_core.checkpoints import CARD, WEIGHTS

WRONG = {
    str: (5, None, [], {}),
    int: ("1", None, [1], 1.5, nan),
    float: ("1", None, [1], nan, inf),
    list: ("x", None, {}, 5),
    dict: ("x", None, [], 5),
    type(None): ("x", [], {}),
}
HARD = (-1, 10**30, 1e308, "\x1b[31m[/red]\n", "x" * 5000, True)


def fields(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all fields and list elements of a JSON document."""
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield (*path, key)
        yield from fields(inner, (*path, key))


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path."""
    for key in path:
        document = document[key]
    return document


def shown(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The sentence with which `show` refuses the card of `tiny`; empty when it takes it."""
    code = run(["show", "tiny", "--checkpoints-dir", str(home)])
    stderr = capsys.readouterr().err
    return the_error(stderr, 1) if code == 1 else ""


def test_card_without_a_field_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each field of card.json but the free list of versions is required, and the sentence names it."""
    path = home / "tiny" / CARD
    card = json.loads(path.read_text("utf-8"))
    names = [field for field in fields(card) if isinstance(field[-1], str) and field[:2] != ("run", "versions")]
    assert len(names) > 50
    for field in names:
        changed = copy.deepcopy(card)
        del at(changed, field[:-1])[field[-1]]
        path.write_text(json.dumps(changed), "utf-8")
        assert f"{CARD}: {'.'.join(map(str, field))}: " in shown(home, capsys), field


def test_card_with_a_field_of_another_type_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each field of card.json is of one type: text is no number, a number no text, null and NaN are neither."""
    path = home / "tiny" / CARD
    card = json.loads(path.read_text("utf-8"))
    for field in fields(card):
        for wrong in WRONG[type(at(card, field))]:
            if (field[-1], wrong) in (("standard_error", None), ("sigma", 5)):
                continue  # a mean over one image has none; a sigma may be a number
            changed = copy.deepcopy(card)
            at(changed, field[:-1])[field[-1]] = wrong
            path.write_text(json.dumps(changed), "utf-8")
            said = shown(home, capsys)
            assert "tiny: card.json" in said, (field, wrong)
            assert str(field[0]) in said, (field, wrong)


def test_card_with_a_hard_value_is_taken_or_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever stands in a field of card.json, `show` answers or refuses in a sentence, and no escape code gets out."""
    path = home / "tiny" / CARD
    card = json.loads(path.read_text("utf-8"))
    for field in fields(card):
        for value in HARD:
            changed = copy.deepcopy(card)
            at(changed, field[:-1])[field[-1]] = value
            path.write_text(json.dumps(changed), "utf-8")
            code = run(["show", "tiny", "--checkpoints-dir", str(home)])
            written = capsys.readouterr()
            assert "\x1b" not in written.out + written.err, field
            assert (code == 0 and written.out) or (code == 1 and the_error(written.err, 1)), field


@given(
    junk=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_answered(junk: Any, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON of any kind in place of a card, or of a part of it, is refused in a sentence."""
    path = home / "tiny" / CARD
    whole = json.loads((home / "stopped" / CARD).read_text("utf-8"))
    for document in (junk, {**whole, "model": junk}, {**whole, "run": junk}):
        path.write_text(json.dumps(document), "utf-8")
        assert "tiny: card.json" in shown(home, capsys)


@given(content=st.binary(max_size=400))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_no_weights(content: bytes, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bytes of any kind in place of weights are refused in a sentence, also before the rest of a sound file."""
    sound = (home / "stopped" / WEIGHTS).read_bytes()
    for weights in {content, content + sound[len(content) :]} - {sound}:
        seal(home / "tiny", WEIGHTS, weights)
        code = run(["decode", "tiny", "--z=0,0", "--out", str(home / "a.png"), "--checkpoints-dir", str(home)])
        written = capsys.readouterr().err
        assert 1 == code
        assert "tiny: model.safetensors" in the_error(written, 1)


def test_list_survives_a_damaged_card(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A card that cannot be read is a line of `list` that says why, and hides no other."""
    edit_card(home / "tiny", "data", "name", value=["[/red]"])
    for json_ in ((), ("--json",)):
        assert 0 == run(["list", "--checkpoints-dir", str(home), *json_])
        written = capsys.readouterr()
        assert "" == written.err
    lines = {entry["name"]: entry for entry in json.loads(written.out)}
    assert lines["stopped"]["problem"] is None
    assert "tiny: card.json: data.name" in lines["tiny"]["problem"]
