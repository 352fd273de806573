"""The live channel: z goes in, pixels come out, over a websocket on the app's own server, at `/live`.

The protocol, little-endian, one message a request and one an answer. The browser offers the subprotocols
`["latent-space.v1", TOKEN]`, the token being what `offer` gave to its page; the server accepts with `latent-space.v1`,
or refuses with 403 when the token is missing, forged or older than ten minutes, or the page is from another origin.

Request, 28 bytes and then z::

     0 u8   kind     1 decode, 2 point
     1 u8   lane     0 … 63: the newest request of a lane replaces an older one of it that still waits
     2 u16  split    kind 2: 0 test, 1 train (with validation), 2 all (train, then test); kind 1: 0
     4 u32  number   chosen by the client, comes back in the answer
     8 16 B model    the first 16 bytes of its card's key
    24 i32  which    kind 1: class, or -1 for none; kind 2: index into the split, or -1 for the one nearest to z
    28 f32  z        n × D: 1 to 4096 of them for kind 1; for kind 2 one when which is -1, else none

Answer, 24 bytes, then pixels and text::

     0 u32  number
     4 u8   status   0 here it is; 1 refused: the text says why, in one sentence
     5 u8   channels
     6 u16  height
     8 u16  width
    10 u16  n        images that follow
    12 f32  ms       that the decoder took for the batch that held this request
    16 f32  server_ms   from received to sent
    20 u32  n_text   bytes of UTF-8 after the pixels
    24 u8   pixels   n × height × width × channels, then the text

Kind 1 gives n images. Kind 2 gives the reconstruction decode(mu) and, where the data is on this machine, the
original; its text is the JSON of `ui.records.PointRecord.facts`. A request that is refused is answered all the same,
with number 0 when it is too short to have one. Of a lane's requests those that a newer one replaced are not answered.

Limits: a message of 1 MiB (more: closed with 1009); 4096 images, and 16 MiB of them, a request, and 32 MiB that one
client has asked for and was not sent yet (more: refused), 512 MiB of all clients (the one that holds most is let go);
1,000 messages a second, one that is malformed or for an unknown model counting as 20 (more: they are read more slowly);
100 malformed ones in a row (1008); five minutes without any (1001); ten seconds in which nothing can be sent; 512
sockets, of these 128 from one address.

The app has no accounts, so a token is not a person's: all sessions that use one device are given the same one, and it
says no more than that its holder has been served a page in the last ten minutes. All sockets share one pot; the limit
for an address keeps one holder from taking all of it. Loopback addresses have no such limit: there sits the machine's
owner, or a proxy. Behind a proxy on another machine everybody has its address, and the 128 are for all.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from ipaddress import ip_address
from threading import Lock
from time import time
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ui.live_client import Client
from ui.live_models import look_up, recall, remember
from vae_core import LatentExplorer

PATH = "/live"
PROTOCOL = "latent-space.v1"
TOKEN_SECONDS = 600
MOST_SOCKETS, MOST_FROM_ADDRESS = 512, 128

OPENERS = ThreadPoolExecutor(2, thread_name_prefix="live models")
"""For models that must be looked up and opened."""

_tokens: dict[str, tuple[str, float]] = {}  # device -> its newest token, and when that was made
_lock = Lock()
_sockets: dict[WebSocket, str] = {}  # and from which address


def offer(explorer: LatentExplorer) -> dict[str, Any]:
    """What a page must know to ask for a model's images: where, with which token, and what comes.

    Returns
    -------
    dict
        `path`, `token`, `expires` (seconds that the token is good for), `model` (32 hexadecimal digits), `device`,
        `latent_dim` and `image_shape` (C, H, W).
    """
    model = remember(explorer)
    with _lock:
        token, made = _tokens.get(explorer.device, ("", 0.0))
        if time() - made > TOKEN_SECONDS / 2:
            token, made = _signer().dumps(explorer.device), time()
            _tokens[explorer.device] = token, made
    return {
        "path": PATH,
        "token": token,
        "expires": made + TOKEN_SECONDS - time(),
        "model": model.hex(),
        "device": explorer.device,
        "latent_dim": explorer.latent_dim,
        "image_shape": list(explorer.image_shape),
    }


async def _answer(websocket: WebSocket) -> None:
    device, address = _admitted_to(websocket), websocket.client.host if websocket.client else ""
    if device is None or not _has_room(address):
        await websocket.close()  # before it is accepted: 403
        return

    async def lookup(model: bytes) -> LatentExplorer:
        if (known := recall(model, device)) is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(OPENERS, look_up, model, device)

    _sockets[websocket] = address
    try:
        await websocket.accept(PROTOCOL)
        await Client(websocket, lookup).serve()
    finally:
        _sockets.pop(websocket)


ROUTE = WebSocketRoute(PATH, _answer)
"""For `st.App(routes=...)`."""


def _admitted_to(websocket: WebSocket) -> str | None:
    """The device that the token opens; None when it is no good, or the page is not this server's own."""
    if not _is_own(websocket.headers.get("origin", ""), websocket.headers.get("host", "")):
        return None
    offered = websocket.scope["subprotocols"]
    if len(offered) != 2 or offered[0] != PROTOCOL:
        return None
    try:
        return str(_signer().loads(offered[1], max_age=TOKEN_SECONDS))
    except BadData:
        return None


def _has_room(address: str) -> bool:
    try:
        is_limited = not ip_address(address).is_loopback
    except ValueError:  # a socket of the file system, say
        is_limited = False
    n_same = sum(other == address for other in _sockets.values())
    return len(_sockets) < MOST_SOCKETS and not (is_limited and n_same >= MOST_FROM_ADDRESS)


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


@cache
def _signer() -> URLSafeTimedSerializer:
    # Servers behind one balancer share the secret; else a token is good until the restart, and the page asks anew.
    return URLSafeTimedSerializer(os.environ.get("VAE_LIVE_SECRET") or secrets.token_hex(32), salt=PROTOCOL)
