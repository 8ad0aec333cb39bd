"""Judges over loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.judge_server import Grade, JudgeServer


@pytest.fixture
def judge_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., JudgeServer]]:
    """Starts judges; all end with the test."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers: list[JudgeServer] = []

    def start(grade: Grade, error_rate: float = 0.0, lean: str | None = None) -> JudgeServer:
        servers.append(JudgeServer(grade, error_rate, lean))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
