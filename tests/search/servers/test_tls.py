"""TLS on loopback with certificates of our own: each fault has its sentence, and no secret is in it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.running import running

from sunwi.errors import EngineError
from sunwi.nodes.security import write_certificates
from sunwi.search.servers.connect import connect

PASSWORD = "hunter2hunter2"


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(folder: Path, **certificate: object) -> Iterator[str]:
    write_certificates([folder], folder, **{"days": 1, "host": "127.0.0.1", **certificate})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "node.pem", folder / "node-key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with running(server):
        yield f"https://127.0.0.1:{server.server_port}"


def asked(engine: str, url: str, trusted: Path) -> int:
    pytest.importorskip({"opensearch": "opensearchpy"}.get(engine, engine))
    prefix = f"SUNWI_{engine.upper()}_"
    values = {"URL": url, "USER": "me", "PASSWORD": PASSWORD, "CA_CERTS": str(trusted)}
    server, _ = connect(engine, 5.0, {prefix + name: value for name, value in values.items()})
    return server.send("GET", "/").status


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_a_certificate_of_a_trusted_authority_is_taken(engine: str, tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        assert asked(engine, url, tmp_path / "ca.pem") == 200


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ({"days": -1}, r"certificate has expired. Next: renew the server's certificate"),
        ({"host": "127.0.0.2"}, r"certificate is for another .*Next: use the name in it in SUNWI_\w+_URL"),
    ],
)
def test_a_faulty_certificate_has_its_sentence(engine, certificate, message, tmp_path: Path) -> None:
    with serving(tmp_path, **certificate) as url, pytest.raises(EngineError, match=message) as raised:
        asked(engine, url, tmp_path / "ca.pem")
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_an_authority_that_is_not_trusted_and_an_absent_file(engine: str, tmp_path: Path) -> None:
    write_certificates([tmp_path / "other"], tmp_path / "other", days=1, host="127.0.0.1")
    with serving(tmp_path) as url:
        with pytest.raises(EngineError, match=r"none that is trusted here. Next: .* in SUNWI_\w+_CA_CERTS"):
            asked(engine, url, tmp_path / "other" / "ca.pem")
        with pytest.raises(EngineError, match="CA_CERTS: there is no file"):
            asked(engine, url, tmp_path / "absent.pem")
