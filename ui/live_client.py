"""One open socket of `/live`: what its client asks for, and what it has not been sent yet."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import perf_counter

import numpy as np
import numpy.typing as npt
from starlette.websockets import WebSocket, WebSocketDisconnect

from ui import decoder, live_budget, own_encoding, records
from ui.decoder_worker import Done, Pixels
from ui.live_allowance import Allowance
from ui.live_transport import GOING_AWAY, POLICY, TOO_LARGE, UNREACHABLE, dismiss, drained, transport_of
from ui.live_wire import (
    DECODE,
    ENCODE,
    Answer,
    Head,
    MalformedError,
    number_of,
    packed,
    read_head,
    read_picture,
    read_z,
    with_classes,
)
from vae_core import LatentExplorer
from vae_core.errors import CheckpointError, ShapeError, VaeCoreError

LARGEST_MESSAGE = 1 << 20
LARGEST_ANSWER = 16 << 20
MOST_HELD = 32 << 20
"""Bytes that one client has asked for and was not sent yet; more only when it does not read."""

MOST_MALFORMED = 100
COST_MALFORMED = 20
"""Of the messages that a client may send, one that is malformed, or for a model that is not there, counts as so many:
noise is read slowly."""

SEND_SECONDS, IDLE_SECONDS, WATCH_SECONDS = 10.0, 300.0, 1.0

RECORDS = ThreadPoolExecutor(4, thread_name_prefix="live records")
"""For data points: to look them up takes longer than the event loop may wait."""

ENCODERS = ThreadPoolExecutor(4, thread_name_prefix="live pictures")
"""For pictures to be encoded, which wait for the decoder's worker: those who point at data must not wait with them."""

logger = logging.getLogger(__name__)

Lookup = Callable[[bytes], Awaitable[LatentExplorer]]


class Client:
    """Serves one socket that has been accepted.

    Parameters
    ----------
    websocket : WebSocket
    lookup : callable
        The first 16 bytes of a card's key -> the model; raises VaeCoreError when there is none.
    allowance : Allowance
        That of its page's session.
    """

    def __init__(self, websocket: WebSocket, lookup: Lookup, allowance: Allowance) -> None:
        self._websocket, self._lookup, self._allowance = websocket, lookup, allowance
        self._loop = asyncio.get_running_loop()
        self._answers: dict[int, Answer] = {}  # lane -> its newest unsent; the lane that waits longest first
        self._asked: dict[int, tuple[int, int]] = {}  # lane -> number and bytes of the newest request not answered yet
        self._held = 0  # bytes of these two, and of the answer that is being sent
        self._to_send = asyncio.Event()
        self._lookups: dict[int, tuple[ThreadPoolExecutor, Callable[[], Answer]]] = {}  # lane -> the newest
        self._to_look_up = asyncio.Event()
        self._heard = perf_counter()
        self._sending_since: float | None = None
        self._must_go = asyncio.Event()

    async def serve(self) -> None:
        """Answer until the client leaves, or must go."""
        work = [self._receive(), self._send(), self._answer_lookups(), self._watch(), self._expelled()]
        live_budget.join(self)
        tasks = [asyncio.create_task(part) for part in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            decoder.withdraw(self)
            live_budget.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        code = next(iter(done)).result()
        if code is not None:
            await dismiss(self._websocket, code)

    def let_go(self) -> None:
        """Have this client dismissed: it holds more than there is room for."""
        self._must_go.set()

    async def _expelled(self) -> int:
        await self._must_go.wait()
        return UNREACHABLE

    async def _receive(self) -> int | None:
        n_malformed = 0
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            received = self._heard = perf_counter()
            content = message.get("bytes") or b""
            if max(len(content), len(message.get("text") or "")) > LARGEST_MESSAGE:
                return TOO_LARGE
            try:
                await self._take(content, received)
                n_malformed = 0
            except VaeCoreError as problem:
                lane, number = number_of(content)
                self._put(lane, Answer(number, received, text=str(problem), status=1))
                if isinstance(problem, MalformedError | CheckpointError):
                    self._allowance.spend(COST_MALFORMED - 1)
                if isinstance(problem, MalformedError):
                    n_malformed += 1
                    if n_malformed == MOST_MALFORMED:
                        return POLICY
            self._allowance.spend(1)
            if (wait := self._allowance.seconds_to_wait(received)) is not None:
                await asyncio.sleep(wait)  # one that hurries lets the others go first

    async def _take(self, message: bytes, received: float) -> None:
        head = read_head(message)
        explorer = await self._lookup(head.model)
        image = math.prod(explorer.image_shape)
        if head.kind == ENCODE:
            picture = read_picture(message)
            self._reserve(head, len(message) + own_encoding.MOST_IMAGES * image)
            return self._soon(head, ENCODERS, partial(_encoded, head, explorer, picture, received))
        z = read_z(message, head, explorer.latent_dim)
        label = None
        if head.kind == DECODE:
            z, label = with_classes(z, head.which, explorer.n_classes)
        self._reserve(head, len(message) + (len(z) if head.kind == DECODE else 2) * image)
        if head.kind == DECODE:
            self._lookups.pop(head.lane, None)
            decoder.submit(explorer, z, label, self._done(head, received), client=self, lane=head.lane)
        else:
            self._soon(head, RECORDS, partial(_point, head, explorer, z, received))
        return None

    def _soon(self, head: Head, pool: ThreadPoolExecutor, look_up: Callable[[], Answer]) -> None:
        """Have it looked up in a thread, instead of what its lane asked for before."""
        decoder.withdraw(self, head.lane)
        self._lookups[head.lane] = pool, look_up
        self._to_look_up.set()

    def _reserve(self, head: Head, size: int) -> None:
        """Hold the bytes of a request and its answer, instead of those of an older request of its lane."""
        before = self._asked.get(head.lane, (0, 0))[1]
        if size > LARGEST_ANSWER:
            raise ShapeError(f"This asks for {size:,} bytes of images; at most {LARGEST_ANSWER:,} can be had at once.")
        if self._held - before + size > MOST_HELD:
            raise ShapeError("More is asked for than was sent yet: wait for the answers before you ask for more.")
        self._asked[head.lane] = head.number, size
        self._hold(size - before)

    def _hold(self, n_bytes: int) -> None:
        self._held += n_bytes
        live_budget.hold(self, n_bytes)

    def _done(self, head: Head, received: float) -> Done:
        def done(result: Pixels | Exception, seconds: float) -> None:  # in the worker
            with suppress(RuntimeError):  # when the event loop is closed: the server is going down
                self._loop.call_soon_threadsafe(self._decoded, head, received, result, seconds)

        return done

    def _decoded(self, head: Head, received: float, result: Pixels | Exception, seconds: float) -> None:
        if isinstance(result, Exception):
            self._put(head.lane, _refusal(head, received, result))
        else:
            self._put(head.lane, Answer(head.number, received, result, seconds=seconds))

    def _put(self, lane: int, answer: Answer) -> None:
        """Have an answer sent, instead of an older one of its lane."""
        older = self._answers.pop(lane, None)
        number, reserved = self._asked.get(lane, (None, 0))
        if number == answer.number:
            del self._asked[lane]
        self._answers[lane] = answer
        self._hold(answer.size - (older.size if older else 0) - (reserved if number == answer.number else 0))
        self._to_send.set()

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            while self._answers:
                answer = self._answers.pop(next(iter(self._answers)))
                self._sends()
                try:
                    await self._websocket.send_bytes(packed(answer))
                except (WebSocketDisconnect, RuntimeError):  # it is gone; the server says so in two ways
                    return
                await drained(self._websocket, self._sends)
                self._sending_since = None
                self._hold(-answer.size)

    def _sends(self) -> None:
        self._sending_since = perf_counter()

    async def _answer_lookups(self) -> None:
        while True:
            await self._to_look_up.wait()
            self._to_look_up.clear()
            while self._lookups:
                lane = next(iter(self._lookups))
                self._put(lane, await self._loop.run_in_executor(*self._lookups.pop(lane)))

    async def _watch(self) -> int | None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = perf_counter()
            if self._sending_since is not None and now - self._sending_since > SEND_SECONDS:
                return UNREACHABLE
            if now - self._heard > IDLE_SECONDS:
                return GOING_AWAY
            transport = transport_of(self._websocket)
            if transport is not None and transport.get_write_buffer_size() > MOST_HELD:
                return UNREACHABLE  # it asks for what costs no message, such as pongs, and does not read them


def _point(head: Head, explorer: LatentExplorer, z: npt.NDArray[np.float32], received: float) -> Answer:
    start = perf_counter()
    try:
        if head.which == -1:
            record = records.nearest_record(explorer, head.split, z[0])
        else:
            record = records.point_record(explorer, head.split, head.which)
        text = json.dumps(record.facts, allow_nan=False)
        return Answer(head.number, received, np.stack(record.images), text, perf_counter() - start)
    except Exception as problem:
        return _refusal(head, received, problem)


def _encoded(head: Head, explorer: LatentExplorer, picture: Pixels, received: float) -> Answer:
    start = perf_counter()
    try:
        seen = own_encoding.see(explorer, picture, own_encoding.switches_of(head.switches), head.which)
        return Answer(head.number, received, seen.pictures, seen.text, perf_counter() - start)
    except Exception as problem:
        return _refusal(head, received, problem)


def _refusal(head: Head, received: float, problem: Exception) -> Answer:
    if isinstance(problem, VaeCoreError):
        return Answer(head.number, received, text=str(problem), status=1)
    logger.error("A live request failed.", exc_info=problem)
    text = "This could not be computed, and it is not your doing; the server's log has the details."
    return Answer(head.number, received, text=text, status=1)
