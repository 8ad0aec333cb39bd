"""An arbiter is asked only where two variants disagree on the first place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.judge_server import JudgeServer, judge_client

from sunwi.errors import ParamsError
from sunwi.params.reading import validate
from sunwi.params.whole import Params
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.submit.arbiter import FirstPlaceJudge, arbitrate

TEXTS = {"a": "가 0", "b": "나 3", "c": "다 0", "new": "새 3"}
QUERIES = {qid: f"질문 {qid}" for qid in ("q1", "q2", "q3", "q4", "q5")}


def ranking(**scores: float | None) -> Ranking:
    return Ranking([RankedDocument(docid, docid, score, {}) for docid, score in scores.items()])


FIRST = {
    "q1": ranking(a=9.0, c=8.0, b=7.0),
    "q2": ranking(b=9.0, a=8.0),
    "q3": ranking(a=9.0, b=8.0),
    "q4": ranking(a=9.0, c=8.0),
    "q5": ranking(),
}
OTHER = {
    "q1": ranking(b=1.0, a=0.5),
    "q2": ranking(a=1.0, b=0.5),
    "q3": ranking(a=1.0, b=0.5),
    "q4": ranking(new=1.0, a=0.5),
    "q5": ranking(a=1.0),
}


class Scorer:
    """Scores a pair by the number in its text, and remembers what was asked."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float32]:
        self.pairs += pairs
        return np.array([int(text.split()[1]) for _, text in pairs], dtype=np.float32)


def test_the_reranker_decides_where_no_judge_is_wanted() -> None:
    scorer = Scorer()
    found = arbitrate(FIRST, OTHER, QUERIES, TEXTS, None, ("late_interaction", scorer))
    assert {qid: made.document_ids for qid, made in found.rankings.items()} == {
        "q1": ["b", "a", "c"], "q2": ["b", "a"], "q3": ["a", "b"], "q4": ["new", "a", "c"], "q5": []
    }  # fmt: skip
    assert {query for query, _ in scorer.pairs} == {"질문 q1", "질문 q2", "질문 q4"}
    assert found.metrics == {"disagree": 3, "by_judge": 0, "by_late_interaction": 3, "changed": 2}
    one, four = found.rankings["q1"], found.rankings["q4"]
    assert [place.score for place in one.places] == [9.0, 8.0, 7.0]  # scores stay with the places
    assert [place.score for place in four.places] == [9.0, 8.0, None]
    assert one.places[0].evidence == {"from_rank": 3, "to_rank": 1, "arbiter": "late_interaction"}
    assert not any(made.fallbacks for made in found.rankings.values())


@pytest.fixture
def judge_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = JudgeServer(lambda _, passage: 3 - int(passage.split()[1]))  # of another opinion than the scorer
    yield server, FirstPlaceJudge(judge_client(server, tmp_path), "agreement reaches the floor", 100)
    server.close()


def test_the_judge_is_asked_in_both_orders_and_only_there(
    judge_over_http: tuple[JudgeServer, FirstPlaceJudge],
) -> None:
    (server, judge), scorer = judge_over_http, Scorer()
    found = arbitrate(FIRST, OTHER, QUERIES, TEXTS, judge, ("cross_encoder", scorer))
    assert server.calls == 6
    assert {qid: made.document_ids[:1] for qid, made in found.rankings.items()} == {
        "q1": ["a"], "q2": ["a"], "q3": ["a"], "q4": ["a"], "q5": []
    }  # fmt: skip
    assert found.rankings["q2"].places[0].evidence["arbiter"] == "llm"
    assert (found.metrics["by_judge"], found.metrics["changed"], scorer.pairs) == (3, 1, [])


def test_a_contradiction_is_left_to_the_reranker_and_counted(
    judge_over_http: tuple[JudgeServer, FirstPlaceJudge],
) -> None:
    server, judge = judge_over_http
    server.lean = "A"
    found = arbitrate(FIRST, OTHER, QUERIES, TEXTS, judge, ("cross_encoder", Scorer()))
    assert (found.metrics["contradicted"], found.metrics["by_cross_encoder"]) == (3, 3)
    assert found.rankings["q1"].document_ids == ["b", "a", "c"]
    assert found.rankings["q1"].fallbacks == ["arbiter: contradicted"]


def test_a_judge_below_the_floor_is_not_asked_and_that_is_told() -> None:
    judge = FirstPlaceJudge(None, "agreement with people is below judge.floor", 100)
    found = arbitrate(FIRST, OTHER, QUERIES, TEXTS, judge, ("cross_encoder", Scorer()))
    assert found.metrics["judge"] == "agreement with people is below judge.floor"
    assert found.rankings["q1"].fallbacks == ["arbiter: agreement with people is below judge.floor"]
    assert found.rankings["q3"].fallbacks == []


def test_params_name_what_an_arbiter_needs() -> None:
    variants = {name: {"retrievers": [name], "fusion": "weighted"} for name in ("bm25", "dense")}
    arbiter = {"from": "bm25", "to": "dense", "llm": True, "scorer": "cross_encoder"}
    content: dict[str, object] = {"submissions": variants, "score": {"baseline": "dense"}}
    with pytest.raises(ParamsError) as error:
        validate(Params, {**content, "combinations": {"both": {"arbiter": arbiter}}}, "params.yaml")
    for fault in ("judge.provider is none", "llm.provider is none"):
        assert fault in str(error.value)
    swap = {"from": "bm25", "to": "dense"}
    content["combinations"] = {"both": {"arbiter": swap, "swap": swap}}
    with pytest.raises(ParamsError, match="one of swap, union and arbiter"):
        validate(Params, content, "params.yaml")
