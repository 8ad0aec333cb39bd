"""Passages, retrievers and rankings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sunwi.errors import DataError
from sunwi.models.encoder import Encoder
from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document
from sunwi.search import pipeline as pipeline_module
from sunwi.search.fusion.method import Fusion
from sunwi.search.passages import Passages, QueryBatch, collapse, make_queries
from sunwi.search.pipeline import QuestionIndex, SearchPipeline, build_pipeline, ranks_at
from sunwi.search.retrievers.dense import DenseRetriever
from sunwi.search.retrievers.questions import QuestionRetriever

Build = Callable[..., tuple[SearchPipeline, QueryBatch]]


def unit_vectors(
    seed: int, count: int, dimensions: int = 6
) -> np.ndarray[tuple[int, int], np.dtype[np.float16]]:
    raw = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)


def batch(qids: list[str], vectors: np.ndarray[tuple[int, int], np.dtype[np.float16]]) -> QueryBatch:
    return QueryBatch(qids, qids, [[] for _ in qids], vectors)


def test_passages_are_in_docid_order_and_know_their_document(tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus[::-1])
    assert passages.docids == ["d1", "d2", "d3", "d4#0", "d4#1", "d5", "d6", "d7"]
    assert passages.groups[3:5] == ["d4", "d4"]
    assert passages.texts[0].startswith("광합성\n")
    assert passages.position["d5"] == 5
    with pytest.raises(DataError, match="the corpus is empty"):
        Passages.of([])


def test_dense_scores_equal_the_cosine() -> None:
    passages, queries = unit_vectors(1, 7), unit_vectors(2, 3)
    found = DenseRetriever(passages).scores(batch(["a", "b", "c"], queries))
    expected = [[float(np.dot(q.astype(float), p.astype(float))) for p in passages] for q in queries]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    with pytest.raises(DataError):
        DenseRetriever(passages[:0])


def test_the_question_index_takes_the_best_question_and_leaves_out_the_asked_one() -> None:
    vectors = np.eye(4, dtype=np.float16)
    owners = np.array([2, 0, 2, 0])  # q0 and q2 ask for passage 2, q1 and q3 for passage 0
    retriever = QuestionRetriever(vectors, ["q0", "q1", "q2", "q3"], owners, passages=4)
    asked = np.array([[0.9, 0.1, 0.4, 0.2], [0.9, 0.1, 0.4, 0.2]], dtype=np.float16)
    found = retriever.scores(batch(["other", "q0"], asked))
    np.testing.assert_allclose(found[0], [0.2, 0.55, 0.9, 0.55], atol=1e-3)  # the mean of .2 and .9 elsewhere
    np.testing.assert_allclose(found[1], [0.2, 0.3, 0.4, 0.3], atol=1e-3)


def test_a_passage_whose_only_question_is_the_asked_one_is_neutral() -> None:
    retriever = QuestionRetriever(np.eye(2, dtype=np.float16), ["q0", "q1"], np.array([0, 1]), passages=3)
    found = retriever.scores(batch(["q0"], np.array([[1.0, 0.5]], dtype=np.float16)))
    np.testing.assert_allclose(found[0], [0.5, 0.5, 0.5], atol=1e-3)


def test_no_question_at_all_has_no_say() -> None:
    retriever = QuestionRetriever(
        np.zeros((0, 2), dtype=np.float16), [], np.array([], dtype=np.int64), passages=3
    )
    assert retriever.scores(batch(["q"], np.ones((1, 2), dtype=np.float16))).tolist() == [[0.0, 0.0, 0.0]]


def test_collapse_keeps_the_first_chunk() -> None:
    groups = ["a", "b", "a", "c"]
    order = np.array([2, 1, 0, 3])
    assert collapse(groups, order).tolist() == [2, 1, 3]
    assert collapse(groups, order, depth=2).tolist() == [2, 1]
    assert collapse(groups, order[:0]).dtype == np.int64


def test_ranking_collapses_chunks_and_breaks_ties_by_docid(given: Build) -> None:
    docids = ["a", "b#1", "b#2", "c", "d"]
    search, queries = given(docids, dense={"q": [0.5, 0.7, 0.9, 0.5, 0.1]}, bm25={"q": [0, 0, 0, 0, 0]})
    (ranked,) = search.rank(
        queries, ["dense", "bm25"], Fusion("weighted", {"dense": 1.0, "bm25": 1.0}), depth=3
    )
    assert [docids[at] for at in ranked.positions] == ["b#2", "a", "c"]
    assert ranked.ranks["dense"].tolist() == [1, 3, 4]
    np.testing.assert_allclose(ranked.components["dense"], [0.9, 0.5, 0.5], atol=1e-6)
    assert ranked.scores[1] == ranked.scores[2]


def test_blocks_do_not_change_a_ranking(given: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    tables = {
        name: {f"q{at}": generator.normal(size=6).tolist() for at in range(7)} for name in ("bm25", "dense")
    }
    search, queries = given(list("abcdef"), **tables)
    fusion = Fusion("rrf", {})
    whole = [ranked.positions.tolist() for ranked in search.rank(queries, ["bm25", "dense"], fusion, 4)]
    monkeypatch.setattr(pipeline_module, "BLOCK_CELLS", 13)  # two queries a block
    parts = [ranked.positions.tolist() for ranked in search.rank(queries, ["bm25", "dense"], fusion, 4)]
    assert parts == whole
    assert [rows for rows, _ in search.blocks(queries, ["bm25"])][-1] == slice(6, 7)


def test_ranks_by_hand() -> None:
    scores = np.array([0.1, 0.9, 0.1, 0.5], dtype=np.float32)
    assert ranks_at(scores, np.arange(4)).tolist() == [3, 1, 4, 2]


def test_the_builtin_encoder_and_bm25_find_the_passage(encoder: Encoder, tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus)
    vectors = encoder.encode(passages.texts, "passage", 64)
    asked = encoder.encode(["땅이 왜 흔들리나요?"], "query", 32)
    search = build_pipeline(passages, vectors, Bm25Params(), QuestionIndex(asked, ["s1"], ["d2"], ["?"]))
    queries = make_queries(["1"], ["지진이 일어나는 까닭은?"], encoder, 32, "kiwi")
    (ranked,) = search.rank(queries, ["bm25", "dense", "questions"], Fusion("weighted", {}), depth=3)
    assert passages.docids[ranked.positions[0]] == "d2"
    with pytest.raises(DataError, match="7 vectors for 8 passages"):
        build_pipeline(passages, vectors[:7], Bm25Params())
    with pytest.raises(DataError, match="empty queries: 2"):
        make_queries(["1", "2"], ["물", " "], encoder, 32, "kiwi")


def test_questions_of_passages_that_are_not_there_are_named(tiny_corpus: list[Document]) -> None:
    passages = Passages.of(tiny_corpus)
    docid = passages.docids[1]
    assert passages.positions_of(["q1", "q2"], [docid, docid]) == [1, 1]
    vectors = np.zeros((len(passages), 2), dtype=np.float16)
    texts = ["?", "?", "?"]
    questions = QuestionIndex(
        np.zeros((3, 2), dtype=np.float16), ["q1", "q2", "q3"], [docid, "gone", "lost"], texts
    )
    with pytest.raises(DataError, match=r"^2 questions .* in the corpus: q2 \(gone\), q3 \(lost\)\. Next:"):
        build_pipeline(passages, vectors, Bm25Params(), questions)


@pytest.mark.parametrize(("method", "best"), [("comb_sum", {"a": 1.0}), ("comb_mnz", {"b": 16 / 9})])
def test_comb_fusions_of_a_variant(given: Build, method: str, best: dict[str, float]) -> None:
    """`a` is first of BM25 alone, `b` 4/9 of both: 1 against 8/9, and twice that where finders count."""
    pipeline, queries = given(
        ["a", "b", "c", "d", "e"],
        bm25={"q": [10.0, 5.0, 1.0, 0.0, 0.0]},
        dense={"q": [0.0, 5.0, 1.0, 0.0, 10.0]},
    )
    fusion = Fusion(method, {}, depth=5)
    (found,) = pipeline.rank(queries, ["bm25", "dense"], fusion, 1)
    (docid,) = (pipeline.passages.docids[at] for at in found.positions)
    assert {docid: float(found.scores[0])} == pytest.approx(best, abs=1e-6)
