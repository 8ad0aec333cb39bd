"""LLM steps of a submission over loopback HTTP: what the server does wrong costs places, never queries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.llm_server import FakeServer, Reply

from sunwi.llm.client import LlmClient
from sunwi.params.finishing import Answering, Finishing, LlmRerank, Tiebreak
from sunwi.params.llm import LlmParams
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.finishing import Submission, finish

TEXTS = {"a": "가 지문", "b": "나 지문", "c": "다 지문"}
PLACES = [
    RankedDocument("a", "a", 1.0, {}),
    RankedDocument("b", "b", 0.98, {}),
    RankedDocument("c", "c", 0.0, {}),
]
REVERSED = json.dumps({"ranking": [3, 2, 1]})
Run = Callable[..., Submission]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    fake.close()


@pytest.fixture
def run(server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Three queries with the same ranking, finished by an LLM behind HTTP."""
    monkeypatch.setenv("SUNWI_TEST_KEY", "planted")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings = LlmParams(
        provider="openai", base_url=f"{server.address}/v1", api_key_env="SUNWI_TEST_KEY", timeout=5.0
    )

    async def no_wait(_: float) -> None:
        await asyncio.sleep(0)

    def finished(**steps: Any) -> Submission:
        rows = [
            UnderstoodQuery(eval_id=at, standalone_query=f"질문 {at}", needs_retrieval=True, source="rules")
            for at in (1, 2, 3)
        ]
        client = LlmClient(settings, tmp_path / "cache", sleep=no_wait)
        return finish(Finishing(**steps), rows, [Ranking(PLACES)] * 3, TEXTS, client)

    return finished


def by_query(server: FakeServer, replies: dict[str, list[Reply]], otherwise: Callable[[], Reply]) -> None:
    """Answer the requests of a query in the order given, then and for the others `otherwise`."""

    def answer(body: dict[str, Any]) -> Reply:
        prompt = body["messages"][0]["content"]
        left = next((left for query, left in replies.items() if f"질문: {query}\n" in prompt), [])
        return left.pop(0) if left else otherwise()

    server.default = answer


def test_an_order_survives_a_bad_network(server: FakeServer, run: Run) -> None:
    bad = {
        "질문 1": [server.error(429, retry_after="0"), server.error(503)],
        "질문 2": [Reply(b'{"choices": [', cut=True)],
        "질문 3": [server.chat("죄송합니다.")],  # malformed: repaired once
    }
    by_query(server, bad, lambda: server.chat(REVERSED))
    made = run(llm_rerank=LlmRerank())
    assert [row.topk for row in made.rows] == [["c", "b", "a"]] * 3
    assert made.metrics["llm_rerank"]["fallbacks"] == 0
    assert server.calls == 3 + 2 + 1 + 1


def test_what_gives_no_order_keeps_the_old_one_and_is_asked_once(server: FakeServer, run: Run) -> None:
    bad = {
        "질문 1": [server.chat("", "content_filter")],
        "질문 2": [server.chat('{"ranking": [1, ', "length")],
    }
    by_query(server, bad, lambda: server.chat(REVERSED))
    made = run(llm_rerank=LlmRerank())
    assert [row.topk for row in made.rows] == [["a", "b", "c"], ["a", "b", "c"], ["c", "b", "a"]]
    assert made.metrics["llm_rerank"]["fallback_share"] == pytest.approx(2 / 3, abs=1e-6)
    assert [row.fallbacks[0].split(" (")[0] if row.fallbacks else "" for row in made.lineage] == [
        "llm_rerank: blocked",
        "llm_rerank: truncated",
        "",
    ]
    assert server.calls == 3  # no retry of a final answer

    again = run(llm_rerank=LlmRerank())  # a second client takes the recorded answers, refusals included
    assert (again.rows, again.lineage, server.calls) == (made.rows, made.lineage, 3)


def test_invented_numbers_are_repaired_once_and_then_refused(server: FakeServer, run: Run) -> None:
    server.default = lambda _: server.chat('{"ranking": [1, 1, 9]}')
    made = run(llm_rerank=LlmRerank())
    assert [row.topk for row in made.rows] == [["a", "b", "c"]] * 3
    assert made.metrics["llm_rerank"]["fallback_malformed"] == 3
    assert server.calls == 6
    assert "unknown numbers [9]" in made.lineage[0].fallbacks[0]


def test_a_tie_and_an_answer_fail_alone(server: FakeServer, run: Run) -> None:
    def answer(body: dict[str, Any]) -> Reply:
        prompt = body["messages"][0]["content"]
        if "지문 A:" in prompt:
            return server.chat(json.dumps({"better": "A" if "지문 A: 나" in prompt else "B"}))
        if "질문: 질문 2" in prompt:
            return server.chat("")
        return server.chat('{"answer": "답", "references": [1]}')

    server.default = answer
    made = run(tiebreak=Tiebreak(), answer=Answering(passages=2))
    assert [row.topk for row in made.rows] == [["b", "a", "c"]] * 3
    assert [(row.answer, row.references) for row in made.rows] == [("답", ["b"]), ("", []), ("답", ["b"])]
    assert [len(row.fallbacks) for row in made.lineage] == [0, 1, 0]
    assert made.lineage[1].fallbacks[0].startswith("answer: empty")
    assert made.metrics["answer"]["fallback_empty"] == 1
