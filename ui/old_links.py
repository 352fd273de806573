"""Links from before there was a first page: an address with a model or a place leads on to Explore."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.address import LOOKS

SETTLED = frozenset({"model", "z", *LOOKS})


class OldLinks:
    """Middleware that sends `/?model=…&z=…` to `/explore?model=…&z=…`, before any page is shown.

    The redirection is the server's, not the page's: so it leaves no entry in the browser's history to go back to.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or send it on."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in _roots(scope):
            query = scope["query_string"].decode("latin-1")
            if any(name in SETTLED for name, _ in parse_qsl(query, keep_blank_values=True, max_num_fields=100)):
                # Relative, as the app may be served below a path of its own.
                await RedirectResponse(f"explore?{query}", 307)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _roots(scope: Scope) -> tuple[str, ...]:
    base = scope.get("root_path", "")
    return ("/", f"{base}/")
