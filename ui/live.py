"""The live channel: z goes in, pixels come out, over a websocket on the app's own server, at `/live`.

The protocol, little-endian, one message a request and one an answer. The browser offers the subprotocols
`["latent-space.v1", TOKEN]`, the token being what `offer` gave to its page; the server accepts with `latent-space.v1`,
or refuses with 403 when the token is missing, forged or older than ten minutes, or the page is from another origin.

Request, 28 bytes and then z::

     0 u8   kind     1 decode, 2 point, 3 encode
     1 u8   lane     0 … 63: the newest request of a lane replaces an older one of it that still waits
     2 u16  split    kind 2: 0 test, 1 train (with validation), 2 all (train, then test); kind 1: 0; kind 3: how
                     the picture is prepared, a sum of 1 invert, 2 crop, 4 centre
     4 u32  number   chosen by the client, comes back in the answer
     8 16 B model    the first 16 bytes of its card's key
    24 i32  which    kind 1 and 3: class, or -1 for none; kind 1: -2 for each z as every class, in their order;
                     kind 2: index into the split, or -1 for the one nearest to z
    28 f32  z        n × D: 1 to 4096 of them for kind 1; for kind 2 one when which is -1, else none; for kind 3
                     these three instead:
    28 u16  height   4 … 256
    30 u16  width    4 … 256
    32 u8   pixels   height × width × channels, 1 or 3 of these

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

Kind 1 gives n images, or n for each class. Kind 2 gives the reconstruction decode(mu) and, where the data is on this
machine, the original; its text is the JSON of `ui.records.PointRecord.facts`. Kind 3 gives the picture after each step
of `vae_core.data.recipe.prepare`, the last one being the image, and then, if there is an encoder and something to be
encoded, decode(mu); its text is the JSON of `ui.own_encoding.Seen.facts`. A request that is refused is answered all
the same, with number 0 when it is too short to have one. Of a lane's requests those that a newer one replaced are not
answered.

Limits: a message of 1 MiB (more: closed with 1009); 4096 images, and 16 MiB of them, a request, and 32 MiB that one
client has asked for and was not sent yet (more: refused), 512 MiB of all clients (the one that holds most is let go);
1,000 messages a second of a session, one that is malformed or for an unknown model counting as 20 (more: they are
read more slowly); 100 malformed ones in a row (1008); five minutes without any (1001); ten seconds in which nothing can
be sent; 512 sockets, of these 128 from one address and 8 of one session.

A token says which page session holds it. The sockets of a session share its allowance of messages, which coming back
does not renew. The app has no accounts: who opens many pages has many sessions, so all sockets share one pot besides,
and the limit for an address keeps one holder from taking all of it. Loopback addresses have no such limit: there sits
the machine's owner, or a proxy. Behind a proxy on another machine everybody has its address, and the 128 are for all.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import OrderedDict
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
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.live_allowance import MOST_SOCKETS as MOST_OF_SESSION
from ui.live_allowance import allowance_of
from ui.live_client import LARGEST_MESSAGE, Client
from ui.live_models import look_up, recall, remember
from ui.live_transport import limit_messages
from vae_core import LatentExplorer

PATH = "/live"
PROTOCOL = "latent-space.v1"
TOKEN_SECONDS = 600
MOST_SOCKETS, MOST_FROM_ADDRESS = 512, 128
MOST_TOKENS = 4096

OPENERS = ThreadPoolExecutor(2, thread_name_prefix="live models")
"""For models that must be looked up and opened."""

_tokens: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()  # (device, session) -> newest, made when
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
    context = get_script_run_ctx(suppress_warning=True)
    token, made = _token(explorer.device, context.session_id if context else "")
    return {
        "path": PATH,
        "token": token,
        "expires": made + TOKEN_SECONDS - time(),
        "model": model.hex(),
        "device": explorer.device,
        "latent_dim": explorer.latent_dim,
        "image_shape": list(explorer.image_shape),
    }


def token_for(device: str, session: str) -> str:
    """A fresh token for a page session, which opens sockets that decode on a device."""
    return _signer().dumps([device, session])


def _token(device: str, session: str) -> tuple[str, float]:
    """The session's token, and when it was made: the same one for half of its life, so that pages are not sent anew."""
    with _lock:
        token, made = _tokens.get((device, session), ("", 0.0))
        if time() - made > TOKEN_SECONDS / 2:
            token, made = _tokens[device, session] = token_for(device, session), time()
            _tokens.move_to_end((device, session))
            while len(_tokens) > MOST_TOKENS:
                _tokens.popitem(last=False)
    return token, made


async def _answer(websocket: WebSocket) -> None:
    admitted, address = _admitted_to(websocket), websocket.client.host if websocket.client else ""
    if admitted is None or not _has_room(address):
        await websocket.close()  # before it is accepted: 403
        return
    device, session = admitted
    allowance = allowance_of(session)
    if allowance.n_sockets >= MOST_OF_SESSION:
        await websocket.close()
        return

    async def lookup(model: bytes) -> LatentExplorer:
        if (known := recall(model, device)) is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(OPENERS, look_up, model, device)

    _sockets[websocket] = address
    allowance.n_sockets += 1
    try:
        limit_messages(websocket, LARGEST_MESSAGE)
        await websocket.accept(PROTOCOL)
        await Client(websocket, lookup, allowance).serve()
    finally:
        _sockets.pop(websocket)
        allowance.n_sockets -= 1


ROUTE = WebSocketRoute(PATH, _answer)
"""For `st.App(routes=...)`."""


def _admitted_to(websocket: WebSocket) -> tuple[str, str] | None:
    """Device and session of the token; None when it is no good, or the page is not this server's own."""
    if not _is_own(websocket.headers.get("origin", ""), websocket.headers.get("host", "")):
        return None
    offered = websocket.scope["subprotocols"]
    if len(offered) != 2 or offered[0] != PROTOCOL:
        return None
    try:
        device, session = _signer().loads(offered[1], max_age=TOKEN_SECONDS)
    except (BadData, TypeError, ValueError):  # what was signed may still be of another version, or of an absurd time
        return None
    return str(device), str(session)


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
