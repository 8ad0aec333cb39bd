"""Hard negatives: what may never be one, short rows, provenance, repeatability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.errors import DataError
from sunwi.mining.choice import sample
from sunwi.mining.false_negatives import FalseNegativeRules, co_relevant
from sunwi.mining.metrics import MiningCount
from sunwi.mining.negatives import Mined, mine_negatives, mined_rows
from sunwi.mining.pairs import candidate_lists
from sunwi.params.mining import MiningParams
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows
from sunwi.search.fusion.method import Fusion
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch
from sunwi.search.pipeline import SearchPipeline, ranks_at
from sunwi.search.retrievers.base import Scores

DOCIDS = ["a#1", "a#2", "b", "c", "d", "e", "f#1", "f#2"]
GROUPS = [docid.split("#")[0] for docid in DOCIDS]
DUPLICATES = {key: frozenset({other}) for key, other in ("bc", "cb", ("a#1", "e"), ("e", "a#1"))}
CO_RELEVANT = {"질문": frozenset({"d"})}


class Given:
    def __init__(self, name: str, table: Scores) -> None:
        self.name = name
        self.table = table

    def scores(self, queries: QueryBatch) -> Scores:
        return self.table[[int(qid) for qid in queries.qids]]


def setting(
    bm25: Sequence[Sequence[float]], dense: Sequence[Sequence[float]]
) -> tuple[SearchPipeline, QueryBatch]:
    documents = [
        Document(docid=docid, content=f"글 {docid}", parent=group if "#" in docid else None)
        for docid, group in zip(DOCIDS, GROUPS, strict=True)
    ]
    tables = {"bm25": np.array(bm25, dtype=np.float32), "dense": np.array(dense, dtype=np.float32)}
    pipeline = SearchPipeline(Passages.of(documents), [Given(name, table) for name, table in tables.items()])
    qids = [str(row) for row in range(len(bm25))]
    return pipeline, QueryBatch(qids, qids, [[] for _ in qids], np.zeros((len(qids), 1), dtype=np.float16))


def label(row: int, relevant: tuple[int, ...], text: str = "질문") -> LabelledQuestion:
    return LabelledQuestion(str(row), text, relevant, "train", "s", 0.5)


def rules_of(pipeline: SearchPipeline, share: float = 0.95) -> FalseNegativeRules:
    return FalseNegativeRules(pipeline.passages, DUPLICATES, CO_RELEVANT, share)


ROW = st.lists(st.floats(0, 10, width=32), min_size=8, max_size=8)


@settings(max_examples=150)
@given(ROW, ROW, st.sets(st.integers(0, 7), min_size=1, max_size=3), st.sampled_from([0.5, 0.95, 1.0]))
def test_what_may_answer_is_never_a_negative(
    bm25: list[float], dense: list[float], relevant: set[int], share: float
) -> None:
    pipeline, queries = setting([bm25], [dense])
    positions = tuple(sorted(relevant))
    mined = mine_negatives(
        pipeline, queries, [label(0, positions)], rules_of(pipeline, share), MiningParams(negatives=3)
    )
    scores = {"bm25": np.array([bm25], dtype=np.float32), "dense": np.array([dense], dtype=np.float32)}
    fused = weighted_sum(scores, {"bm25": 0.5, "dense": 1.0})[0]
    positive = positions[0]
    for row in mined.rows:
        assert row.pos_ids == [DOCIDS[position] for position in positions]
        assert row.pos_scores == [round(float(fused[position]), 5) for position in positions]
        for docid in row.neg_ids:
            at = DOCIDS.index(docid)
            assert GROUPS[at] not in {GROUPS[other] for other in positions}
            assert docid not in DUPLICATES.get(DOCIDS[positive], frozenset())
            assert docid != "d"
            assert fused[at] < fused[positive] or fused[at] < share * fused[positive]
            if fused[positive] > 0:
                assert fused[at] < share * fused[positive] + 1e-6
        assert not any(other in DUPLICATES.get(docid, ()) for docid in row.neg_ids for other in row.neg_ids)
        assert row.neg_scores == sorted(row.neg_scores, reverse=True)
        assert len(row.neg) == len(row.neg_ids) == len(row.neg_scores) == len(row.provenance) <= 3
    metrics = mined.metrics
    assert metrics["questions"] == 1 == metrics["rows"] + metrics["without_negative"]


def test_a_worked_example() -> None:
    #        a#1  a#2    b    c    d    e  f#1  f#2
    dense = [9.0, 8.0, 8.9, 5.0, 4.0, 3.0, 2.0, 1.0]
    bm25 = [4.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 0.0]
    pipeline, queries = setting([bm25], [dense])
    params = MiningParams(negatives=2, bm25_weight=0.0, bm25_depth=3, dense_depth=5, widen=1)
    mined = mine_negatives(pipeline, queries, [label(0, (0,))], rules_of(pipeline), params)
    (row,) = mined.rows
    assert row.neg_ids == ["c"]  # b is too near, d co-relevant, e below both depths
    assert row.neg == ["글 c"]
    assert row.provenance == [
        {
            "docid": "c",
            "bm25_rank": 3,
            "bm25_score": 2.0,
            "dense_rank": 4,
            "dense_score": 5.0,
            "fused_score": row.neg_scores[0],
            "pool_rank": 4,
            "source": "both",
            "rule": "top_survivors",
        }
    ]
    assert mined.metrics["drops"] == {
        "co_relevant": 1, "near_positive_score": 1, "positive": 1, "same_document": 1
    }  # fmt: skip
    assert mined.metrics["short"] == 1
    assert mined.metrics["sources"] == {"both": 1}
    assert mined.metrics["source_shares"] == {"both": 1.0}
    assert mined.metrics["widened"] == 0
    assert mined.metrics["pool_size_mean"] == 5.0
    assert mined.metrics["margin_mean"] == pytest.approx(row.pos_scores[0] - row.neg_scores[0], abs=1e-4)


def test_of_two_copies_the_better_one_is_the_negative() -> None:
    #        a#1  a#2    b    c    d    e  f#1  f#2
    dense = [2.0, 0.0, 5.0, 6.0, 1.0, 0.0, 9.0, 0.0]
    pipeline, queries = setting([[0.0] * 8], [dense])
    params = MiningParams(negatives=3, bm25_weight=0.0, bm25_depth=1, dense_depth=8, widen=1)
    mined = mine_negatives(pipeline, queries, [label(0, (6,))], rules_of(pipeline), params)
    assert mined.rows[0].neg_ids[:2] == ["c", "a#1"]
    assert mined.metrics["drops"]["copy_of_negative"] == 1


def test_the_window_of_the_pool() -> None:
    dense = [9.0, 0.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]
    pipeline, queries = setting([[0.0] * 8], [dense])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    params = MiningParams(first_rank=3, last_rank=5, widen=1)
    (row,) = mine_negatives(pipeline, queries, [label(0, (0,))], rules, params).rows
    assert row.neg_ids == ["c", "d", "e"]
    assert [entry["source"] for entry in row.provenance] == [
        "dense"
    ] * 3  # BM25 found nothing: no zero counts


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 1.0])
def test_a_positive_below_the_mean_lets_no_better_candidate_pass(share: float) -> None:
    """A share of a negative z-score lies above it: without care the rule would turn around."""
    dense = [2.0, 0.0, 9.0, 8.0, 7.0, 2.1, 1.0, 0.5]
    pipeline, queries = setting([[0.0] * 8], [dense])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, share)
    mined = mine_negatives(pipeline, queries, [label(0, (0,))], rules, MiningParams())
    assert {docid for row in mined.rows for docid in row.neg_ids} <= {"f#1", "f#2"}
    positive = -1.0
    assert rules.reason("?", 0, positive, 6, positive) == "near_positive_score"
    assert rules.reason("?", 0, positive, 6, -3.0) is None
    assert rules.reason("?", 0, 0.0, 6, 0.0) == "near_positive_score"


def test_the_reasons_by_hand() -> None:
    pipeline, _ = setting([[0.0] * 8], [[0.0] * 8])
    rules = rules_of(pipeline)
    assert rules.reason("질문", 0, 2.0, 0, 0.0) == "positive"
    assert rules.reason("질문", 0, 2.0, 1, 0.0) == "same_document"
    assert rules.reason("질문", 0, 2.0, 5, 0.0) == "duplicate_of_positive"
    assert rules.reason("질문", 0, 2.0, 4, 0.0) == "co_relevant"
    assert rules.reason("다른 질문", 0, 2.0, 4, 0.0) is None
    assert rules.reason("질문", 0, 2.0, 3, 1.91) == "near_positive_score"
    assert rules.reason("질문", 0, 2.0, 3, 1.89) is None


def mined_example() -> Mined:
    generator = np.random.default_rng(4)
    bm25 = np.maximum(generator.normal(size=(12, 8)), 0).tolist()
    dense = generator.normal(size=(12, 8)).tolist()
    dense[0] = [9.0, *dense[0][1:]]
    dense[1] = [-9.0, *dense[1][1:]]  # no candidate below its positive
    pipeline, queries = setting(bm25, dense)
    labels = [label(row, (0 if row < 2 else row % 8,), text=f"q{row}") for row in range(12)]
    return mine_negatives(pipeline, queries, labels, rules_of(pipeline), MiningParams(negatives=4))


def test_questions_without_a_negative_are_counted_and_left_out() -> None:
    mined = mined_example()
    assert mined.metrics["questions"] == 12
    assert mined.metrics["without_negative"] == 12 - len(mined.rows) > 0
    assert "1" not in {row.qid for row in mined.rows}
    assert mined.metrics["short"] == sum(len(row.neg) < 4 for row in mined.rows)


def test_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / name, mined_example().rows)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != b""


def test_provenance_ranks_are_those_of_each_retriever() -> None:
    generator = np.random.default_rng(8)
    bm25, dense = generator.random((1, 8)).tolist(), generator.random((1, 8)).tolist()
    dense[0][2] = 5.0
    pipeline, queries = setting(bm25, dense)
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    (row,) = mine_negatives(pipeline, queries, [label(0, (2,))], rules, MiningParams()).rows
    assert len(row.provenance) >= 3
    for entry in row.provenance:
        at = DOCIDS.index(str(entry["docid"]))
        assert entry["bm25_rank"] == ranks_at(np.array(bm25[0], dtype=np.float32), np.array([at]))[0]
        assert entry["dense_rank"] == ranks_at(np.array(dense[0], dtype=np.float32), np.array([at]))[0]


def test_labels_of_other_queries_are_refused() -> None:
    pipeline, queries = setting([[0.0] * 8] * 2, [[0.0] * 8] * 2)
    with pytest.raises(ValueError, match="shorter"):
        mine_negatives(pipeline, queries, [label(0, (0,))], rules_of(pipeline), MiningParams())


def test_candidate_lists_are_what_search_gives() -> None:
    dense = [[5.0, 9.0, 8.0, 7.0, 1.0, 0.0, 0.0, 0.0], [9.0, 8.0, 7.0, 6.0, 5.0, 0.0, 0.0, 0.1]]
    pipeline, queries = setting([[0.0] * 8] * 2, dense)
    labels = [label(0, (2,)), label(1, (7,))]
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    lists = candidate_lists(pipeline, ["dense"], Fusion("weighted", {}), queries, labels, 3, rules)
    assert [candidate.docid for candidate in lists[0].candidates] == ["a#2", "b", "c"]
    assert [candidate.label for candidate in lists[0].candidates] == [0, 1, 0]
    assert lists[0].positive_rank == 2
    assert lists[0].candidates[0].components == {"dense": 9.0}
    assert lists[1].positive_rank is None  # and no positive is put in
    assert [candidate.label for candidate in lists[1].candidates] == [0, 0, 0]


def test_candidate_lists_leave_out_what_answers_too_and_show_the_labelled_chunk() -> None:
    pipeline, queries = setting([[0.0] * 8], [[9.0, 8.0, 7.0, 6.0, 5.0, 0.0, 0.0, 0.0]])
    docids, groups = pipeline.passages.docids, pipeline.passages.groups
    chunk = next(at for at in range(1, 8) if groups[at] == groups[0] and at != 0)
    other = next(at for at in range(8) if groups[at] != groups[0])
    rules = FalseNegativeRules(pipeline.passages, {docids[chunk]: frozenset({docids[other]})}, {}, 0.95)
    (one,) = candidate_lists(
        pipeline, ["dense"], Fusion("weighted", {}), queries, [label(0, (chunk,))], 4, rules
    )
    assert one.candidates[0].docid == docids[chunk]  # search found its document by another chunk
    assert one.candidates[0].label == 1
    assert docids[other] not in [candidate.docid for candidate in one.candidates]


def test_a_question_of_several_passages_shows_each_ones_labelled_chunk() -> None:
    pipeline, queries = setting([[0.0] * 8], [[1.0, 0.0, 5.0, 4.0, 0.0, 0.0, 0.0, 9.0]])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    asked = [label(0, (2, 6))]  # b, and the first chunk of f, whose second one search finds
    (one,) = candidate_lists(pipeline, ["dense"], Fusion("weighted", {}), queries, asked, 3, rules)
    assert [(candidate.docid, candidate.label) for candidate in one.candidates] == [
        ("f#1", 1),
        ("b", 1),
        ("c", 0),
    ]
    assert one.positive_rank == 1


def test_rows_of_several_positives_are_counted() -> None:
    pipeline, queries = setting([[0.0] * 8] * 2, [[9.0, 8.0, 8.5, 1.0, 1.0, 3.0, 2.0, 1.0]] * 2)
    params = MiningParams(negatives=2, bm25_weight=0.0)
    mined = mine_negatives(pipeline, queries, [label(0, (2, 3)), label(1, (2,))], rules_of(pipeline), params)
    assert [row.pos_ids for row in mined.rows] == [["b", "c"], ["b"]]
    assert [row.pos for row in mined.rows] == [["글 b", "글 c"], ["글 b"]]
    assert mined.metrics["several_positives"] == 1


def test_a_question_that_was_asked_for_several_passages() -> None:
    asked = [("왜?", "b"), ("왜?", "a"), ("언제?", "c"), ("언제?", "c")]
    assert co_relevant(asked) == {"왜?": frozenset({"a", "b"})}


def test_a_short_question_gets_a_wider_pool_once() -> None:
    dense = [9.0, 1.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0]
    pipeline, queries = setting([[0.0] * 8], [dense])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    params = MiningParams(negatives=4, dense_depth=3, bm25_weight=0.0, last_rank=3)
    narrow = mine_negatives(
        pipeline, queries, [label(0, (0,))], rules, params.model_copy(update={"widen": 1})
    )
    wide = mine_negatives(pipeline, queries, [label(0, (0,))], rules, params)
    assert narrow.rows[0].neg_ids == ["b", "c"]
    assert wide.rows[0].neg_ids == ["b", "c", "d", "e"]
    assert (narrow.metrics["widened"], narrow.metrics["short"]) == (0, 1)
    assert (wide.metrics["widened"], wide.metrics["short"]) == (1, 0)


def test_filler_is_marked_counted_and_never_an_answer() -> None:
    pipeline, queries = setting([[0.0] * 8], [[9.0, 8.0, 8.9, 5.0, 4.0, 3.0, 2.0, 1.0]])
    params = MiningParams(negatives=7, dense_depth=4, widen=1, fill="random", bm25_weight=0.0)
    mined = mine_negatives(pipeline, queries, [label(0, (0,))], rules_of(pipeline), params)
    (row,) = mined.rows
    assert [entry["rule"] for entry in row.provenance] == ["top_survivors", "random_fill", "random_fill"]
    assert set(row.neg_ids) == {"c", "f#1", "f#2"}  # not a#2, not the copy e, not the co-relevant d
    assert row.provenance[1]["source"] == "random"
    assert "pool_rank" in row.provenance[1]
    assert mined.metrics["filled"] == 2
    assert mined.metrics["short"] == 1
    again = mine_negatives(pipeline, queries, [label(0, (0,))], rules_of(pipeline), params)
    assert again.rows == mined.rows


def test_an_out_ranked_question_is_left_out_and_counted() -> None:
    dense = [[9.0, 0, 1, 2, 3, 4, 5, 6], [1.0, 0, 9, 8, 7, 6, 5, 4]]
    pipeline, queries = setting([[0.0] * 8] * 2, dense)
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    labels = [label(0, (0,)), label(1, (0,))]
    mined = mine_negatives(pipeline, queries, labels, rules, MiningParams(max_positive_rank=3))
    assert [row.qid for row in mined.rows] == ["0"]
    assert mined.metrics["out_ranked"] == 1
    assert mined.metrics["without_round_trip"] == 2


def test_the_rank_of_the_round_trip_decides_where_it_is_known() -> None:
    dense = [[9.0, 8, 7, 6, 5, 4, 3, 2]] * 2  # this run ranks the passage of both first
    pipeline, queries = setting([[0.0] * 8] * 2, dense)
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    labels = [replace(label(0, (0,)), round_trip_rank=3), replace(label(1, (0,)), round_trip_rank=4)]
    mined = mine_negatives(pipeline, queries, labels, rules, MiningParams(max_positive_rank=3))
    assert [row.qid for row in mined.rows] == ["0"]
    assert mined.metrics["out_ranked"] == 1
    assert mined.metrics["without_round_trip"] == 0


def test_absolute_rules_by_hand() -> None:
    pipeline, _ = setting([[0.0] * 8], [[0.0] * 8])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 1.0, max_score=1.5, min_margin=1.0)
    assert rules.reason("?", 0, 2.0, 3, 2.0) == "near_positive_score"
    assert rules.reason("?", 0, 2.0, 3, 1.6) == "above_threshold"
    assert rules.reason("?", 0, 2.0, 3, 1.2) == "within_margin"
    assert rules.reason("?", 0, 2.0, 3, 1.0) is None


def test_the_reranker_is_the_teacher_and_sees_each_pair_of_the_pool() -> None:
    pipeline, queries = setting([[0.0] * 8], [[9.0, 0, 5, 4, 3, 2, 1, 0.5]])
    rules = FalseNegativeRules(pipeline.passages, {}, {}, 0.95)
    given_scores = {"a#1": 4.0, "b": 3.9, "c": -2.0, "d": 1.0, "e": 0.5, "f#1": -9.0, "f#2": -8.0, "a#2": 9.0}
    seen: list[tuple[str, str]] = []

    def reranker(pairs: Sequence[tuple[str, str]]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        seen.extend(pairs)
        return np.array([given_scores[text.split()[1]] for _, text in pairs], dtype=np.float32)

    params = MiningParams(negatives=3, reranker="given", widen=1)
    mined = mine_negatives(pipeline, queries, [label(0, (0,))], rules, params, reranker=reranker)
    (row,) = mined.rows
    assert row.neg_ids == ["d", "e", "c"]  # b is too near the positive, a#2 is its document
    assert row.pos_scores == [4.0]
    assert row.neg_scores == [entry["reranker_score"] for entry in row.provenance] == [1.0, 0.5, -2.0]
    assert row.provenance[0]["fused_score"] != 1.0
    assert len(seen) == len(set(seen)) == 8
    assert mined.metrics["drops"] == {"near_positive_score": 1, "positive": 1, "same_document": 1}


@settings(max_examples=60)
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=9), st.integers(1, 5), st.integers(0, 3))
def test_a_sample_is_seeded_and_of_the_survivors(values: list[float], count: int, seed: int) -> None:
    survivors = [3 * at for at in range(len(values))]
    scores = dict(zip(survivors, values, strict=True))
    drawn = sample(survivors, scores, count, 1.0, seed, "q")
    assert drawn == sample(survivors[::1], scores, count, 1.0, seed, "q")
    assert len(drawn) == len(set(drawn)) == min(count, len(survivors))
    assert set(drawn) <= set(survivors)
    assert drawn == sorted(drawn, key=lambda at: (-scores[at], at))
    cold = sample(survivors, scores, count, 1e-9, seed, "q")
    assert [scores[at] for at in cold] == pytest.approx(sorted(values, reverse=True)[:count], abs=1e-6)


def test_the_temperature_moves_the_sample() -> None:
    scores = {at: -float(at) for at in range(50)}
    hot = [at for seed in range(40) for at in sample(range(50), scores, 5, 1e6, seed, "q")]
    warm = [at for seed in range(40) for at in sample(range(50), scores, 5, 2.0, seed, "q")]
    assert np.mean(warm) < 8 < 18 < np.mean(hot)


def test_a_copy_of_the_positive_never_becomes_a_negative() -> None:
    generator = np.random.default_rng(1)
    for seed in range(20):
        dense = generator.normal(size=(1, 8)).tolist()
        dense[0][5] = dense[0][0] - 0.5 * abs(dense[0][0])  # e repeats a#1 and scores lower
        pipeline, queries = setting([[0.0] * 8], dense)
        params = MiningParams(choice="sample", temperature=5.0, fill="random", max_positive_share=1.0)
        mined = mine_negatives(pipeline, queries, [label(0, (0,))], rules_of(pipeline), params, seed=seed)
        assert all("e" not in row.neg_ids for row in mined.rows)


def test_a_question_of_an_unknown_passage_is_named() -> None:
    pipeline, queries = setting([[0.0] * 8], [[0.0] * 8])
    with pytest.raises(DataError, match="the corpus does not hold: 0"):
        mine_negatives(pipeline, queries, [label(0, (8,))], rules_of(pipeline), MiningParams())


def test_rows_come_block_by_block_and_the_count_is_whole_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [[9.0, 8.0, 3.0, 5.0, 4.0, 3.0, 2.0, 1.0]] * 3
    search, queries = setting(table, table)
    labels = [label(row, (0,)) for row in range(3)]
    whole = mine_negatives(search, queries, labels, rules_of(search), MiningParams(negatives=2))
    monkeypatch.setattr("sunwi.search.pipeline.BLOCK_CELLS", len(DOCIDS))
    count = MiningCount(2)
    rows = mined_rows(search, queries, labels, rules_of(search), MiningParams(negatives=2), count)
    first = next(rows)
    assert count.counts["questions"] == 1  # of a block of one question
    assert [first, *rows] == whole.rows
    assert count.metrics() == whole.metrics


def test_a_corpus_with_fewer_passages_than_negatives_is_named() -> None:
    pipeline, queries = setting([list(range(8))] * 2, [list(range(8))] * 2)
    for negatives, message in (
        (7, None),
        (8, "too few for mining.negatives 8 beside the answer: of 2 questions"),
    ):
        params, count = MiningParams(negatives=negatives), MiningCount(negatives)
        labels = [label(0, (7,)), label(1, (0,))]
        rows = list(mined_rows(pipeline, queries, labels, rules_of(pipeline), params, count))
        assert len(rows) == 1  # nothing scores below the second question's passage
        notice = count.notice(len(pipeline.passages))
        assert notice == message or message in str(notice)
        if notice:
            assert "1 have fewer and 1 none. Next: add documents, or lower mining.negatives" in notice
    assert MiningCount(8).notice(3) is None  # no question was given


def test_the_whole_ranking_as_teacher() -> None:
    """Fused z-scores of three retrievers, plus the reranker's z-scores over the pool, by hand."""
    search, queries = setting([[8, 7, 6, 5, 4, 3, 2, 1]], [[8, 7, 6, 5, 4, 3, 2, 1]])
    asked = np.array([[9, 0, 0, 0, 0, 0, 3, 0]], dtype=np.float32)
    search = SearchPipeline(search.passages, [*search.retrievers.values(), Given("questions", asked)])
    params = MiningParams(negatives=7, question_weight=2.0, reranker_weight=0.5, bm25_weight=0.5)

    def reranker(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.arange(len(pairs), 0, -1, dtype=np.float32)

    rules = FalseNegativeRules(search.passages, {}, {}, 1.0)
    row = mine_negatives(search, queries, [label(0, (0,))], rules, params, reranker=reranker).rows[0]
    tables = {name: retriever.scores(queries) for name, retriever in search.retrievers.items()}
    fused = weighted_sum(tables, {"bm25": 0.5, "dense": 1.0, "questions": 2.0})[0]
    ranks = np.arange(8, 0, -1, dtype=np.float32)  # the pool holds all passages, in their order
    expected = fused + 0.5 * (ranks - ranks.mean()) / ranks.std()
    assert row.pos_scores == pytest.approx([expected[0]], abs=1e-4)
    assert dict(zip(row.neg_ids, row.neg_scores, strict=True))["f#1"] == pytest.approx(expected[6], abs=1e-4)
