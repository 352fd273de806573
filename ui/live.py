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
original; its text is the JSON of `ui.encoded.PointRecord.facts`. A request that is refused is answered all the same,
with number 0 when it is too short to have one. Of a lane's requests those that a newer one replaced are not answered.

Limits: a message of 1 MiB (more: closed with 1009), 4096 images, 1,000 messages a second (more: they are read more
slowly), 100 malformed ones in a row (1008), five minutes without any (1001), ten seconds in which nothing can be sent,
512 sockets.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import OrderedDict
from functools import cache
from threading import Lock
from time import time
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from ui.cache import open_explorer
from ui.live_client import THREADS, Client
from vae_core import LatentExplorer, list_checkpoints
from vae_core.errors import CheckpointError

PATH = "/live"
PROTOCOL = "latent-space.v1"
TOKEN_SECONDS = 600
MOST_SOCKETS = 512
MOST_MODELS = 12
N_MODEL_BYTES = 16

_models: OrderedDict[tuple[bytes, str], LatentExplorer] = OrderedDict()
_tokens: dict[str, tuple[str, float]] = {}  # device -> its newest token, and when that was made
_lock = Lock()
_sockets: set[WebSocket] = set()


def offer(explorer: LatentExplorer) -> dict[str, Any]:
    """What a page must know to ask for a model's images: where, with which token, and what comes.

    Returns
    -------
    dict
        `path`, `token`, `expires` (seconds that the token is good for), `model` (32 hexadecimal digits), `device`,
        `latent_dim` and `image_shape` (C, H, W).
    """
    model = bytes.fromhex(explorer.card.key)[:N_MODEL_BYTES]
    _remember(model, explorer)
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
    device = _admitted_to(websocket)
    if device is None or len(_sockets) >= MOST_SOCKETS:
        await websocket.close()  # before it is accepted: 403
        return

    async def lookup(model: bytes) -> LatentExplorer:
        if (known := _recall(model, device)) is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(THREADS, _open, model, device)

    _sockets.add(websocket)
    try:
        await websocket.accept(PROTOCOL)
        await Client(websocket, lookup).serve()
    finally:
        _sockets.discard(websocket)


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


def _remember(model: bytes, explorer: LatentExplorer) -> None:
    with _lock:
        _models[model, explorer.device] = explorer
        _models.move_to_end((model, explorer.device))
        while len(_models) > MOST_MODELS:
            _models.popitem(last=False)


def _recall(model: bytes, device: str) -> LatentExplorer | None:
    with _lock:
        if (model, device) in _models:
            _models.move_to_end((model, device))
        return _models.get((model, device))


def _open(model: bytes, device: str) -> LatentExplorer:
    """Open the model that a page was given by another server, or before this one was restarted."""
    for entry in list_checkpoints():
        if entry.card is not None and bytes.fromhex(entry.card.key)[:N_MODEL_BYTES] == model:
            explorer = open_explorer(entry, device)
            _remember(model, explorer)
            return explorer
    raise CheckpointError("This model is not here any more: reload the page.")
