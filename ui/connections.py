"""What holds for each connection of a browser: small answers leave at once, and nobody's flood is read at one go."""

from __future__ import annotations

import socket
from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.live_transport import transport_below

PORTION = 2048
"""Bytes of a websocket that are read at once. asyncio takes 256 KiB: 43,000 empty frames, which no allowance counts,
would keep everybody else waiting for seconds."""


class FairConnections:
    """Middleware that sets up the connection of each request and each websocket.

    It takes Nagle's algorithm (RFC 896) off, by which an answer in two parts waits in the server until the browser
    acknowledges the first: up to 40 ms, or until its next request. asyncio does this by itself for the sockets that it
    opens; Streamlit binds its own, without naming TCP, and asyncio leaves those as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        transport = transport_below(receive)
        below = transport.get_extra_info("socket") if transport is not None else None
        if below is not None and below.family in (socket.AF_INET, socket.AF_INET6):
            with suppress(OSError):  # the browser may have gone
                below.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if scope["type"] == "websocket" and transport is not None and hasattr(transport, "max_size"):
            transport.max_size = PORTION
        await self._app(scope, receive, send)
