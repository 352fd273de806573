"""Clients of the live channel: a crowd that asks at the rate of a screen, and single ones that misbehave."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

from tests.ui.live_client import PROTOCOL, read, request
from ui.live import token_for

RATE = 60.0
"""Requests a second of a client: one a frame."""

PATIENCE = 3.0
"""Seconds after the last request in which answers are still waited for."""

MOST_IMAGES, N_LANES = 4096, 64
N_RANDOM = 10_000
MILLION = 1_000_000


@dataclass(frozen=True)
class Door:
    """What a client must know: where the server listens, and what `ui.live.offer` says of the model.

    Tokens are signed here, with the secret that the server has in its environment too.
    """

    address: str
    device: str
    model: str
    latent_dim: int

    @asynccontextmanager
    async def open(self, session: str) -> AsyncIterator[ClientConnection]:
        """A connection as a page of that session makes it; one that is not read holds back the server soon."""
        async with connect(
            self.address.replace("http", "ws", 1) + "/live",
            subprotocols=[Subprotocol(PROTOCOL), Subprotocol(token_for(self.device, session))],
            origin=Origin(self.address),
            max_size=None,
            max_queue=4,
            ping_interval=None,
            close_timeout=0.5,
            open_timeout=20,
        ) as connection:
            yield connection


@dataclass(eq=False)
class Client:
    """One that asks for one image a frame; its requests are numbered from 1, 0 is the first hello.

    Attributes
    ----------
    sent : list of float
        When each request went out, by `perf_counter`.
    answered : dict
        Number of a request -> milliseconds from sending it to its answer.
    refused : set of int
        Numbers of those that were answered with a sentence instead of a picture.
    """

    door: Door
    connection: ClientConnection
    sent: list[float] = field(default_factory=list)
    answered: dict[int, float] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)

    async def ask(self, n: int, start: float, generator: np.random.Generator) -> None:
        """Send `n` requests from `start` on, and wait for the answers."""
        listening = asyncio.create_task(self._listen())
        with suppress(ConnectionClosed):  # what was not sent and answered counts as failed
            for number, z in enumerate(generator.standard_normal((n, self.door.latent_dim)), 1):
                await asyncio.sleep(max(0.0, start + number / RATE - perf_counter()))
                message = request(self.door.model, z, number=number)
                self.sent.append(perf_counter())
                await self.connection.send(message)
        until = perf_counter() + PATIENCE
        while n not in self.answered and perf_counter() < until:
            await asyncio.sleep(0.02)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    async def _listen(self) -> None:
        with suppress(ConnectionClosed):
            async for message in self.connection:
                assert isinstance(message, bytes)
                answer = read(message)
                if answer.status:
                    self.refused.add(answer.number)
                else:
                    self.answered[answer.number] = 1000 * (perf_counter() - self.sent[answer.number - 1])

    def superseded(self) -> int:
        """How many requests a newer one that was answered made needless."""
        last = max(self.answered, default=0)
        return last - len(self.answered) - sum(number < last for number in self.refused)


async def crowd(door: Door, n_clients: int, seconds: float) -> dict[str, Any]:
    """Let `n_clients` ask at once, each `RATE` times a second, their beginnings spread over a frame.

    Returns
    -------
    dict
        Milliseconds of the round trips of all answered requests (`p50_ms`, `p95_ms`), the largest and the median of
        the clients' own p95; how many requests were answered, superseded by a newer one of their client that was
        answered, or failed (refused, or neither); and `cpu`, the share of one core that the clients themselves took:
        near 1 it is they that are slow.
    """
    n = round(seconds * RATE)
    async with AsyncExitStack() as stack:
        clients = [Client(door, await stack.enter_async_context(door.open(f"client {i}"))) for i in range(n_clients)]
        for client in clients:
            await client.connection.send(request(door.model, np.zeros(door.latent_dim), number=0))
            await client.connection.recv()
        start, used, began = perf_counter() + 0.2, process_time(), perf_counter()
        generators = np.random.default_rng(0).spawn(n_clients)
        starts = [start + k / n_clients / RATE for k in range(n_clients)]
        await asyncio.gather(
            *(client.ask(n, at, rng) for client, at, rng in zip(clients, starts, generators, strict=True))
        )
        cpu = (process_time() - used) / (perf_counter() - began)
    answered, superseded = sum(len(c.answered) for c in clients), sum(c.superseded() for c in clients)
    p95s = [percentile(list(client.answered.values()), 95) for client in clients]
    known = [p95 for p95 in p95s if p95 is not None]
    everything = [ms for client in clients for ms in client.answered.values()]
    return {
        "p50_ms": percentile(everything, 50),
        "p95_ms": percentile(everything, 95),
        "slowest_p95_ms": max(known) if len(known) == len(p95s) else None,
        "median_p95_ms": percentile(known, 50),
        "requests": n_clients * n,
        "answered": answered,
        "superseded": superseded,
        "failed": n_clients * n - answered - superseded,
        "cpu": cpu,
    }


def percentile(values: Sequence[float], q: float) -> float | None:
    """A percentile, None of nothing."""
    return float(np.percentile(values, q)) if len(values) else None


def misbehave(door: Door, kind: str, seconds: float) -> dict[str, Any]:
    """Be one who misbehaves for that long, its messages spread evenly; sent away, it comes back at once.

    Parameters
    ----------
    kind : str
        "random": 10,000 messages of random bytes, half of them behind a proper head.
        "never_reads": asks for 4096 images on each of the 64 lanes in turn, 60 times a second, and reads no answer.
        "million": sends a million z in one message, and then a million in messages of 4096.

    Returns
    -------
    dict
        How many messages were taken from it, how often it was let in, and by which codes it was sent away ("cut":
        without one).
    """
    return asyncio.run(_misbehave(door, kind, seconds))


async def _misbehave(door: Door, kind: str, seconds: float) -> dict[str, Any]:
    count = {"random": N_RANDOM, "never_reads": round(seconds * RATE), "million": 1 + MILLION // MOST_IMAGES}[kind]
    messages = _messages(door, kind)
    start, sent, opened, closed = perf_counter(), 0, 0, Counter[str]()
    while sent < count and perf_counter() < start + 2 * seconds:
        try:
            async with door.open("one that misbehaves") as connection:
                opened += 1
                reading = None if kind == "never_reads" else asyncio.create_task(_read_on(connection))
                try:
                    while sent < count:
                        await asyncio.sleep(max(0.0, start + seconds * sent / count - perf_counter()))
                        async with asyncio.timeout(seconds):
                            await connection.send(next(messages))
                        sent += 1
                finally:
                    if reading is not None:
                        reading.cancel()
        except ConnectionClosed as end:
            closed["cut" if end.rcvd is None else str(end.rcvd.code)] += 1
        except (TimeoutError, OSError, InvalidHandshake):
            closed["cut"] += 1
    return {"sent": sent, "opened": opened, "closed": dict(closed)}


async def _read_on(connection: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


def _messages(door: Door, kind: str) -> Iterator[bytes]:
    generator = np.random.default_rng(0)
    most = np.zeros((MOST_IMAGES, door.latent_dim), np.float32)
    number = 0
    while True:
        number += 1
        if kind == "random":
            junk = generator.bytes(int(generator.integers(0, 200)))
            yield junk if number % 2 else request(door.model, number=number, lane=number % N_LANES) + junk
        elif kind == "million" and number == 1:
            yield request(door.model, np.zeros((MILLION, door.latent_dim), np.float32), number=number)
        else:
            yield request(door.model, most, number=number, lane=number % N_LANES)
