"""Small answers leave the server at once."""

from __future__ import annotations

import socket

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.live_transport import transport_below


class NoDelay:
    """Middleware that takes Nagle's algorithm (RFC 896) off the connection of each request and each websocket.

    Else an answer in two parts waits in the server until the browser acknowledges the first: up to 40 ms, or until its
    next request. asyncio does this by itself for the sockets that it opens; Streamlit binds its own, without naming
    TCP, and asyncio leaves those as they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        transport = transport_below(receive)
        below = transport.get_extra_info("socket") if transport is not None else None
        if below is not None and below.family in (socket.AF_INET, socket.AF_INET6):
            below.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await self._app(scope, receive, send)
