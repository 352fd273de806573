"""What the server hands out beside the pages: plotly.js, and the points of maps and their values.

Points are held under the hash of their content, so that a browser may keep them for good: a page switch finds them in
its cache, and a rerun of the script sends a short message instead of them.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import plotly
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
NOT_KEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

PLOTLY_URL = f"/assets/plotly.js?v={plotly.__version__}"
"""plotly.js of the installed package; the version in the query makes the address change with the content."""


class Blob(NamedTuple):
    """Bytes and what they are."""

    content: bytes
    media_type: str


def content_key(content: bytes) -> str:
    """The name of `content` in the store: 32 hexadecimal digits of its BLAKE2b hash."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class BlobStore:
    """The bytes that browsers may ask for; the least recently used go first when it is full. Thread-safe.

    Parameters
    ----------
    max_entries : int
        Most blobs held.
    max_bytes : int
        Most bytes held, all blobs together. The newest blob stays even when it alone is larger.
    """

    def __init__(self, *, max_entries: int, max_bytes: int) -> None:
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._blobs: OrderedDict[str, Blob] = OrderedDict()
        self._n_bytes = 0
        self._lock = Lock()

    def put(self, key: str, blob: Blob) -> None:
        """Hold `blob` under its `content_key`; a blob already there becomes the most recently used."""
        with self._lock:
            if key in self._blobs:
                self._blobs.move_to_end(key)
                return
            self._blobs[key] = blob
            self._n_bytes += len(blob.content)
            while len(self._blobs) > 1 and (len(self._blobs) > self._max_entries or self._n_bytes > self._max_bytes):
                _, dropped = self._blobs.popitem(last=False)
                self._n_bytes -= len(dropped.content)

    def get(self, key: str) -> Blob | None:
        """Give the blob, or None when it was never there or has been dropped."""
        with self._lock:
            if key in self._blobs:
                self._blobs.move_to_end(key)
            return self._blobs.get(key)


POINTS = BlobStore(max_entries=64, max_bytes=256 * 2**20)
"""The process's own: scripts put in, the route hands out."""


@cache
def plotly_js() -> tuple[bytes, bytes]:
    """plotly.js as it is and zipped; the first call takes a quarter of a second."""
    plain = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    return plain, gzip.compress(plain, 6, mtime=0)


async def _send_plotly(request: Request) -> Response:
    plain, zipped = await run_in_threadpool(plotly_js)
    headers = {**FOR_GOOD, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(zipped, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
    return Response(plain, media_type="text/javascript", headers=headers)


def _sender(store: BlobStore) -> Callable[[Request], Awaitable[Response]]:
    async def send_blob(request: Request) -> Response:
        blob = store.get(request.path_params["key"])
        if blob is None:
            return PlainTextResponse("Nothing is held under this key; reload the page.", 404, headers=NOT_KEPT)
        return Response(blob.content, media_type=blob.media_type, headers=FOR_GOOD)

    return send_blob


class PreloadPlotly:
    """Middleware that has the browser fetch plotly.js while the page's own scripts still load."""

    LINK = (b"link", f"<{PLOTLY_URL}>; rel=preload; as=script".encode())

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; a page of HTML gets the header."""

        async def forward(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                    message = {**message, "headers": [*headers, self.LINK]}
            await send(message)

        await self._app(scope, receive, forward)


ROUTES: list[BaseRoute] = [
    Route("/assets/plotly.js", _send_plotly),
    Route("/points/{key}", _sender(POINTS)),
]
"""For `st.App(routes=...)`."""
