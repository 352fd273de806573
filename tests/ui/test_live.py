"""The live channel: pixels as the model gives them, who may ask, and what no client can do to it."""

from __future__ import annotations

import itertools
import logging
import re
import struct
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
import uvicorn
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.browser.serving import serve_app
from tests.ui.live_client import LiveClient, deaf_client, encode_request, live_client, point_request, request
from tests.ui.stub_explorer import StubExplorer
from ui import decoder_worker, live, live_allowance, live_budget, live_models, own_encoding, records
from ui import live_client as server_side
from vae_core import LatentExplorer
from vae_core.errors import DataError

Z = [[0.5, -1.0]]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve the route from a thread, as the app's own server does."""
    config = uvicorn.Config(Starlette(routes=[live.ROUTE]), port=0, ws="websockets-sansio", log_config=None)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def digits() -> LatentExplorer:
    """Open a shipped model of 8×8 images."""
    return LatentExplorer.load("digits-2d", device="cpu")


@pytest.fixture
def stub(request: pytest.FixtureRequest) -> Iterator[StubExplorer]:
    """Give a model on a device of its own, which decodes when it is let."""
    made = StubExplorer(request.node.name)
    yield made
    made.gate.set()


SESSIONS = itertools.count()
"""Each client is a page session of its own, unless a test says otherwise."""


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let a test fail when anything a client does leaves more than a warning in the server's log."""
    yield
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@contextmanager
def client(url: str, explorer: Any, **options: Any) -> Iterator[tuple[LiveClient, str]]:
    """Open the channel as a page does; gives the client and the name of the model."""
    offer = live.offer(explorer)
    options.setdefault("token", live.token_for(explorer.device, f"session {next(SESSIONS)}"))
    with live_client(url, offer, **options) as opened:
        yield opened, offer["model"]


def assert_serves(url: str, digits: LatentExplorer) -> None:
    """Somebody who comes now is served."""
    with client(url, digits) as (newcomer, model):
        answer = newcomer.ask(request(model, Z, number=7))
        assert (7, 0) == (answer.number, answer.status)


def wait_until(condition: Any, seconds: float = 10) -> None:
    """Wait for what another thread does; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_pixels_are_those_of_decode(url: str, digits: LatentExplorer) -> None:
    """One image or a grid: within 1/255 of the model's own, in order, under the request's number."""
    rng = np.random.default_rng(0)
    with client(url, digits) as (page, model):
        for number, n in ((1, 1), (2, 25), (2**32 - 1, 900)):
            z = rng.normal(size=(n, 2)).astype(np.float32) * 2
            answer = page.ask(request(model, z, number=number, lane=number % 64))
            assert (number, 0, "") == (answer.number, answer.status, answer.text)
            expected = digits.decode(z).transpose(0, 2, 3, 1)
            assert expected.shape == answer.pixels.shape
            assert np.abs(expected - answer.pixels / 255).max() <= 1 / 255
            assert 0 < answer.ms < answer.server_ms < 20_000


def test_the_offer_is_what_a_browser_can_use(digits: LatentExplorer) -> None:
    """Its token may stand in a Sec-WebSocket-Protocol header, and the model's name is the card's key."""
    offer = live.offer(digits)
    assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", offer["token"])
    assert ("/live", digits.card.key[:32], "cpu", 2, [1, 8, 8]) == tuple(
        offer[name] for name in ("path", "model", "device", "latent_dim", "image_shape")
    )


def test_a_token_is_given_again_for_half_of_its_life(digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reruns get the same one, so that a component's data stays the same; an older one is replaced in time."""
    monkeypatch.setattr(live, "_tokens", OrderedDict())
    first, now = live.offer(digits), time.time()
    monkeypatch.setattr(live, "time", lambda: now + 250)
    again = live.offer(digits)
    assert first["token"] == again["token"]
    assert abs(again["expires"] - 350) < 2
    monkeypatch.setattr(live, "time", lambda: now + 310)
    assert live.offer(digits)["expires"] == 600


@pytest.mark.parametrize(
    "change",
    [
        {"token": ""},
        {"token": "forged"},
        {"token": URLSafeTimedSerializer("another secret", salt="latent-space.v1").dumps(["cpu", "s"])},
        {"origin": None},
        {"origin": "null"},
        {"origin": "https://example.org"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "http://[broken"},
        {"origin": "http://"},
    ],
    ids=lambda change: next(f"{name} {str(value)[:12]}" for name, value in change.items()),
)
def test_who_may_not_ask_is_refused(url: str, digits: LatentExplorer, change: dict[str, Any]) -> None:
    """No token, a forged one, a foreign origin: 403 before anything is accepted."""
    with pytest.raises(InvalidStatus) as refusal, client(url, digits, **change):
        pass
    assert 403 == refusal.value.response.status_code
    assert_serves(url, digits)


def test_an_expired_token_is_refused(url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten minutes a token opens nothing, up to then it does."""
    now = time.time()
    for age, opens in ((590, True), (602, False)):
        with monkeypatch.context() as patch:
            patch.setattr("itsdangerous.timed.time.time", lambda: now - age)  # noqa: B023 - called at once
            token = live.token_for("cpu", "a session")
        with ExitStack() as stack:
            if not opens:
                stack.enter_context(pytest.raises(InvalidStatus))
            stack.enter_context(client(url, digits, token=token))


def test_a_session_has_few_sockets(url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page cannot take the places of others, however many sockets its token opens."""
    monkeypatch.setattr(live, "MOST_OF_SESSION", 2)
    token = live.token_for("cpu", "one that wants many")
    with client(url, digits, token=token), client(url, digits, token=token):
        with pytest.raises(InvalidStatus), client(url, digits, token=token):
            pass
        assert_serves(url, digits)


def test_coming_back_brings_no_new_allowance() -> None:
    """What a session has spent it has spent, on whichever socket; with time it may send again."""
    allowance = live_allowance.allowance_of("one that comes back")
    allowance.spend(3000)
    again = live_allowance.allowance_of("one that comes back")
    now = time.perf_counter()
    assert 1.8 < (again.seconds_to_wait(now) or 0) <= 2
    assert 0.8 < (again.seconds_to_wait(now + 1) or 0) <= 1
    assert again.seconds_to_wait(now + 10) is None
    assert live_allowance.allowance_of("another").seconds_to_wait(now) is None


def test_no_more_sockets_than_the_server_bears(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one is refused, and let in when another has gone."""
    wait_until(lambda: not live._sockets)
    monkeypatch.setattr(live, "MOST_SOCKETS", 2)
    with client(url, digits):
        with client(url, digits), pytest.raises(InvalidStatus), client(url, digits):
            pass
        wait_until(lambda: len(live._sockets) == 1)
        assert_serves(url, digits)


def test_a_crowd_shares_batches(url: str, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What twenty clients wait for is decoded in one call, and each gets its own."""
    monkeypatch.setattr(decoder_worker.Pace, "images_in", lambda *_: 40)
    with ExitStack() as stack:
        clients = [stack.enter_context(client(url, stub)) for _ in range(20)]
        stub.shut()
        clients[0][0].send(request(clients[0][1], Z, lane=1))
        assert stub.entered.wait(5)
        for i, (page, model) in enumerate(clients):
            page.send(request(model, [[i, 0]]))
        time.sleep(0.2)
        stub.gate.set()
        clients[0][0].receive()
        assert list(range(20)) == [page.receive().pixels[0, 0, 0, 0] for page, _ in clients]
    assert [1, 20] == [len(call) for call in stub.calls]


def test_the_newest_request_of_a_lane_wins(url: str, stub: StubExplorer) -> None:
    """Of five in a lane the one being decoded and the last are answered; those between cost nothing."""
    with client(url, stub) as (page, model):
        stub.shut()
        page.send(request(model, [[0, 0]], number=0))
        assert stub.entered.wait(5)
        for number in range(1, 6):
            page.send(request(model, [[number, 0]], number=number, lane=3))
        time.sleep(0.2)
        stub.gate.set()
        assert [0, 5] == [page.receive().number for _ in range(2)]
        assert [[0.0], [5.0]] == stub.calls
        assert 9 == page.ask(request(model, Z, number=9)).number


def test_a_pointer_overtakes_a_grid(url: str, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small request is answered before the big one that came first."""
    monkeypatch.setattr(decoder_worker.Pace, "images_in", lambda *_: 10)
    with client(url, stub) as (page, model):
        stub.shut()
        page.send(request(model, np.ones((2000, 2)), number=1, lane=1))
        assert stub.entered.wait(5)
        page.send(request(model, Z, number=2))
        time.sleep(0.2)
        stub.gate.set()
        assert 2 == page.receive().number
        assert (1, 2000) == ((grid := page.receive()).number, len(grid.pixels))


def test_who_has_left_is_not_decoded_for(url: str, stub: StubExplorer) -> None:
    """What a client waited for is forgotten when it goes."""
    with client(url, stub) as (other, model):
        other.ask(request(model, Z))
        stub.shut()
        with client(url, stub) as (page, _):
            page.send(request(model, [[1, 0]]))
            assert stub.entered.wait(5)
            n_open = len(live._sockets)
            page.send(request(model, [[2, 0]], lane=1))
            page.send(request(model, np.full((400, 2), 3.0), lane=2))
            time.sleep(0.2)
        wait_until(lambda: len(live._sockets) < n_open)
        stub.gate.set()
        assert 4 == other.ask(request(model, [[4, 0]])).pixels[0, 0, 0, 0]
    assert [1.0, 4.0] == [call[0] for call in stub.calls[1:]]


def bad_requests(model: str) -> dict[str, bytes | str]:
    """Messages that are refused with a sentence, by what the sentence says."""
    head = struct.Struct("<BBHI16si")
    key = bytes.fromhex(model)
    return {
        "at least 28 bytes": b"",
        "at least 28": b"\x01" * 27,
        "but this one has 0": "some text",
        "not here any more": request("0" * 32, Z, number=7),
        "kind of a request": request(model, Z, kind=9, number=7),
        "lane is a number": request(model, Z, lane=64, number=7),
        "takes z of 2 float32": request(model, [[1.0, 2.0, 3.0]], number=7),
        "but 5 bytes": request(model, number=7) + b"12345",
        "z has 0 rows": request(model, number=7),
        "z has 4097 rows": request(model, np.zeros((4097, 2)), number=7),
        "must be finite": request(model, [[np.nan, 0.0]], number=7),
        "finite, and from": request(model, [[np.inf, 0.0]], number=7),
        "from -1e+06 to 1e+06": request(model, [[0.0, -1e30]], number=7),
        "takes no class": request(model, Z, label=3, number=7),
        "is not negative": request(model, Z, label=-3, number=7),
        "every one of 0 classes": request(model, Z, label=-2, number=7),
        "split is 0": head.pack(1, 0, 1, 7, key, -1) + np.float32(Z).tobytes(),
        "0 to 2": head.pack(2, 0, 3, 7, key, 0),
        "by its index or by one z": head.pack(2, 0, 0, 7, key, -1),
        "but 1 z and 5 came": head.pack(2, 0, 0, 7, key, 5) + np.float32(Z).tobytes(),
        "at least 32 bytes": head.pack(3, 0, 0, 7, key, -1) + b"\x08\0\x08",
        "sides have 4 to 256": encode_request(model, np.zeros((257, 4, 1), np.uint8), number=7),
        "but these are 3": encode_request(model, np.zeros((3, 8, 1), np.uint8), number=7),
        "1 or 3 bytes a pixel": encode_request(model, np.zeros((8, 8, 2), np.uint8), number=7),
        "but 63 bytes came": encode_request(model, np.zeros((8, 8, 1), np.uint8), number=7)[:-1],
        "switches, 0 to 7": encode_request(model, np.zeros((8, 8, 1), np.uint8), switches=8, number=7),
        "trained without one": encode_request(model, np.zeros((8, 8, 1), np.uint8), label=3, number=7),
        "has images 0 to": head.pack(2, 0, 0, 7, key, 2_000_000_000),
    }


@pytest.mark.parametrize("sentence", bad_requests("0" * 32))
def test_a_bad_request_is_answered_with_a_sentence(url: str, digits: LatentExplorer, sentence: str) -> None:
    """It says what is wrong, under the request's number where it has one; the next request is answered."""
    with client(url, digits) as (page, model):
        message = bad_requests(model)[sentence]
        answer = page.ask(message)
        assert (7 if len(message) >= 28 else 0, 1, 0) == (
            answer.number if len(message) != 27 else 0,
            answer.status,
            answer.pixels.size,
        )
        assert sentence in answer.text
        assert answer.text.endswith(".")
        assert 0 == page.ask(request(model, Z)).status


def test_a_million_z_close_the_socket(url: str, digits: LatentExplorer) -> None:
    """A message above 1 MiB is too large (1009), be it bytes or text; others are served."""
    for message in (request("0" * 32, np.zeros((1_000_000, 2))), "x" * 2**21):
        with client(url, digits) as (page, _), pytest.raises(ConnectionClosed) as closed:
            page.ask(message)
        assert closed.value.rcvd is not None
        assert 1009 == closed.value.rcvd.code
    assert_serves(url, digits)


def test_a_message_that_says_it_will_be_large_is_not_waited_for(url: str, digits: LatentExplorer) -> None:
    """A frame's head that announces 190 MB is the end (1009), before any of it is held."""
    with client(url, digits) as (page, _):
        page.connection.socket.sendall(b"\x82\xff" + struct.pack(">Q", 190_000_000) + bytes(4))
        with pytest.raises(ConnectionClosed) as closed:
            page.receive(5)
    assert closed.value.rcvd is not None
    assert 1009 == closed.value.rcvd.code


def test_random_messages_hurt_nobody(url: str, digits: LatentExplorer) -> None:
    """A thousand of them, some of them nearly right, are answered or end in a closed socket (1008), no more."""
    rng = np.random.default_rng(0)
    model = live.offer(digits)["model"]
    goods = [request(model, Z, number=7), encode_request(model, np.full((8, 8, 1), 99, np.uint8), number=7)]
    left, codes = 1000, set()
    while left:
        with client(url, digits) as (page, _), suppress(ConnectionClosed):
            while left:
                left -= 1
                noise = rng.bytes(int(rng.integers(0, 80)))
                good = goods[left // 3 % 2]
                page.send(noise if left % 3 else bytes(a ^ b if b > 250 else a for a, b in zip(good, noise * 40)))  # noqa: B905
                with suppress(TimeoutError):
                    page.receive(0.001)
            page.connection.close()
        codes.add(page.connection.close_code)
    assert codes <= {1000, 1006, 1008}  # 1006: cut off before it had read why
    assert_serves(url, digits)


def test_many_malformed_messages_in_a_row_end_it(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred are too many; ninety-nine and a good one are not."""
    monkeypatch.setattr(server_side, "COST_MALFORMED", 1)
    with client(url, digits) as (page, model):
        for _ in range(2):
            for _ in range(99):
                assert 1 == page.ask(b"?").status
            assert 0 == page.ask(request(model, Z)).status
        for _ in range(100):
            page.send(b"?")
        with pytest.raises(ConnectionClosed) as closed:
            list(iter(page.receive, None))
        assert closed.value.rcvd is not None
        assert 1008 == closed.value.rcvd.code


def test_who_does_not_read_is_bounded_and_let_go(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch, stub: StubExplorer
) -> None:
    """Answers for one who never reads stay below a limit, its socket is closed, and others notice nothing."""
    stub.image_shape = (3, 64, 64)
    monkeypatch.setattr(server_side, "MOST_HELD", 2**22)
    monkeypatch.setattr(server_side, "SEND_SECONDS", 0.6)
    monkeypatch.setattr(server_side, "WATCH_SECONDS", 0.1)
    kept: list[server_side.Client] = []
    served = server_side.Client.serve

    async def serve(self: server_side.Client) -> None:
        kept.append(self)
        await served(self)

    monkeypatch.setattr(server_side.Client, "serve", serve)
    wait_until(lambda: not live._sockets)
    offer, largest = live.offer(stub.as_explorer), 0
    with client(url, digits) as (other, model), deaf_client(url, offer) as send:
        with suppress(OSError):
            for number in range(400):
                send(request(offer["model"], np.zeros((64, 2)), number=number, lane=number % 64))
                largest = max(largest, max(each._held for each in kept))
                assert 0 == other.ask(request(model, Z)).status
        wait_until(lambda: len(live._sockets) == 1)
        assert 2**20 < largest <= 2**22
        with pytest.raises(ConnectionError):  # it is cut off, and what it did not read is given up
            wait_until(lambda: send(b"still here?"))
        assert 0 == other.ask(request(model, Z)).status


def test_an_answer_has_a_largest_size(url: str, stub: StubExplorer) -> None:
    """More than 16 MiB of images are refused with a sentence before anything is decoded; a little less is answered."""
    stub.image_shape = (3, 64, 64)
    with client(url, stub) as (page, model):
        answer = page.ask(request(model, np.zeros((1400, 2)), number=7))
        assert (7, 1, 0) == (answer.number, answer.status, answer.pixels.size)
        assert re.fullmatch(
            r"This asks for [\d,]+ bytes of images; at most 16,777,216 can be had at once\.", answer.text
        )
        assert [] == stub.calls
        assert 1300 == len(page.ask(request(model, np.zeros((1300, 2)))).pixels)


def test_what_waits_for_a_client_is_bounded(url: str, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for more than is kept for one page is refused that, and served again when it has its answers."""
    monkeypatch.setattr(server_side, "MOST_HELD", 100_000)
    with client(url, stub) as (page, model):
        stub.shut()
        for lane in range(4):  # some 36,000 bytes each
            page.send(request(model, np.zeros((500, 2)), number=lane, lane=lane))
        answers = [page.receive() for _ in range(2)]
        assert {2, 3} == {answer.number for answer in answers}
        assert {(1, "More is asked for than was sent yet: wait for the answers before you ask for more.")} == {
            (answer.status, answer.text) for answer in answers
        }
        page.send(request(model, np.zeros((500, 2)), number=5, lane=1))  # instead of the one before
        stub.gate.set()
        assert {0, 5} == {page.receive().number for _ in range(2)}
        for number in range(9):
            assert 0 == page.ask(request(model, np.zeros((500, 2)), number=number, lane=number)).status


def test_the_heaviest_makes_room(
    url: str, digits: LatentExplorer, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all clients together hold too much, who holds most is cut off; nothing is counted for who has gone."""
    wait_until(lambda: not live._sockets)
    assert (0, {}) == (live_budget._total, live_budget._held)
    monkeypatch.setattr(live_budget, "MOST_HELD", 200_000)
    with client(url, digits) as (other, model), client(url, stub) as (modest, its_model):
        with client(url, stub) as (greedy, _):
            stub.shut()
            modest.send(request(its_model, np.zeros((1, 2)), number=7))
            assert stub.entered.wait(5)
            for lane in range(6):
                greedy.send(request(its_model, np.zeros((500, 2)), lane=lane))
            with pytest.raises(ConnectionClosed):
                greedy.receive()
        assert 0 == other.ask(request(model, Z)).status
        stub.gate.set()
        assert (7, 0) == ((answer := modest.receive()).number, answer.status)
    wait_until(lambda: not live._sockets)
    assert (0, {}) == (live_budget._total, live_budget._held)


def test_unknown_models_are_read_slowly(url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """They use up what a client may send as malformed messages do, but are no reason to send anybody away."""
    monkeypatch.setattr(live_allowance, "RATE", 2000.0)
    monkeypatch.setattr(live_allowance, "BURST", 200.0)
    with client(url, digits) as (page, model):
        start = time.monotonic()
        for _ in range(130):
            page.send(request("0" * 32, Z))
        assert [1] * 130 == [page.receive(20).status for _ in range(130)]
        assert 1 < time.monotonic() - start < 20
        assert 0 == page.ask(request(model, Z)).status


@pytest.mark.parametrize(("address", "n_let_in"), [("192.0.2.1", 2), ("2001:db8::1", 2), ("127.0.0.1", 3), ("::1", 3)])
def test_one_address_does_not_take_all_sockets(monkeypatch: pytest.MonkeyPatch, address: str, n_let_in: int) -> None:
    """One from elsewhere has a share; the machine itself, where a proxy may sit, has all of them."""
    monkeypatch.setattr(live, "_sockets", {})
    monkeypatch.setattr(live, "MOST_SOCKETS", 3)
    monkeypatch.setattr(live, "MOST_FROM_ADDRESS", 2)
    for n in range(3):
        assert live._has_room(address) == (n < n_let_in)
        live._sockets[object()] = address  # type: ignore[index]
    assert not live._has_room("198.51.100.1")


def test_one_that_hurries_is_read_more_slowly(url: str, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the burst, messages are taken at the rate; none is lost for it."""
    monkeypatch.setattr(live_allowance, "RATE", 100.0)
    monkeypatch.setattr(live_allowance, "BURST", 20.0)
    with client(url, stub) as (page, model):
        start = time.monotonic()
        for number in range(60):
            page.send(request(model, Z, number=number, lane=number))
        assert set(range(60)) == {page.receive().number for _ in range(60)}
        assert 0.3 < time.monotonic() - start < 5


def test_noise_is_read_slowly(url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Malformed messages use up what a client may send twenty times as fast as good ones."""
    monkeypatch.setattr(live_allowance, "RATE", 1000.0)
    monkeypatch.setattr(live_allowance, "BURST", 200.0)
    with client(url, digits) as (page, _):
        start = time.monotonic()
        for _ in range(50):
            page.send(b"?")
        assert [1] * 50 == [page.receive().status for _ in range(50)]
        assert 0.5 < time.monotonic() - start < 5


def test_one_that_is_silent_for_long_is_let_go(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket is closed with 1001, which the page takes for sleep; one who asks now and then stays."""
    monkeypatch.setattr(server_side, "IDLE_SECONDS", 0.5)
    monkeypatch.setattr(server_side, "WATCH_SECONDS", 0.05)
    with client(url, digits) as (page, model):
        for _ in range(8):
            time.sleep(0.1)
            page.ask(request(model, Z))
        with pytest.raises(ConnectionClosed) as closed:
            page.receive(5)
    assert closed.value.rcvd is not None
    assert 1001 == closed.value.rcvd.code


def test_a_data_point_comes_with_its_record(url: str, digits: LatentExplorer) -> None:
    """Asked for by index or by the nearest z, reconstruction and facts are those of `ui.records`."""
    with client(url, digits) as (page, model):
        z = digits.latents.mu[5] + np.float32(1e-4)
        for message, expected in (
            (point_request(model, 5), records.point_record(digits, "test", 5)),
            (point_request(model, -1, z), records.nearest_record(digits, "test", z)),
        ):
            answer = page.ask(message)
            assert 0 == answer.status, answer.text
            assert {"index": 5, "split": "test"}.items() <= answer.facts.items()
            same = ("mu", "sigma", "label", "kl", "distance")
            assert [expected.facts[name] for name in same] == [answer.facts[name] for name in same]
            assert len(expected.images) == len(answer.pixels)
            np.testing.assert_array_equal(expected.images[0], answer.pixels[0])


def test_a_point_does_not_wait_for_pictures(url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many draw: whoever points at data is answered meanwhile."""
    let_go, see = Event(), own_encoding.see
    monkeypatch.setattr(own_encoding, "see", lambda *given: (let_go.wait(20), see(*given))[1])
    offer = live.offer(digits)
    with ExitStack() as stack:
        pages = [stack.enter_context(live_client(url, offer)) for _ in range(7)]
        try:
            for page in pages[1:]:
                page.send(encode_request(offer["model"], np.full((8, 8, 1), 99, np.uint8)))
            assert 0 == pages[0].ask(point_request(offer["model"], 5)).status
        finally:
            let_go.set()
        assert [0] * 6 == [page.receive().status for page in pages[1:]]


def test_a_point_that_cannot_be_had_is_refused(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is wrong for a known reason is told; a bug is logged, not shown, and the next request is answered."""

    def fail(*_: Any) -> Any:
        raise problem

    monkeypatch.setattr(records, "point_record", fail)
    with client(url, digits) as (page, model):
        problem: Exception = DataError("The images are not here.")
        assert (1, "The images are not here.") == ((answer := page.ask(point_request(model, 0))).status, answer.text)
        problem = ZeroDivisionError("a secret")
        answer = page.ask(point_request(model, 0))
        assert 1 == answer.status
        assert "secret" not in answer.text
        assert 0 == page.ask(request(model, Z)).status
    assert ["A live request failed."] == [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR]
    caplog.clear()


def test_a_lane_is_one_whatever_is_asked(url: str, stub: StubExplorer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data point replaces the images that wait in its lane, and images a data point."""
    entered, gate = Event(), Event()

    def record(explorer: Any, split: str, index: int) -> records.PointRecord:
        entered.set()
        gate.wait(20)
        return records.PointRecord([np.zeros((8, 8, 1), np.uint8)], {"index": index, "split": split})

    monkeypatch.setattr(records, "point_record", record)
    with client(url, stub) as (page, model):
        stub.shut()
        page.send(request(model, Z, number=1, lane=1))  # keeps the worker busy
        page.send(point_request(model, 0, number=2))  # and this the client's points
        assert stub.entered.wait(5)
        assert entered.wait(5)
        page.send(request(model, Z, number=3, lane=2))
        page.send(point_request(model, 0, number=4, lane=2))
        page.send(point_request(model, 0, number=5, lane=3))
        page.send(request(model, Z, number=6, lane=3))
        time.sleep(0.2)
        stub.gate.set()
        assert [1, 6] == [page.receive().number for _ in range(2)]
        gate.set()
        assert [2, 4] == [page.receive().number for _ in range(2)]
        assert 9 == page.ask(request(model, Z, number=9)).number


def test_a_model_that_this_server_never_offered_is_looked_up(
    url: str, digits: LatentExplorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was served before a restart, or by another server, goes on: the model is found by its card."""
    with client(url, digits) as (page, model):
        monkeypatch.setattr(live_models, "_open", type(live_models._open)())
        monkeypatch.setattr(live_models, "_listed_until", 0.0)
        answer = page.ask(request(model, Z))
        assert 0 == answer.status, answer.text
        assert [digits.card.key[:32]] == [key.hex() for key, _ in live_models._open]


LAUNCHER = """
import asyncio
import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from socket import IPPROTO_TCP, TCP_NODELAY
from ui.connections import PORTION, FairConnections
from ui.live import ROUTE
from ui.live_transport import transport_of

async def probe(websocket):
    await websocket.accept()
    transport = transport_of(websocket)
    address = transport and transport.get_extra_info("peername")
    await websocket.send_text(str(address and list(address)[:2] == list(websocket.client)))
    at_once = transport.get_extra_info("socket").getsockopt(IPPROTO_TCP, TCP_NODELAY)
    await websocket.send_text(str(bool(at_once) and transport.max_size == PORTION))

app = st.App({shell!r}, routes=[ROUTE, WebSocketRoute("/probe", probe)], middleware=[Middleware(FairConnections)])
"""


def test_the_apps_own_server_has_it(tmp_path: Any, digits: LatentExplorer) -> None:
    """`st.App` serves it beside the pages, uncompressed, to the token of another server with the same secret."""
    shell, launcher = tmp_path / "shell.py", tmp_path / "app.py"
    shell.write_text("import streamlit as st\nst.text('hello')\n")
    launcher.write_text(LAUNCHER.format(shell=str(shell)))
    offer = {
        **live.offer(digits),
        "token": URLSafeTimedSerializer("shared", salt="latent-space.v1").dumps(["cpu", "s"]),
    }
    with serve_app(launcher, env={"VAE_LIVE_SECRET": "shared"}) as server:
        with live_client(server.url, offer, compression="deflate") as page:
            answer = page.ask(request(offer["model"], Z))
            assert 0 == answer.status, answer.text
            assert np.abs(digits.decode(Z).transpose(0, 2, 3, 1) - answer.pixels / 255).max() <= 1 / 255
            assert [] == page.connection.protocol.extensions
            page.send(b"\xff\xfe")
            assert 1 == page.receive().status
        with pytest.raises(InvalidStatus), live_client(server.url, live.offer(digits)):
            pass
        with connect(server.url.replace("http", "ws", 1) + "/probe") as probe:
            assert "True" == probe.recv(10)  # else a client that does not read could not be cut off
            assert "True" == probe.recv(10)  # else answers wait, and tiny frames come by the thousand
        assert "Traceback" not in server.log()
        assert "missing ScriptRunContext" not in server.log()
