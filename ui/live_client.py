"""One open socket of `/live`: what its client asks for, and what it has not been sent yet."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter

import numpy as np
import numpy.typing as npt
from starlette.websockets import WebSocket, WebSocketDisconnect

from ui import decoder, encoded
from ui.decoder_worker import Done, Pixels
from ui.live_wire import DECODE, Answer, Head, MalformedError, number_of, packed, read_head, read_z
from vae_core import LatentExplorer
from vae_core.errors import VaeCoreError

LARGEST_MESSAGE = 1 << 20
MOST_UNSENT = 32 << 20
"""Bytes of answers that wait for one client; more only when it does not read."""

RATE, BURST = 1000.0, 1000.0
"""Messages a second that a client may send for long, and at once; beyond, it is read more slowly."""

MOST_MALFORMED = 100
COST_MALFORMED = 20
"""Of the messages that a client may send, one that is malformed counts as so many: noise is read slowly."""

SEND_SECONDS, IDLE_SECONDS, WATCH_SECONDS = 10.0, 300.0, 1.0
GOING_AWAY, UNREACHABLE, POLICY, TOO_LARGE = 1001, 1006, 1008, 1009

THREADS = ThreadPoolExecutor(4, thread_name_prefix="live")
"""For what takes longer than the event loop may wait, and is no decoding: models to be opened, data points."""

logger = logging.getLogger(__name__)

Lookup = Callable[[bytes], Awaitable[LatentExplorer]]


class Client:
    """Serves one socket that has been accepted.

    Parameters
    ----------
    websocket : WebSocket
    lookup : callable
        The first 16 bytes of a card's key -> the model; raises VaeCoreError when there is none.
    """

    def __init__(self, websocket: WebSocket, lookup: Lookup) -> None:
        self._websocket, self._lookup = websocket, lookup
        self._loop = asyncio.get_running_loop()
        self._answers: dict[int, Answer] = {}  # lane -> its newest unsent; the lane that waits longest first
        self._unsent = 0  # bytes of these
        self._to_send = asyncio.Event()
        self._points: dict[int, tuple[Head, LatentExplorer, npt.NDArray[np.float32], float]] = {}  # lane -> the newest
        self._to_look_up = asyncio.Event()
        self._heard = perf_counter()
        self._sending_since: float | None = None

    async def serve(self) -> None:
        """Answer until the client leaves, or must go."""
        work = [self._receive(), self._send(), self._answer_points(), self._watch()]
        tasks = [asyncio.create_task(part) for part in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            decoder.withdraw(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        code = next(iter(done)).result()
        if code is not None:
            await self._dismiss(code)

    async def _dismiss(self, code: int) -> None:
        """Close the socket; drop the connection where that is not enough.

        ASGI knows only the polite end: it keeps what is to be sent for as long as the client does not read, and reads
        whatever the client still sends.
        """
        # uvicorn's; behind another server it stays polite
        transport = getattr(getattr(self._websocket._receive, "__self__", None), "transport", None)
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # it may be gone, or not read
            if code != UNREACHABLE:
                async with asyncio.timeout(WATCH_SECONDS):
                    await self._websocket.close(code)
                if code == GOING_AWAY:
                    return
                if isinstance(transport, asyncio.Transport):
                    transport.pause_reading()
                await asyncio.sleep(WATCH_SECONDS)  # for it to learn why
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    async def _receive(self) -> int | None:
        allowance, checked, n_malformed = BURST, perf_counter(), 0
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
                if isinstance(problem, MalformedError):
                    n_malformed += 1
                    allowance -= COST_MALFORMED - 1
                    if n_malformed == MOST_MALFORMED:
                        return POLICY
            allowance = min(BURST, allowance + RATE * (received - checked)) - 1
            checked = received
            if allowance < BURST - 8:  # one that hurries lets the others go first
                await asyncio.sleep(max(0.0, -allowance / RATE))

    async def _take(self, message: bytes, received: float) -> None:
        head = read_head(message)
        explorer = await self._lookup(head.model)
        z = read_z(message, head, explorer.latent_dim)
        if head.kind == DECODE:
            self._points.pop(head.lane, None)
            label = None if head.which == -1 else np.full(len(z), head.which, np.int64)
            decoder.submit(explorer, z, label, self._done(head, received), client=self, lane=head.lane)
        else:
            decoder.withdraw(self, head.lane)
            self._points[head.lane] = (head, explorer, z, received)
            self._to_look_up.set()

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
        """Have an answer sent, instead of an older one of its lane; one who does not read loses the oldest."""
        self._forget(lane)
        self._answers[lane] = answer
        self._unsent += answer.size
        while self._unsent > MOST_UNSENT and len(self._answers) > 1:
            self._forget(next(iter(self._answers)))
        self._to_send.set()

    def _forget(self, lane: int) -> Answer | None:
        answer = self._answers.pop(lane, None)
        self._unsent -= answer.size if answer else 0
        return answer

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            while self._answers:
                answer = self._forget(next(iter(self._answers)))
                assert answer is not None
                self._sending_since = perf_counter()
                try:
                    await self._websocket.send_bytes(packed(answer))
                except (WebSocketDisconnect, RuntimeError):  # it is gone; the server says so in two ways
                    return
                self._sending_since = None

    async def _answer_points(self) -> None:
        while True:
            await self._to_look_up.wait()
            self._to_look_up.clear()
            while self._points:
                lane = next(iter(self._points))
                head, explorer, z, received = self._points.pop(lane)
                self._put(lane, await self._loop.run_in_executor(THREADS, _point, head, explorer, z, received))

    async def _watch(self) -> int | None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = perf_counter()
            if self._sending_since is not None and now - self._sending_since > SEND_SECONDS:
                return UNREACHABLE
            if now - self._heard > IDLE_SECONDS:
                return GOING_AWAY


def _point(head: Head, explorer: LatentExplorer, z: npt.NDArray[np.float32], received: float) -> Answer:
    start = perf_counter()
    try:
        if head.which == -1:
            record = encoded.nearest_record(explorer, head.split, z[0])
        else:
            record = encoded.point_record(explorer, head.split, head.which)
        text = json.dumps(record.facts, allow_nan=False)
        return Answer(head.number, received, np.stack(record.images), text, perf_counter() - start)
    except Exception as problem:
        return _refusal(head, received, problem)


def _refusal(head: Head, received: float, problem: Exception) -> Answer:
    if isinstance(problem, VaeCoreError):
        return Answer(head.number, received, text=str(problem), status=1)
    logger.error("A live request failed.", exc_info=problem)
    text = "This could not be computed, and it is not your doing; the server's log has the details."
    return Answer(head.number, received, text=text, status=1)
