"""The HTTP client of the providers' SDKs: no redirects, bounded bodies, every body as UTF-8."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from sunwi.llm.faults import Refused, Transient
from sunwi.llm.wire import error_body

if TYPE_CHECKING:
    import httpx2

    from sunwi.llm.credentials import Redactor

MOST_BYTES = 16 * 1024 * 1024  # of a reply, compressed and not: the longest answers are a hundredth of it
_KEY_HEADERS = ("authorization", "x-goog-api-key")
_OF_THE_BODY = {b"content-encoding", b"content-length", b"transfer-encoding", b"content-type"}
_CODINGS = {"gzip", "x-gzip", "deflate"}


def http_client(redact: Redactor, *, keyless: bool) -> httpx2.AsyncClient:
    """A client for one event loop; proxies are those of the environment.

    A redirect is an answer like every other status: the key goes to no host but the configured one.
    Bodies over `MOST_BYTES`, sent or unpacked, raise `Transient` before they are read in full, as do those
    in no known charset; the rest come out as UTF-8 without a mark.

    Parameters
    ----------
    redact
        Takes the key out of every body, before a reader cuts words out of it.
    keyless
        The server needs no key: none is sent, not even the placeholder that the SDKs require.
    """
    import httpx2

    class Client(httpx2.AsyncClient):
        async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
            for name in _KEY_HEADERS if keyless else ():
                request.headers.pop(name, None)
            request.headers["accept-encoding"] = (
                "identity"  # a server that compresses all the same is understood below
            )
            response = await super().send(request, **(options | {"stream": True, "follow_redirects": False}))
            try:
                packed = await _bounded(response)
            finally:
                await response.aclose()
            declared = response.headers.get("content-encoding", "")
            data = unpacked(packed, declared)
            if response.is_success:
                text = redact.body(decoded(data, response.charset_encoding))
            else:
                text = json.dumps(error_body(redact.body(data.decode("utf-8", "replace"))))
            other = [
                (name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_BODY
            ]
            headers = [*other, (b"content-type", b"application/json; charset=utf-8")]
            content = text.encode("utf-8", "replace")
            return httpx2.Response(response.status_code, headers=headers, content=content, request=request)

    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=100)
    return Client(follow_redirects=False, limits=limits)


async def _bounded(response: httpx2.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > MOST_BYTES:
            raise _too_large()
    return bytes(data)


def unpacked(data: bytes, coding: str) -> bytes:
    """`data` without its content coding.

    Raises
    ------
    Transient
        If it is cut, damaged or unpacks to more than `MOST_BYTES`.
    Refused
        If the coding was not requested.
    """
    codings = [
        name.strip().lower() for name in coding.split(",") if name.strip().lower() not in {"", "identity"}
    ]
    if not codings or not data:
        return data
    if len(codings) > 1 or codings[0] not in _CODINGS:
        what = f"the reply is compressed as {coding[:40]!r}, which was not requested"
        raise Refused(what, "turn compression off in the server or proxy of llm.base_url")
    # deflate comes with the header of zlib (RFC 9110 8.4.1.2), or bare from servers that misread the RFC
    bare = codings[0] == "deflate" and (data[0] & 0x0F) != 8
    unpacker = zlib.decompressobj(-15 if bare else 47)
    try:
        content = unpacker.decompress(data, MOST_BYTES + 1)
    except zlib.error:
        raise Transient("the reply's compression is damaged") from None
    if len(content) > MOST_BYTES:
        raise _too_large()
    if not unpacker.eof:
        raise Transient("the reply was cut within its compression")
    return content


def decoded(data: bytes, charset: str | None) -> str:
    """The text of a body: UTF-8 with or without a mark, else in the declared charset.

    Raises
    ------
    Transient
        If it is in neither.
    """
    for name in ("utf-8-sig", charset):
        try:
            if name:
                return data.decode(name)
        except (ValueError, LookupError):  # a name may hold anything, too
            continue
    stated = f" nor {charset[:40]!r}, as it says" if charset else ", and its header names no charset"
    raise Transient(f"the reply is not UTF-8{stated}")


def _too_large() -> Transient:
    return Transient(f"the reply is larger than {MOST_BYTES // 1024**2} MiB")
