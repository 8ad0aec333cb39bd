"""Who may ask: the server's own host names, a token for other machines, same-origin writes, small bodies."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from sunwi.errors import DataError
from sunwi.serve.problems import problem_response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_NAME = "SUNWI_SERVE_TOKEN"  # noqa: S105  the variable's name
COOKIE = "sunwi_token"
OPEN = frozenset({"/healthz", "/enter"})  # paths that need no token
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SHORTEST = 16
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server.

    Attributes
    ----------
    host
        The address it is bound to.
    token
        None: no token is asked for, which a loopback address alone allows.
    body_limit
        Bytes of a request's body at most.
    """

    host: str
    token: str | None
    body_limit: int = 4 << 20

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            what = f"--host {self.host} can be reached from other machines, and there is no token"
            raise DataError(what, f"set the environment variable {TOKEN_NAME}, or leave out --host")
        if self.token is not None and len(self.token) < SHORTEST:
            what = f"the token in {TOKEN_NAME} has {len(self.token)} characters; expected {SHORTEST} or more"
            raise DataError(what, f"export {TOKEN_NAME}=$(openssl rand -hex 16)")

    def admits(self, token: str) -> bool:
        """Whether this is the token; takes equally long for every wrong one of its length."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    @property
    def cookie(self) -> str:
        """What a browser keeps instead of the token."""
        return hashlib.sha256(b"sunwi serve cookie\0" + (self.token or "").encode()).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether this machine alone can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses what `Access` does not allow, sets the safe headers of every answer."""

    def __init__(self, app: App, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await problem_response(*refusal)(scope, receive, _with_headers(send))
            return
        await self.app(scope, self._limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str, str] | None:
        """Status, what is wrong and the next step; None where the request may go on."""
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        # a page elsewhere that resolves to this machine
        if self.access.token is None and host not in LOCAL:
            return 421, f"this server does not answer for the host {host[:80]!r}", "use http://127.0.0.1"
        origin = headers.get("origin")
        if scope["method"] not in SAFE and origin and urlsplit(origin).netloc != headers.get("host", ""):
            return 403, "the request comes from a page of another site", "send it from this server's page"
        if not self._allowed(scope["path"], headers):
            step = f"send `Authorization: Bearer TOKEN` with the token in {TOKEN_NAME}, or open /enter"
            return 401, "the token is missing or wrong", step
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.access.body_limit:
            limit = self.access.body_limit
            return 413, f"the body has {length[:20]} bytes; at most {limit} are read", "send less at once"
        return None

    def _allowed(self, path: str, headers: dict[str, str]) -> bool:
        if self.access.token is None or path in OPEN or path.startswith("/static/"):
            return True
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self.access.admits(token.strip()):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self.access.cookie.encode())

    def _limited(self, receive: Receive) -> Receive:
        """A body without a stated length is cut off at the limit too."""
        read = 0

        async def limited() -> MutableMapping[str, Any]:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.access.body_limit:
                raise HTTPException(413, f"the body is larger than {self.access.body_limit} bytes")
            return message

        return limited


def _with_headers(send: Send) -> Send:
    async def safe(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"content-security-policy", POLICY.encode()),
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"no-referrer"),
                (b"cache-control", b"no-store"),
            ]
        await send(message)

    return safe
