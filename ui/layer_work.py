"""What the map's layers need and is computed while somebody waits for it: fields, and where the data lies.

A page offers it under a key; a browser asks for it at `/layers/<key>`. The first question begins the work, which goes
on as long as somebody asks: the answer is the bytes (200), or the share that is done (202), or what went wrong (422).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from time import monotonic

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ui.routes import FOR_GOOD, NOT_KEPT
from vae_core.errors import VaeCoreError
from vae_core.latent.pieces import OnProgress

ANSWER_SECONDS = 0.2
"""How long a question waits for the end of the work before it is told the share."""

PATIENCE_SECONDS = 5.0
"""After how long without a question work is given up."""

MOST_OFFERS = 256

Compute = Callable[[OnProgress], bytes]


logger = logging.getLogger(__name__)


class _AbandonedError(Exception):
    """Nobody asks any more."""


class Work:
    """Bytes that are computed once, in a thread of their own. Asked by any thread."""

    def __init__(self, compute: Compute) -> None:
        self.share = 0.0
        self._compute = compute
        self._future: Future[bytes] | None = None
        self._asked, self._lock = 0.0, Lock()

    def ask(self) -> Future[bytes]:
        """Begin, unless it has begun, and go on for a while."""
        with self._lock:
            self._asked = monotonic()
            if self._future is None or (self._future.done() and self._future.exception() is not None):
                self.share, self._future = 0.0, Future()
                Thread(target=self._run, args=(self._future,), name="layer", daemon=True).start()
            return self._future

    def _run(self, future: Future[bytes]) -> None:
        try:
            future.set_result(self._compute(self._told))
        except Exception as problem:  # whoever waits is told
            if not isinstance(problem, VaeCoreError | _AbandonedError):
                logger.exception("A layer could not be computed.")
            future.set_exception(problem)

    def _told(self, share: float) -> None:
        if monotonic() - self._asked > PATIENCE_SECONDS:
            raise _AbandonedError
        self.share = share


class Offers:
    """The work that browsers may ask for; the least recently offered goes first when there is too much. Thread-safe."""

    def __init__(self) -> None:
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._lock = Lock()

    def offer(self, key: str, compute: Compute) -> str:
        """Hold it under a key that names all that it depends on; returns the address."""
        with self._lock:
            if key not in self._works:
                self._works[key] = Work(compute)
            self._works.move_to_end(key)
            while len(self._works) > MOST_OFFERS:
                self._works.popitem(last=False)
        return f"/layers/{key}"

    def get(self, key: str) -> Work | None:
        """The work, or None when it was never offered or has been dropped."""
        with self._lock:
            return self._works.get(key)


OFFERS = Offers()
"""The process's own: scripts offer, the route answers."""


async def _send(request: Request) -> Response:
    work = OFFERS.get(request.path_params["key"])
    if work is None:
        return PlainTextResponse("Nothing is offered under this key; reload the page.", 404, headers=NOT_KEPT)
    future = asyncio.wrap_future(work.ask())
    future.add_done_callback(_taken)
    done, _ = await asyncio.wait([future], timeout=ANSWER_SECONDS)
    if not done:
        return JSONResponse({"share": work.share}, 202, headers=NOT_KEPT)
    problem = future.exception()
    if isinstance(problem, _AbandonedError):
        return JSONResponse({"share": 0.0}, 202, headers=NOT_KEPT)  # the next question begins anew
    if problem is not None:
        said = str(problem) if isinstance(problem, VaeCoreError) else "This could not be computed."
        return PlainTextResponse(said, 422, headers=NOT_KEPT)
    return Response(future.result(), media_type="application/octet-stream", headers=FOR_GOOD)


def _taken(future: asyncio.Future[bytes]) -> None:
    """Whoever was told the share has left its future behind: what goes wrong later is not for the log."""
    if not future.cancelled():
        future.exception()


LAYER_ROUTES = [Route("/layers/{key}", _send)]
"""For `st.App(routes=...)`."""
