"""A client of `/live` in Python, for tests and benchmarks."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from websockets.client import ClientProtocol
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

PROTOCOL = "latent-space.v1"
SPLITS = {"test": 0, "train": 1, "all": 2}


@dataclass(frozen=True)
class Answer:
    """What an answer's bytes say; `pixels` is (n, H, W, C)."""

    number: int
    status: int
    pixels: npt.NDArray[np.uint8]
    ms: float
    server_ms: float
    text: str

    @property
    def facts(self) -> Any:
        """The text of a point's answer, read."""
        return json.loads(self.text)


def request(
    model: str | bytes, z: npt.ArrayLike = (), *, number: int = 1, lane: int = 0, label: int = -1, kind: int = 1
) -> bytes:
    """Bytes of a request to decode z."""
    key = bytes.fromhex(model) if isinstance(model, str) else model
    return struct.pack("<BBHI16si", kind, lane, 0, number, key, label) + np.asarray(z, "<f4").tobytes()


def point_request(
    model: str, index: int = -1, z: npt.ArrayLike = (), *, split: str = "test", number: int = 1, lane: int = 0
) -> bytes:
    """Bytes of a request for a data point, by its index or by a z near it."""
    head = struct.pack("<BBHI16si", 2, lane, SPLITS[split], number, bytes.fromhex(model), index)
    return head + np.asarray(z, "<f4").tobytes()


def encode_request(
    model: str, picture: npt.NDArray[np.uint8], *, switches: int = 0, label: int = -1, number: int = 1, lane: int = 0
) -> bytes:
    """Bytes of a request to encode a picture (H, W, C)."""
    head = struct.pack("<BBHI16si", 3, lane, switches, number, bytes.fromhex(model), label)
    return head + struct.pack("<HH", *picture.shape[:2]) + picture.tobytes()


def read(message: bytes) -> Answer:
    """Read the bytes of an answer."""
    number, status, channels, height, width, n, ms, server_ms, n_text = struct.unpack_from("<IBBHHHffI", message)
    n_pixels = n * height * width * channels
    assert 24 + n_pixels + n_text == len(message)
    pixels = np.frombuffer(message, np.uint8, n_pixels, 24).reshape(n, height, width, channels)
    return Answer(number, status, pixels, ms, server_ms, message[24 + n_pixels :].decode())


class LiveClient:
    """An open connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: bytes | str) -> None:
        """Send a message of any kind."""
        self.connection.send(message)

    def receive(self, timeout: float | None = 20) -> Answer:
        """Wait for the next answer; TimeoutError when none comes."""
        message = self.connection.recv(timeout)
        assert isinstance(message, bytes)
        return read(message)

    def ask(self, message: bytes | str) -> Answer:
        """Send, and wait for the next answer."""
        self.send(message)
        return self.receive()


@contextmanager
def live_client(
    url: str, offer: Mapping[str, Any], *, token: str | None = None, origin: str | None = "own", **options: Any
) -> Iterator[LiveClient]:
    """Open `/live` of the server at `url`, as a page would that holds `offer`, until the block is left.

    Parameters
    ----------
    url : str
        Such as `http://127.0.0.1:8501`.
    offer : mapping
        What `ui.live.offer` gave.
    token : str, optional
        Another token than the offer's; empty for none.
    origin : str or None
        The Origin header, by default the server's own.
    """
    given = offer["token"] if token is None else token
    with connect(
        url.replace("http", "ws", 1) + offer["path"],
        subprotocols=[Subprotocol(part) for part in (PROTOCOL, given) if part],
        origin=url if origin == "own" else origin,  # type: ignore[arg-type]
        max_size=None,
        max_queue=None,  # else it stops reading, and a farewell too, when sixteen answers wait
        **options,
    ) as connection:
        yield LiveClient(connection)


@contextmanager
def deaf_client(url: str, offer: Mapping[str, Any]) -> Iterator[Callable[[bytes], None]]:
    """Open `/live` as one who never reads what comes; gives the function that sends."""
    address = parse_uri(url.replace("http", "ws", 1) + offer["path"])
    protocol = ClientProtocol(address, subprotocols=[Subprotocol(PROTOCOL), Subprotocol(offer["token"])], origin=url)  # type: ignore[arg-type]
    with closing(socket.create_connection((address.host, address.port), timeout=10)) as connection:
        protocol.send_request(protocol.connect())
        connection.sendall(b"".join(protocol.data_to_send()))
        while not protocol.events_received():
            protocol.receive_data(connection.recv(4096))
        connection.settimeout(0.05)

        def send(message: bytes) -> None:
            protocol.send_binary(message)
            connection.sendall(b"".join(protocol.data_to_send()))

        yield send
