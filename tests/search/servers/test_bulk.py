"""Bulk indexing against a server that refuses: what is sent again, what is counted, what stops the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.errors import EngineError
from sunwi.search.servers.bulk import BulkReport, bulk_index
from sunwi.search.servers.server import Answer

Reply = Callable[[list[str], int], Answer]  # ids of the request, its number from 0


class Scripted:
    """Answers by a function and keeps the ids of every request."""

    engine = "elasticsearch"

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests: list[list[str]] = []
        self.waits: list[float] = []

    def send(self, method: str, path: str, body: Any = None, params: Any = None) -> Answer:
        assert params is None
        lines = body.decode("utf-8").splitlines()
        assert (method, path) == ("POST", "/index/_bulk")
        ids = [json.loads(line)["create"]["_id"] for line in lines[::2]]
        assert [json.loads(line)["n"] for line in lines[1::2]] == [int(docid) for docid in ids]
        self.requests.append(ids)
        return self.reply(ids, len(self.requests) - 1)

    def run(self, count: int, size: int = 4, max_tries: int = 3) -> BulkReport:
        items = [(str(n), {"n": n}) for n in range(count)]
        return bulk_index(self, "index", items, size, max_tries, self.waits.append)


def answer(statuses: dict[str, int]) -> Answer:
    items = [
        {"create": {"_id": docid, "status": status}
         | ({} if status < 300 else {"error": {"type": "some_exception", "reason": "why"}})}
        for docid, status in statuses.items()
    ]  # fmt: skip
    return Answer(200, {"errors": True, "items": items})


def taken(ids: list[str]) -> Answer:
    return answer(dict.fromkeys(ids, 201))


def test_all_is_sent_in_order_and_once() -> None:
    server = Scripted(lambda ids, _: taken(ids))
    assert server.run(10) == BulkReport(10)
    assert server.requests == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]
    assert server.waits == []


def test_items_that_a_busy_server_refused_are_sent_again_alone() -> None:
    server = Scripted(
        lambda ids, n: answer({docid: 429 if n == 0 and docid in "13" else 201 for docid in ids})
    )
    assert server.run(6) == BulkReport(6, 2)
    assert server.requests == [["0", "1", "2", "3"], ["1", "3"], ["4", "5"]]
    assert server.waits == [0.5]


def test_an_item_that_stays_refused_is_counted_as_failed() -> None:
    server = Scripted(lambda ids, _: answer({docid: 429 if docid == "2" else 201 for docid in ids}))
    report = server.run(4)
    assert report == BulkReport(3, 2, {"2": "429 some_exception: why"})
    assert server.requests[1:] == [["2"], ["2"]]
    assert server.waits == [0.5, 1.0]


def test_an_item_that_is_wrong_is_not_sent_again() -> None:
    server = Scripted(lambda ids, _: answer({docid: 400 if docid == "1" else 201 for docid in ids}))
    assert server.run(3) == BulkReport(2, 0, {"1": "400 some_exception: why"})
    assert len(server.requests) == 1


def test_a_request_that_is_too_large_is_halved_without_waiting() -> None:
    server = Scripted(lambda ids, _: Answer(413, "too large") if len(ids) > 1 else taken(ids))
    assert server.run(4) == BulkReport(4, 8, {})
    assert [len(ids) for ids in server.requests] == [4, 2, 1, 1, 2, 1, 1]
    assert server.waits == []


def test_a_document_that_alone_is_too_large_is_named() -> None:
    server = Scripted(lambda ids, _: Answer(413, "too large") if "1" in ids else taken(ids))
    with pytest.raises(EngineError, match="document 1 alone is larger than the server takes"):
        server.run(2)


def test_a_server_that_stays_busy_stops_the_run() -> None:
    server = Scripted(lambda *_: Answer(503, {"error": "no node"}))
    with pytest.raises(EngineError, match=r"stayed busy for 3 tries \(status 503\): no node"):
        server.run(8)
    assert server.waits == [0.5, 1.0]


def test_another_refusal_stops_at_once() -> None:
    server = Scripted(lambda *_: Answer(400, {"error": {"type": "parse_exception", "reason": "bad"}}))
    with pytest.raises(EngineError, match="refused with status 400: parse_exception: bad"):
        server.run(8)
    assert len(server.requests) == 1


def test_an_answer_about_other_documents_is_refused() -> None:
    server = Scripted(lambda ids, _: taken(ids[::-1]))
    with pytest.raises(EngineError, match="names 3 others or in another order"):
        server.run(3)


@given(
    count=st.integers(0, 25),
    size=st.integers(1, 9),
    refusals=st.lists(st.sampled_from([201, 201, 429, 503, 400]), max_size=60),
    whole=st.lists(st.sampled_from([200, 200, 413, 429]), max_size=12),
)
def test_every_item_is_indexed_or_failed_and_never_both(count, size, refusals, whole) -> None:
    indexed: list[str] = []
    statuses, requests = iter(refusals), iter(whole)

    def reply(ids: list[str], _: int) -> Answer:
        status = next(requests, 200)
        if status == 429 or (status == 413 and len(ids) > 1):
            return Answer(status, "later")
        found = {docid: next(statuses, 201) for docid in ids}
        indexed.extend(docid for docid, one in found.items() if one == 201)
        return answer(found)

    report = Scripted(reply).run(count, size, max_tries=99)
    assert report.indexed == len(indexed) == len(set(indexed))
    assert {*indexed, *report.failed} == {str(n) for n in range(count)}
    assert not set(indexed) & report.failed.keys()
