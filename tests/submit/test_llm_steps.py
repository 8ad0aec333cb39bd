"""LLM steps over a client that answers by a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from sunwi.errors import DataError
from sunwi.llm.outcome import Malformed, Outcome
from sunwi.llm.request import LlmRequest
from sunwi.params.finishing import Answering, Finishing, LlmRerank, Tiebreak
from sunwi.params.submissions import SubmissionParams
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery
from sunwi.submit.finishing import Submission, finish
from sunwi.submit.llm.answers import parse_answer
from sunwi.submit.llm.listwise import parse_order
from sunwi.submit.llm.pairwise import parse_choice

T = TypeVar("T")
TEXTS = {"a": "가 지문", "b": "나 지문", "c": "다 지문"}


class Scripted:
    """Answers each request from a function; a status in place of a text is that end."""

    model = "scripted"

    def __init__(self, answer: Callable[[LlmRequest], Any]) -> None:
        self.answer = answer
        self.asked: list[LlmRequest] = []

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], T]) -> list[Outcome[T]]:
        self.asked += requests
        return [self._one(request, parse) for request in requests]

    def _one(self, request: LlmRequest, parse: Callable[[str], T]) -> Outcome[T]:
        answer = self.answer(request)
        if isinstance(answer, str) and answer in {"blocked", "empty", "truncated", "failed"}:
            return Outcome(request, answer, None, "", "SAFETY" if answer == "blocked" else "", False, False)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        try:
            return Outcome(request, "ok", parse(text), text, "", False, False)
        except Malformed as error:
            return Outcome(request, "malformed", None, text, str(error), False, False)


def run(script: Callable[[LlmRequest], Any], /, **steps: object) -> tuple[Submission, Scripted]:
    client = Scripted(script)
    rows = [
        UnderstoodQuery(eval_id=1, standalone_query="질문", needs_retrieval=True, source="rules"),
        UnderstoodQuery(eval_id=2, standalone_query="안녕", needs_retrieval=False, source="rules"),
    ]
    places = [
        RankedDocument("a", "a", 1.0, {}),
        RankedDocument("b", "b", 0.98, {}),
        RankedDocument("c", "c", 0.0, {}),
    ]
    variant = Finishing.model_validate(steps)
    return finish(variant, rows, [Ranking(places)] * 2, TEXTS, client), client


class TestListwise:
    def test_the_answer_orders_the_head(self) -> None:
        made, client = run(lambda _: {"ranking": [2, 1]}, llm_rerank=LlmRerank(top=2))
        assert made.rows[0].topk == ["b", "a", "c"]
        assert made.metrics["llm_rerank"] == {
            "asked": 1, "fallbacks": 0, "fallback_share": 0.0, "missing": 0, "top1_changed": 1,
        }  # fmt: skip
        assert [request.row for request in client.asked] == ["1"]  # chit-chat is not asked about
        assert "[1] 가 지문\n[2] 나 지문" in client.asked[0].messages[0].content
        first = made.lineage[0].candidates[0]
        assert (first["before_llm_rank"], first["llm_rank"]) == (2, 1)
        assert made.rankings[0].scores == []  # an LLM's order has no scores

    def test_missing_ones_follow_in_their_order_and_are_counted(self) -> None:
        made, _ = run(lambda _: {"ranking": [3]}, llm_rerank=LlmRerank())
        assert made.rows[0].topk == ["c", "a", "b"]
        assert made.metrics["llm_rerank"]["missing"] == 2

    @pytest.mark.parametrize(
        "end", ["blocked", "empty", "truncated", "failed", {"ranking": [1, 1]}, {"ranking": [9]}]
    )
    def test_any_other_end_keeps_the_order_and_says_why(self, end: Any) -> None:
        made, client = run(lambda _: end, llm_rerank=LlmRerank())
        status = end if isinstance(end, str) else "malformed"
        assert made.rows[0].topk == ["a", "b", "c"]
        assert made.lineage[0].fallbacks[0].startswith(f"llm_rerank: {status}")
        assert made.metrics["llm_rerank"]["fallback_share"] == 1.0
        assert made.metrics["llm_rerank"][f"fallback_{status}"] == 1
        assert len(client.asked) == 1  # the step asks once; what is asked again is the client's business

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[1]",
            '{"ranking": []}',
            '{"ranking": ["1"]}',
            '{"ranking": [true]}',
            '{"ranking": [0]}',
            "{bad}",
        ],
    )
    def test_bad_orders_are_malformed(self, text: str) -> None:
        with pytest.raises(Malformed):
            parse_order(text, 3)

    def test_all_faults_of_an_order_are_named(self) -> None:
        with pytest.raises(Malformed, match=r"unknown numbers \[7\].*twice \[1\]"):
            parse_order('{"ranking": [1, 7, 1]}', 3)


class TestTiebreak:
    @staticmethod
    def likes(text: str) -> Callable[[LlmRequest], Any]:
        """Prefers the passage wherever it stands."""
        return lambda request: {"better": "A" if f"지문 A: {text}" in request.messages[0].content else "B"}

    def test_the_second_must_win_in_both_orders(self) -> None:
        made, client = run(self.likes("나"), tiebreak=Tiebreak(margin=0.05))
        assert made.rows[0].topk == ["b", "a", "c"]
        assert len(client.asked) == 2
        assert made.lineage[0].candidates[0]["tiebreak_gap"] == pytest.approx(0.02)

    def test_a_favoured_position_decides_nothing(self) -> None:
        made, _ = run(lambda _: {"better": "B"}, tiebreak=Tiebreak(margin=0.05))
        assert made.rows[0].topk == ["a", "b", "c"]
        assert made.metrics["tiebreak"]["contradicted"] == 1

    def test_the_first_may_win_too(self) -> None:
        made, _ = run(self.likes("가"), tiebreak=Tiebreak(margin=0.05))
        assert made.rows[0].topk == ["a", "b", "c"]
        assert made.metrics["tiebreak"]["swapped"] == 0

    def test_decided_queries_are_not_asked(self) -> None:
        made, client = run(lambda _: "blocked", tiebreak=Tiebreak(margin=0.01))
        assert client.asked == []
        assert made.metrics["tiebreak"]["asked"] == 0

    def test_a_missing_answer_keeps_the_order_and_says_why(self) -> None:
        made, _ = run(lambda _: "blocked", tiebreak=Tiebreak())
        assert made.rows[0].topk == ["a", "b", "c"]
        assert made.lineage[0].fallbacks == ["tiebreak: blocked (SAFETY)"]
        assert made.metrics["tiebreak"]["fallbacks"] == 1

    def test_other_words_are_malformed(self) -> None:
        with pytest.raises(Malformed, match="found 'C'"):
            parse_choice('{"better": "c"}')


class TestAnswers:
    def test_answer_and_references_fill_the_fields(self) -> None:
        made, _ = run(lambda _: {"answer": "답이다.", "references": [2, 2]}, answer=Answering(passages=2))
        assert (made.rows[0].answer, made.rows[0].references) == ("답이다.", ["b"])
        assert (made.rows[1].answer, made.rows[1].references) == ("", [])

    def test_an_invented_reference_voids_the_answer(self) -> None:
        made, _ = run(lambda _: {"answer": "답", "references": [3]}, answer=Answering(passages=2))
        assert made.rows[0].answer == ""
        assert made.metrics["answer"]["fallback_unknown_reference"] == 1
        assert made.lineage[0].fallbacks == ["answer: it refers to a passage that was not shown"]

    @pytest.mark.parametrize(
        "text", ['{"answer": ""}', '{"answer": "a", "references": [0]}', '{"references": []}']
    )
    def test_bad_answers_are_malformed(self, text: str) -> None:
        with pytest.raises(Malformed):
            parse_answer(text)

    def test_without_an_llm_the_fields_are_there_and_empty(self) -> None:
        made = finish(Finishing(), [], [], {})
        assert made.rows == []
        with pytest.raises(DataError, match=r"uses an LLM, but no LLM is configured.*llm\.provider"):
            finish(SubmissionParams(answer=Answering()), [], [], {})
