"""What is computed while a browser asks for it: begun by the first question, told its share, given up without any."""

from __future__ import annotations

import asyncio
import gc
import json
from threading import Event
from typing import Any

import pytest
from starlette.routing import Router

from ui import layer_work
from ui.layer_work import LAYER_ROUTES, OFFERS, Work
from vae_core.errors import ConfigError
from vae_core.latent.pieces import OnProgress


def ask(path: str) -> tuple[int, dict[str, str], bytes]:
    """GET `path`, without a server: status, headers, body."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(Router(LAYER_ROUTES)(scope, receive, send))
    headers = {key.decode().lower(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for an answer."""
    monkeypatch.setattr(layer_work, "ANSWER_SECONDS", 0.03)


def test_work_is_done_once_and_tells_its_share() -> None:
    """While it goes on the answer is the share that is done, then the bytes, which a browser may keep."""
    go_on, told, calls = Event(), Event(), []

    def compute(on_progress: OnProgress) -> bytes:
        calls.append(1)
        on_progress(0.25)
        told.set()
        go_on.wait(10)
        return b"done"

    path = OFFERS.offer("once", compute)
    assert 202 == ask(path)[0]
    assert told.wait(10)
    status, headers, body = ask(path)
    assert (202, "no-store", {"share": 0.25}) == (status, headers["cache-control"], json.loads(body))
    go_on.set()
    OFFERS.offer("once", lambda _: b"another")  # the same key is the same work
    while (answer := ask(path))[0] == 202:
        pass
    assert (200, b"done") == (answer[0], answer[2])
    assert "immutable" in answer[1]["cache-control"]
    assert [1] == calls


def test_what_was_never_offered_is_not_there() -> None:
    """A 404 that no cache keeps: a restarted server may offer it in a moment."""
    status, headers, _ = ask("/layers/nothing")
    assert (404, "no-store") == (status, headers["cache-control"])


def test_a_refusal_is_a_sentence_and_a_fault_says_nothing_of_itself() -> None:
    """What the core refuses is quoted; any other error is not."""

    def refuse(_: OnProgress) -> bytes:
        raise ConfigError("There is no such thing.")

    def fail(_: OnProgress) -> bytes:
        raise RuntimeError("a secret")

    assert (422, b"There is no such thing.") == ask(OFFERS.offer("refused", refuse))[::2]
    assert b"secret" not in ask(OFFERS.offer("failed", fail))[2]


def test_work_that_nobody_asks_for_ends_and_can_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its next step after the patience raises; another question begins anew."""
    now = [0.0]
    monkeypatch.setattr(layer_work, "monotonic", lambda: now[0])
    step, begun = Event(), []

    def compute(on_progress: OnProgress) -> bytes:
        begun.append(1)
        if len(begun) == 1:
            step.wait(10)
            on_progress(0.5)
        return b"done"

    work = Work(compute)
    first = work.ask()
    now[0] = layer_work.PATIENCE_SECONDS + 1
    step.set()
    assert isinstance(first.exception(10), layer_work._AbandonedError)
    assert b"done" == work.ask().result(10)
    assert [1, 1] == begun


def test_work_left_behind_says_nothing_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was told the share and went away need not hear that the work was given up."""
    now, step, said = [0.0], Event(), list[str]()
    monkeypatch.setattr(layer_work, "monotonic", lambda: now[0])

    def compute(on_progress: OnProgress) -> bytes:
        step.wait(10)
        on_progress(0.5)
        return b""

    async def send(message: Any) -> None:
        pass

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: said.append(context["message"]))
        scope = {
            "type": "http",
            "method": "GET",
            "path": OFFERS.offer("left", compute),
            "query_string": b"",
            "headers": [],
        }
        await Router(LAYER_ROUTES)(scope, send, send)  # type: ignore[arg-type]
        now[0] = layer_work.PATIENCE_SECONDS + 1
        step.set()
        monkeypatch.setattr(layer_work, "MOST_OFFERS", 1)
        OFFERS.offer("another", compute)  # so that the first is forgotten
        for _ in range(20):
            await asyncio.sleep(0.01)
            gc.collect()

    asyncio.run(scene())
    assert [] == said


def test_the_least_recently_offered_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound to what is held."""
    monkeypatch.setattr(layer_work, "MOST_OFFERS", 2)
    offers = layer_work.Offers()
    for key in ("a", "b", "a", "c"):
        offers.offer(key, lambda _: b"")
    assert [True, False, True] == [offers.get(key) is not None for key in ("a", "b", "c")]
