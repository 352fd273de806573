"""How long the app's own server keeps a small answer to itself."""

from __future__ import annotations

from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

from tests.browser.serving import AppServer


def test_a_small_answer_leaves_at_once(app_server: AppServer) -> None:
    """Over one connection, head and body of an answer come together: they took 44 ms with Nagle's algorithm."""
    connection = HTTPConnection(urlsplit(app_server.url).netloc)

    def seconds() -> float:
        start = perf_counter()
        connection.request("GET", "/points/none")
        connection.getresponse().read()
        return perf_counter() - start

    assert median(seconds() for _ in range(15)) < 0.02
    connection.close()
