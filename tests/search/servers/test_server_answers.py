"""Answers that are no search server's, and errors that echo the login."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from tests.running import running

from sunwi.errors import EngineError
from sunwi.search.servers.access import Access
from sunwi.search.servers.bulk import bulk_index
from sunwi.search.servers.connect import ENGINES, connect
from sunwi.search.servers.index import check_version
from sunwi.search.servers.server import Server, ask, reason_of

LOGIN = ("user", "correct-horse")
ENCODED = base64.b64encode(":".join(LOGIN).encode()).decode()


@contextmanager
def serving(status: int, body: bytes, kind: str = "application/json") -> Iterator[str]:
    """A server on loopback that gives one answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("x-elastic-product", "Elasticsearch")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_HEAD = do_PUT = do_GET  # noqa: N815  names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    with running(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


BODIES = [
    b'{"ok": true}', b"[]", b"null", b'"text"', b"3", b"", b"{", b"<html>proxy</html>", b'{"version": "8"}',
    b'{"version": {"number": "new"}}', b'{"version": {"number": null}}', b'{"version": []}',
]  # fmt: skip


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_what_is_no_search_server_is_an_error_with_a_next_step(
    engine: Any, body: bytes, kind: str, status: int
) -> None:
    pytest.importorskip({"opensearch": "opensearchpy"}.get(engine, engine))
    with serving(status, body, kind) as url:
        server, dialect = connect(engine, 5, {f"SUNWI_{engine.upper()}_URL": url})
        with pytest.raises(EngineError, match="Next: "):
            check_version(server, dialect)
        with pytest.raises(EngineError, match="Next: "):
            bulk_index(server, "index", [("a", {"x": 1})], 5, 2, lambda _: None)


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_error_that_echoes_the_login_does_not_show_it(engine: str, status: int) -> None:
    pytest.importorskip({"opensearch": "opensearchpy"}.get(engine, engine))
    reason = f"bad header Authorization: Basic {ENCODED} of {LOGIN[1]} " + "x" * 100_000
    body = json.dumps({"error": {"type": "security", "reason": reason}}).encode()
    with serving(status, body) as url:
        server: Server = ENGINES[engine][0](Access(url, None, LOGIN), 5)
        with pytest.raises(EngineError) as caught:
            ask(server, "GET", "/")
    assert "bad header" in str(caught.value)
    assert LOGIN[1] not in str(caught.value)
    assert ENCODED not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_a_bulk_items_error_does_not_show_the_login_and_ids_stay(engine: str) -> None:
    pytest.importorskip({"opensearch": "opensearchpy"}.get(engine, engine))
    error = {"type": "mapper", "reason": f"sent by {LOGIN[1]}"}
    items = [{"create": {"_id": LOGIN[1], "status": 400, "error": error}}]
    body = json.dumps({"errors": True, "items": items}).encode()
    with serving(200, body) as url:
        server: Server = ENGINES[engine][0](Access(url, None, LOGIN), 5)
        report = bulk_index(server, "index", [(LOGIN[1], {"x": 1})], 5, 2)
    assert report.failed == {LOGIN[1]: "400 mapper: sent by [login]"}


def test_a_reason_is_one_short_line_without_credentials_of_others() -> None:
    assert reason_of("sent\n  Bearer abcdefgh12345678, then") == "sent Bearer [login], then"
    assert len(reason_of({"error": {"type": "t", "reason": "가" * 5000}})) == 300
    assert reason_of({"error": {"root_cause": "no list"}}) == ""


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_a_server_that_takes_too_long_is_not_called_absent(engine: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # the system takes connections, and nothing answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        server, _ = connect(engine, 0.2, {f"SUNWI_{engine.upper()}_URL": url})
        with pytest.raises(EngineError, match=r"within search.timeout. Next: raise search.timeout"):
            server.send("GET", "/")
