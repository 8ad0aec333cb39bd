"""Understanding by an LLM over loopback HTTP, with the rules behind every answer that fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.running import running

from sunwi.errors import DataError
from sunwi.llm.client import LlmClient
from sunwi.llm.outcome import Malformed
from sunwi.params.llm import LlmParams
from sunwi.params.query import QueryParams
from sunwi.query.by_llm import parse_intent, parse_variants, understand_by_llm
from sunwi.query.understand import understand
from sunwi.query.variants import rule_variants
from sunwi.records.corpus import Message, Query
from sunwi.records.submissions import UnderstoodQuery

ANSWERS = {
    "rewrite": {"standalone_query": "코알라는 언제 먹어?"},
    "intent": {"needs_retrieval": True},
    "variants": {"keywords": "코알라 먹이", "concept": "식성", "related": "코알라의 먹이 시간은?"},
    "hyde": {"passage": "코알라는 밤에 먹는다. 낮에는 잔다."},
}
MARKS = {"바꿔 쓴 질문": "rewrite", "needs_retrieval": "intent", '"related"': "variants", '"passage"': "hyde"}


def task_of(prompt: str) -> str:
    return next(task for mark, task in MARKS.items() if mark in prompt)


@pytest.fixture
def serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[LlmClient, list[str]]]]:
    """A client of a server that answers by task; a task may be given another (content, finish reason)."""
    monkeypatch.setenv("SUNWI_TEST_KEY", "planted")

    def start(faults: dict[str, tuple[str, str]] | None = None) -> tuple[LlmClient, list[str]]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                task = task_of(body["messages"][0]["content"])
                asked.append(task)
                content, finish = (faults or {}).get(task, (json.dumps(ANSWERS[task]), "stop"))
                choice = {
                    "index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content},
                }  # fmt: skip
                reply = {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "m",
                    "choices": [choice],
                }
                raw = json.dumps(reply).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: Any) -> None:
                pass

        server = servers.enter_context(running(HTTPServer(("127.0.0.1", 0), Handler)))
        settings = LlmParams(
            provider="openai",
            base_url=f"http://127.0.0.1:{server.server_port}/v1",
            api_key_env="SUNWI_TEST_KEY",
        )
        return LlmClient(settings, tmp_path / f"cache{server.server_port}"), asked

    with ExitStack() as servers:
        yield start


TALK = Query(
    eval_id=1,
    messages=[
        Message(role="user", content="코알라는 종일 잔다며?"),
        Message(role="assistant", content="네."),
        Message(role="user", content="그럼 언제 먹어?"),
    ],
)
RULES = UnderstoodQuery(
    eval_id=1,
    standalone_query="코알라 언제 먹어?",
    needs_retrieval=False,
    variants=["코알라"],
    source="rules",
)
PARAMS = QueryParams(method="llm", variants=3, hyde_chars=12)


def test_each_task_gives_its_part(serve: Any) -> None:
    client, asked = serve()
    rows, counts = understand_by_llm([TALK], [RULES], PARAMS, client)
    assert rows[0] == UnderstoodQuery(
        eval_id=1,
        standalone_query="코알라는 언제 먹어?",
        needs_retrieval=True,
        variants=["코알라 먹이", "식성", "코알라의 먹이 시간은?"],
        hypothetical_document="코알라는 밤에 먹는다.",
        source="llm",
    )
    assert sorted(asked) == ["hyde", "intent", "rewrite", "variants"]
    assert counts["intent"] == {"asked": 1, "ok": 1}
    assert understand_by_llm([TALK], [RULES], PARAMS, client)[0] == rows
    assert len(asked) == 4  # the second time from the cache


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (("", "stop"), "empty"),
        (("x", "content_filter"), "blocked"),
        (("{", "length"), "truncated"),
        (("{}", "stop"), "malformed"),
    ],
)
def test_a_failed_task_is_the_rules_and_is_named(serve: Any, fault: tuple[str, str], status: str) -> None:
    client, asked = serve({"rewrite": fault, "hyde": fault})
    rows, counts = understand_by_llm([TALK], [RULES], PARAMS, client)
    assert rows[0].standalone_query == RULES.standalone_query
    assert rows[0].hypothetical_document == ""
    assert rows[0].source == f"llm; rules for rewrite ({status}); rules for hyde ({status})"
    assert counts["rewrite"] == {"asked": 1, status: 1}
    assert asked.count("rewrite") == (2 if status == "malformed" else 1)  # one repair, and no retry storm


def test_chitchat_is_asked_for_no_variants_and_keeps_none(serve: Any) -> None:
    client, asked = serve({"intent": ('{"needs_retrieval": false}', "stop")})
    rows, _ = understand_by_llm([TALK], [RULES], PARAMS, client)
    assert (rows[0].needs_retrieval, sorted(asked)) == (False, ["intent", "rewrite"])


def test_a_failed_intent_is_the_classifiers(serve: Any) -> None:
    client, _ = serve({"intent": ("", "stop")})
    assert not understand_by_llm([TALK], [RULES], PARAMS, client)[0][0].needs_retrieval


def test_without_an_llm_the_method_is_refused() -> None:
    with pytest.raises(DataError, match=r"query\.method is llm"):
        understand([TALK], None, 64, PARAMS, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ['{"needs_retrieval": "true"}', "{}", "true"])
def test_an_intent_is_true_or_false(text: str) -> None:
    with pytest.raises(Malformed):
        parse_intent(text)


def test_variants_need_all_three() -> None:
    with pytest.raises(Malformed, match="related"):
        parse_variants('{"keywords": "a", "concept": "b"}')


def test_rule_variants_differ_from_the_query_and_each_other() -> None:
    assert rule_variants("지진은 왜 일어나?", 3) == ["지진", "지진에 대한 설명"]
    assert rule_variants("지진", 3) == ["지진에 대한 설명"]
    assert rule_variants("왜 그래?", 3) == []
    assert rule_variants("지진은 왜 일어나?", 0) == []
