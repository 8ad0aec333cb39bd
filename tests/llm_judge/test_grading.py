"""Grades and comparisons over loopback: the reason first, both orders, and what is no grade."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.judge_server import JudgeServer, judge_client

from sunwi.llm.outcome import Malformed
from sunwi.llm_judge.preference import Contest, prefer
from sunwi.llm_judge.rubric import Pair, grade_pairs, parse_grade

Start = Callable[..., JudgeServer]


def by_length(query: str, passage: str) -> int:
    return min(len(passage), 3)


def test_grades_come_back_in_order(judge_server: Start, tmp_path: Path) -> None:
    server = judge_server(by_length)
    pairs = [Pair("1", "질문", "가나다"), Pair("2", "질문", "가"), Pair("3", "질\n문", "가\n나" * 500)]
    outcomes = grade_pairs(judge_client(server, tmp_path), pairs, passage_chars=3)
    assert [outcome.value and outcome.value.grade for outcome in outcomes] == [3, 1, 3]
    prompt = server.asked(server.bodies[-1])
    assert prompt.index('"reason"') < prompt.index('"grade"')
    assert {server.asked(body).split("지문: ")[-1] for body in server.bodies} == {"가나다", "가", "가 나"}


@pytest.mark.parametrize(
    "text",
    ['{"grade": 2}', '{"reason": " ", "grade": 2}', '{"reason": "a", "grade": 4}',
     '{"reason": "a", "grade": true}', '{"reason": "a", "grade": "2"}', "죄송하지만 판정할 수 없습니다."],
)  # fmt: skip
def test_what_is_no_grade(text: str) -> None:
    with pytest.raises(Malformed):
        parse_grade(text)


def test_both_orders_decide_together(judge_server: Start, tmp_path: Path) -> None:
    contests = [
        Contest("1", "q", "가나", "가"),
        Contest("2", "q", "가", "가나다"),
        Contest("3", "q", "가", "나"),
    ]
    server = judge_server(by_length)
    assert prefer(judge_client(server, tmp_path / "a"), contests, 100) == ["first", "second", "even"]
    assert server.calls == 6
    leaning = judge_server(by_length, lean="A")
    assert prefer(judge_client(leaning, tmp_path / "b"), contests, 100) == ["contradicted"] * 3


def test_an_order_without_an_answer_decides_nothing(judge_server: Start, tmp_path: Path) -> None:
    server = judge_server(by_length)
    server.script = [server.chat("", "content_filter")]
    assert prefer(judge_client(server, tmp_path), [Contest("1", "q", "가나", "가")], 100) == ["unanswered"]
