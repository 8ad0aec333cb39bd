"""Many searches at once: order, what a busy server refused, what is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest

from sunwi.errors import EngineError
from sunwi.search.servers.msearch import _answers, search_many
from sunwi.search.servers.server import Answer

Reply = Callable[[list[dict[str, Any]], int], Answer]  # searches of the request, its number from 0


class Scripted:
    engine = "opensearch"

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests: list[list[int]] = []
        self.waits: list[float] = []
        self.lock = Lock()

    def send(self, method: str, path: str, body: Any = None, params: Any = None) -> Answer:
        assert (method, path) == ("POST", "/index/_msearch")
        assert "responses.hits.hits._id" in params["filter_path"]
        lines = [json.loads(line) for line in body.decode("utf-8").splitlines()]
        assert all(line["allow_partial_search_results"] is False for line in lines[::2])
        with self.lock:
            self.requests.append([line["n"] for line in lines[1::2]])
            return self.reply(lines[1::2], len(self.requests) - 1)

    def run(self, count: int, size: int = 10, max_tries: int = 3) -> list[int]:
        searches = [{"n": n, "size": size} for n in range(count)]
        return [each["n"] for each in search_many(self, "index", searches, max_tries, self.waits.append)]


def answers(searches: list[dict[str, Any]], busy: set[int] = frozenset()) -> Answer:
    rows = [
        {"n": each["n"], "status": 429 if each["n"] in busy else 200, "error": {"reason": "full"}}
        for each in searches
    ]
    return Answer(200, {"responses": rows})


def test_answers_come_in_the_order_of_the_searches() -> None:
    server = Scripted(lambda searches, _: answers(searches))
    assert server.run(300) == list(range(300))
    assert max(map(len, server.requests)) == 64
    assert sorted(n for request in server.requests for n in request) == list(range(300))


@pytest.mark.parametrize(("count", "told"), [(300, "search on opensearch: 300/300 search in"), (10, "")])
def test_many_searches_tell_how_far_they_are(
    count: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUNWI_PROGRESS_SECONDS", "0")
    Scripted(lambda searches, _: answers(searches)).run(count)
    last = capsys.readouterr().err.splitlines()[-1:]
    assert [line.partition(",")[0][: len(told)] for line in last] == ([told] if told else [])


def test_a_request_holds_few_searches_of_many_hits() -> None:
    server = Scripted(lambda searches, _: answers(searches))
    server.run(10, size=10_000)
    assert {len(request) for request in server.requests} == {2}


def test_searches_that_a_busy_server_refused_are_sent_again_alone() -> None:
    server = Scripted(lambda searches, n: answers(searches, {1, 3} if n == 0 else {3} if n == 1 else set()))
    searches = [{"n": n, "size": 10} for n in range(4)]
    assert [each["n"] for each in _answers(server, "index", searches, 3, server.waits.append)] == [0, 1, 2, 3]
    assert (server.requests, server.waits) == ([[0, 1, 2, 3], [1, 3], [3]], [0.5, 1.0])


def test_a_server_that_stays_busy_ends_with_its_reason() -> None:
    for reply in (
        lambda searches, _: answers(searches, {0}),
        lambda *_: Answer(503, {"error": "full"}),
    ):
        server = Scripted(reply)
        with pytest.raises(EngineError, match=r"stayed busy for 2 tries: .*full"):
            server.run(1, max_tries=2)


def test_a_request_that_is_too_large_is_halved() -> None:
    server = Scripted(lambda searches, _: answers(searches) if len(searches) < 3 else Answer(413, None))
    assert server.run(20) == list(range(20))


def test_a_refused_search_and_lost_answers_are_errors() -> None:
    refused = {"status": 400, "error": {"root_cause": [{"type": "parsing_exception", "reason": "why"}]}}
    with pytest.raises(EngineError, match="refused with status 400: parsing_exception: why"):
        Scripted(lambda searches, _: Answer(200, {"responses": [refused] * len(searches)})).run(1)
    with pytest.raises(EngineError, match="1 searches were sent, 0 answers came back"):
        Scripted(lambda *_: Answer(200, {"responses": []})).run(1)
    with pytest.raises(EngineError, match="POST /index/_msearch was refused with status 404"):
        Scripted(lambda *_: Answer(404, {"error": "no such index"})).run(1)
