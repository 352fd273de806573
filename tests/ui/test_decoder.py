"""The decoder's queue: crowds in batches, big requests in chunks, the newest wins, nobody starves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator
from queue import Queue
from threading import Event
from time import sleep
from typing import Any

import numpy as np
import pytest

from tests.ui.stub_explorer import StubExplorer
from ui import decoder, decoder_worker
from ui.background import Background
from vae_core import LatentExplorer
from vae_core.errors import ShapeError

Results = Queue[tuple[Any, Any]]
Submit = Callable[..., None]


@pytest.fixture
def stub(request: pytest.FixtureRequest, even_pace: None) -> Iterator[StubExplorer]:
    """Give a model on a device, and so with a worker, of its own; an image of it counts as 0.2 ms."""
    made = StubExplorer(request.node.name)
    yield made
    made.gate.set()


@pytest.fixture
def even_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 10 images be a chunk and 40 a batch, however busy this machine is; else an image counts as 0.2 ms."""
    images = {decoder_worker.CHUNK_SECONDS: 10, decoder_worker.BATCH_SECONDS: 40}
    in_time = lambda _, seconds: images.get(seconds, round(seconds / 0.0002))  # noqa: E731 - patched in as it is
    monkeypatch.setattr(decoder_worker.Pace, "images_in", in_time)


@pytest.fixture
def results() -> Results:
    """Collect what comes back, as (name, pixels or error), in the order in which it comes."""
    return Queue()


@pytest.fixture
def submit(stub: StubExplorer, results: Results) -> Submit:
    """Give a function that asks for images of these values, under a name, as a client in a lane."""

    def submit(name: str, values: Any, *, client: Hashable = None, lane: int = 0, label: int | None = None) -> None:
        z = np.stack([np.atleast_1d(np.asarray(values, np.float32))] * 2, axis=1)
        labels = None if label is None else np.full(len(z), label)
        decoder.submit(
            stub.as_explorer, z, labels, lambda got, _: results.put((name, got)), client=client or name, lane=lane
        )

    return submit


def hold(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """Keep the worker busy with a first image, so that what follows waits."""
    stub.shut()
    submit("first", 0)
    assert stub.entered.wait(5)


def collect(results: Results, n: int) -> list[tuple[Any, Any]]:
    """The next n results."""
    return [results.get(timeout=10) for _ in range(n)]


def test_decode_gives_what_the_model_gives() -> None:
    """One image or hundreds, in chunks or not: the pixels are those of the explorer's own answer."""
    explorer = LatentExplorer.load("digits-2d", device="cpu")
    rng = np.random.default_rng(0)
    for n in (1, 7, 500):
        z = rng.normal(size=(n, 2)).astype(np.float32)
        difference = explorer.decode_uint8(z).astype(int) - decoder.decode(explorer, z)
        assert abs(difference).max() <= 1


def test_chunks_come_back_in_order(stub: StubExplorer) -> None:
    """A big request is decoded in several calls, labels with them, and put together as it was asked."""
    z = np.stack([np.arange(95)] * 2, axis=1).astype(np.float32)
    pixels = decoder.decode(stub.as_explorer, z, np.arange(95))
    assert list(range(95)) == pixels[:, 0, 0, 0].tolist()
    assert [10] * 9 + [5] == [len(call) for call in stub.calls]
    assert list(range(95)) == [label for labels in stub.labels for label in labels or []]


def test_a_crowd_is_one_batch(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """What thirty clients wait for is decoded in one call, and each gets its own image."""
    hold(stub, submit, results)
    for i in range(30):
        submit(f"client {i}", i)
    stub.gate.set()
    got = dict(collect(results, 31))
    assert [1, 30] == [len(call) for call in stub.calls]
    assert list(range(30)) == [got[f"client {i}"][0, 0, 0, 0] for i in range(30)]


def test_with_and_without_a_class_do_not_mix(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """Requests that name a class go into a batch of their own."""
    hold(stub, submit, results)
    for i, label in enumerate([None, 4, None, 5]):
        submit(f"client {i}", i, label=label)
    stub.gate.set()
    collect(results, 5)
    assert [None, None, [4, 5]] == stub.labels


def test_the_newest_of_a_lane_wins_and_keeps_its_turn(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """Of what waits in a lane only the newest is decoded, in the place of the first; other lanes come after others."""
    hold(stub, submit, results)
    submit("old", 1, client="hasty")
    submit("other lane", 2, client="hasty", lane=1)
    submit("neighbour", 3)
    submit("older", 4, client="hasty")
    submit("new", 5, client="hasty")
    stub.gate.set()
    assert ["first", "new", "neighbour", "other lane"] == [name for name, _ in collect(results, 4)]
    assert [[0.0], [5.0, 3.0, 2.0]] == stub.calls


def test_a_newer_request_replaces_a_big_one_on_its_way(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """A grid that is being decoded is given up for a newer one of its lane, big or small."""
    stub.shut()
    submit("grid", np.zeros(500), client="hand")
    assert stub.entered.wait(5)  # its first chunk
    submit("newer", np.ones(40), client="hand")
    submit("newest", 2, client="hand")
    stub.gate.set()
    assert "newest" == results.get(timeout=10)[0]
    decoder.decode(stub.as_explorer, np.full((60, 2), 3.0))
    assert results.empty()
    assert [0.0, 2.0, *[3.0] * 6] == [call[0] for call in stub.calls]


def test_a_big_request_overtaken_at_its_end_is_dropped(
    stub: StubExplorer, submit: Submit, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer request of the lane that comes during the last chunk is the only one answered."""
    plain = stub.decode_uint8

    def overtaken(z: Any, label: Any = None) -> Any:
        if z[-1, 0] == 9:
            submit("newer", 1, client="hand")
        return plain(z, label)

    monkeypatch.setattr(stub, "decode_uint8", overtaken)
    submit("grid", [0.0] * 99 + [9.0], client="hand")
    assert "newer" == results.get(timeout=10)[0]
    decoder.decode(stub.as_explorer, np.zeros((60, 2)))
    assert results.empty()


def test_a_big_request_yields_to_a_small_one(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """A pointer's image does not wait for the grid that came before it, only for a chunk of it."""
    stub.shut()
    submit("grid", np.ones(200))
    assert stub.entered.wait(5)  # its first chunk
    submit("pointer", 2)
    submit("lens", [3] * 9)
    stub.gate.set()
    assert ["pointer", "lens", "grid"] == [name for name, _ in collect(results, 3)]
    assert [10, 10, *[10] * 19] == [len(call) for call in stub.calls]
    assert [1.0, 2.0, *[1.0] * 19] == [call[0] for call in stub.calls]


def test_big_requests_take_turns(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """Two clients' grids are decoded chunk by chunk in turn, though one of the two waits with three."""
    hold(stub, submit, results)
    for lane in range(3):
        submit(f"greedy {lane}", np.full(60, 1.0), client="greedy", lane=lane)
    submit("modest", np.full(60, 2.0))
    stub.gate.set()
    assert ["first", "greedy 0", "modest", "greedy 1", "greedy 2"] == [name for name, _ in collect(results, 5)]
    assert [0.0, *[1.0, 2.0] * 6, *[1.0] * 12] == [call[0] for call in stub.calls]


def test_small_requests_do_not_starve_a_big_one(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """A grid is finished while a small request always waits."""
    done: Queue[str] = Queue()

    def again(*_: Any) -> None:
        if done.empty():
            decoder.submit(stub.as_explorer, np.full((1, 2), 2.0, np.float32), None, again, client="hasty", lane=0)

    again()
    grid = np.ones((300, 2), np.float32)
    decoder.submit(stub.as_explorer, grid, None, lambda *_: done.put("grid"), client="grid", lane=0)
    assert "grid" == done.get(timeout=10)


def test_a_grid_takes_few_calls_where_a_call_is_dear(request: pytest.FixtureRequest) -> None:
    """Where each call takes a millisecond by itself, 900 images are not decoded one by one, whatever came before."""
    stub = StubExplorer(request.node.name, call_seconds=0.0012)
    for _ in range(30):
        decoder.decode(stub.as_explorer, np.zeros((1, 2)))
    decoder.decode(stub.as_explorer, np.zeros((900, 2)))
    assert len(stub.calls) - 30 <= 40


def greedy_and_modest(stub: StubExplorer, results: Results, submit: Submit, modest: StubExplorer) -> list[Any]:
    """Who is answered when, where one client waits with 64 small requests and then another one comes."""
    hold(stub, submit, results)
    for lane in range(64):
        submit(f"greedy {lane}", np.full(10, lane + 1.0), client="greedy", lane=lane)
    decoder.submit(
        modest.as_explorer,
        np.full((1, 2), 2.0, np.float32),
        None,
        lambda got, _: results.put(("modest", got)),
        client="modest",
        lane=0,
    )
    stub.gate.set()
    return [name for name, _ in collect(results, 66)]


def test_lanes_give_no_client_more_turns(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """One with 64 lanes has one request in the batch that the other one has one in, and alone no batch of many."""
    order = greedy_and_modest(stub, results, submit, stub)
    assert ["first", "greedy 0", "modest"] == order[:3]
    assert [1, 11, 10, 10] == [len(call) for call in stub.calls[:4]]


def test_another_model_has_the_next_batch(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """One with 64 lanes keeps a client of another model waiting for one of them, not for all."""
    order = greedy_and_modest(stub, results, submit, StubExplorer(stub.device))
    assert ["first", "greedy 0", "modest"] == order[:3]


def test_whom_a_batch_had_no_room_for_comes_next(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """Who was served goes to the end of the row: nobody has a second turn before all had one."""
    hold(stub, submit, results)
    for lane in range(2):
        for i in range(6):
            submit(f"{i} {lane}", np.full(10, 1.0), client=i, lane=lane)
    stub.gate.set()
    order = [name for name, _ in collect(results, 13)][1:]
    assert [f"{i} 0" for i in range(6)] == order[:6]


def test_background_work_waits_for_pictures(
    stub: StubExplorer, submit: Submit, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked of all images goes on in pieces only when nobody waits, and comes back whole and in order."""
    monkeypatch.setattr(decoder_worker, "BACKGROUND_SECONDS", 1e9)
    hold(stub, submit, results)
    asked = list[slice]()

    def ask(some: slice) -> int:
        asked.append(some)
        if len(asked) == 2:
            submit("pointer", 1)
            submit("grid", np.zeros(100))
        stub.calls.append([])
        return some.start

    found = decoder.in_background(stub.as_explorer, 1000, ask)
    submit("earlier", 2)
    stub.gate.set()
    answer = found.result(timeout=10)
    assert [some.start for some in asked] == answer
    assert ["first", "earlier", "pointer", "grid"] == [name for name, _ in collect(results, 4)]
    assert list(range(1000)) == [index for some in asked for index in range(1000)[some]]
    assert [1, 1, 0, 0, 1, *[10] * 10, 0] == [len(call) for call in stub.calls[:16]]


def test_background_work_does_not_starve(stub: StubExplorer) -> None:
    """It is finished while a small request always waits; an error in it reaches whoever waits for it."""
    done: Queue[str] = Queue()

    def again(*_: Any) -> None:
        if done.empty():
            decoder.submit(stub.as_explorer, np.full((1, 2), 2.0, np.float32), None, again, client="hasty", lane=0)

    again()
    assert 30 == sum(decoder.in_background(stub.as_explorer, 30, lambda some: some.stop - some.start).result(10))
    with pytest.raises(ZeroDivisionError):
        decoder.in_background(stub.as_explorer, 30, lambda some: 1 // some.start).result(10)
    done.put("enough")


def test_what_a_hand_waits_for_is_not_behind_all_else(stub: StubExplorer) -> None:
    """Of two pieces one is it, however many layers and ledgers there are to do, and they go on beside a flood of it."""
    order: list[str] = []
    stub.shut()
    decoder.submit(stub.as_explorer, np.zeros((1, 2), np.float32), None, lambda *_: None, client="first", lane=0)
    assert stub.entered.wait(10)
    rest = [decoder.in_background(stub.as_explorer, 1, lambda _: order.append("layer")) for _ in range(30)]
    soon = [decoder.in_background(stub.as_explorer, 1, lambda _: order.append("hand"), soon=True) for _ in range(10)]
    stub.gate.set()
    for one in [*rest, *soon]:
        one.result(10)
    assert 10 == order[:20].count("hand") == order[:20].count("layer")


def test_what_is_withdrawn_is_not_decoded(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """A lane, or all that a client waits for, is forgotten; what others wait for is not."""
    hold(stub, submit, results)
    for lane, n in ((0, 1), (1, 1), (2, 100), (3, 100)):
        submit(f"lane {lane}", np.full(n, 1.0), client="leaves", lane=lane)
    submit("one lane", 2, client="stays")
    submit("other lane", 3, client="stays", lane=1)
    decoder.withdraw("leaves")
    decoder.withdraw("stays", 0)
    stub.gate.set()
    assert ["first", "other lane"] == [name for name, _ in collect(results, 2)]
    assert [[0.0], [3.0]] == stub.calls


def test_an_error_reaches_its_caller_alone(stub: StubExplorer, submit: Submit, results: Results) -> None:
    """One that spoils a batch is told so, the others of the batch get their images, and the worker goes on."""
    hold(stub, submit, results)
    for value in (12, 240, 14):
        submit(str(value), value)
    stub.gate.set()
    got = dict(collect(results, 4))
    assert [12, 14] == [got[name][0, 0, 0, 0] for name in ("12", "14")]
    assert isinstance(got["240"], ShapeError)
    for n in (1, 100):
        with pytest.raises(ShapeError, match="no 240"):
            decoder.decode(stub.as_explorer, np.full((n, 2), 240.0))
    assert 7 == decoder.decode(stub.as_explorer, np.full((1, 2), 7.0))[0, 0, 0, 0]


def test_the_worker_outlives_a_caller_that_fails(stub: StubExplorer, caplog: pytest.LogCaptureFixture) -> None:
    """An error while a result is handed over is logged, and the next one is decoded."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL, "ui.decoder_worker"):
        decoder.submit(stub.as_explorer, np.zeros((1, 2), np.float32), None, fail, client="bad", lane=0)
        assert 7 == decoder.decode(stub.as_explorer, np.full((1, 2), 7.0))[0, 0, 0, 0]


@pytest.mark.parametrize("z", [[[0.0, 1.0, 2.0]], [0.0, 1.0], [[0.0, np.nan]], [["a", "b"]]])
def test_a_wrong_z_is_refused_where_it_is_given(stub: StubExplorer, z: Any) -> None:
    """The caller hears of it, and the worker never sees it."""
    with pytest.raises(ShapeError):
        decoder.decode(stub.as_explorer, z)
    assert [] == stub.calls


def test_a_worker_that_ends_finishes_its_piece_and_does_no_other() -> None:
    """At the end of the process: a thread that is cut off within torch takes the process down with it."""
    worker, done, begun = decoder_worker.Worker("cpu"), list[int](), Event()

    def ask(some: slice) -> None:
        begun.set()
        sleep(0.05)
        done.append(some.start)

    worker.in_background(Background(1000, ask))
    assert begun.wait(10)
    worker.end()
    n_done = len(done)
    sleep(0.12)
    assert (True, n_done) == (n_done > 0, len(done))
