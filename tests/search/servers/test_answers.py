"""What answers at a server's address but is no search server: a sentence, never a traceback (case 57)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.running import running

from sunwi.errors import EngineError
from sunwi.params.bm25 import Bm25Params
from sunwi.params.search import SearchParams
from sunwi.records.corpus import Document
from sunwi.search.passages import Passages
from sunwi.search.servers.pipeline import put_index

PRODUCT = ("X-Elastic-Product", "Elasticsearch")
OLD = json.dumps({"version": {"number": "6.8.0", "distribution": "opensearch"}})


class Handler(BaseHTTPRequestHandler):
    status, kind, body = 200, "text/html", b""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.send_header(*PRODUCT)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  as http.server asks

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        for engine in ("ELASTICSEARCH", "OPENSEARCH"):
            monkeypatch.setenv(f"SUNWI_{engine}_URL", url)
        yield url


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>proxy</html>"),
        (200, "application/json", "{}"),
        (200, "application/json", "[]"),
        (200, "application/json", '"text"'),
        (200, "application/json", '{"version": "9.0"}'),
        (200, "application/json", '{"version": {"number": 9}}'),
        (200, "application/json", '{"version": {}}'),
        (200, "application/json", '{"version": '),
        (200, "application/json", OLD),
        (200, "application/json", OLD.replace("6.8.0", "new")),
        (200, "application/json", OLD.replace("6.8.0", "9.0.0")),
        (200, "application/json", json.dumps({"version": {"number": "9.0.0"}})),
        (401, "application/json", "{}"),
        (503, "text/html", "no"),
    ],
)
def test_an_odd_answer_is_a_sentence(address: str, monkeypatch, engine, status, kind, body) -> None:
    monkeypatch.setattr(Handler, "status", status)
    monkeypatch.setattr(Handler, "kind", kind)
    monkeypatch.setattr(Handler, "body", body.encode())
    passages = Passages.of([Document(docid="d1", title="물", content="물은 끓는다.")])
    search = SearchParams(engine=engine, analyzer="terms")
    with pytest.raises(EngineError, match=f"(?s)^{engine}: .* Next: "):
        put_index("texts", passages, search, Bm25Params(), None)


def test_a_page_is_not_taken_for_a_server_that_is_down(address: str, monkeypatch) -> None:
    monkeypatch.setattr(Handler, "kind", "text/html")
    monkeypatch.setattr(Handler, "body", b"<html>proxy</html>")
    passages = Passages.of([Document(docid="d1", title="물", content="물은 끓는다.")])
    with pytest.raises(EngineError, match=r"answered, but not in JSON.*is a proxy"):
        put_index("texts", passages, SearchParams(engine="opensearch", analyzer="terms"), Bm25Params(), None)
