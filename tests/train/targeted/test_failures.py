"""Failure notes: what is a failure, of what kind, and the split by document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.records.failures import Failure
from sunwi.records.mined import Candidate, CandidateList
from sunwi.search.rerank.blend import ScoredList, ranked_relevance
from sunwi.train.targeted.failure_categories import category_of, read
from sunwi.train.targeted.failures import collect_failures, failure_metrics
from sunwi.train.targeted.partition import parts_of

POSITIVE = "세종대왕은 1443년에 한글을 만들었다."
KINDS = [
    ("number_or_date", "1443년에 한글을 만든 왕은?", "세종대왕은 1446년에 한글을 반포하였다."),
    ("entity_swap", "세종대왕이 한글을 만든 까닭은?", "집현전 학자들은 책을 지었다."),
    ("ambiguous_question", "문자가 뭐야?", "사과는 달고 맛있다."),
    ("near_topic", "왕이 백성을 위하여 새로 지은 글자는?", "세종대왕은 한글을 만들었다."),
    ("other", "왕이 백성을 위하여 새로 지은 글자는?", "사과는 달고 맛있다."),
]


@pytest.mark.parametrize(("kind", "question", "beating"), KINDS)
def test_kinds(kind: str, question: str, beating: str) -> None:
    reading = read([question, POSITIVE, beating])
    margins = {"retriever": 0.5, "late_interaction": -0.1}
    assert category_of(reading[question], reading[POSITIVE], reading[beating], margins, 0.2) == kind


def test_negation_is_told_from_its_absence() -> None:
    question, positive, beating = "금속이 아닌 원소는?", "비금속은 금속이 아니다.", "금속은 열을 잘 전한다."
    reading = read([question, positive, beating])
    assert category_of(reading[question], reading[positive], reading[beating], {"a": -1}, 0.9) == "negation"


def test_a_passage_that_all_scorers_prefer_and_that_has_the_words_may_be_right() -> None:
    question, beating = "한글을 만든 왕은?", "한글을 만든 왕은 세종대왕이다."
    reading = read([question, POSITIVE, beating])
    of = (reading[question], reading[POSITIVE], reading[beating])
    assert category_of(*of, {"retriever": 0.5, "late_interaction": 0.1}, 0.2) == "label_doubtful"
    assert category_of(*of, {"retriever": 0.5, "late_interaction": -0.1}, 0.2) != "label_doubtful"


def one_list(qid: str, labels: Sequence[int], scores: Sequence[float]) -> tuple[CandidateList, ScoredList]:
    rows = [
        Candidate(docid=f"{qid}-{position}", score=score, label=label, components={})
        for position, (label, score) in enumerate(zip(labels, scores, strict=True))
    ]
    made = CandidateList(qid=qid, query="왜?", split="dev", style="s", overlap=0.5, candidates=rows)
    values = np.array(scores, dtype=np.float32)
    return made, ScoredList(
        {"retriever": values, "cross_encoder": values[::-1].copy()}, np.array(labels, bool)
    )


def notes(
    *made: tuple[CandidateList, ScoredList], weights: Mapping[str, float], known: bool = False
) -> list[Failure]:
    texts = {row.docid: f"지문 {row.docid}" for question, _ in made for row in question.candidates} | {
        "z": "지문 z"
    }
    return collect_failures(
        [question for question, _ in made],
        [scored for _, scored in made],
        weights,
        {
            question.qid: [row.docid for row in question.candidates if row.label] or ["z"]
            for question, _ in made
        },
        texts,
        dict.fromkeys(texts, "document"),
        lambda *_: known,
        0.2,
    )


def test_failures_are_those_of_the_blend() -> None:
    solved = one_list("a", [1, 0, 0], [3.0, 2.0, 1.0])
    lost = one_list("b", [0, 1, 0], [3.0, 2.0, 1.0])
    gone = one_list("c", [0, 0], [2.0, 1.0])
    alone = one_list("d", [1], [1.0])
    actual = notes(solved, lost, gone, alone, weights={})
    assert [(note.qid, note.positive_rank, note.beaten_by) for note in actual] == [
        ("b", 2, "b-0"), ("c", None, "c-0"),
    ]  # fmt: skip
    assert actual[0].margin == pytest.approx(1.0 / np.std([3, 2, 1]), abs=1e-4)
    assert actual[0].margins == {"retriever": 1.0, "cross_encoder": -1.0}
    assert actual[1].category == "not_retrieved"
    assert [note.qid for note in notes(solved, weights={"cross_encoder": 2.0})] == ["a"]
    assert notes(lost, weights={}, known=True)[0].category == "label_doubtful"
    made = (solved, lost, gone, alone)
    metrics = failure_metrics(
        [question for question, _ in made], actual, ranked_relevance([scored for _, scored in made], {})
    )
    assert metrics["dev"]["questions"] == 4
    assert (metrics["dev"]["solved"], metrics["dev"]["failed"], metrics["dev"]["trainable"]) == (2, 2, 1)
    assert (metrics["dev"]["hit1"], metrics["dev"]["mrr"]) == (0.5, 0.625)  # ranks 1, 2, none, 1
    assert metrics["dev"]["ndcg10"] == pytest.approx((2 + 1 / np.log2(3)) / 4, abs=1e-6)


def test_no_failure_gives_no_note() -> None:
    assert notes(weights={}) == []
    assert failure_metrics([], [], []) == {}


@given(
    st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=3), max_size=25),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_no_document_is_in_two_parts(sets: list[set[int]], stop: float, gate: float) -> None:
    lists = [one_list(f"q{position}", [1], [1.0])[0] for position in range(len(sets))]
    documents = {
        f"q{position}": {f"d{number}" for number in members} for position, members in enumerate(sets)
    }
    parts = parts_of(lists, documents, TrainRerankerTargetedParams(stop_share=stop, gate_share=gate))
    assert sum(map(len, parts.values())) == len(sets)
    held = {
        part: {document for question in of for document in documents[question.qid]}
        for part, of in parts.items()
    }
    assert not held["train"] & held["stop"]
    assert not held["train"] & held["gate"]
    assert not held["stop"] & held["gate"]
