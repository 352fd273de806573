"""Tables and JSON from outside: what is right is read, what is wrong is refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from threading import Event, Thread
from time import perf_counter
from typing import Any

import numpy as np
import pytest

from vae_core import LatentExplorer
from vae_core.errors import DataError
from vae_core.latent.directions import (
    Direction,
    class_question,
    column_question,
    directions_json,
    find_direction,
    group_question,
    read_directions,
    read_table,
)


@pytest.fixture(scope="module")
def explorer() -> LatentExplorer:
    """The shipped model of digits, of two dimensions."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture(scope="module")
def direction(explorer: LatentExplorer) -> Direction:
    """Towards the zeros."""
    return find_direction(explorer.latents.mu, class_question(explorer, 0), name="zeros")


def test_directions_come_back_from_json_as_they_went(explorer: LatentExplorer, direction: Direction) -> None:
    """Every figure and letter, the permutation test's included."""
    both = (direction.with_p(0.005, 199), replace(direction, name="Nullen – ∅"))
    assert both == read_directions(directions_json(explorer, both), explorer)


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    """The file with a change to what it says."""

    def make(content: bytes) -> bytes:
        document = json.loads(content)
        change(document)
        return json.dumps(document).encode()

    return make


FORGED = {
    "no JSON": lambda content: content[:50],
    "another JSON": lambda _: b"[1, 2]",
    "deep": lambda _: b"[" * 100_000,
    "no text": lambda _: b"\xff\xfe\x00",
    "large": lambda content: content + b" " * (1 << 20),
    "version": changed(lambda d: d.update(version=2)),
    "format": changed(lambda d: d.update(format="other")),
    "unknown field": changed(lambda d: d.update(more=1)),
    "missing field": changed(lambda d: d["directions"][0].pop("spread")),
    "another model": changed(lambda d: d.update(weights="0" * 64)),
    "another space": changed(lambda d: d.update(latent_dim=3)),
    "long vector": changed(lambda d: d["directions"][0].update(vector=[0.6, 0.8, 0.0])),
    "no unit": changed(lambda d: d["directions"][0].update(vector=[0.0, 0.0])),
    "NaN": changed(lambda d: d["directions"][0].update(vector=[float("nan"), 1.0])),
    "endless": changed(lambda d: d["directions"][0].update(middle=float("inf"))),
    "no spread": changed(lambda d: d["directions"][0].update(spread=0.0)),
    "control letters": changed(lambda d: d["directions"][0].update(name="a\x1b[31m\nb")),
    "nameless": changed(lambda d: d["directions"][0].update(name=" ")),
    "twice": changed(lambda d: d["directions"].append(d["directions"][0])),
    "many": changed(lambda d: d.update(directions=d["directions"] * 33)),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_file_is_refused_in_a_sentence(
    explorer: LatentExplorer, direction: Direction, forge: Callable[[bytes], bytes]
) -> None:
    """Whatever it is, a DataError of one short line that begins with what it is about."""
    with pytest.raises(DataError, match=r"^The file of directions") as caught:
        read_directions(forge(directions_json(explorer, [direction])), explorer)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


TABLE = (
    b"\xef\xbb\xbfindex,smile,size,colour,same,odd\r\n3,1,2.5,red,7,x\r\n0,0,1e1,blue,7,y\r\n\r\n"
    b"12,1,,red,7,z\r\n5,,-4,red,7,x\r\n"
)


def test_a_column_is_two_groups_or_numbers_and_empty_cells_are_left_out() -> None:
    """Two numbers or two words are groups, the later one the high end; more numbers are numbers."""
    table = read_table(TABLE)
    assert ("smile", "size", "colour", "same", "odd") == table.columns
    smile, size, colour = (column_question(table, name, 20) for name in ("smile", "size", "colour"))
    assert ("groups", [3, 0, 12], [1, 0, 1]) == (smile.kind, smile.indices.tolist(), smile.values.tolist())
    assert ("values", [3, 0, 5], [2.5, 10, -4]) == (size.kind, size.indices.tolist(), size.values.tolist())
    assert ("groups", [1, 0, 1, 1], ("colour blue", "colour red")) == (colour.kind, colour.values.tolist(), colour.ends)


@pytest.mark.parametrize("column", ["same", "odd", "nowhere"])
def test_a_column_without_two_ends_is_refused(column: str) -> None:
    """One value for all, three words, and a name that is not there."""
    with pytest.raises(DataError, match=r"\.$"):
        column_question(read_table(TABLE), column, 20)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"a,b\n1,2\n", b"index\n1\n", b"index,a\n-1,2\n", b"index,a\n1.0,2\n", b"index,a\n1\n",
        b"index,a,a\n1,2,3\n", b"index,a\n1,2\n01,3\n", b'index,a\n1,"2\n', b"index,a\n" + b"9" * 30 + b",1\n",
        "index,a\n²,1\n".encode(), b"index,a" * 1000, b"INDEX,index\n1,2\n",
    ],
)  # fmt: skip
def test_a_damaged_table_is_refused_in_a_sentence(content: bytes) -> None:
    """Whatever it is, a DataError of one printable line."""
    with pytest.raises(DataError) as caught:
        read_table(content)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_indices_beyond_the_codes_are_refused() -> None:
    """In a table and in a group, with how many there are."""
    with pytest.raises(DataError, match="0 to 11"):
        column_question(read_table(TABLE), "smile", 12)
    for members in ([0, 12], [-1], [0.5]):
        with pytest.raises(DataError, match="0 to 11"):
            group_question(np.array(members), 12)


def test_classes_that_are_not_there_are_refused(explorer: LatentExplorer) -> None:
    """A number beyond the classes, and a class against itself."""
    for label, against in ((10, None), (0, 10), (3, 3)):
        with pytest.raises(DataError):
            class_question(explorer, label, against)


def test_a_table_of_empty_rows_is_refused_before_it_fills_the_memory() -> None:
    """Its rows are counted while they are read."""
    with pytest.raises(DataError, match="more than 200,000 rows"):
        read_table(b"index,a\n" + b",\n" * 300_000)


def test_nobody_waits_while_a_large_table_is_read() -> None:
    """Another thread has its turn many times meanwhile, as the server's others have."""
    content = b"index,a\n" + b"".join(b"%d,1\n" % i for i in range(100_000))
    turns, ended = 0, Event()

    def others() -> None:
        nonlocal turns
        while not ended.wait(0.001):
            turns += 1

    waits = Thread(target=others)
    waits.start()
    began = perf_counter()
    read_table(content)
    seconds = perf_counter() - began
    ended.set()
    waits.join()
    assert turns > 20 * seconds


def test_a_cell_may_hold_a_form_feed() -> None:
    """Rows end at line ends alone."""
    assert [["2"]] == read_table(b"index,a\n1,\x0c2\x0b\n").rows
