"""The connection below a websocket. ASGI knows only the polite end, and not what has really left; uvicorn does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.types import Receive
from starlette.websockets import WebSocket, WebSocketDisconnect

GOING_AWAY, UNREACHABLE, POLICY, TOO_LARGE = 1001, 1006, 1008, 1009

FAREWELL_SECONDS, DRAIN_SECONDS = 1.0, 0.005
FLOWING = 1 << 16
"""Bytes left in the connection's buffer that do not keep the next answer back: uvicorn's own high-water mark."""


def transport_below(receive: Receive) -> asyncio.Transport | None:
    """The connection that a request or a websocket came by; None under another server than uvicorn."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    return transport if isinstance(transport, asyncio.Transport) else None


def transport_of(websocket: WebSocket) -> asyncio.Transport | None:
    """The connection of a websocket; None under another server than uvicorn."""
    return transport_below(websocket._receive)


def limit_messages(websocket: WebSocket, most: int) -> None:
    """Have a larger message ended with 1009 as soon as it says how large it is, before it is held."""
    protocol = getattr(getattr(websocket._receive, "__self__", None), "conn", None)
    if protocol is not None and hasattr(protocol, "max_message_size"):
        protocol.max_message_size = most


async def drained(websocket: WebSocket, progress: Callable[[], None]) -> None:
    """Wait until what was sent has left the server, telling of each part that has."""
    transport = transport_of(websocket)
    if transport is None:
        return
    left = transport.get_write_buffer_size()
    while left > FLOWING:
        await asyncio.sleep(DRAIN_SECONDS)
        before, left = left, transport.get_write_buffer_size()
        if left < before:
            progress()


async def dismiss(websocket: WebSocket, code: int) -> None:
    """Close a socket; drop the connection where that is not enough.

    The polite end keeps what is to be sent for as long as the client does not read, and reads whatever it still sends.
    """
    transport = transport_of(websocket)
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # it may be gone, or not read
        if code != UNREACHABLE:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await websocket.close(code)
            if code == GOING_AWAY:
                return
            if transport is not None:
                transport.pause_reading()
            await asyncio.sleep(FAREWELL_SECONDS)  # for it to learn why
    if transport is not None:
        transport.abort()
