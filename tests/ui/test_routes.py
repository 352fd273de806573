"""What the routes beside the pages answer, and what the store behind them keeps."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import plotly
from starlette.routing import BaseRoute, Router

from ui.routes import PLOTLY_URL, POINTS, ROUTES, Blob, BlobStore, content_key

Answer = tuple[int, dict[str, str], bytes]


def ask(path: str, routes: Sequence[BaseRoute] = ROUTES, **headers: str) -> Answer:
    """GET `path` from some routes, without a server: status, headers, body."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    route, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": route, "query_string": query.encode(), "headers": raw}
    asyncio.run(Router(routes)(scope, receive, send))
    start = sent[0]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return start["status"], {k.decode().lower(): v.decode() for k, v in start["headers"]}, body


def test_plotly_js_is_that_of_the_installed_package() -> None:
    """Zipped for browsers that can unzip, plain for others, the same content, kept for good, under its version."""
    content = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
    status, headers, body = ask(PLOTLY_URL, accept_encoding="gzip, br")
    assert (200, "gzip", "nosniff") == (status, headers["content-encoding"], headers["x-content-type-options"])
    assert "immutable" in headers["cache-control"]
    assert content == gzip.decompress(body)
    assert content == ask(PLOTLY_URL)[2]
    assert plotly.__version__ in PLOTLY_URL


def test_a_blob_comes_back_as_it_was_put() -> None:
    """Content and media type are those put in, and a browser may keep them."""
    blob = Blob(b"\0\1 points", "application/octet-stream")
    POINTS.put(content_key(blob.content), blob)
    status, headers, body = ask(f"/points/{content_key(blob.content)}")
    assert (200, blob.content, blob.media_type) == (status, body, headers["content-type"])
    assert "immutable" in headers["cache-control"]


def test_an_unknown_key_is_not_found_and_not_kept() -> None:
    """A browser asks again, for the key may be there a moment later."""
    status, headers, _ = ask("/points/ffff")
    assert (404, "no-store") == (status, headers["cache-control"])


def test_the_store_drops_what_was_not_used_for_longest() -> None:
    """Both limits hold, reading and putting again count as use, and the newest always stays."""
    store = BlobStore(max_entries=3, max_bytes=100)
    for key in "abc":
        store.put(key, Blob(b"x" * 10, ""))
    store.get("a")
    store.put("b", Blob(b"x" * 10, ""))
    store.put("d", Blob(b"x" * 10, ""))
    assert [True, True, False, True] == [store.get(key) is not None for key in "abcd"]
    store.put("e", Blob(b"x" * 85, ""))
    assert [False, False, True, True] == [store.get(key) is not None for key in "abde"]
    store.put("f", Blob(b"x" * 500, ""))
    assert [False, True] == [store.get(key) is not None for key in "ef"]


def test_the_store_holds_its_limits_under_threads() -> None:
    """Eight threads putting and getting leave no more than the limit, and every blob under its own key."""
    store = BlobStore(max_entries=16, max_bytes=10_000)

    def work(worker: int) -> bool:
        right = True
        for i in range(300):
            key = str((worker * 7 + i) % 40)
            store.put(key, Blob(key.encode() * 20, ""))
            found = store.get(key)
            right &= found is None or found.content == key.encode() * 20
        return right

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))
    assert sum(store.get(str(key)) is not None for key in range(40)) <= 16
