"""Who may ask: whoever knows the secret in the address, by a name of this machine, from a page of the same address.

It stands before all of Streamlit, its files, media and web socket too: what does not get past it reaches nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

NAMES = ("127.0.0.1", "localhost")
"""Names by which a browser may have come here: under any other one, that of a foreign site leads to this machine."""
HEADERS = {
    # the page loads nothing from elsewhere, sends nothing there and is shown in no other page
    "content-security-policy": "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' ws://{host} data: blob:; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
REFUSAL = b"This page is shown at the address alone that 'interstice view' has printed.\n"
POLICY = 1008
"""The code by which a web socket is closed that may not be opened."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Guard:
    """Passes on to an ASGI application what may be asked, and refuses all else with the same few words."""

    def __init__(self, app: App, secret: str) -> None:
        self._app, self._secret = app, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] not in ("http", "websocket") or not admits(scope, self._secret):
            await _refuse(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(scope, send))


def admits(scope: Scope, secret: str) -> bool:
    """Return whether a request may be answered: its path begins with the secret, its host and origin are this one."""
    headers: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.lower(), []).append(value)
    hosts = [value.decode("latin-1") for value in headers.get(b"host", [])]
    origins = [value.decode("latin-1") for value in headers.get(b"origin", [])]
    if len(hosts) != 1 or len(origins) > 1:
        return False
    try:
        named = urlsplit(f"//{hosts[0]}")
        known = named.hostname in NAMES and named.netloc == hosts[0] and "@" not in hosts[0]
    except ValueError:
        return False
    if not known or any(origin != f"http://{hosts[0]}" for origin in origins):
        return False
    first = scope["path"].split("/")[1:2]
    return hmac.compare_digest("".join(first).encode(), secret.encode())


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": POLICY})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(REFUSAL)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else REFUSAL})


def _with_headers(scope: Scope, send: Send) -> Send:
    """Return what sends answers with the headers that keep a browser from going elsewhere."""
    host = next(value for name, value in scope["headers"] if name.lower() == b"host").decode("latin-1")
    added = {name.encode(): value.format(host=host).encode() for name, value in HEADERS.items()}

    async def answer(message: Any) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in added]
            message = {**message, "headers": [*kept, *added.items()]}
        await send(message)

    return answer
