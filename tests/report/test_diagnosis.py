"""Failure notes, steps, readings, hard negatives and the embedding map, worked by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from sunwi.records.corpus import Message, Query
from sunwi.records.mined import MinedRow
from sunwi.records.questions import Question
from sunwi.records.submissions import LineageRow, SubmissionRow, UnderstoodQuery
from sunwi.report.diagnosis import Submitted, diagnose
from sunwi.report.embedding_map import embedding_map, question_groups
from sunwi.report.failures import CAUSES, cause_of, count_causes, failure_notes
from sunwi.report.negative_scores import score_histogram
from sunwi.report.readings import better_read_queries
from sunwi.report.stage_hits import stage_hits


@pytest.mark.parametrize(
    ("best", "wanted", "submitted", "run_rank", "better_read", "cause"),
    [
        ({}, [], ["d9"], None, False, "needs_retrieval"),  # small talk was searched for
        ({"bm25": 1, "fused": 1}, ["d1"], [], 1, False, "needs_retrieval"),  # a question was not
        ({"bm25": 9, "fused": 3}, ["d1"], ["d9"], 4, True, "reranker"),
        ({"bm25": 9, "fused": 5, "before_llm": 2, "llm": 4}, ["d1"], ["d9"], 4, False, "reranker"),
        ({"bm25": 3, "fused": 4}, ["d1"], ["d9"], 4, True, "fusion"),
        ({"bm25": 4, "fused": 4}, ["d1"], ["d9"], 4, True, "misunderstood"),
        ({}, ["d1"], ["d9"], None, False, "no_candidate"),
        ({"bm25": 4, "fused": 4}, ["d1"], ["d9"], 4, False, "ranked_low"),
        ({"bm25": 9, "llm": 1}, ["d1"], ["d9"], 4, False, "ranked_low"),  # the LLM's order is no retriever
    ],
)
def test_cause_is_the_last_step_that_could_have_helped(
    best, wanted, submitted, run_rank, better_read, cause
) -> None:
    assert cause_of(best, wanted, submitted, run_rank, better_read, cutoff=3) == cause


def row(qid: int, *candidates: dict[str, int | str | None]) -> LineageRow:
    return LineageRow(
        eval_id=qid, standalone_query="q", needs_retrieval=True, reason="r", candidates=list(candidates)
    )


def test_notes_are_of_the_queries_with_no_hit() -> None:
    lineage = [
        row(1, {"docid": "a", "rank": 1, "bm25_rank": 1}),
        row(2, {"docid": "x", "rank": 1, "bm25_rank": 1},
            {"docid": "b", "rank": 4, "bm25_rank": 2, "dense_rank": None},
            {"docid": "c", "rank": 5, "bm25_rank": 9}),
        row(3),
    ]  # fmt: skip
    topk = {"1": ["a"], "2": ["x", "y", "z", "b"], "3": []}
    notes = failure_notes(
        "v", lineage, topk, {"1": {"a"}, "2": {"c", "b"}}, {"2": 4}, set(), {"b": "B", "x": "X"}, 3
    )
    [note] = notes  # 3 is small talk with its empty list; b stands below the cutoff
    assert (note.eval_id, note.cause, note.relevant, note.relevant_rank) == (2, "fusion", ["b", "c"], 4)
    assert note.best_ranks == {"bm25": 2}
    assert note.passages == {"b": "B", "x": "X"}  # relevant ones and the first submitted, where known
    counts = count_causes(notes, ["v", "w"])
    assert counts["v"] == {**dict.fromkeys(CAUSES, 0), "fusion": 1, "total": 1}
    assert set(counts["w"].values()) == {0}


def test_every_variant_is_diagnosed_by_name() -> None:
    missed = row(2, {"docid": "x", "rank": 1, "bm25_rank": 1, "fused_rank": 1})
    answer = SubmissionRow(eval_id=2, standalone_query="q", topk=["x"], answer="", references=[])
    one = Submitted([missed], [answer], {"2": None})
    found = diagnose({"w": one, "v": one}, {"2": {"b"}}, set(), {}, 3)
    assert [note.variant for note in found.notes] == ["v", "w"]
    assert (found.failed("w"), found.failed("other")) == ({"2"}, set())
    assert {hit["variant"]: hit["hit1"] for hit in found.hits} == {"v": 0.0, "w": 0.0}
    unlabelled = diagnose({"v": one}, {}, set(), {}, 3)
    assert (unlabelled.notes, unlabelled.hits) == ([], [])


def test_the_map_leaves_out_small_talk() -> None:
    understood = [
        UnderstoodQuery(eval_id=1, standalone_query="빛", needs_retrieval=True, source="rules"),
        UnderstoodQuery(eval_id=2, standalone_query="안녕", needs_retrieval=False, source="rules"),
    ]
    known = [
        Question(qid="q", docid="d", question="물?", style="s", generator="g", split="train", overlap=0.0)
    ]
    groups = question_groups(
        understood, (known, np.ones((1, 2))), [], lambda texts: np.zeros((len(texts), 2))
    )
    assert groups["evaluation"][:2] == (["1"], ["빛"])
    assert groups["synthetic"][:2] == (["q"], ["물?"])
    assert groups["augmented"][0] == []


def test_stage_hits_by_hand() -> None:
    lineage = [
        row(1, {"docid": "a", "rank": 2, "fused_rank": 1, "bm25_rank": 1, "dense_rank": 2},
            {"docid": "x", "rank": 1, "fused_rank": 2, "bm25_rank": 2, "dense_rank": 1}),
        row(2, {"docid": "b", "rank": 1, "fused_rank": 2, "bm25_rank": None, "dense_rank": 1}),
        row(3, {"docid": "z", "rank": 1, "fused_rank": 1, "bm25_rank": 1, "dense_rank": 1}),
    ]  # fmt: skip
    found = stage_hits("v", lineage, {"1": {"a"}, "2": {"b"}})
    assert [(one["stage"], one["hit1"], one["queries"]) for one in found] == [
        ("bm25", 0.5, 2), ("dense", 0.5, 2), ("fusion", 0.5, 2), ("final", 0.5, 2)
    ]  # fmt: skip
    assert stage_hits("v", lineage, {}) == []


def test_a_dialogue_is_misread_if_a_plain_reading_finds_what_the_query_does_not() -> None:
    axes = {"good": [1.0, 0.0], "bad": [0.0, 1.0], "old good": [0.9, 0.1], "old bad": [0.0, 1.0]}
    asked: list[str] = []

    def encode(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([axes[text] for text in texts], dtype=np.float16)

    def dialogue(qid: int, *said: str) -> Query:
        turns = [Message(role="user", content=text) for text in said]
        return Query(eval_id=qid, messages=turns)

    passages = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float16)
    dialogues = [
        dialogue(1, "old", "good"),
        dialogue(2, "old", "bad"),
        dialogue(3, "good"),
        dialogue(4, "old", "good"),
    ]
    standalone = {"1": "bad", "2": "bad", "3": "bad", "4": "good"}
    relevant = {qid: {"p0"} for qid in standalone}
    # 1: the last turn finds p0; 2: no reading does; 3 has one turn; 4's standalone query finds it itself.
    assert better_read_queries(dialogues, standalone, relevant, encode, passages, ["p0", "p1"], 1) == {"1"}
    assert better_read_queries(dialogues, standalone, {}, encode, passages, ["p0", "p1"], 1) == set()
    assert len(asked) == 9


def mined(qid: str, positive: float, *negatives: float) -> MinedRow:
    return MinedRow(
        qid=qid, query="q", pos=["p"], neg=["n"] * len(negatives),
        pos_ids=["p"], neg_ids=["n"] * len(negatives),
        pos_scores=[positive], neg_scores=list(negatives), provenance=[],
    )  # fmt: skip


def test_histogram_counts_every_score_once_over_the_same_bins() -> None:
    table = score_histogram([mined("1", 24.0, 0.0, 0.5), mined("2", 23.5, 12.0)])
    assert {one["low"]: one["negatives"] for one in table if one["negatives"]} == {0.0: 2, 12.0: 1}
    assert {one["low"]: one["positives"] for one in table if one["positives"]} == {23.0: 2}
    assert len(table) == 24


def test_histogram_of_nothing_and_of_one_value() -> None:
    assert score_histogram([]) == []
    assert score_histogram([mined("1", 2.0, 2.0)]) == [
        {"low": 2.0, "high": 2.0, "negatives": 1, "positives": 1}
    ]


def groups(size: int) -> dict[str, tuple[list[str], list[str], np.ndarray]]:
    """Two bundles of directions: evaluation queries lie with the first half of the synthetic ones."""
    source = np.random.default_rng(0)
    centre = np.repeat(np.eye(8)[:2], size // 2, axis=0)
    synthetic = centre + 0.05 * source.normal(size=(size, 8))
    evaluation = np.eye(8)[:1] + 0.05 * source.normal(size=(6, 8))
    return {
        "synthetic": ([f"s{at}" for at in range(size)], ["t"] * size, synthetic.astype(np.float16)),
        "evaluation": ([str(at) for at in range(6)], ["t"] * 6, evaluation.astype(np.float16)),
    }


def test_near_vectors_lie_near_on_the_map() -> None:
    rows = embedding_map(groups(60), {"2", "s1"}, 60, 10.0, seed=3)
    at = {one["id"]: np.array([one["x"], one["y"]]) for one in rows}
    near = np.mean(
        [np.linalg.norm(at[str(one)] - at[f"s{other}"]) for one in range(6) for other in range(30)]
    )
    far = np.mean(
        [np.linalg.norm(at[str(one)] - at[f"s{other}"]) for one in range(6) for other in range(30, 60)]
    )
    assert near < far / 2
    assert [one["id"] for one in rows if one["failed"]] == ["2"]  # synthetic questions do not fail
    assert [one["kind"] for one in rows] == ["evaluation"] * 6 + ["synthetic"] * 60


def test_a_kind_without_questions_is_left_out() -> None:
    vectors = np.eye(6, dtype=np.float32)
    one = ([f"q{at}" for at in range(6)], ["질문"] * 6, vectors)
    none = ([], [], np.zeros((0, 0), dtype=np.float32))
    rows = embedding_map({"synthetic": one, "augmented": none}, set(), 10, 5.0, 1)
    assert {row["kind"] for row in rows} == {"synthetic"}


def test_the_sample_is_seeded_and_evaluation_is_whole() -> None:
    first = [one["id"] for one in embedding_map(groups(60), set(), 9, 30.0, seed=3)]
    assert first == [one["id"] for one in embedding_map(groups(60), set(), 9, 30.0, seed=3)]
    assert first != [one["id"] for one in embedding_map(groups(60), set(), 9, 30.0, seed=4)]
    assert len(first) == 6 + 9
    assert embedding_map({"evaluation": (["1"], ["t"], np.ones((1, 8)))}, set(), 9, 30.0, seed=3) == []


PROGRAM = """
import numpy as np
from sunwi.report.embedding_map import embedding_map
vectors = np.random.default_rng(0).normal(size=(300, 16)).astype(np.float16)
names = [str(at) for at in range(300)]
rows = embedding_map({"evaluation": (names, names, vectors)}, set(), 9, 20.0, seed=1)
"""


def test_the_map_does_not_depend_on_threads_or_process() -> None:
    here: dict[str, object] = {}
    exec(PROGRAM, here)
    threads = "2" if os.environ.get("OMP_NUM_THREADS") == "1" else "1"
    there = subprocess.run(
        [sys.executable, "-c", f"{PROGRAM}print(rows)"],
        env={
            **os.environ,
            "OMP_NUM_THREADS": threads,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONHASHSEED": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout == f"{here['rows']}\n"
