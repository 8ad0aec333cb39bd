"""Question generation through the real SDK against the loopback server."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sunwi.errors import LlmError
from sunwi.params.qa import QaParams
from sunwi.params.whole import Params
from sunwi.qa.generate import QaResult, QaSources, generate_questions
from sunwi.qa.llm.candidates import ask, requests
from sunwi.records.corpus import Document
from sunwi.records.files import canonical_json

if TYPE_CHECKING:
    from tests.llm.conftest import Bench
    from tests.llm_server import FakeServer, Reply

CORPUS = [
    Document(docid="d1", content="광합성은 식물이 빛으로 양분을 만드는 과정이다. 엽록체가 빛을 흡수한다."),
    Document(docid="d2", content="증산 작용은 잎에서 물이 수증기로 나가는 현상이다. 기공이 닫히면 멈춘다."),
    Document(docid="d3", content="마찰력은 접촉한 두 물체의 운동을 방해하는 힘이다. 브레이크가 이를 쓴다."),
]
QUESTIONS = {
    "광합성": ["식물은 빛으로 무엇을 만드나요?", "엽록체는 무엇을 흡수하나요?"],
    "증산": ["잎에서 물이 나가는 현상을 뭐라고 해?", "기공이 닫히면 증산은 어떻게 되나요?"],
    "마찰력": ["브레이크는 어떤 힘을 쓰나요?", "물체의 운동을 방해하는 힘은 무엇인가요?"],
}
QA = QaParams(provider="llm", questions_per_document=2, round_trip="bm25")


def written(server: FakeServer, body: dict[str, Any]) -> str:
    """What a model would answer: JSON with two questions about the passage."""
    asked = server.asked(body)
    found = next(questions for word, questions in QUESTIONS.items() if word in asked)
    rows = [{"style": "factual", "question": question} for question in found]
    return json.dumps({"questions": rows}, ensure_ascii=False)


@pytest.fixture
def model(server: FakeServer) -> FakeServer:
    server.default = lambda body: server.chat(written(server, body))
    return server


def run(bench: Bench, corpus: list[Document] = CORPUS, **settings: Any) -> QaResult:
    params = Params(seed=1, qa=QA, llm=bench.settings(**settings))
    return generate_questions(QaSources(corpus), params, client=bench.client(**settings))


def as_bytes(result: QaResult) -> str:
    rows = [row.model_dump() for row in [*result.kept, *result.rejected, *result.contexts]]
    return canonical_json([*rows, result.metrics])


def test_one_call_a_passage_and_none_for_what_was_asked_before(bench: Bench, model: FakeServer) -> None:
    first = run(bench)
    assert model.calls == 3
    assert Counter(question.docid for question in first.kept) == {"d1": 2, "d2": 2, "d3": 2}
    assert {question.generator for question in first.kept} == {"llm:solar-pro2"}
    assert as_bytes(run(bench)) == as_bytes(first)
    assert model.calls == 3
    assert as_bytes(run(bench, provider="replay")) == as_bytes(first)
    edited = [CORPUS[0], Document(docid="d2", content=CORPUS[1].content + " 밤에는 줄어든다."), CORPUS[2]]
    run(bench, edited)
    assert model.calls == 4
    assert "밤에는" in model.asked(model.bodies[-1])
    run(bench, edited[::-1])
    assert model.calls == 4


def test_the_index_asks_for_other_wordings(bench: Bench, model: FakeServer) -> None:
    """A second request a passage; the first one is as it was, so its answer is not bought again."""
    run(bench)
    others = {
        "광합성": "햇볕을 쬔 나무는 어떻게 살아가나요?", "증산": "화분에 비닐을 씌우면 왜 물방울이 맺히나요?",
        "마찰력": "자전거를 세울 때 손잡이를 잡으면 왜 서나요?",
    }  # fmt: skip

    def other(body: dict[str, Any]) -> str:
        (question,) = [text for word, text in others.items() if word in model.asked(body)]
        return json.dumps({"questions": [{"style": "scenario", "question": question}]}, ensure_ascii=False)

    model.default = lambda body: model.chat(other(body))
    params = QA.model_copy(update={"index_questions_per_document": 3, "round_trip_depth": 3})
    client = bench.client()
    result = generate_questions(
        QaSources(CORPUS), Params(seed=1, qa=params, llm=bench.settings()), client=client
    )
    assert model.calls == 6
    assert "글의 낱말을 되도록 쓰지 않는다" in model.asked(model.bodies[-1])
    assert {row.qid for row in result.kept} == {f"d{at}-0{number}" for at in (1, 2, 3) for number in (1, 2)}
    found = {row.qid: row.question for row in result.for_index}
    assert found  # those whose round trip succeeds
    assert found.items() <= {f"d{at}-i01": text for at, text in enumerate(others.values(), start=1)}.items()
    assert result.metrics["index"]["for_search_alone"] == len(found)


def test_too_few_questions_buy_one_repair(bench: Bench, model: FakeServer) -> None:
    short = json.dumps({"questions": [{"style": "factual", "question": "식물은 무엇을 만드나요?"}]})
    model.script = [model.chat(short), model.chat(short)]
    result = run(bench, CORPUS[:1])
    assert model.calls == 2
    (kept,) = result.kept  # what was paid for is used
    assert kept.checks["answer"] == "malformed"
    run(bench, CORPUS[:1])
    assert model.calls == 2


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (lambda server: server.chat(None, "content_filter"), "answer_blocked"),
        (lambda server: server.chat(""), "answer_empty"),
        (lambda server: server.chat('{"questions": [{"sty', "length"), "answer_truncated"),
    ],
)
def test_a_passage_without_questions_stands_among_the_rejected(
    bench: Bench, model: FakeServer, reply: Any, reason: str
) -> None:
    answer: Reply = reply(model)
    model.script = [answer]
    result = run(bench, CORPUS[:1])
    assert model.calls == 1
    assert result.kept == []
    (row,) = result.rejected
    assert (row.qid, row.reason) == ("d1-00", reason)
    assert result.metrics["documents"]["with_0"] == 1


@pytest.mark.parametrize(
    "refusal",
    [
        "죄송하지만 요청하신 내용은 도와드릴 수 없습니다.\n다른 질문이 있으신가요?",
        "I'm sorry, I can't help with that.",
        '{"questions": [{"style": "factual", "question": "죄송합니다. 질문을 만들 수 없습니다."}]}',
    ],
)
def test_a_refusal_in_words_costs_its_own_passage_alone(
    bench: Bench, model: FakeServer, refusal: str
) -> None:
    healthy = model.default
    model.default = lambda body: model.chat(refusal) if "증산" in str(body) else healthy(body)
    result = run(bench)
    assert Counter(question.docid for question in result.kept) == {"d1": 2, "d3": 2}
    (row,) = result.rejected
    assert (row.docid, row.reason) == ("d2", "answer_blocked")
    assert " ".join(refusal.split())[:20] in row.question or "만들 수 없습니다" in row.question
    assert model.calls == 4  # one repair
    assert as_bytes(run(bench)) == as_bytes(result)
    assert model.calls == 4


def test_whole_questions_of_a_cut_answer_are_used(bench: Bench, model: FakeServer) -> None:
    cut = '{"questions": [{"style": "factual", "question": "식물은 빛으로 무엇을 만드나요?"}, {"style": "fac'
    model.script = [model.chat(cut, "length")]
    (kept,) = run(bench, CORPUS[:1]).kept
    assert kept.question == "식물은 빛으로 무엇을 만드나요?"
    assert kept.checks["answer"] == "truncated"


def test_a_row_that_failed_in_all_tries_stops_the_stage_and_is_asked_alone_next_time(
    bench: Bench, model: FakeServer
) -> None:
    healthy = model.default
    model.default = lambda body: model.error(500) if "증산" in model.asked(body) else healthy(body)
    client = bench.client(max_tries=2)
    with pytest.raises(LlmError, match="1 of 3 requests of task 'questions' got no answer") as caught:
        ask(CORPUS, client, QA, seed=1)
    assert "d2" in str(caught.value)
    assert model.calls == 4
    model.default = healthy
    assert len(run(bench).kept) == 6
    assert model.calls == 5


def test_the_estimate_counts_what_is_left(bench: Bench, model: FakeServer) -> None:
    client = bench.client()
    assert client.estimate(requests(CORPUS, QA, seed=1)).calls == 3
    ask(CORPUS[:2], client, QA, seed=1)
    after = client.estimate(requests(CORPUS, QA, seed=1))
    assert (after.rows, after.cached, after.calls) == (3, 2, 1)


DRAFTS = (
    '{"questions": [{"style": "factual", "question": "식물은 빛으로 무엇을 만들까 하는 초안은 어떤가요?"}]}'
)


@pytest.mark.parametrize(
    "draft",
    [
        f"<think>\n먼저 초안: {DRAFTS}\n어색하다. 무엇을 물을까?\n</think>\n",
        f"식물은 무엇을 만드는가?\n엽록체는 무엇을 하는가?\n{DRAFTS}</think>",
        f"<|channel|>analysis<|message|>{DRAFTS}<|end|><|start|>assistant<|channel|>final<|message|>",
    ],
)
def test_drafts_of_a_thinking_model_are_no_questions(bench: Bench, model: FakeServer, draft: str) -> None:
    plain = run(bench, CORPUS[:1])
    model.default = lambda body: model.chat(draft + written(model, body))
    thinking = run(bench, CORPUS[:1], model="thinker")
    assert [row.question for row in thinking.kept] == [row.question for row in plain.kept]
    assert thinking.rejected == plain.rejected == []


def test_an_answer_cut_in_its_thinking_gives_no_question(bench: Bench, model: FakeServer) -> None:
    model.script = [model.chat("<think>\n식물은 빛으로 무엇을 만드나요?\n엽록체는 무엇을 흡수", "length")]
    result = run(bench, CORPUS[:1])
    assert result.kept == []
    assert [row.reason for row in result.rejected] == ["answer_truncated"]


@pytest.mark.parametrize("field", ["refusal", "content"])
def test_the_words_of_a_refusal_are_no_question(bench: Bench, model: FakeServer, field: str) -> None:
    words = "식물은 빛으로 무엇을 만드나요? 답할 수 없습니다."
    refused = model.chat(None, refusal=words) if field == "refusal" else model.chat(words, "content_filter")
    model.script = [refused]
    result = run(bench, CORPUS[:1])
    assert result.kept == []
    assert [row.reason for row in result.rejected] == ["answer_blocked"]
