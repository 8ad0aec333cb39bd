"""Failures into training questions: rules without an LLM, and an LLM over loopback HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.llm_server import FakeServer

from sunwi.errors import BudgetExceeded
from sunwi.llm.client import LlmClient
from sunwi.params.augment_failures import AugmentFailuresParams
from sunwi.params.llm import LlmParams
from sunwi.records.failures import Failure
from sunwi.text import content_morphemes, kiwi
from sunwi.train.targeted.augment import augment_failures, nearest_passages
from sunwi.train.targeted.augment_llm import augment_by_llm
from sunwi.train.targeted.paraphrase import paraphrases

TEXTS = {"p": "정답 지문", "b": "오답 지문", "n1": "이웃 하나", "n2": "이웃 둘", "n3": "이웃 셋"}
SETTINGS = AugmentFailuresParams(provider="llm", paraphrases=2, negatives=2)


def failure(qid: str, category: str = "other") -> Failure:
    return Failure(
        qid=qid, query="고려 시대에 팔만대장경을 만든 이유는 무엇인가?", split="dev", documents=["d"],
        positive="p", positive_rank=2, beaten_by="b", category=category, margin=1.0, margins={},
        positive_text=TEXTS["p"], beating_text=TEXTS["b"],
    )  # fmt: skip


def test_paraphrases_keep_the_words_that_carry_meaning() -> None:
    question = "고려 시대에 팔만대장경을 만든 이유는 무엇인가?"
    actual = paraphrases(question, 6)
    assert actual[0] == "고려 시대에 팔만대장경을 만든 이유는 무엇인가요?"
    assert "팔만대장경을 고려 시대에 만든 이유는 무엇인가?" in actual
    assert "고려 시대에 팔만대장경을 만든 까닭은 무엇인가?" in actual  # 는 -> 은: josa agrees
    assert len(set(actual)) == len(actual) <= 6
    for text in actual:
        (tokens,) = kiwi().tokenize([text])
        assert {"고려", "팔만대장경", "만들"} <= set(content_morphemes(tokens))
    assert paraphrases(question, 0) == []
    assert paraphrases("?", 3) == []


def test_doubtful_and_unreachable_failures_train_nothing() -> None:
    requests: list[tuple[str, str]] = []

    def is_excluded(_: str, positive: str, candidate: str) -> bool:
        requests.append((positive, candidate))
        return candidate == "n1"

    failures = [failure("b"), failure("c", "label_doubtful"), failure("a", "not_retrieved")]
    near = ["b", "n1", "n2", "n3"]
    rows, metrics = augment_failures(failures, TEXTS, lambda _: near, is_excluded, 2, 3)
    assert [row.qid for row in rows] == ["b#00", "b#01", "b#02"]
    assert [row.generator for row in rows] == ["original", "morphological", "morphological"]
    assert [negative["docid"] for negative in rows[0].negatives] == ["b", "n2", "n3"]
    assert metrics["left_out"] == {"label_doubtful": 1, "not_retrieved": 1}
    assert augment_failures([], TEXTS, lambda _: near, is_excluded, 2, 3)[0] == []


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> Iterator[FakeServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    server = FakeServer()
    yield server
    server.close()


def client_of(server: FakeServer, **other: Any) -> LlmClient:
    settings = {"provider": "openai", "model": "m", "base_url": server.address, "max_tries": 2}
    return LlmClient(LlmParams.model_validate(settings | other))


def answering(server: FakeServer, written: dict[str, Any]) -> None:
    """The first request writes; the check says yes to what holds "좋은"."""

    def answer(body: dict[str, Any]) -> Any:
        requests = server.asked(body)
        if "paraphrases" in requests:
            return server.chat(json.dumps(written, ensure_ascii=False))
        return server.chat(json.dumps({"answers": "좋은" in requests or "맞는" in requests}))

    server.default = answer


def test_what_the_check_refutes_is_left_out(server: FakeServer) -> None:
    answering(server, {"paraphrases": ["좋은 질문?", "딴 질문?"], "negatives": ["다른 지문", "맞는 지문"]})
    mined: dict[str, list[dict[str, str | None]]] = {"a": [{"docid": "b", "text": TEXTS["b"]}]}
    rows, metrics = augment_by_llm(
        [failure("a"), failure("x", "label_doubtful")], mined, SETTINGS, client_of(server)
    )
    assert [(row.query, row.generator) for row in rows][1:] == [("좋은 질문?", "llm:m")]
    assert [negative["text"] for negative in rows[0].negatives] == ["오답 지문", "다른 지문"]
    assert metrics["left_out_by_check"] == {"negatives_refuted": 1, "paraphrases_refuted": 1}
    assert metrics["answers"] == {"ok": 1}
    calls = server.calls
    again, _ = augment_by_llm([failure("a")], mined, SETTINGS, client_of(server))
    assert again == rows
    assert server.calls == calls  # paid once


def test_an_answer_without_use_keeps_the_failure_itself(server: FakeServer) -> None:
    server.default = lambda _: server.chat("모르겠습니다")
    mined: dict[str, list[dict[str, str | None]]] = {"a": [{"docid": "b", "text": TEXTS["b"]}]}
    rows, metrics = augment_by_llm([failure("a")], mined, SETTINGS, client_of(server))
    assert [row.generator for row in rows] == ["original"]
    assert metrics["answers"] == {"malformed": 1}
    assert augment_by_llm([], {}, SETTINGS, client_of(server))[0] == []


def test_the_budget_stops_before_it_is_passed(server: FakeServer) -> None:
    with pytest.raises(BudgetExceeded):
        augment_by_llm([failure("a")], {"a": []}, SETTINGS, client_of(server, price_out=1.0, budget=0.000001))
    assert server.calls == 0


def test_nearest_passages_by_hand() -> None:
    vectors = np.array([[1, 0], [0.75, 0.5], [0, 1], [0.75, -0.5], [-1, 0]], dtype=np.float16)
    near = nearest_passages(vectors, ["z", "y", "m", "b", "a"])
    assert near("z") == ["z", "y", "b", "m", "a"]  # y and b are even: by the order of the passages
    assert near("m") == ["m", "y", "z", "a", "b"]  # 1, .5, 0, 0, -.5
    assert nearest_passages(vectors, ["z", "y", "m", "b", "a"], count=2)("z") == ["z", "y"]
    with pytest.raises(KeyError):
        near("unknown")


def test_only_so_many_neighbours_are_looked_at_and_ties_go_by_order() -> None:
    docids = [f"d{number:02}" for number in range(80)]
    vectors = np.array([[1.0, 0.0], [0.5, 0.0]] * 40, dtype=np.float16)
    assert nearest_passages(vectors, docids)("d78") == [*docids[::2], *docids[1:20:2]]
