"""Which addresses of the first page lead on to Explore."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from ui.old_links import OldLinks


def asked(path: str, query: str, root: str = "") -> list[Message]:
    """What a request is answered with; status 204 is the app's own."""
    found: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message: Message) -> None:
        found.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": path, "root_path": root, "query_string": query.encode()}
    asyncio.run(OldLinks(app)({**scope, "headers": []}, receive, send))
    return found


@pytest.mark.parametrize("query", ["model=mnist-2d", "z=1,2", "embed=true&model=a%20b&z=0.5,-1", "group=1,2,3"])
def test_an_address_with_something_settled_leads_to_explore(query: str) -> None:
    """Its parameters come along as they are, and the way is relative to where the app is served."""
    start, *_ = asked("/", query)
    assert start["status"] == 307
    assert dict(start["headers"])[b"location"].decode() == f"explore?{query}"


@pytest.mark.parametrize(("path", "query"), [("/", ""), ("/", "embed=true"), ("/explore", "model=a"), ("/live", "z=1")])
def test_every_other_request_goes_to_the_app(path: str, query: str) -> None:
    """The bare first page, options of Streamlit's own, and all other paths."""
    assert asked(path, query)[0]["status"] == 204


def test_below_a_path_of_its_own_the_first_page_is_found() -> None:
    """Served below /lab, the first page is /lab/."""
    assert asked("/lab/", "model=a", "/lab")[0]["status"] == 307
