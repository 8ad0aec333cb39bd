"""Artifacts from a repository on loopback: resumed, checked, refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from tests.running import running

from sunwi.errors import EngineError
from sunwi.nodes import artifacts
from sunwi.nodes.artifacts import REPOSITORY, fetch
from sunwi.nodes.catalogue import Artifact, compiler, release

CONTENT = bytes(range(256)) * 40
GOOD = Artifact("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


class Repository(BaseHTTPRequestHandler):
    ranges: ClassVar[list[str | None]] = []
    cut = 0  # bytes after which the connection ends

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        if self.path != "/maven/org/example/thing/1.0/thing-1.0.jar":
            self.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : self.cut or None])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Repository]]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(Repository, "ranges", [])
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Repository)) as server:
        monkeypatch.setenv(REPOSITORY, f"http://127.0.0.1:{server.server_port}/maven/")
        yield Repository


def test_a_file_is_fetched_once(repository, tmp_path: Path) -> None:
    for _ in range(2):
        file = fetch([GOOD], tmp_path, print)[GOOD.coordinates]
        assert file.read_bytes() == CONTENT
    assert repository.ranges == [None]


def test_an_interrupted_download_goes_on_where_it_ended(repository, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(repository, "cut", 1000)
    with pytest.raises(EngineError, match="start again: it goes on there"):
        fetch([GOOD], tmp_path, print)
    monkeypatch.setattr(repository, "cut", 0)
    assert fetch([GOOD], tmp_path, print)[GOOD.coordinates].read_bytes() == CONTENT
    assert repository.ranges == [None, "bytes=1000-"]


def test_a_wrong_hash_is_refused_and_nothing_stays(repository, tmp_path: Path) -> None:
    other = Artifact(GOOD.coordinates, "0" * 64)
    with pytest.raises(EngineError, match=f"expected SHA-256 {'0' * 64}, found {GOOD.sha256}"):
        fetch([other], tmp_path, print)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_cached_file_that_was_changed_is_refused(repository, tmp_path: Path) -> None:
    fetch([GOOD], tmp_path, print)[GOOD.coordinates].write_bytes(b"changed")
    with pytest.raises(EngineError, match="the file was deleted"):
        fetch([GOOD], tmp_path, print)
    assert fetch([GOOD], tmp_path, print)[GOOD.coordinates].read_bytes() == CONTENT


def test_an_absent_artifact_is_named_and_the_address_is_not(repository, tmp_path: Path) -> None:
    with pytest.raises(
        EngineError, match=r"org.example:other:2: the repository answered status 404"
    ) as raised:
        fetch([Artifact("org.example:other:2", "")], tmp_path, print)
    assert "127.0.0.1" not in str(raised.value)


def test_without_maven_the_mirror_of_its_settings_is_used(repository, tmp_path: Path, monkeypatch) -> None:
    address = artifacts.os.environ[REPOSITORY]
    monkeypatch.delenv(REPOSITORY)
    monkeypatch.setattr(artifacts.shutil, "which", lambda _: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EngineError, match=f"no Maven repository is known here. Next: export {REPOSITORY}"):
        fetch([GOOD], tmp_path / "cache", print)
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors><mirror><id>own</id>'
        f"<mirrorOf>central</mirrorOf><url>{address}</url></mirror></mirrors></settings>"
    )
    assert fetch([GOOD], tmp_path / "cache", print)[GOOD.coordinates].read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("engine", "version"),
    [("opensearch", "2.19.1"), ("elasticsearch", "8.19.0"), ("elasticsearch", "9.1.0")],
)
def test_every_artifact_has_a_version_and_a_hash(engine, version) -> None:
    listed = [each for part in release(engine, version).parts for each in part.artifacts]
    for each in [*listed, compiler()]:
        assert re.fullmatch(r"[\w.-]+:[\w.-]+:\d[\w.-]*(:(jar|zip)(:[\w-]+)?)?", each.coordinates)
        assert re.fullmatch(r"[0-9a-f]{64}", each.sha256)


def test_unknown_versions_and_options_are_refused_with_those_there_are() -> None:
    with pytest.raises(EngineError, match=r"version 8.0.0. Next: give --version 8.19.0 or 9.1.0"):
        release("elasticsearch", "8.0.0")
    with pytest.raises(EngineError, match=r"elasticsearch 9.1.0 has no parts for --ml"):
        release("elasticsearch").chosen(ml=True, secure=False)
