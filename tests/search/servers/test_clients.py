"""The examples for applications without Python: what they send and print, and what they say of an error."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.running import running

from sunwi.search.servers.hybrid import request_for_text
from sunwi.search.servers.hybrid_weights import HybridFit

CLIENTS = Path(__file__).resolve().parents[3] / "docs" / "clients"
TEXT = '광합성은 "어디"에서\n일어나나? ${TEXT} \\'
FIT = HybridFit("min_max", {"bm25": 0.4, "dense": 0.6}, 1.0, 0.5, 3)
HITS = [{"_id": "d1", "_score": 0.5, "_source": {"content": "식물은 빛을 받아"}}]


class Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append((self.path, self.headers["content-type"], body))
        status, value = self.server.reply
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    one: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.requests, one.reply = [], (200, {"hits": {"hits": HITS}})
    with running(one):
        yield one


@pytest.mark.parametrize(("program", "script"), [("sh", "hybrid_search.sh"), ("node", "hybrid_search.mjs")])
def test_a_text_goes_into_the_printed_request(program: str, script: str, server: Any, tmp_path: Path) -> None:
    for needed in (program, *(("curl", "jq") if program == "sh" else ())):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request_for_text(FIT, "nori", "m1")), encoding="utf-8")
    command = [program, str(CLIENTS / script), str(file), TEXT]
    own = {**os.environ, "SUNWI_OPENSEARCH_URL": f"http://127.0.0.1:{server.server_port}"}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "d1\t0.5\t식물은 빛을 받아\n"), done.stderr
    ((path, kind, body),) = server.requests
    assert (path, kind) == ("/sunwi-hybrid/_search", "application/json")
    lexical, dense = body["query"]["hybrid"]["queries"]
    assert lexical == {"match": {"content": {"query": TEXT}}}
    assert dense == {"neural": {"vector": {"query_text": TEXT, "model_id": "m1", "k": 100}}}
    server.reply = 404, {"error": {"reason": "no such index"}}
    failed = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=60)
    assert failed.returncode != 0
    assert "404" in failed.stderr
